"""Trusting this machine: the local authority's certificate and how a device installs it.

Tablets give a page its camera, its keys and its service worker over TLS only; ``--lan`` makes an
authority for that (teraa.supervisor.authority). Without ``--lan`` there is nothing to install.
"""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

LINE = 8  # pairs in a line: what a telephone is wide enough for


def authority_path() -> Path:
    """Where ``script/server --lan`` keeps the certificate; it may not be there."""
    path: Path = settings.TERAA_DATA / "tls" / "teraa-authority.crt"
    return path


def fingerprint(certificate: str) -> list[str]:
    """SHA-256 of a PEM certificate as devices show it: capitals between colons, in four lines."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest().upper()
    pairs = [digest[place : place + 2] for place in range(0, len(digest), 2)]
    return [":".join(pairs[place : place + LINE]) for place in range(0, len(pairs), LINE)]


def _authority() -> str:
    try:
        return authority_path().read_text(encoding="ascii")
    except FileNotFoundError as missing:
        raise Http404 from missing


@require_safe
@never_cache
def trust(request: HttpRequest) -> HttpResponse:
    """How each kind of device installs the certificate. 404 unless started with ``--lan``."""
    return render(request, "trust/trust.html", {"fingerprint": fingerprint(_authority())})


@require_safe
@never_cache
def certificate(request: HttpRequest) -> HttpResponse:
    """The certificate itself. It is public; the authority's key never leaves its folder."""
    return HttpResponse(
        _authority(),
        content_type="application/x-x509-ca-cert",
        headers={"Content-Disposition": 'attachment; filename="teraa-authority.crt"'},
    )
