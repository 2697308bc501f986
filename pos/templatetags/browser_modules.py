"""What a page says of its scripts: the import map, modules to fetch early, the words they show."""

from __future__ import annotations

import json
import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe

from pos.words import WORDS

register = template.Library()

IMPORT_MAP = "vendor/importmap.json"
IMPORTED = re.compile(
    r"""^(?:import|export)\b(?:[^"';=]*?\bfrom)?\s*["']([^"']+)["']""", re.MULTILINE
)


class BrowserModulesMissing(RuntimeError):
    """The modules of npm are not where pages load them from: run ``script/browser-modules``."""


@lru_cache(maxsize=1)
def imports() -> dict[str, str]:
    """Module names and their addresses. Raises BrowserModulesMissing."""
    found = finders.find(IMPORT_MAP)
    if not isinstance(found, str):
        raise BrowserModulesMissing(BrowserModulesMissing.__doc__)
    named: dict[str, str] = json.loads(Path(found).read_text(encoding="utf-8"))["imports"]
    return named


@register.simple_tag(takes_context=True)
def import_map(context: Context) -> SafeString:
    """The one inline script of a page, allowed by the nonce of its policy."""
    # "<" would be the only way out of a script element; the map never needs it.
    body = json.dumps({"imports": imports()}).replace("<", "\\u003c")
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        str(context.get("CSP_NONCE", "")),
        mark_safe(body),  # noqa: S308  our own JSON, "<" escaped above
    )


@lru_cache(maxsize=16)
def modules_of(entry: str) -> tuple[str, ...]:
    """Addresses of all that the module ``entry`` (under static/) imports, itself first.

    Raises BrowserModulesMissing for an import that leads nowhere.
    """
    named, seen, queue = imports(), [], [entry]
    addresses: list[str] = []
    while queue:
        module = queue.pop(0)
        if module in seen:
            continue
        seen.append(module)
        found = finders.find(module)
        if not isinstance(found, str):
            raise BrowserModulesMissing(f"{module} is imported but not there")
        addresses.append(static(module))
        for name in IMPORTED.findall(Path(found).read_text(encoding="utf-8")):
            if name.startswith("."):
                queue.append(posixpath.normpath(posixpath.join(posixpath.dirname(module), name)))
            elif name not in named:
                raise BrowserModulesMissing(f"{module} imports {name}, which no import map names")
    return (*addresses, *sorted(named.values()))


@register.simple_tag
def preload_modules(entry: str) -> SafeString:
    """Have all modules behind ``entry`` fetched at once, not one import after the other."""
    return format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((one,) for one in modules_of(entry))
    )


@register.simple_tag
def till_words() -> SafeString:
    """Every text of the till in the page's language, as data the modules read."""
    return json_script({key: str(text) for key, text in WORDS.items()}, "words")
