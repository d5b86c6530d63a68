"""A Sphinx extension: what a page is made from is told by content, not by the files' times.

Sphinx reads a page again when its file is newer than the last reading. A file that an archive, a
copy or a clock set back has made older would never be read.
"""

import hashlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

Contents = dict[str, str]  # by path: a hash of what the file held when it was last read
# What this extension keeps in Sphinx's environment, which is kept from one rendering to the next.
CONTENTS, SAID = "nbsupport_contents", "nbsupport_said"


def changed_pages(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages to read again: those with a file whose content is not what it was."""
    before: Contents = vars(env).get(CONTENTS, {})
    now = {path: _hash(path) for page in env.found_docs for path in _files(env, page)}
    vars(env)[CONTENTS] = now  # of before the reading: what changes meanwhile is read once more
    return [
        page
        for page in env.found_docs
        if any(before.get(path) != now[path] for path in _files(env, page))
    ]


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages to write again though they were not read: all of them, where a title, a term or a label
    changed.

    Every page shows the titles of all, and links to terms and labels of others.
    """
    known: Contents = vars(env)[CONTENTS]
    paths = {path for page in env.found_docs for path in _files(env, page)}
    vars(env)[CONTENTS] = {path: known.get(path) or _hash(path) for path in paths}
    before, now = vars(env).get(SAID), _said_of_each_other(env)
    vars(env)[SAID] = now
    return [] if before == now else sorted(env.found_docs)


def remove_old_pages(app: Sphinx, problem: Exception | None) -> None:
    """Remove pages that are no longer in the book; those beside the book's folders are Sphinx's."""
    out = Path(app.outdir)
    for path in [] if problem or app.env is None else sorted(out.glob("[!_]*/**/*.html")):
        if path.relative_to(out).with_suffix("").as_posix() not in app.env.found_docs:
            path.unlink()


def _files(env: BuildEnvironment, page: str) -> list[str]:
    """A page's own file and those that it notes as dependencies."""
    noted = (str(Path(env.srcdir, name)) for name in env.dependencies.get(page, ()))
    return [str(env.doc2path(page)), *noted]


def _hash(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return "not there"


def _said_of_each_other(env: BuildEnvironment) -> str:
    titles = {page: title.astext() for page, title in env.titles.items()}
    names: list[Any] = [
        sorted(env.domaindata[domain].get(kind, {}).items(), key=repr)
        for domain in ("std", "py")
        for kind in ("labels", "anonlabels", "terms", "objects")
    ]
    return hashlib.sha256(repr([sorted(titles.items()), names]).encode()).hexdigest()


def setup(app: Sphinx) -> dict[str, object]:
    """Register what decides on reading, writing and removing pages."""
    app.connect("env-get-outdated", changed_pages)
    app.connect("env-updated", pages_to_write)
    app.connect("build-finished", remove_old_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
