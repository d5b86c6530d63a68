"""A page that is rendered alone: its links to the book's other pages."""

import os
import re
from functools import partial
from pathlib import Path
from urllib.parse import unquote

LINK = re.compile(r'<a\b([^>]*?)\bhref="([^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
SOURCE = re.compile(r"\.(?:md|ipynb|rst)$")


def mend_links(html: Path, book: Path, place: str) -> None:
    """Mend the links that lead nowhere in the pages of `html`, in place: they then lead into
    `book`.

    `place` is the folder of the book that the first page belongs to; the other pages stand where
    they stand in the book. A link to what the book does not have becomes plain text.
    """
    for path in html.rglob("*.html"):
        at = path.parent.relative_to(html)
        folder = book / (place if at == Path() else at)
        text = path.read_text(encoding="utf-8")
        ids = frozenset(re.findall(r'\bid="([^"]*)"', text))
        mended = LINK.sub(partial(_mended, path=path, folder=folder, ids=ids), text)
        path.write_text(mended, encoding="utf-8")


def _mended(found: re.Match[str], path: Path, folder: Path, ids: frozenset[str]) -> str:
    before, target, after, inner = found.groups()
    if ELSEWHERE.match(target) or _is_here(target, path, ids):
        return found[0]
    # MyST makes `#../page.md` of a link to a file that it does not know.
    name, _, anchor = unquote(target).removeprefix("#").partition("#")
    there = Path(os.path.normpath(folder / SOURCE.sub(".html", name)))
    if not name.endswith((".html", ".md", ".ipynb", ".rst")) or not there.is_file():
        return inner
    href = Path(os.path.relpath(there, path.parent)).as_posix() + (f"#{anchor}" if anchor else "")
    return f'<a{before}href="{href}"{after}>{inner}</a>'


def _is_here(target: str, path: Path, ids: frozenset[str]) -> bool:
    name, _, anchor = unquote(target).partition("#")
    if name:
        return (path.parent / name).exists()
    return not anchor or anchor in ids
