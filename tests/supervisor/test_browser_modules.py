"""The modules pages import really load in a browser by the names the import map gives them."""

from __future__ import annotations

import functools
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator

import pytest

from teraa.supervisor.places import ROOT
from tests.browsing import chromium

VENDOR = ROOT / "static" / "vendor"

PAGE = """<!doctype html><title>modules</title><main></main>
<script type="importmap">%s</script>
<script type="module">
import { h, render } from "preact";
import { useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { computed } from "@preact/signals-core";
import htm from "htm";
const html = htm.bind(h);
const count = signal(1);
const double = computed(() => count.value * 2);
function Counter() {
  const [word] = useState("is");
  return html`<p>${count} ${word} half of ${double.value}</p>`;
}
render(html`<${Counter} />`, document.querySelector("main"));
count.value = 21;
</script>"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        page = (PAGE % (VENDOR / "importmap.json").read_text()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    subprocess.run([ROOT / "script" / "browser-modules", "--tests"], check=True)
    handler = functools.partial(_Handler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_they_load_by_name_and_work_together(address):
    with chromium() as browser:
        page = browser.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(address)
        page.wait_for_function("document.querySelector('main').textContent.includes('42')")
        assert page.text_content("main") == "21 is half of 42"
        assert failures == []


def test_every_path_carries_its_version_and_exists():
    subprocess.run([ROOT / "script" / "browser-modules"], check=True)
    imports = json.loads((VENDOR / "importmap.json").read_text())["imports"]
    pinned = json.loads((ROOT / "package.json").read_text())["dependencies"]

    for name, path in imports.items():
        package = "preact" if name == "preact/hooks" else name
        assert f"@{pinned[package]}/" in path
        assert (ROOT / path.lstrip("/")).is_file()


def test_what_is_fetched_late_is_whole_and_in_no_import_map():
    subprocess.run([ROOT / "script" / "browser-modules"], check=True)
    late = json.loads((VENDOR / "late.json").read_text())
    imports = json.loads((VENDOR / "importmap.json").read_text())["imports"]
    pinned = json.loads((ROOT / "package.json").read_text())["dependencies"]

    assert late
    for name, path in late.items():
        folder = VENDOR / f"{name.split('/')[0]}@{pinned[name.split('/')[0]]}"
        assert (ROOT / path.lstrip("/")).is_relative_to(folder)
        assert (ROOT / path.lstrip("/")).is_file()
        assert (folder / "LICENSE").is_file()
        assert [one for one in folder.rglob("*.wasm") if one.stat().st_size > 100_000]
        assert path not in imports.values()


def test_the_lock_names_no_host():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    assert not any("resolved" in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name)
