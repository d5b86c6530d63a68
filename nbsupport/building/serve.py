"""Show the built book at this machine's own address, to nobody else."""

import errno
import re
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from nbsupport.building.editions import FULL, built, edition_named
from nbsupport.errors import UserError

HOST = "127.0.0.1"
PORTS = range(1, 65536)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader who left before a page had come is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def serve(port: str, edition: str = FULL) -> None:
    """Serve the book until Ctrl-C. UserError where there is none, or the port cannot be had."""
    html = built(edition_named(edition))
    if not (html / "index.html").is_file():
        wanted = "" if edition == FULL else f" EDITION={edition}"
        raise UserError(f"there is no book yet: make book{wanted}")
    with _listening(_number(port), html) as server:
        print(f"http://{HOST}:{server.server_port}/ (Ctrl-C stops)", flush=True)
        server.serve_forever()


def _number(port: str) -> int:
    number = int(port) if re.fullmatch("[0-9]{1,5}", port) else 0
    if number not in PORTS:
        raise UserError(f"port {port!r}: give a whole number from 1 to {PORTS[-1]}, as PORT=8000")
    return number


def _listening(port: int, html: Path) -> _Server:
    try:
        return _Server((HOST, port), partial(SimpleHTTPRequestHandler, directory=str(html)))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "another program uses it" if taken else error.strerror
        raise UserError(
            f"cannot serve at port {port}: {why}; give another, as make serve PORT={_other(port)}"
        ) from error


def _other(port: int) -> int:
    return port + 1 if 1024 <= port < PORTS[-1] else 8000
