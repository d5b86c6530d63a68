"""The smoke book, built as in a fresh clone, and a browser that only sees this machine."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from nbsupport.paths import root

ROOT = root()
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium itself calls home: every name but this machine's leads nowhere.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def pages() -> list[str]:
    """Every page of the book, as its path below the site's root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [f"{name}.html" for name in (toc["root"], *chapters)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `path` is run for each page of the book."""
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", pages())


@dataclass(frozen=True)
class SmokeBook:
    """A finished build: where its pages lie, and what the two calls of `build` said."""

    project: Path
    html: Path
    first: str
    second: str


def _build(project: Path, *options: str) -> str:
    env = {name: value for name, value in os.environ.items() if name != "NBSUPPORT_STORE"}
    done = subprocess.run(
        [sys.executable, "-m", "nbsupport", "build", "--profile", "smoke", *options],
        cwd=project,
        env={**env, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def smoke_book(tmp_path_factory: pytest.TempPathFactory) -> SmokeBook:
    """Built twice, in a copy of the project, so that nobody's own book or store is touched."""
    project = tmp_path_factory.mktemp("clone") / "project"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    first, second = _build(project), _build(project)
    return SmokeBook(project, project / "_build" / "html", first, second)


@pytest.fixture(scope="session")
def student_book(smoke_book: SmokeBook) -> Path:
    """The folder of the student edition, rendered from the pages of the smoke book."""
    told = _build(smoke_book.project, "--edition", "student")
    assert "The student edition is at" in told
    assert "0 jobs trained" in told
    return smoke_book.project / "_build" / "student"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are watched in the browser, not here."""


@pytest.fixture(scope="session")
def site(smoke_book: SmokeBook) -> Iterator[str]:
    """The address of the built book, served on the loopback address."""
    handler = partial(_Quiet, directory=str(smoke_book.html))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium, driven by Playwright; where it is missing, the test says what to install."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        message = "Chromium is missing: install it (on Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page under observation: its errors and what it asked of other machines."""

    page: Any
    site: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Load a page of the book, draw its charts without waiting for a reader to come near."""
        self.page.goto(f"{self.site}/{path}", wait_until="load")
        self.page.evaluate("() => window.nbsupport && window.nbsupport.drawAll()")
        self.page.wait_for_function(CHARTS_DRAWN, timeout=20_000)

    def watch(self) -> None:
        """Note errors and requests from now on."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.site, "data:", "blob:", "about:")):
            self.foreign.append(request.url)


CHARTS_DRAWN = """() => [...document.querySelectorAll('.nb-chart')].every(
    chart => chart.dataset.state === 'drawn')"""


@pytest.fixture(params=[1280])
def visit(chromium: Any, site: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A new window, 1280 pixels wide unless the test asks for another width."""
    context = chromium.new_context(viewport={"width": request.param, "height": 900})
    visit = Visit(context.new_page(), site)
    visit.watch()
    yield visit
    context.close()


# a part of a page, opened from disk ---------------------------------------------------------------
STATIC = ROOT / "book" / "_static"


def document(part: str) -> str:
    """A page with one part of the book in it, and the book's scripts and styles."""
    styles = "".join(f'<link rel="stylesheet" href="{p.name}">' for p in STATIC.glob("*.css"))
    return (
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>t</title>{styles}</head>'
        f'<body><article class="bd-article">{part}</article>'
        '<script src="nbsupport.js"></script></body></html>'
    )


@dataclass
class Window:
    """A page on disk in a browser, and all that went wrong or was asked of a network."""

    page: Any
    address: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note errors, and requests for anything that is not on this disk."""
        near = ("file:", "data:", "about:")
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: m.type == "error" and self.wrong.append(m.text))
        self.page.on("request", lambda r: r.url.startswith(near) or self.wrong.append(r.url))

    def open(self, choice: str = "") -> None:
        """Load the page anew, with what follows the # of its address, and wait for its script."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}{choice}")
        self.page.wait_for_selector("[data-nb-scripts][data-state=drawn]")


@pytest.fixture
def from_disk(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Window]]:
    """Opens a part of a page: `from_disk(name, html, width=1280, scripts=True)`."""
    opened: list[Window] = []

    def show(name: str, html: str, width: int = 1280, scripts: bool = True) -> Window:
        for path in (*STATIC.glob("*.js"), *STATIC.glob("*.css")):
            shutil.copy(path, tmp_path)
        place = tmp_path / f"{name}.html"
        place.write_text(document(html), encoding="utf-8")
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, java_script_enabled=scripts)
        opened.append(Window(context.new_page(), place.as_uri()))
        opened[-1].watch()
        return opened[-1]

    yield show
    for window in opened:
        assert window.wrong == []
        window.page.context.close()
