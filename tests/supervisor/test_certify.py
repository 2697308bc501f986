"""The local authority of --lan vouches for this machine on its own network, and for nothing else."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from teraa.supervisor.addresses import Reach, reach
from teraa.supervisor.authority import ensure_certificates

BAR = Reach(
    names=("localhost", "bar", "bar.local"),
    addresses=(ipaddress.IPv4Address("192.168.1.20"), ipaddress.IPv4Address("127.0.0.1")),
)


@pytest.fixture
def now() -> datetime.datetime:
    # TLS libraries look at the real clock.
    return datetime.datetime.now(datetime.UTC)


def test_it_vouches_for_every_name_and_address(tmp_path, now):
    assert ensure_certificates(tmp_path, BAR, at=now).is_new

    for host in ("192.168.1.20", "127.0.0.1", "localhost", "bar", "bar.local"):
        assert _handshake(tmp_path, host) is None
    assert "address mismatch" in str(_handshake(tmp_path, "192.168.1.21"))


def test_it_keeps_keys_to_itself(tmp_path, now):
    ensure_certificates(tmp_path, BAR, at=now)

    for name in ("teraa-authority.key", "server.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_it_changes_nothing_while_it_serves(tmp_path, now):
    ensure_certificates(tmp_path, BAR, at=now)
    before = _contents(tmp_path)

    assert not ensure_certificates(tmp_path, BAR, at=now + datetime.timedelta(days=300)).is_new
    assert _contents(tmp_path) == before


def test_it_renews_for_a_new_address_under_the_same_authority(tmp_path, now):
    ensure_certificates(tmp_path, BAR, at=now)
    authority = (tmp_path / "teraa-authority.crt").read_bytes()
    moved = replace(BAR, addresses=(ipaddress.IPv4Address("10.0.0.5"), *BAR.addresses))

    assert ensure_certificates(tmp_path, moved, at=now).is_new

    assert _handshake(tmp_path, "10.0.0.5") is None
    assert (tmp_path / "teraa-authority.crt").read_bytes() == authority


def test_it_renews_before_the_end(tmp_path, now):
    ensure_certificates(tmp_path, BAR, at=now)
    authority = (tmp_path / "teraa-authority.crt").read_bytes()

    assert ensure_certificates(tmp_path, BAR, at=now + datetime.timedelta(days=370)).is_new
    assert (tmp_path / "teraa-authority.crt").read_bytes() == authority


def test_it_makes_a_new_pair_when_its_halves_disagree(tmp_path, now):
    ensure_certificates(tmp_path, BAR, at=now)
    (tmp_path / "server.key").write_bytes((tmp_path / "teraa-authority.key").read_bytes())

    assert ensure_certificates(tmp_path, BAR, at=now).is_new
    assert _handshake(tmp_path, "bar.local") is None


def test_a_renamed_machine_keeps_its_authority(tmp_path, now):
    ensure_certificates(tmp_path, BAR, at=now)
    authority = (tmp_path / "teraa-authority.crt").read_bytes()
    renamed = replace(BAR, names=("localhost", "kitchen", "kitchen.local"))

    assert ensure_certificates(tmp_path, renamed, at=now).is_new
    assert _handshake(tmp_path, "kitchen.local") is None
    assert not ensure_certificates(tmp_path, renamed, at=now).is_new
    assert (tmp_path / "teraa-authority.crt").read_bytes() == authority


def test_a_public_address_is_good_for_the_authority_made_there(tmp_path, now):
    for name in ("here", "moved"):
        (tmp_path / name).mkdir()
    public = ipaddress.IPv4Address("192.0.2.7")
    on_campus = replace(BAR, addresses=(public, *BAR.addresses))
    ensure_certificates(tmp_path / "here", on_campus, at=now)
    assert _handshake(tmp_path / "here", "192.0.2.7") is None

    ensure_certificates(tmp_path / "moved", BAR, at=now)
    vouched = ensure_certificates(tmp_path / "moved", on_campus, at=now)
    assert vouched.left_out == ("192.0.2.7",)
    assert public not in vouched.reach.addresses
    assert _handshake(tmp_path / "moved", "bar.local") is None


@pytest.mark.parametrize("stranger", ["bank.example", "8.8.8.8"])
def test_its_word_is_worth_nothing_elsewhere(tmp_path, now, stranger):
    ensure_certificates(tmp_path, BAR, at=now)
    _forge(tmp_path, stranger, at=now)

    assert "permitted subtree violation" in str(_handshake(tmp_path, stranger))


def test_this_machine_is_reached_at_least_by_itself():
    found = reach()

    assert "localhost" in found.names
    assert found.addresses[-1] == ipaddress.IPv4Address("127.0.0.1")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _handshake(folder: Path, host: str) -> Exception | None:
    """Serve with the server's pair, come as a browser that trusts the authority; say what it says."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "server.crt", folder / "server.key")
    browsing = ssl.create_default_context(cafile=str(folder / "teraa-authority.crt"))
    browsing.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with serving.wrap_socket(ours, server_side=True) as connection:
                connection.recv(1)
        except (ssl.SSLError, OSError):
            pass  # the browser turned away; it says why
        finally:
            ours.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with browsing.wrap_socket(theirs, server_hostname=host) as connection:
            connection.send(b"x")
        return None
    except ssl.SSLCertVerificationError as error:
        return error
    finally:
        theirs.close()
        server.join()


def _forge(folder: Path, host: str, *, at: datetime.datetime) -> None:
    """Sign for somebody else's site, as a thief of the authority's key would."""
    authority = x509.load_pem_x509_certificate((folder / "teraa-authority.crt").read_bytes())
    signer = serialization.load_pem_private_key((folder / "teraa-authority.key").read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = serialization.load_pem_private_key((folder / "server.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name: x509.GeneralName = (
        x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "forged")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
