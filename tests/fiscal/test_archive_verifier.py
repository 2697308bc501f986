"""The program inside an archive: what it refuses to open, and its own Ed25519."""

import ast
import hashlib
import random
import stat
import sys
import zipfile

import pytest

from teraa.fiscal.archives import verifier, writing


def sentences(path):
    """What the verifier finds wrong; "" when it finds nothing."""
    try:
        verifier.examine(str(path), lambda *_args, **_values: None)
    except verifier.Wrong as wrong:
        return wrong.sentence("en")
    return ""


# -- hostile files ------------------------------------------------------------------------------


def marked(path):
    """Give any zip the mark of ours, so that the verifier goes on to look inside."""
    with zipfile.ZipFile(path, "a") as file:
        file.comment = verifier.MARK + b"0" * 64
    content = path.read_bytes()[: -64 - len(verifier.MARK)]
    path.write_bytes(content + verifier.MARK + hashlib.sha256(content).hexdigest().encode())
    return path


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/passwd", "a/../../b", "C:evil", "a\\b", "a//b", "x/./y", "n\x01"]
)
def test_paths_that_lead_out_are_refused(tmp_path, name):
    path = tmp_path / "h.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(zipfile.ZipInfo(name), "x")

    assert "[hostile]" in sentences(marked(path))


def test_a_bomb_is_refused_unopened(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", b"0" * (64 << 20))

    assert "[hostile]" in sentences(marked(path))


def test_links_doubles_and_strange_methods_are_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as file:
        file.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a", "2")
    with zipfile.ZipFile(tmp_path / "m.zip", "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("a", "1")

    for name in ("l", "d", "m"):
        assert "[hostile]" in sentences(marked(tmp_path / f"{name}.zip"))


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 4096, b'{"form": 1}'])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "n.zip").write_bytes(content)

    assert sentences(tmp_path / "n.zip")
    assert sentences(tmp_path / "not-there.zip")


def test_no_number_is_believed_because_it_is_a_float(tmp_path):
    for text in ('{"a":1.0}', '{"a":1,"a":2}', '{"a":NaN}', '{"a":9007199254740992}', "[" * 9999):
        entry = {
            "payload": text,
            "hash": hashlib.sha256(text.encode()).hexdigest(),
            "signature": "",
        }
        with pytest.raises(verifier.Wrong, match="not_canonical"):
            verifier.Document(entry)


# -- the verifier itself --------------------------------------------------------------------------


def test_the_verifier_is_one_file_for_old_pythons():
    text = (writing.HERE / "verifier.py").read_text()

    tree = ast.parse(text, feature_version=(3, 8))

    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    } | {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported - {"cryptography"} <= sys.stdlib_module_names


# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_its_own_ed25519_is_that_of_the_rfc(public, message, signature):
    key = verifier.PureKey(bytes.fromhex(public))
    text, signed = bytes.fromhex(message), bytes.fromhex(signature)

    assert key.verifies(signed, text)
    assert not key.verifies(signed, text + b"x")
    assert not key.verifies(signed[:63], text)
    for place in range(0, 64, 7):
        wrong = bytearray(signed)
        wrong[place] ^= 0x10
        assert not key.verifies(bytes(wrong), text)
    # s + L is the same number of the group, and is refused all the same.
    scalar = int.from_bytes(signed[32:], "little") + verifier._L
    assert not key.verifies(signed[:32] + scalar.to_bytes(32, "little"), text)


def test_its_own_ed25519_agrees_with_the_library():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    dice = random.Random(11)
    for _ in range(3):
        private = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
        key = verifier.PureKey(private.public_key().public_bytes_raw())
        for length in (0, 1, 200):
            text = dice.randbytes(length)
            assert key.verifies(private.sign(text), text)


def test_what_is_no_public_key_is_refused():
    for raw in (b"", b"\xff" * 32, (2).to_bytes(32, "little"), b"\0" * 31):
        with pytest.raises(ValueError, match="public key"):
            verifier.PureKey(raw)
