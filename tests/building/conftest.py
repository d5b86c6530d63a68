"""Toy notebooks, so that these tests need neither the lab nor torch."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest


@pytest.fixture
def write_page(tmp_path: Path) -> Callable[..., Path]:
    """`write_page("name", "code", ...)`: a notebook with a parameters cell and these code cells."""

    def write(name: str, *cells: str, folder: str = "notebooks") -> Path:
        new = nbformat.v4
        parameters = new.new_code_cell('profile = "demo"\nsize = 1', id="parameters")
        parameters.metadata["tags"] = ["parameters"]
        title = new.new_markdown_cell(f"# Page {name}", id="title")
        codes = [new.new_code_cell(code, id=f"c{i}") for i, code in enumerate(cells)]
        notebook = new.new_notebook(cells=[title, parameters, *codes])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path = tmp_path / folder / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        return path

    return write
