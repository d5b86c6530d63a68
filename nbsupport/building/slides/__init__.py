"""The lecture's slides: a notebook executed with Papermill, then reveal.js by nbconvert.

They are one HTML file that opens from disk: reveal.js is put into it, so nothing is fetched.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from time import time_ns
from typing import Any

from nbsupport.building.execute import execute_pages, raise_failures, read_sources
from nbsupport.building.outputs import claimed, require_writable, writing
from nbsupport.data.pictures.listings import write_text
from nbsupport.errors import UserError
from nbsupport.parameters import check_parameters, code_cells, declared_in
from nbsupport.paths import root

NAME = "slides"
REVEAL = "sphinx_revealjs"  # a package that brings reveal.js with it
SIZE = (1280, 720)  # CSS pixels of a slide, which reveal.js fits to the screen
_SCRIPTS = ("dist/reveal.js", "plugin/notes/notes.js")
_STYLES = ("dist/reset.css", "dist/reveal.css")


def build_slides(given: Mapping[str, Any]) -> str:
    """Execute `teach/slides.ipynb` with these parameters and write `_build/slides.html`; the
    closing line.

    Raises UserError for a wrong parameter, a failed cell, a package that is missing, or where
    nothing can be written.
    """
    reveal, source = _reveal(), root() / "teach"
    declared = declared_in(code_cells(source / f"{NAME}.ipynb"), f"{NAME}.ipynb")
    values = check_parameters(declared, dict(given))
    folder, target = root() / "_build" / NAME, root() / "_build" / f"{NAME}.html"
    with writing():
        texts = read_sources([NAME], source)
        require_writable(folder)
        with claimed(folder, NAME):
            # what they show depends on records and code alike: they are always made anew
            done = execute_pages(
                texts, values, folder, page_key=lambda _: str(time_ns()), notebooks=source
            )
            raise_failures(done)
            write_text(target, exported(done[0].path, reveal))
    return f"The slides are at {target}"


def exported(notebook: Path, reveal: Path) -> str:
    """An executed notebook as slides: one HTML document. reveal: the folder of reveal.js."""
    import nbformat
    from nbconvert import SlidesExporter
    from traitlets.config import Config

    removed = {"enabled": True, "remove_cell_tags": {"remove-cell"}}  # as in the book
    exporter = SlidesExporter(
        config=Config(TagRemovePreprocessor=removed),
        template_file=str(Path(__file__).parent / "slides.html.j2"),
        exclude_input=True,
        exclude_output_prompt=True,
        exclude_input_prompt=True,
    )
    own = {
        "scripts": [_text(reveal / name) for name in _SCRIPTS],
        "styles": [_text(reveal / name) for name in _STYLES]
        + [_text(Path(__file__).parent / "slides.css")],
        "size": SIZE,
    }
    html, _ = exporter.from_notebook_node(nbformat.read(notebook, as_version=4), {"own": own})
    return str(html)


def _text(path: Path) -> str:
    """A script or a style as it may stand within its element of a document."""
    return path.read_text(encoding="utf-8").replace("</script", "<\\/script")


def _reveal() -> Path:
    """The folder of reveal.js; UserError where it, or nbconvert, is not installed."""
    missing = [name for name in ("nbconvert", REVEAL) if find_spec(name) is None]
    if missing:
        raise UserError(
            f"slides take {' and '.join(missing)}, not installed here: make setup installs what "
            "requirements.txt names"
        )
    spec = find_spec(REVEAL)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "_static" / "revealjs"
