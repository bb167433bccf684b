# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built documentation site (make docs): whole, in both languages, found by search, and of this server alone.

Its pictures, on a desk, on a phone and in the dark, are kept in tests/output/docs, to be looked at.
"""

from __future__ import annotations

import functools
import html.parser
import http.server
import json
import re
import subprocess
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build/docs"
# (tag, attribute) that a browser fetches by itself; `a` is followed by a reader only
FETCHED = {
    ("script", "src"), ("img", "src"), ("img", "srcset"), ("source", "src"), ("source", "srcset"), ("iframe", "src"),
    ("video", "src"), ("audio", "src"), ("embed", "src"), ("object", "data"), ("form", "action"), ("use", "href"),
    ("link", "href"), ("input", "src"), ("track", "src"), ("body", "background"),
}  # fmt: skip
ELSEWHERE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
TOLD_ONLY = {"canonical", "alternate", "prev", "next", "license"}  # rel of links that no browser fetches
CSS = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])([^'\")]+)", re.IGNORECASE)


class Page(html.parser.HTMLParser):
    """What a page has fetched, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: list[tuple[str, str]] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.inside = tag if tag in ("script", "style") else self.inside
        only_told = tag == "link" and set((told.get("rel") or "").split()) <= TOLD_ONLY
        for name, value in attrs:
            if (tag, name) in FETCHED and value and not only_told:
                self.fetched += [part.split()[0] for part in value.split(",")] if name == "srcset" else [value]
            if name == "style" and value:
                self.fetched += CSS.findall(value)

    def handle_endtag(self, tag):
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data):
        if self.inside:
            self.inline.append((self.inside, data))


@pytest.fixture(scope="module", autouse=True)
def _built():
    done = subprocess.run(["make", "docs"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def pages():
    return sorted(SITE.rglob("*.html"))


def test_nothing_comes_from_another_server():
    wrong = []
    for path in pages():
        page = Page(path.read_text(encoding="utf-8"))
        wrong += [f"{path.relative_to(SITE)}: {url}" for url in page.fetched if ELSEWHERE.match(url)]
        for tag, text in page.inline:
            found = CSS.findall(text) if tag == "style" else re.findall(r"""(?:fetch|import)\(\s*['"]([^'"]+)""", text)
            wrong += [f"{path.relative_to(SITE)}: {url}" for url in found if ELSEWHERE.match(url)]
    for path in SITE.rglob("*.css"):
        found = CSS.findall(path.read_text(encoding="utf-8"))
        wrong += [f"{path.relative_to(SITE)}: {url}" for url in found if ELSEWHERE.match(url)]
    assert wrong == []
    # what the theme's program would fetch: diagrams from a CDN, figures of a repository
    texts = [path.read_text(encoding="utf-8") for path in pages()]
    assert not any('class="mermaid"' in text or 'data-md-component="source"' in text for text in texts)


@pytest.mark.parametrize(
    "loads",
    ['<script src="https://cdn.example/x.js"></script>', '<img srcset="a.png 1x, //cdn.example/b.png 2x">',
     '<link rel="preconnect" href="https://fonts.example">', '<p style="background:url(//cdn.example/c.png)">'],
)  # fmt: skip
def test_a_page_that_does_is_found(loads):
    assert any(ELSEWHERE.match(url) for url in Page(loads).fetched)
    assert Page('<a href="https://x.example">x</a><link rel="canonical" href="https://x.example">').fetched == []


def test_every_link_inside_leads_to_a_file():
    wrong = []
    for path in pages():
        for target in re.findall(r'(?:href|src)="([^"#?]+)', path.read_text(encoding="utf-8")):
            if re.match(r"^(?:[a-z]+:|//)", target):
                continue
            goal = SITE / target.lstrip("/") if target.startswith("/") else path.parent / target
            if path.name != "404.html" and not goal.exists():
                wrong.append(f"{path.relative_to(SITE)}: {target}")
    assert wrong == []


def test_both_languages_are_there():
    for name in ("index", "quickstart", "operations", "variables", "security", "rules/LLM209"):
        assert (SITE / f"{name}.html").is_file() and (SITE / f"zh/{name}.html").is_file(), name
    chinese = (SITE / "zh/quickstart.html").read_text(encoding="utf-8")
    assert "从裸机到第一个回答" in chinese and "快速入门" in chinese and ">Quickstart<" not in chinese


def test_search_finds_chinese_words_and_rules():
    index = json.loads((SITE / "search/search_index.json").read_text(encoding="utf-8"))
    assert {"en", "zh"} <= set(index["config"]["lang"])
    texts = [row["title"] + " " + row["text"] for row in index["docs"]]
    # words stand apart by a space of no width: 离线包 and 显卡 can be found
    assert any("\u200b" in text and "显卡" in re.split(r"[\s\u200b]", text) for text in texts)
    assert any("LLM209" in row["title"] for row in index["docs"])


PICTURES = ROOT / "tests/output/docs"
LOOKS = {
    "wide": ("--window-size=1280,2400",),
    "phone": ("--window-size=500,2400",),  # Chromium's windows are no narrower
    "dark": ("--window-size=1280,2400", "--force-dark-mode", "--blink-settings=preferredColorScheme=0"),
}
MEASURE = (
    b"<script>addEventListener('load',()=>{let h=document.documentElement;h.dataset.wide=h.scrollWidth;"
    b"h.dataset.below=getComputedStyle(document.body).backgroundColor})</script>"
)


class Measured(http.server.SimpleHTTPRequestHandler):
    """The site, its pages with what measures them."""

    def do_GET(self):
        path = SITE / self.path.lstrip("/")
        if path.suffix != ".html":
            super().do_GET()
            return
        body = path.read_bytes() + MEASURE
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Nothing."""


@pytest.fixture(scope="module", name="address")
def fixture_address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Measured, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "name",
    ["index", "quickstart", "operations", "sizing", "variables", "security", "rules/LLM209", "rules/index",
     "reference/variables/gateway"],
)  # fmt: skip
def test_pages_on_a_desk_on_a_phone_and_in_the_dark(address, name, look):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for language in ("", "zh/"):
        shot = PICTURES / f"{language.strip('/') or 'en'}-{name.replace('/', '-')}-{look}.png"
        quiet = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *LOOKS[look]]
        words = [*quiet, "--virtual-time-budget=4000", f"--screenshot={shot}", "--dump-dom"]
        done = subprocess.run([*words, f"{address}/{language}{name}.html"], capture_output=True, encoding="utf-8",
                              timeout=120, check=True)  # fmt: skip
        assert shot.stat().st_size > 10_000
        [wide] = re.findall(r'data-wide="(\d+)"', done.stdout)
        assert int(wide) <= (500 if look == "phone" else 1280), "its sides are cut off"
        [below] = re.findall(r'data-below="rgb\((\d+)', done.stdout)
        assert (int(below) < 60) == (look == "dark")
