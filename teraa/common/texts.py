"""Every text people read: found in the sources, translated in ``locale/``, compiled for use.

English is what the sources say. French is complete: ``manage.py check_texts`` refuses a text
without its translation, and a translation without its text.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOMS = ("teraa", "pos", "bookings", "ticketing", "templates")
LANGUAGE = "fr"

# A part we show to people although it speaks no French: its texts are translated here as well,
# where Django's own catalogues do not happen to know them.
TAKEN = "unfold"
TAKEN_FILES = ("*.py", "contrib/filters/**/*", "mixins/*.py", "templates/**/*", "templatetags/*.py")
NOT_SHOWN = ("templates/admin/auth", "templates/admin/login.html", "templates/unfold_crispy")
KNOWN_TO_DJANGO = ("conf", "contrib/admin", "contrib/auth")

# How a text is marked: what comes before it (a context) and after it (its plural).
MARKS = {
    "_": ("text",),
    "gettext": ("text",),
    "gettext_lazy": ("text",),
    "gettext_noop": ("text",),
    "ngettext": ("text", "plural"),
    "ngettext_lazy": ("text", "plural"),
    "pgettext": ("context", "text"),
    "pgettext_lazy": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
    "npgettext_lazy": ("context", "text", "plural"),
}
HEADER = """# Every text of TERAA in French; `manage.py check_texts --write` keeps it in order.
msgid ""
msgstr ""
"Project-Id-Version: TERAA\\n"
"Language: fr\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

"""
# Two machines that compile on two days must get the same bytes.
NO_DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)(?:![rsa])?(?::[^{}]*)?\}|%[sd]")


@dataclass(frozen=True, order=True)
class Text:
    """One text as the sources have it; ``context`` and ``plural`` are empty for most."""

    singular: str
    plural: str = ""
    context: str = ""

    def __str__(self) -> str:
        said = f"“{self.singular}”"
        return f"{said} (context {self.context})" if self.context else said


@dataclass
class Report:
    """What is wrong with a catalogue, one helpful line each."""

    lines: list[str] = field(default_factory=list)

    def add(self, complaint: str, text: object, *, places: Iterable[str] = ()) -> None:
        where = ", ".join(places)
        self.lines.append(f"{complaint}: {text}" + (f"\n    in {where}" if where else ""))


def catalogue_path(root: Path, language: str = LANGUAGE) -> Path:
    """Where the translations of ``language`` are written down."""
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


def source_files(root: Path) -> Iterator[Path]:
    """Every Python file and template of ours, in one order everywhere."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                yield path


def texts_in(path: Path) -> list[Text]:
    """The texts that one source file shows, in its order."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Brackets, so that Python's tokens do not mind how the page is indented.
        source = f"(\n{templatize(source)}\n)"
    found = []
    # Babel's own keyword table says where a text stands; ours says it by name.
    marks = dict.fromkeys(MARKS, None)
    extracted = extract_python(io.BytesIO(source.encode()), marks, [], {"encoding": "utf-8"})
    for _line, mark, arguments, _comments in extracted:
        given = arguments if isinstance(arguments, tuple) else (arguments,)
        named = {name: str(one or "") for name, one in zip(MARKS[str(mark)], given, strict=False)}
        if named.get("text"):  # otherwise not a literal: what it says is marked elsewhere
            found.append(Text(named["text"], named.get("plural", ""), named.get("context", "")))
    return found


def texts_of(root: Path) -> dict[Text, list[str]]:
    """Every text of the house and the files that show it."""
    found: dict[Text, list[str]] = {}
    for path in source_files(root):
        for text in texts_in(path):
            places = found.setdefault(text, [])
            place = path.relative_to(root).as_posix()
            if place not in places:
                places.append(place)
    return found


@cache
def taken_texts() -> dict[Text, list[str]]:
    """The texts of the part we took that would stay English without us, and its files."""
    home = _home(TAKEN)
    known = _french_of_django()
    found: dict[Text, list[str]] = {}
    for path in sorted({path for pattern in TAKEN_FILES for path in home.glob(pattern)}):
        place = path.relative_to(home).as_posix()
        if path.suffix not in (".py", ".html") or place.startswith(NOT_SHOWN):
            continue
        for text in texts_in(path):
            if text.singular not in known and (text.singular, 0) not in known:
                found.setdefault(text, []).append(f"{TAKEN}/{place}")
    return {text: list(dict.fromkeys(places)) for text, places in found.items()}


def _home(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"{package} is not installed")
    return Path(spec.submodule_search_locations[0])


def _french_of_django() -> set[object]:
    known: set[object] = set()
    for room in KNOWN_TO_DJANGO:
        path = _home("django") / room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.mo"
        with path.open("rb") as file:
            known |= vars(GNUTranslations(file))["_catalog"].keys()
    return known


def all_texts(root: Path) -> dict[Text, list[str]]:
    """What must be said in French: our own texts, then those of the part we took."""
    own = texts_of(root)
    return own | {text: places for text, places in taken_texts().items() if text not in own}


def read_catalogue(path: Path) -> Catalog:
    """The translations as written down; an empty catalogue when there is no file yet."""
    if not path.exists():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE, abort_invalid=True)


def translations(catalogue: Catalog) -> dict[Text, Message]:
    """The messages of ``catalogue`` by text, its header left out."""
    return {_key(message): message for message in catalogue if message.id}


def _key(message: Message) -> Text:
    parts = [message.id] if isinstance(message.id, str) else [*message.id]
    return Text(str(parts[0]), str(parts[1]) if len(parts) > 1 else "", message.context or "")


def check_catalogue(root: Path) -> list[str]:
    """What keeps the French from being complete and right; an empty list when nothing does."""
    report = Report()
    wanted = all_texts(root)
    path = catalogue_path(root)
    known = translations(read_catalogue(path))
    for text, places in sorted(wanted.items()):
        message = known.get(text)
        if message is None or not all(_forms(message)):
            report.add("no translation", text, places=places)
        elif message.fuzzy:
            report.add("marked fuzzy, so it is not used", text, places=places)
        else:
            _check_message(report, text, message)
    for text in sorted(known.keys() - wanted.keys()):
        report.add("nothing shows this any more", text)
    return report.lines


def _forms(message: Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(map(str, string))


def _check_message(report: Report, text: Text, message: Message) -> None:
    allowed = [_placeholders(text.singular)]
    if text.plural:
        allowed.append(_placeholders(text.plural))
    for form in _forms(message):
        if _placeholders(form) not in allowed:
            report.add(
                f"other placeholders than {' or '.join(map(str, allowed))}", f"{text} → “{form}”"
            )
        for complaint in _typography(form):
            report.add(complaint, f"{text} → “{form}”")
        if text.singular[:1].isspace() != form[:1].isspace() or (
            text.singular.endswith("\n") != form.endswith("\n")
        ):
            report.add("begins or ends with other white space", f"{text} → “{form}”")


def _placeholders(text: str) -> list[str]:
    return sorted(found.group() for found in _PLACEHOLDER.finditer(text))


def _typography(french: str) -> Iterator[str]:
    """What a French reader would trip over. Receipts are printed in CP1252, hence U+00A0."""
    if re.search(r"\w'\w", french):
        yield "a typewriter's apostrophe (write ’)"
    if "\u202f" in french:
        yield "a narrow no-break space, which receipts cannot print (write U+00A0)"
    if re.search(r" (?:[:;!?»€]|%(?![\w(]))|« ", french):
        yield "a space that may break before : ; ! ? » € % or after « (write U+00A0)"
    if '"' in re.sub(r"<[^>]*>", "", french):  # an attribute of a tag has them by right
        yield "straight quotation marks (write « »)"


def write_catalogue(root: Path) -> tuple[int, int]:
    """Bring the French file in line with the sources: (texts added empty, texts taken out).

    In one order, by file then by place in it, with the files that show each text.
    """
    path = catalogue_path(root)
    known = translations(read_catalogue(path))
    wanted = all_texts(root)
    catalogue = Catalog(locale=LANGUAGE)
    for text, places in wanted.items():
        message = known.get(text)
        catalogue.add(
            id=(text.singular, text.plural) if text.plural else text.singular,
            string=message.string if message is not None else None,
            locations=[(place, 0) for place in places],
            context=text.context or None,
        )
    written = io.BytesIO(HEADER.encode())
    written.seek(0, io.SEEK_END)
    write_po(written, catalogue, width=100, include_lineno=False, omit_header=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written.getvalue())
    return len(wanted.keys() - known.keys()), len(known.keys() - wanted.keys())


def compile_catalogue(path: Path) -> bool:
    """Compile one ``.po`` beside itself. Returns whether the ``.mo`` changed."""
    compiled = io.BytesIO()
    catalogue = read_catalogue(path)
    catalogue.creation_date = catalogue.revision_date = NO_DAY
    write_mo(compiled, catalogue)
    target = path.with_suffix(".mo")
    if target.exists() and target.read_bytes() == compiled.getvalue():
        return False
    draft = target.with_suffix(".mo.new")
    draft.write_bytes(compiled.getvalue())
    draft.replace(target)
    return True
