"""What keeps a page that is run in this process from drawing pictures."""

from typing import Any

import numpy as np
import pytest

from nbsupport.display import images
from nbsupport.pages import caption_quantity, captions, sources


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
