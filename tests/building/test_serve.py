"""The built book at this machine's own address, and what can be in its way."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from nbsupport import cli
from nbsupport.building import editions
from nbsupport.paths import root


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    html = tmp_path / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("the book")
    monkeypatch.setattr(editions, "root", lambda: tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["serve", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""  # no address is printed that nobody serves
    (line,) = shown.err.splitlines()
    return line


def test_a_taken_port_is_told_with_another(book, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = told(capsys, "--port", str(port))
    assert f"cannot serve at port {port}: another program uses it" in line
    assert "make serve PORT=" in line


@pytest.mark.parametrize("port", ["", "abc", "0", "-1", "65536", "80.5", "٨٠", "8000 ", "9" * 5000])
def test_what_is_no_port_is_told(book, capsys, port):
    assert "give a whole number from 1 to 65535" in told(capsys, f"--port={port}")


def test_without_a_book_there_is_nothing_to_serve(book, capsys):
    (book / "_build/html/index.html").unlink()
    assert told(capsys) == "error: there is no book yet: make book"


SERVE = """
import sys
from pathlib import Path
from nbsupport import cli
from nbsupport.building import editions
editions.root = lambda: Path(sys.argv[1])
sys.exit(cli.main(["serve", "--port", sys.argv[2]]))
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_and_ends_quietly(book, number, status):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(book), str(port)],
        env={**os.environ, "PYTHONPATH": str(root())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    address = process.stdout.readline().split()[0]
    assert address == f"http://127.0.0.1:{port}/"
    with urllib.request.urlopen(address) as page:
        assert page.read() == b"the book"
    process.send_signal(number)
    said = process.communicate(timeout=10)[1]
    assert process.returncode == status
    assert "Traceback" not in said
