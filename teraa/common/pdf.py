"""Pages on paper: HTML with its style sheet in, PDF bytes out (WeasyPrint, imported here alone).

WeasyPrint draws text with Pango, a system library. Without it everything else works, and whoever
asks for a PDF is told what is missing.
"""

from __future__ import annotations

import importlib
import mimetypes
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from teraa.common.problems import Problem


class PdfUnavailable(Problem):
    code = "pdf_unavailable"
    status = 503
    title = _("This machine cannot make PDF files: the Pango library is missing.")
    advice = _("Print the page itself, or have the operator install Pango (docs/operations.md).")


class ForeignResource(ValueError):
    """A document asked for something that is not a file of its own folder."""


def render_pdf(html: str, *, base: Path) -> bytes:
    """Return ``html`` as PDF. Style sheets and pictures come from the folder ``base`` alone.

    Nothing is fetched from any network, whatever the document says. Slow (a second a page on a
    cold start): for jobs and for people who asked for a file, never for a sale.
    Raises PdfUnavailable.
    """
    weasyprint = _weasyprint()
    if weasyprint is None:
        raise PdfUnavailable
    root = base.resolve()
    document = weasyprint.HTML(
        string=html, base_url=f"{root.as_uri()}/", url_fetcher=_fetcher_of(root)
    )
    rendered: bytes = document.write_pdf()
    return rendered


def pdf_available() -> bool:
    """Whether this machine can make PDF files."""
    return _weasyprint() is not None


@cache
def _weasyprint() -> ModuleType | None:
    # Imported late: it costs half a second, and fails with an OSError where Pango is missing.
    try:
        return importlib.import_module("weasyprint")
    except OSError:
        return None


def own_file(url: str, root: Path) -> Path:
    """The file that ``url`` names inside the folder ``root``. Raises ForeignResource elsewhere."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path)).resolve()
    if parts.scheme != "file" or parts.netloc or not path.is_relative_to(root):
        raise ForeignResource(f"a document may not load {url}")
    return path


def _fetcher_of(root: Path) -> Any:
    urls = importlib.import_module("weasyprint.urls")

    class OwnFiles(urls.URLFetcher):  # type: ignore[misc, name-defined]
        def fetch(self, url: str, headers: Any = None) -> Any:
            path = own_file(url, root)
            kind, _encoding = mimetypes.guess_type(path.name)
            said = {"Content-Type": kind} if kind else {}
            return urls.URLFetcherResponse(url, path.read_bytes(), said)

    return OwnFiles()
