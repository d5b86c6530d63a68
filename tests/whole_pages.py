"""A notebook's cells, executed in this process: as they are, but without any picture."""

import ast
import json
from typing import Any

import numpy as np
import pytest

from nbsupport.display import images
from nbsupport.pages import caption_quantity, captions, sources
from nbsupport.paths import root


def cells(page_id: str) -> list[str]:
    """The source of every code cell, in order."""
    text = (root() / "notebooks" / f"{page_id}.ipynb").read_text(encoding="utf-8")
    found = [c["source"] for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    return ["".join(source) for source in found]


def execute(source: str, namespace: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line where that is an expression, as Jupyter shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)


class _NoPictures:
    """In place of the generated images, which only trained jobs make."""

    def __init__(self, study: Any) -> None:
        self.study = study

    def numbers(self) -> dict[str, str]:
        return {}

    def __getattr__(self, name: str) -> Any:
        return lambda **_: None


def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages show one black pixel wherever they would draw or decode a picture."""

    def black(*_: Any, **__: Any) -> tuple[np.ndarray, list[str]]:
        return np.zeros((1, 3, 1, 1), np.uint8), ["black"]

    for name in vars(images):
        if name.startswith(("sample_", "large_", "in_all_", "growing_", "fractal_var")):
            monkeypatch.setattr(images, name, black)
    monkeypatch.setattr(sources, "GeneratedPage", _NoPictures)
    for module in (captions, caption_quantity):
        monkeypatch.setattr(module, "pairs_grid", lambda *_, **__: None)
