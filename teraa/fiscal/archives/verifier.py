#!/usr/bin/env python3
"""Verifie une archive fiscale de TERAA. / Checks a fiscal archive of TERAA.

    python3 verifier.py archive.zip          l'archive, telle quelle / the archive as it is
    python3 verifier.py                      dans le dossier decompresse / in the unpacked folder
    python3 verifier.py --lang en archive.zip

Python 3.8 ou plus, rien d'autre. / Python 3.8 or newer, nothing else. When the package
``cryptography`` is there, it checks the signatures (faster); ``--pure`` does without it.

Code de sortie / exit code: 0 tout est bon / all is well; 1 quelque chose est faux / something is
wrong; 2 l'archive ne peut pas etre lue / the archive cannot be read.

This file stands alone on purpose: whoever is handed an archive needs no TERAA, no network and no
package to check it, and can read all of what is checked here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import stat
import sys
import zipfile

# In 3.8 those of collections.abc, and tuple, cannot be given types.
from typing import Any, Callable, Iterator, Tuple  # noqa: UP035

FORM = 1
MARK = b"TERAA archive SHA-256 "
MANIFEST, SEALS, DESCRIPTION, KEYS = "manifest.json", "seals.jsonl", "archive.json", "keys.json"
MOST_MEMBERS = 10000
MOST_SMALL = 64 * 1024 * 1024  # bytes of a file that is read whole
MOST_LINE = 16 * 1024 * 1024
MOST_RATIO = 200  # unpacked to packed; our texts stay far below
CHUNK = 1 << 20
LARGEST = 2**53 - 1
KEY_RETIRED, KEY_BEGUN = 970, 971
KINDS = ("TICKET", "EVENT", "CLOSING", "ARCHIVE", "DUPLICATE")

SAID = {
    "fr": {
        "unreadable": "l'archive ne peut pas être lue : {detail}",
        "damaged": "le fichier n'est plus celui qui a été écrit (empreinte du fichier)",
        "hostile": "le fichier zip est construit pour nuire ou n'est pas une archive : {detail}",
        "not_listed": "{name} n'est pas dans le manifeste",
        "missing": "{name} est dans le manifeste mais manque",
        "file_differs": "{name} n'est plus le fichier du manifeste",
        "form": "{name} n'a pas la forme attendue : {detail}",
        "manifest_not_signed": "{register} : le manifeste n'est pas celui qui a été signé",
        "seal_missing": "{register} : aucune signature du manifeste",
        "hash_differs": "le texte n'a pas l'empreinte enregistrée",
        "not_canonical": "le texte n'est pas en forme canonique (RFC 8785) : {detail}",
        "signature_wrong": "la signature n'est pas celle de la clé {key} sur ce texte",
        "key_misnamed": "le texte nomme la clé {found}, il fallait la clé {expected}",
        "key_not_introduced": "la clé {key} n'est pas présentée par la précédente : {detail}",
        "elsewhere": "le document appartient à une autre caisse ou à une autre chaîne",
        "gap": "le numéro {expected} manque : le document suivant porte le numéro {found}",
        "first_wrong": "l'indicateur de premier document est faux",
        "link_broken": "il ne suit pas le document précédent : l'empreinte précédente diffère",
        "period_back": "son jour d'exploitation est antérieur à celui du document précédent",
        "outside": "son jour d'exploitation {found} est hors de l'archive",
        "perpetual_wrong": "les totaux perpétuels ne découlent pas du document précédent",
        "end_differs": "la chaîne ne finit pas comme l'archive le dit ({detail})",
        "closing_range": "la clôture ne suit pas la précédente ({chain} : {found} au lieu de {expected})",
        "closing_hash": "la clôture nomme un autre document que le n° {number} ({chain})",
        "closing_total": "la clôture dit {found} centimes ; ses tickets font {expected}",
        "closing_perpetual": "les totaux perpétuels de la clôture ne sont pas ceux du ticket n° {number}",
        "closing_parts": "la clôture n° {number} qu'elle additionne n'est pas celle qu'elle nomme",
        "checking": "{register} {chain} : {documents} documents",
        "partial": "{register} {chain} : commence au n° {number} ; ce qui précède n'est pas dans l'archive",
        "keys_title": "Clés publiques des caisses (à comparer avec celles connues par ailleurs) :",
        "key_line": "  {register}, clé n° {number} : {key}  {public}",
        "good": "Tout est bon : {registers} caisses, {documents} documents, {signatures} signatures.",
        "bad": "FAUX : {sentence}",
        "with": "Signatures vérifiées par {engine}.",
        "pure": "ce programme seul (sans bibliothèque)",
        "number": "n° {number}",
    },
    "en": {
        "unreadable": "the archive cannot be read: {detail}",
        "damaged": "the file is no longer the one that was written (its own hash differs)",
        "hostile": "the zip file is made to do harm, or is no archive: {detail}",
        "not_listed": "{name} is not in the manifest",
        "missing": "{name} is in the manifest but is missing",
        "file_differs": "{name} is no longer the file of the manifest",
        "form": "{name} has not the form it should have: {detail}",
        "manifest_not_signed": "{register}: the manifest is not the one that was signed",
        "seal_missing": "{register}: nothing signs the manifest",
        "hash_differs": "the text has not the hash recorded for it",
        "not_canonical": "the text is not in canonical form (RFC 8785): {detail}",
        "signature_wrong": "the signature is not that of key {key} over this text",
        "key_misnamed": "the text names key {found}; it had to be key {expected}",
        "key_not_introduced": "key {key} was not introduced by the one before it: {detail}",
        "elsewhere": "the document belongs to another register or another chain",
        "gap": "number {expected} is missing: the next document has number {found}",
        "first_wrong": "the first-in-chain flag is wrong",
        "link_broken": "it does not follow the document before it: the previous hash differs",
        "period_back": "its business day is before that of the document before it",
        "outside": "its business day {found} is outside the archive",
        "perpetual_wrong": "the perpetual totals do not follow from the document before it",
        "end_differs": "the chain does not end as the archive says ({detail})",
        "closing_range": "the closing does not follow the one before ({chain}: {found}, not {expected})",
        "closing_hash": "the closing names another document than number {number} ({chain})",
        "closing_total": "the closing says {found} cents; its tickets make {expected}",
        "closing_perpetual": "the closing's perpetual totals are not those of ticket number {number}",
        "closing_parts": "closing number {number}, which it adds up, is not the one it names",
        "checking": "{register} {chain}: {documents} documents",
        "partial": "{register} {chain}: begins at number {number}; what is before is not in the archive",
        "keys_title": "Public keys of the registers (compare them with those known elsewhere):",
        "key_line": "  {register}, key {number}: {key}  {public}",
        "good": "All is well: {registers} registers, {documents} documents, {signatures} signatures.",
        "bad": "WRONG: {sentence}",
        "with": "Signatures checked by {engine}.",
        "pure": "this program alone (no library)",
        "number": "number {number}",
    },
}


class Wrong(Exception):
    """The first thing that is not as it should be. ``where`` are words: register, chain, number."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code = code
        self.values = values
        self.where: list[str] = []
        self.number: int | None = None
        super().__init__(code)

    def sentence(self, lang: str) -> str:
        said = SAID[lang][self.code].format(**self.values)
        where = list(self.where)
        if self.number is not None:
            where.append(SAID[lang]["number"].format(number=self.number))
        place = " ".join(where) + " : " if where else ""
        return f"{place}{said} [{self.code}]"


# -- Ed25519 (RFC 8032, section 5.1): verification only ------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_BY = 4 * pow(5, _P - 2, _P) % _P

# X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z
Point = Tuple[int, int, int, int]  # noqa: UP006 (3.8)


def _recover_x(y: int, sign: int) -> int | None:
    """The x of a point from its y and the lowest bit of x (5.1.3); None when there is none."""
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _decompress(encoded: bytes) -> Point | None:
    number = int.from_bytes(encoded, "little")
    y = number & ((1 << 255) - 1)
    x = _recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % _P)


def _add(p: Point, q: Point) -> Point:
    """5.1.4, the complete formula: also for a point and itself."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % _P
    b = (p[1] + p[0]) * (q[1] + q[0]) % _P
    c = 2 * p[3] * q[3] * _D % _P
    d = 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _compress(p: Point) -> bytes:
    inverse = pow(p[2], -1, _P)
    x, y = p[0] * inverse % _P, p[1] * inverse % _P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


class Multiples:
    """b·256ⁱ·P for every byte b and place i: a multiple of P is then 32 additions.

    Kept as what the formula of 5.1.4 wants of its second point: Y−X, Y+X, 2dT, 2Z.
    """

    def __init__(self, point: Point) -> None:
        self._rows: list[list[Point]] = []
        for _ in range(32):
            row, one = [], point
            for _ in range(255):
                x, y, z, t = one
                row.append(((y - x) % _P, (y + x) % _P, 2 * _D * t % _P, 2 * z % _P))
                one = _add(one, point)
            self._rows.append(row)
            point = one

    def add_to(self, total: Point, scalar: int) -> Point:
        """total + scalar·P."""
        x, y, z, t = total
        prime = _P
        for row, byte in zip(self._rows, scalar.to_bytes(32, "little")):  # noqa: B905 (3.10)
            if byte:
                minus, plus, twice_dt, twice_z = row[byte - 1]
                a, b = (y - x) * minus, (y + x) * plus
                c, d = t * twice_dt, z * twice_z
                e, f, g, h = (b - a) % prime, (d - c) % prime, (d + c) % prime, (b + a) % prime
                x, y, z, t = e * f % prime, g * h % prime, f * g % prime, e * h % prime
        return x, y, z, t


_base: list[Multiples] = []


class PureKey:
    """A public key that verifies by the formulas above."""

    def __init__(self, public: bytes) -> None:
        if not _base:
            _base.append(
                Multiples((_recover_x(_BY, 0) or 0, _BY, 1, (_recover_x(_BY, 0) or 0) * _BY % _P))
            )
        self.public = public
        point = _decompress(public) if len(public) == 32 else None
        if point is None:
            raise ValueError("not a public key")
        # Its negative: R = s·B − h·A is one sum.
        self._negative = Multiples((_P - point[0], point[1], 1, _P - point[3]))

    def verifies(self, signature: bytes, text: bytes) -> bool:
        if len(signature) != 64:
            return False
        scalar = int.from_bytes(signature[32:], "little")
        if scalar >= _L:  # 5.1.7: else one signature would have several forms
            return False
        digest = hashlib.sha512(signature[:32] + self.public + text).digest()
        challenge = int.from_bytes(digest, "little") % _L
        found = _base[0].add_to((0, 1, 1, 0), scalar)
        found = self._negative.add_to(found, challenge)
        return _compress(found) == signature[:32]


def _library_key() -> Callable[[bytes], Any] | None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except Exception:  # not there, or broken: we can do without
        return None

    class LibraryKey:
        def __init__(self, public: bytes) -> None:
            self.public = public
            self._key = Ed25519PublicKey.from_public_bytes(public)

        def verifies(self, signature: bytes, text: bytes) -> bool:
            try:
                self._key.verify(signature, text)
            except InvalidSignature:
                return False
            return True

    return LibraryKey


# -- where the files are --------------------------------------------------------------------------


def _safe(name: str) -> bool:
    parts = name.split("/")
    return (
        0 < len(name) <= 200
        and not any(part in ("", ".", "..") for part in parts)
        and not any(ord(letter) < 32 or letter in "\\:" for letter in name)
    )


class Zip:
    """The archive as one file; nothing is unpacked."""

    def __init__(self, path: str) -> None:
        self._check_mark(path)
        try:
            self._zip = zipfile.ZipFile(path)
            infos = self._zip.infolist()
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Wrong("unreadable", detail=error) from error
        if len(infos) > MOST_MEMBERS:
            raise Wrong("hostile", detail=f"{len(infos)} files")
        self.members: dict[str, zipfile.ZipInfo] = {}
        packed = 0
        for info in infos:
            name = info.filename
            kind = stat.S_IFMT(info.external_attr >> 16)
            if not _safe(name) or kind not in (0, stat.S_IFREG):
                raise Wrong("hostile", detail=ascii(name))
            if name in self.members:
                raise Wrong("hostile", detail=f"{name} twice")
            if info.flag_bits & 0x1 or info.compress_type not in (0, 8):
                raise Wrong("hostile", detail=f"{name}: method")
            if info.file_size > MOST_RATIO * (info.compress_size + 1024):
                raise Wrong("hostile", detail=f"{name}: {info.file_size} bytes")
            packed += info.compress_size
            self.members[name] = info
        if packed > os.path.getsize(path):
            raise Wrong("hostile", detail="overlapping files")

    @staticmethod
    def _check_mark(path: str) -> None:
        """The comment at the end of the file is the hash of all before it: every bit counts."""
        digest = hashlib.sha256()
        try:
            size = os.path.getsize(path)
            with open(path, "rb") as file:
                left = size - 64 - len(MARK)
                if left < 22:
                    raise Wrong("damaged")
                while left:
                    chunk = file.read(min(CHUNK, left))
                    if not chunk:
                        raise Wrong("damaged")
                    digest.update(chunk)
                    left -= len(chunk)
                if file.read() != MARK + digest.hexdigest().encode():
                    raise Wrong("damaged")
        except OSError as error:
            raise Wrong("unreadable", detail=error) from error

    def names(self) -> list[str]:
        return sorted(self.members)

    def chunks(self, name: str) -> Iterator[bytes]:
        if name not in self.members:
            raise Wrong("missing", name=name)
        left = self.members[name].file_size
        try:
            with self._zip.open(name) as file:
                while True:
                    chunk = file.read(CHUNK)
                    if not chunk:
                        break
                    left -= len(chunk)
                    if left < 0:
                        raise Wrong("hostile", detail=f"{name}: longer than it says")
                    yield chunk
        except (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
            raise Wrong("file_differs", name=name) from error
        except Exception as error:
            if type(error).__module__ != "zlib":
                raise
            raise Wrong("file_differs", name=name) from error


class Folder:
    """The unpacked archive."""

    def __init__(self, path: str) -> None:
        self._path = path

    def names(self) -> list[str]:
        found = []
        for folder, _, files in os.walk(self._path):
            for file in files:
                name = os.path.relpath(os.path.join(folder, file), self._path)
                name = name.replace(os.sep, "/")
                # What file managers and Python leave behind is not of the archive.
                if not file.startswith(".") and "__pycache__" not in name:
                    found.append(name)
        return sorted(found)

    def chunks(self, name: str) -> Iterator[bytes]:
        path = os.path.join(self._path, *name.split("/"))
        if os.path.islink(path):
            raise Wrong("hostile", detail=name)
        try:
            with open(path, "rb") as file:
                while True:
                    chunk = file.read(CHUNK)
                    if not chunk:
                        break
                    yield chunk
        except FileNotFoundError:
            raise Wrong("missing", name=name) from None
        except OSError as error:
            raise Wrong("unreadable", detail=error) from error


def _whole(source: Any, name: str) -> bytes:
    parts, size = [], 0
    for chunk in source.chunks(name):
        size += len(chunk)
        if size > MOST_SMALL:
            raise Wrong("hostile", detail=name)
        parts.append(chunk)
    return b"".join(parts)


def _lines(source: Any, name: str) -> Iterator[bytes]:
    rest = b""
    for chunk in source.chunks(name):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > MOST_LINE:
            raise Wrong("form", name=name, detail="a line without end")
        yield from lines
    if rest:
        raise Wrong("form", name=name, detail="the last line has no end")


# -- texts ----------------------------------------------------------------------------------------


def _pairs(pairs: Any) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name twice")
    return values


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is no integer")


def _read_json(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_pairs, parse_float=_no_float, parse_constant=_no_float
        )
    except RecursionError:
        raise ValueError("too deep") from None


def _in_order(value: Any) -> Any:
    """The same with names in the order of RFC 8785: by their UTF-16 units."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _in_order(value[name]) for name in names}
    if isinstance(value, list):
        return [_in_order(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        raise ValueError(f"{value} passes 2^53-1")
    return value


def canonical(values: Any) -> str:
    return json.dumps(_in_order(values), ensure_ascii=False, separators=(",", ":"))


class Document:
    """One signed text with its hash and signature, its hash and form already checked."""

    __slots__ = ("hash", "payload", "signature", "values")

    def __init__(self, entry: Any) -> None:
        try:
            self.payload, self.hash = entry["payload"], entry["hash"]
            self.signature = bytes.fromhex(entry["signature"])
            if self.signature.hex() != entry["signature"]:
                raise ValueError(entry["signature"])
            encoded = self.payload.encode("utf-8")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Wrong("form", name="", detail=error) from error
        if hashlib.sha256(encoded).hexdigest() != self.hash:
            raise Wrong("hash_differs")
        try:
            self.values = _read_json(self.payload)
            again = canonical(self.values)
        except ValueError as error:
            raise Wrong("not_canonical", detail=error) from error
        if again != self.payload or not isinstance(self.values, dict):
            raise Wrong("not_canonical", detail="")


# -- keys -----------------------------------------------------------------------------------------


class KeyRing:
    """The keys of one register, each introduced by the one before it."""

    def __init__(self, make: Callable[[bytes], Any], first: str) -> None:
        self._make = make
        self.signatures = 0
        self.keys: list[tuple[str, str, Any, dict[str, int]]] = []
        self._append(first)

    def _append(self, public: str) -> None:
        try:
            raw = bytes.fromhex(public)
            key = self._make(raw)
        except Exception as error:
            raise Wrong("key_not_introduced", key=ascii(public)[:20], detail=error) from error
        self.keys.append((hashlib.sha256(raw).hexdigest()[:16], public, key, {}))

    def introduce(self, retired: Document, begun: Document) -> None:
        key_id, public, key, ends = self.keys[-1]
        said, answer = retired.values, begun.values
        try:
            following = said["values"]["next_public_key"]
            named = (said["code"], said["values"]["key_id"])
            answered = (
                answer["code"],
                answer["values"]["previous_public_key"],
                answer["values"]["public_key"],
                answer["sequence"],
                answer["previous_hash"],
            )
            numbers = {str(k): int(n) for k, n in said["values"]["last_numbers"].items()}
            wanted = (KEY_BEGUN, public, following, said["sequence"] + 1, retired.hash)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Wrong("key_not_introduced", key="?", detail=error) from error
        if named != (KEY_RETIRED, key_id):
            raise Wrong("key_not_introduced", key=key_id, detail="970")
        self._check(key_id, key, retired)
        self._append(following)
        if answered != wanted:
            raise Wrong("key_not_introduced", key=self.keys[-1][0], detail="971")
        self._check(self.keys[-1][0], self.keys[-1][2], begun)
        numbers["EVENT"] = said["sequence"]
        ends.update(numbers)

    def _check(self, key_id: str, key: Any, document: Document) -> None:
        self.signatures += 1
        if not key.verifies(document.signature, document.payload.encode("utf-8")):
            raise Wrong("signature_wrong", key=key_id)

    def check(self, kind: str, sequence: int, document: Document) -> None:
        """The document is signed by the key whose turn it was, and names it."""
        for key_id, _, key, ends in self.keys:
            if kind in ends and sequence > ends[kind]:
                continue
            if document.values["key_id"] != key_id:
                raise Wrong("key_misnamed", found=document.values["key_id"], expected=key_id)
            self._check(key_id, key, document)
            return
        raise Wrong("key_misnamed", found=document.values["key_id"], expected="")


# -- chains ---------------------------------------------------------------------------------------


class Chain:
    """A walk along one chain of one register."""

    def __init__(self, register: dict[str, Any], kind: str, stated: dict[str, Any]) -> None:
        self.register, self.kind, self.stated = register, kind, stated
        self.first = stated["first"]
        self.sequence = self.first - 1
        self.hash = stated["previous_hash"]
        self.real, self.absolute = stated["perpetual_before"]
        self.period = 0
        self.documents = 0

    def take(self, document: Document, keys: KeyRing, days: tuple[str | None, str]) -> None:
        values = document.values
        if values["register"]["id"] != self.register["id"] or values["kind"] != self.kind:
            raise Wrong("elsewhere")
        sequence = values["sequence"]
        if sequence != self.sequence + 1:
            raise Wrong("gap", expected=self.sequence + 1, found=sequence)
        if values["previous_hash"] != self.hash:
            raise Wrong("link_broken")
        if values["first_in_chain"] is not (sequence == 1):
            raise Wrong("first_wrong")
        keys.check(self.kind, sequence, document)
        period = values["period"]
        if period["number"] < self.period:
            raise Wrong("period_back")
        day = period["business_date"]
        if (days[0] is not None and day < days[0]) or day > days[1]:
            raise Wrong("outside", found=day)
        if self.kind == "TICKET":
            self.real += values["total_cents"]
            self.absolute += abs(values["total_cents"])
            if (values["perpetual_real_cents"], values["perpetual_absolute_cents"]) != (
                self.real,
                self.absolute,
            ):
                raise Wrong("perpetual_wrong")
        self.sequence, self.hash, self.period = sequence, document.hash, period["number"]
        self.documents += 1

    def end(self) -> None:
        found = (self.documents, self.sequence, self.hash)
        stated = (self.stated["documents"], self.stated["last"], self.stated["last_hash"])
        if found != stated:
            raise Wrong("end_differs", detail=f"{found} / {stated}")


class Closings:
    """Closings against the documents they say they closed: ranges, hashes and totals.

    A first pass over the CLOSING chain notes what each day states; the other chains are then
    walked once and answer. What lies before the archive begins cannot be asked.
    """

    def __init__(self) -> None:
        self.days: list[dict[str, Any]] = []
        self._hashes: dict[tuple[str, int], str] = {}
        self._next: dict[str, int] = {}
        # By number in the CLOSING chain: hash, total, perpetual totals.
        self._known: dict[int, Any] = {}
        self._at = 0
        self._sum = 0

    def note(self, document: Document) -> None:
        values = document.values.get("values")
        if not isinstance(values, dict):
            raise Wrong("form", name="CLOSING", detail="values")
        total = values["figures"]["total_cents"]
        perpetual = (values["perpetual_real_cents"], values["perpetual_absolute_cents"])
        self._known[document.values["sequence"]] = (document.hash, total, perpetual)
        if values["level"] != "day":
            self._add_up(values["closings"], total, perpetual)
            return
        chains = values.get("chains")
        if not isinstance(chains, dict):
            raise Wrong("form", name="CLOSING", detail="chains")
        for kind, chain in sorted(chains.items()):
            first, last, count = chain["first"], chain["last"], chain["count"]
            wanted = self._next.get(kind)
            begins = last + 1 if first is None else first
            if wanted is not None and begins != wanted:
                raise Wrong("closing_range", chain=kind, found=begins, expected=wanted)
            if count != last + 1 - begins:
                raise Wrong("closing_range", chain=kind, found=count, expected=last + 1 - begins)
            self._next[kind] = last + 1
            if last:
                known = self._hashes.setdefault((kind, last), chain["last_hash"])
                if known != chain["last_hash"]:
                    raise Wrong("closing_hash", chain=kind, number=last)
        self.days.append(
            {
                "sequence": document.values["sequence"],
                "first": chains.get("TICKET", {}).get("first"),
                "last": chains.get("TICKET", {}).get("last", 0),
                "total": total,
                "perpetual": perpetual,
            }
        )

    def _add_up(self, parts: Any, total: int, perpetual: Any) -> None:
        """A month is the sum of its days, a year of its months, as far as they are here."""
        known = [self._known.get(part["sequence"]) for part in parts]
        for part, found in zip(parts, known):  # noqa: B905 (3.10)
            if found is not None and found[0] != part["hash"]:
                raise Wrong("closing_parts", number=part["sequence"])
        here = [found for found in known if found is not None]
        if len(here) == len(parts) and sum(found[1] for found in here) != total:
            raise Wrong("closing_total", found=total, expected=sum(found[1] for found in here))
        if known and known[-1] is not None and known[-1][2] != perpetual:
            raise Wrong("closing_parts", number=parts[-1]["sequence"])

    def answer(self, chain: Chain, document: Document) -> None:
        """Called with every other document, in the order of its chain."""
        known = self._hashes.get((chain.kind, chain.sequence))
        if known is not None and known != document.hash:
            raise Wrong("closing_hash", chain=chain.kind, number=chain.sequence)
        if chain.kind != "TICKET":
            return
        while self._at < len(self.days):
            day = self.days[self._at]
            if day["first"] is None or day["last"] < chain.sequence:
                self._at, self._sum = self._at + 1, 0
                continue
            break
        else:
            return
        day = self.days[self._at]
        if chain.sequence < day["first"]:
            return
        self._sum += document.values["total_cents"]
        if chain.sequence != day["last"]:
            return
        if chain.first <= day["first"] and self._sum != day["total"]:
            raise Wrong("closing_total", found=day["total"], expected=self._sum)
        if (chain.real, chain.absolute) != day["perpetual"]:
            raise Wrong("closing_perpetual", number=chain.sequence)
        self._at, self._sum = self._at + 1, 0


# -- the whole ------------------------------------------------------------------------------------


class Examination:
    """What was looked at, for the last lines; ``tell`` is called with (code, values)."""

    def __init__(
        self, source: Any, make: Callable[[bytes], Any], tell: Callable[..., None]
    ) -> None:
        self.source, self.make, self.tell = source, make, tell
        self.registers = self.documents = self.signatures = 0
        self.manifest_sha256 = ""

    def run(self) -> None:
        """Raises Wrong with the first thing that does not hold."""
        self._check_files()
        description, keys = self._json(DESCRIPTION), self._json(KEYS)
        try:
            days = (description["since"], description["until"])
            described = description["registers"]
            rings = {one["id"]: self._ring(one) for one in keys["registers"]}
        except (KeyError, TypeError, AttributeError) as error:
            raise Wrong("form", name=KEYS, detail=error) from error
        for register in described:
            try:
                self._register(register, rings[register["id"]], days)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise Wrong("form", name=DESCRIPTION, detail=repr(error)) from error
        try:
            self._check_seals(description["archive"], described, rings)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Wrong("form", name=SEALS, detail=repr(error)) from error
        self.signatures = sum(ring.signatures for ring in rings.values())

    def _json(self, name: str) -> Any:
        try:
            return _read_json(_whole(self.source, name).decode("utf-8"))
        except ValueError as error:
            raise Wrong("form", name=name, detail=error) from error

    def _check_files(self) -> None:
        text = _whole(self.source, MANIFEST)
        self.manifest_sha256 = hashlib.sha256(text).hexdigest()
        manifest = self._json(MANIFEST)
        try:
            if manifest["form"] != FORM:
                raise ValueError(manifest["form"])
            listed = {one["name"]: (one["bytes"], one["sha256"]) for one in manifest["files"]}
        except (KeyError, TypeError, ValueError) as error:
            raise Wrong("form", name=MANIFEST, detail=error) from error
        present = self.source.names()
        for name in present:
            if name not in listed and name not in (MANIFEST, SEALS):
                raise Wrong("not_listed", name=name)
        for name in sorted(listed):
            if not _safe(name):
                raise Wrong("hostile", detail=ascii(name))
            if name not in present:
                raise Wrong("missing", name=name)
            digest, size = hashlib.sha256(), 0
            for chunk in self.source.chunks(name):
                digest.update(chunk)
                size += len(chunk)
                if size > listed[name][0]:
                    break
            if (size, digest.hexdigest()) != listed[name]:
                raise Wrong("file_differs", name=name)

    def _ring(self, register: dict[str, Any]) -> KeyRing:
        ring = KeyRing(self.make, register["first_public_key"])
        events = [Document(entry) for entry in register["introductions"]]
        for retired, begun in zip(events[::2], events[1::2]):  # noqa: B905 (3.10)
            for event in (retired, begun):
                if event.values["register"]["id"] != register["id"]:
                    raise Wrong("elsewhere")
            ring.introduce(retired, begun)
        listed = [(one["key_id"], one["public_key"]) for one in register["keys"]]
        if len(events) % 2 or listed != [(key[0], key[1]) for key in ring.keys]:
            raise Wrong("key_not_introduced", key=listed[-1][0] if listed else "", detail="list")
        return ring

    def _register(
        self,
        register: dict[str, Any],
        keys: KeyRing,
        days: tuple[str | None, str],
    ) -> None:
        self.registers += 1
        closings = Closings()
        # Closings first: the chains they speak of then answer while they are walked once.
        for kind in ("CLOSING", "TICKET", "EVENT", "DUPLICATE", "ARCHIVE"):
            self._chain(register, kind, keys, days, closings)

    def _chain(
        self, register: Any, kind: str, keys: KeyRing, days: Any, closings: Closings
    ) -> None:
        chain = Chain(register, kind, register["chains"][kind])
        name = chain.stated["file"]
        if chain.first > 1:
            self.tell("partial", register=register["name"], chain=kind, number=chain.first)
        wrong: Wrong | None = None
        number: int | None = chain.first
        try:
            for line in _lines(self.source, name) if name else ():
                number = chain.sequence + 1
                try:
                    entry = _read_json(line.decode("utf-8"))
                except ValueError as error:
                    raise Wrong("form", name=name, detail=error) from error
                document = Document(entry)
                found = document.values.get("sequence")
                number = found if isinstance(found, int) else number
                try:
                    chain.take(document, keys, days)
                    if kind == "CLOSING":
                        closings.note(document)
                    else:
                        closings.answer(chain, document)
                except (KeyError, TypeError, AttributeError) as error:
                    raise Wrong("form", name=name, detail=repr(error)) from error
            number = None
            chain.end()
        except Wrong as found_wrong:
            wrong = found_wrong
        if wrong is not None:
            wrong.where, wrong.number = [register["name"], kind], number
            raise wrong
        self.documents += chain.documents
        if chain.documents:
            self.tell("checking", register=register["name"], chain=kind, documents=chain.documents)

    def _check_seals(self, archive: str, described: Any, rings: dict[str, KeyRing]) -> None:
        """Each register has signed the manifest, in its own ARCHIVE chain, behind what is here."""
        seals = {}
        for line in _lines(self.source, SEALS):
            text = line.decode("utf-8")
            entry = _read_json(text)
            # The only file that nothing else signs: it has one spelling.
            if json.dumps(entry, ensure_ascii=False) != text:
                raise Wrong("form", name=SEALS, detail="another spelling")
            document = Document(entry)
            if document.values["register"]["id"] in seals:
                raise Wrong("form", name=SEALS, detail="twice")
            seals[document.values["register"]["id"]] = document
        for register in described:
            if register["id"] not in seals:
                raise Wrong("seal_missing", register=register["name"])
            document = seals.pop(register["id"])
            values, chain = document.values, register["chains"]["ARCHIVE"]
            stated = (
                values["kind"],
                values["values"]["archive"],
                values["values"]["manifest_sha256"],
            )
            if stated != ("ARCHIVE", archive, self.manifest_sha256):
                raise Wrong("manifest_not_signed", register=register["name"])
            if values["sequence"] <= chain["last"]:
                raise Wrong("manifest_not_signed", register=register["name"])
            rings[register["id"]].check("ARCHIVE", values["sequence"], document)
        if seals:
            raise Wrong("form", name=SEALS, detail="another register")


def examine(path: str, tell: Callable[..., None], pure: bool = False) -> tuple[Examination, str]:
    """Check the archive at ``path``, a zip file or a folder. Raises Wrong. Answers who verified."""
    library = None if pure else _library_key()
    source = Folder(path) if os.path.isdir(path) else Zip(path)
    examination = Examination(source, library or PureKey, tell)
    examination.run()
    return examination, "cryptography" if library else ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="TERAA: archive fiscale / fiscal archive")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("archive", nargs="?", default=here, help="archive.zip, dossier / folder")
    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    default = "en" if spoken.lower().startswith("en") else "fr"
    parser.add_argument("--lang", choices=("fr", "en"), default=default)
    parser.add_argument("--pure", action="store_true", help="sans / without cryptography")
    asked = parser.parse_args(arguments)
    said = SAID[asked.lang]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

    def tell(code: str, **values: Any) -> None:
        print(said[code].format(**values), flush=True)

    try:
        examination, engine = examine(asked.archive, tell, asked.pure)
    except Wrong as wrong:
        print(said["bad"].format(sentence=wrong.sentence(asked.lang)), file=sys.stderr)
        return 2 if wrong.code == "unreadable" else 1
    keys = examination._json(KEYS)
    print(said["keys_title"])
    for register in keys["registers"]:
        for number, key in enumerate(register["keys"], start=1):
            tell(
                "key_line",
                register=register["name"],
                number=number,
                key=key["key_id"],
                public=key["public_key"],
            )
    tell("with", engine=engine or said["pure"])
    tell(
        "good",
        registers=examination.registers,
        documents=examination.documents,
        signatures=examination.signatures,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
