"""What the till's page says of its scripts, and what its policy forbids in any template."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template

from pos.templatetags import browser_modules
from pos.templatetags.browser_modules import BrowserModulesMissing, modules_of

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
ENTRY = "js/pos/main.js"


@pytest.fixture
def elsewhere(tmp_path, settings, monkeypatch):
    """Static files of this test only."""
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()
    modules_of.cache_clear()
    monkeypatch.setattr(browser_modules, "imports", lambda: {"preact": "/static/vendor/p.js"})
    yield tmp_path
    finders.get_finder.cache_clear()
    modules_of.cache_clear()


def test_it_writes_the_import_map_under_the_pages_nonce():
    page = Template("{% load browser_modules %}{% import_map %}").render(
        Context({"CSP_NONCE": "n1"})
    )

    opening, _, rest = page.partition(">")
    assert opening == '<script type="importmap" nonce="n1"'
    named = json.loads(rest.removesuffix("</script>"))["imports"]
    assert {"preact", "htm", "@preact/signals"} <= named.keys()
    assert all((ROOT / address.removeprefix("/")).is_file() for address in named.values())


def test_it_fetches_every_module_of_the_till_at_once():
    page = Template(f"{{% load browser_modules %}}{{% preload_modules '{ENTRY}' %}}").render(
        Context()
    )

    fetched = set(re.findall(r'<link rel="modulepreload" href="([^"]+)">', page))
    own = {f"/static/js/pos/{module.name}" for module in (STATIC / "js" / "pos").glob("*.js")}
    assert own <= fetched, "a module that the till never imports can go"
    assert len(fetched) == page.count("<link")


def test_it_refuses_an_import_that_leads_nowhere(elsewhere):
    (elsewhere / "main.js").write_text('import { gone } from "./gone.js";\n')

    with pytest.raises(BrowserModulesMissing, match=r"gone\.js"):
        modules_of("main.js")


def test_it_refuses_a_name_that_no_map_knows(elsewhere):
    (elsewhere / "main.js").write_text('import { h } from "preact";\nimport x from "elsewhere";\n')

    with pytest.raises(BrowserModulesMissing, match="elsewhere"):
        modules_of("main.js")


def test_it_follows_imports_over_several_lines_and_re_exports(elsewhere):
    (elsewhere / "js").mkdir()
    (elsewhere / "main.js").write_text(
        'import {\n  a,\n} from "./js/a.js";\nconst x = "not/this";\n'
    )
    (elsewhere / "js" / "a.js").write_text(
        'export { b } from "../b.js";\nexport const a = "./no.js";\n'
    )
    (elsewhere / "b.js").write_text('export const b = 1;\nimport "./main.js";\n')

    assert modules_of("main.js") == (
        "/static/main.js",
        "/static/js/a.js",
        "/static/b.js",
        "/static/vendor/p.js",
    )


def test_it_carries_the_words_as_data_that_no_text_can_break_out_of():
    page = Template("{% load browser_modules %}{% till_words %}").render(Context())

    assert page.startswith('<script id="words" type="application/json">')
    body = page.partition(">")[2].removesuffix("</script>")
    assert "<" not in body
    assert json.loads(body)["next"]


# The policy allows no inline style and no inline script; a template that uses one works nowhere.
FORBIDDEN = re.compile(r"""\s(?:style|on[a-z]+)\s*=\s*["']|<style|<script(?![^>]*\bsrc=)""")
PAGES = sorted(
    path
    for folder in ("components", "pos", "venues", "demo", "account", "accounts", "trust")
    for path in (ROOT / "templates" / folder).rglob("*.html")
    if "email" not in path.parts
)


@pytest.mark.parametrize(
    "path", [ROOT / "templates" / "base.html", *PAGES], ids=lambda path: path.name
)
def test_it_keeps_styles_and_scripts_out_of_templates(path):
    assert FORBIDDEN.findall(path.read_text(encoding="utf-8")) == []
