"""The local authority of ``--lan``: a certificate that a venue's own devices can trust.

Tablets give a page its camera, its keys and its service worker only over TLS, and nobody sells
certificates for ``192.168.1.20``.  So the machine is its own authority.  Its signature is worth
something for private addresses, local names and the machine's own address only (RFC 5280,
4.2.1.10: name constraints): a tablet that trusts it can still not be lied to about any other site,
whoever steals its key.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from teraa.supervisor.addresses import PRIVATE_NETWORKS, Reach, is_private
from teraa.supervisor.places import write_whole

AUTHORITY_LIFE = timedelta(days=3650)
# Browsers accept at most 398 days of a server's certificate.
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
# Clocks of tablets are often behind.
CLOCK_SLACK = timedelta(days=1)

CURVE = ec.SECP256R1()


@dataclass(frozen=True)
class Signed:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Vouched:
    """How devices reach this machine over TLS."""

    reach: Reach
    is_new: bool
    # What the authority was not made for; it takes another authority to be reached there.
    left_out: tuple[str, ...]


def ensure_certificates(directory: Path, reach: Reach, *, at: datetime) -> Vouched:
    """Make or renew what TLS needs in ``directory``, and say what it is good for.

    ``teraa-authority.crt`` is what devices install; ``server.crt`` and ``server.key`` are what
    the web and live parts serve with.  The server's is renewed when a name or address is new, when
    it nears its end, or when the authority is another one.
    """
    authority = _authority(directory, reach, at=at)
    server = _read(directory / "server")
    vouched = _within(authority.certificate, reach)
    left_out = tuple(host for host in reach.hosts() if host not in vouched.hosts())
    if server is not None and _still_serves(server.certificate, authority, vouched, at=at):
        return Vouched(vouched, is_new=False, left_out=left_out)
    fresh = _issue_server(authority, vouched, at=at)
    # The key first: a start between the two writes finds a pair that does not match, and renews.
    write_whole(directory / "server.key", _key_text(fresh.key), mode=0o600)
    write_whole(
        directory / "server.crt",
        _certificate_text(fresh.certificate) + _certificate_text(authority.certificate),
    )
    return Vouched(vouched, is_new=True, left_out=left_out)


def write_bundle(directory: Path, known: Iterable[Path]) -> Path:
    """Write the authorities our own parts trust: the usual ones, and the local one."""
    bundle = directory / "trusted.pem"
    texts = [path.read_bytes() for path in known]
    write_whole(bundle, b"\n".join([*texts, (directory / "teraa-authority.crt").read_bytes()]))
    return bundle


def _authority(directory: Path, reach: Reach, *, at: datetime) -> Signed:
    name = directory / "teraa-authority"
    known = _read(name)
    if known is not None and known.certificate.not_valid_after_utc - at > SERVER_LIFE:
        return known
    made = _issue_authority(reach, at=at)
    write_whole(name.with_suffix(".key"), _key_text(made.key), mode=0o600)
    write_whole(name.with_suffix(".crt"), _certificate_text(made.certificate))
    return made


def _issue_authority(reach: Reach, *, at: datetime) -> Signed:
    key = ec.generate_private_key(CURVE)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TERAA"),
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"TERAA local authority ({reach.names[-1]}, {at:%Y-%m-%d})"
            ),
        ]
    )
    own = [ipaddress.IPv4Network(each) for each in reach.addresses if not is_private(each)]
    permitted: list[x509.GeneralName] = [
        *(x509.IPAddress(network) for network in (*PRIVATE_NETWORKS, *own)),
        *(x509.DNSName(allowed) for allowed in dict.fromkeys([*reach.names, "local"])),
    ]
    certificate = (
        _builder(name, name, key, at=at, life=AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Signed(certificate, key)


def _issue_server(authority: Signed, vouched: Reach, *, at: datetime) -> Signed:
    key = ec.generate_private_key(CURVE)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TERAA")])
    certificate = (
        _builder(name, authority.certificate.subject, key, at=at, life=SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(vouched)), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Signed(certificate, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    at: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - CLOCK_SLACK)
        .not_valid_after(at - CLOCK_SLACK + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _within(authority: x509.Certificate, reach: Reach) -> Reach:
    """Return the part of ``reach`` that the authority may sign for.

    A machine that was renamed since keeps its authority, which devices have installed; its new
    name then works as ``name.local`` only.
    """
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = {each.value for each in constraints.permitted_subtrees or []}
    networks = [each for each in permitted if isinstance(each, ipaddress.IPv4Network)]
    return Reach(
        names=tuple(
            name
            for name in reach.names
            if name in permitted or name.rpartition(".")[2] in permitted
        ),
        addresses=tuple(
            address
            for address in reach.addresses
            if any(address in network for network in networks)
        ),
    )


def _alternatives(reach: Reach) -> list[x509.GeneralName]:
    return [
        *(x509.IPAddress(address) for address in reach.addresses),
        *(x509.DNSName(name) for name in reach.names),
    ]


def _still_serves(
    certificate: x509.Certificate, authority: Signed, vouched: Reach, *, at: datetime
) -> bool:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covered = {*map(str, names.get_values_for_type(x509.IPAddress))}
    covered.update(names.get_values_for_type(x509.DNSName))
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, ValueError):
        return False
    return certificate.not_valid_after_utc - at > RENEW_BEFORE and covered.issuperset(
        vouched.hosts()
    )


def _read(name: Path) -> Signed | None:
    """Read a pair written by an earlier start; None when there is none or its halves disagree."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        certificate = x509.load_pem_x509_certificate(name.with_suffix(".crt").read_bytes())
        key = serialization.load_pem_private_key(name.with_suffix(".key").read_bytes(), None)
        if (
            isinstance(key, ec.EllipticCurvePrivateKey)
            and certificate.public_key() == key.public_key()
        ):
            return Signed(certificate, key)
    return None


def _key_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _certificate_text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
