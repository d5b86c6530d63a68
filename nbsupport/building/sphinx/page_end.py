"""A Sphinx extension: the boxes at the end of each page, on what differs and how to cite."""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from nbsupport.pages import pages
from nbsupport.pages.page_end import page_end, sources

FOLDER = "book/sections/"
WITHOUT = ("index",)  # it tells both in its own words
_PROFILE = re.compile(r'^profile(?:: str)? = "([\w-]+)"', re.MULTILINE)


def add_page_end(app: Sphinx, tree: nodes.document) -> None:
    """Append the boxes to the section of an executed page."""
    assert app.env is not None
    page = app.env.docname.removeprefix(FOLDER)
    notebook = Path(app.env.doc2path(app.env.docname))
    if page == app.env.docname or page in WITHOUT or page not in pages():
        return
    profile = profile_of(notebook)
    for path in sources(profile):
        app.env.note_dependency(str(path))
    section = next(iter(tree.findall(nodes.section)), tree)
    section += nodes.raw("", page_end(page, profile), format="html")


def profile_of(notebook: Path) -> str:
    """The profile that a page was executed on: what was asked for, else the page's default."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return (_PROFILE.findall(code) or ["demo"])[-1]


def setup(app: Sphinx) -> dict[str, object]:
    """Register what appends the boxes."""
    app.connect("doctree-read", add_page_end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
