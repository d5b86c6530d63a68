"""A Sphinx extension: the exercises of a page as a notebook beside the book, and a link to it."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_exercise.nodes import is_exercise_node

from nbsupport.building.exercise_notebooks import student_notebook
from nbsupport.data.pictures.listings import write_text
from nbsupport.pages import pages
from nbsupport.pages.exercises import page_exercises

PAGES, FOLDER = "book/sections/", "exercises"
TOLD = "These exercises as a notebook"


def add_link(app: Sphinx, tree: nodes.document) -> None:
    """Put the link before the first exercise of a page."""
    assert app.env is not None
    page_id = app.env.docname.removeprefix(PAGES)
    first = next(iter(tree.findall(is_exercise_node)), None)
    if first is None or page_id == app.env.docname or page_id not in pages():
        return
    address = f"{'../' * app.env.docname.count('/')}{FOLDER}/{page_id}.ipynb"
    link = nodes.reference("", TOLD, refuri=address, internal=True)
    rest = nodes.Text(", with a cell for each answer.")
    place = first.parent.index(first)
    first.parent.insert(place, nodes.paragraph("", "", link, rest, classes=["nb-exercise-file"]))


def write_files(app: Sphinx, problem: Exception | None) -> None:
    """Write the notebook of every page of the book that has exercises, without solutions."""
    if problem is not None or app.builder.format != "html":
        return
    assert app.env is not None
    folder = Path(app.outdir) / FOLDER
    for page in pages().values():
        if f"{PAGES}{page.id}" in app.env.all_docs and page_exercises(page.id):
            folder.mkdir(exist_ok=True)
            write_text(folder / f"{page.id}.ipynb", student_notebook(page))


def setup(app: Sphinx) -> dict[str, object]:
    """Register what adds the link and writes the files."""
    app.connect("doctree-read", add_link)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
