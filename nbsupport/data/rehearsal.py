"""Rehearsal data: small fake pictures in the official layout of every data set.

Each class has colours and a texture of its own, so that a training has something to learn, and no
picture means anything. What the paper profile would do is tried on them before it costs money.
"""

import json
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import Path

from nbsupport.data.catalogue import (
    REHEARSAL,
    CatalogueEntry,
    entries,
    entry_named,
    is_rehearsal,
)
from nbsupport.data.rehearsal_pictures import VERSION, DataSet, encoded, textures
from nbsupport.errors import UserError, unknown
from nbsupport.registry import is_module

Layout = Callable[[int | None], DataSet]
Report = Callable[[str, int], None]  # a data set that is whole, and its pictures


def make(
    root: Path,
    *,
    px: int = 16,
    only: Iterable[str] | None = None,
    classes: int | None = None,
    report: Report | None = None,
) -> dict[str, int]:
    """Write the data sets below `root` and return the number of pictures of each.

    `only` names some of them; `classes` keeps the first classes of each set for pre-training. What
    an earlier, stopped call has written stays as it is. Raises UserError for an unknown data set, a
    folder that holds anything else, and where it cannot be written.
    """
    wanted = tuple(layouts()) if only is None else tuple(only)
    drawn = {name: _layout(name) for name in wanted}
    if isinstance(px, bool) or not isinstance(px, int) or not 8 <= px <= 512:
        raise UserError(f"px={px!r}: rehearsal pictures have 8 to 512 pixels a side")
    made = {}
    try:
        _claim(root, {"version": VERSION, "px": px, "classes": classes})
        for name, layout in drawn.items():
            made[name] = _write(root, layout(classes), px)
            if report is not None:
                report(name, made[name])
    except OSError as error:
        raise UserError(
            f"cannot write rehearsal data to {root} ({error.strerror}): free some space or name "
            "another folder; the same command goes on from here"
        ) from error
    return made


@cache
def layouts() -> dict[str, Layout]:
    """The official layout of every data set that can be rehearsed, by name."""
    found = {name: _of(entry) for name, entry in entries().items()}
    return {name: layout for name, layout in found.items() if layout}


def _layout(name: str) -> Layout:
    """The layout of a data set, or of one in a user's own module. UserError where there is none."""
    layout = _of(entry_named(name)) if is_module(name) else layouts().get(name)
    if layout is None:
        raise unknown("data set", name, layouts())
    return layout


def _of(entry: CatalogueEntry) -> Layout | None:
    """What a module has as `rehearsal`: how many classes to keep (None: all) to what to write."""
    layout: Layout | None = getattr(import_module(entry.module), "rehearsal", None)
    return layout


def _claim(root: Path, made_with: dict[str, int | None]) -> None:
    """Mark an empty folder as ours, or see that it is: real data must never be mixed with fakes."""
    root.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made_with, sort_keys=True) + "\n"
    if is_rehearsal(root):
        before = (root / REHEARSAL).read_text(encoding="utf-8", errors="replace")
        if before != text:
            raise UserError(
                f"{root} holds rehearsal data made with {before.strip()}, and {text.strip()} is "
                "asked for: name another folder, or remove that one"
            )
        return
    if any(root.iterdir()):
        raise UserError(
            f"{root} holds other files, such as {min(p.name for p in root.iterdir())}: "
            "rehearsal data need a folder that is new or empty"
        )
    _replace(root / REHEARSAL, text.encode())


def unfinished(root: Path, name: str) -> list[str]:
    """A line where files of a data set that `make` was asked for are not below `root`.

    None for a folder that does not say how it was made.
    """
    made_with, layout = _made_with(root), _of(entry_named(name))
    if layout is None or made_with is None:
        return []
    data = layout(made_with["classes"])
    files = [*(file for batch in data.batches for file in batch.files), *data.texts]
    gone = [file for file in files if not (root / file).exists()]
    if not gone:
        return []
    return [
        f"{len(gone):,} of {len(files):,} files of the rehearsal are missing, such as {gone[0]}: "
        f"python -m nbsupport data rehearse --root {root} --px {made_with['px']} goes on"
    ]


def _made_with(root: Path) -> dict[str, int | None] | None:
    """What `_claim` has noted; None where it is not that."""
    try:
        noted = json.loads((root / REHEARSAL).read_text(encoding="utf-8"))
        known = noted["version"] == VERSION and isinstance(noted["px"], int)
        return noted if known and isinstance(noted["classes"], int | None) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


# writing ------------------------------------------------------------------------------------------
def _write(root: Path, data: DataSet, px: int) -> int:
    count = 0
    for batch in data.batches:
        count += len(batch.files)
        if not all((root / name).exists() for name in batch.files):
            pixels = (data.draw or textures)(batch, px)
            for name, picture in zip(batch.files, pixels, strict=True):
                _replace(root / name, encoded(picture, name))
    for name, text in data.texts.items():
        _replace(root / name, text.encode())
    return count


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever is stopped leaves no half of one."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
    except FileNotFoundError:  # the first file of its folder
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
    partial.replace(path)
