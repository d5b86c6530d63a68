"""Rehearsal data: small fake pictures in the official layout of every data set.

Each class has colours and a texture of its own, so that a training has something to learn, and no
picture means anything. What the paper profile would do is tried on them before it costs money.
"""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from nbsupport.data.catalogue import REHEARSAL, is_rehearsal
from nbsupport.errors import UserError, unknown

VERSION = 1  # raise it when a file changes
NOISE = 18.0  # standard deviation of a pixel, of 255
CAST = 30.0  # by how much a style moves each channel, at most
CONTRAST = (0.55, 1.0)  # and how much of the contrast it leaves
QUALITY = 90  # of a JPEG: 0.7 KB at 16 px

Report = Callable[[str, int], None]  # a data set that is whole, and its pictures


@dataclass(frozen=True)
class Batch:
    """Pictures of one class: their files below the root, what the class looks like, in what style.

    Pictures of one look share colours and texture, whatever their data set; a style (a domain, a
    camera) changes the tint and the contrast of all of them.
    """

    files: tuple[str, ...]
    look: str
    style: str = ""


@dataclass(frozen=True)
class DataSet:
    """A data set to write: pictures, and texts (by file name) that are written last.

    `draw` makes the pictures [n, px, px, 3] of a batch where textures will not do.
    """

    batches: Iterable[Batch]
    texts: Mapping[str, str]
    draw: Callable[[Batch, int], np.ndarray] | None = None


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
    from nbsupport.data.rehearsal_layouts import LAYOUTS

    wanted = tuple(LAYOUTS) if only is None else tuple(only)
    for name in wanted:
        if name not in LAYOUTS:
            raise unknown("data set", name, LAYOUTS)
    if isinstance(px, bool) or not isinstance(px, int) or not 8 <= px <= 512:
        raise UserError(f"px={px!r}: rehearsal pictures have 8 to 512 pixels a side")
    made = {}
    try:
        _claim(root, {"version": VERSION, "px": px, "classes": classes})
        for name in wanted:
            made[name] = _write(root, LAYOUTS[name](classes), px)
            if report is not None:
                report(name, made[name])
    except OSError as error:
        raise UserError(
            f"cannot write rehearsal data to {root} ({error.strerror}): free some space or name "
            "another folder; the same command goes on from here"
        ) from error
    return made


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
    from nbsupport.data.rehearsal_layouts import LAYOUTS

    made_with = _made_with(root)
    if name not in LAYOUTS or made_with is None:
        return []
    data = LAYOUTS[name](made_with["classes"])
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


def encoded(picture: np.ndarray, name: str) -> bytes:
    """uint8 [px, px, 3] in the format that a file name ends in."""
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.fromarray(picture)
    if name.endswith(".png"):
        image.save(buffer, "PNG", compress_level=1)
    else:
        image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


# drawing ------------------------------------------------------------------------------------------
def chance(*key: object) -> np.random.Generator:
    """Random numbers that follow from a key alone."""
    digest = sha256("\0".join(map(str, (VERSION, *key))).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def textures(batch: Batch, px: int) -> np.ndarray:
    """The pictures of a batch: uint8 [n, px, px, 3].

    Waves between the two colours of the look, moved and brightened at random in each picture, in
    the tint of the style, with noise.
    """
    look, style = chance("look", batch.look), chance("style", batch.style)
    colours = look.uniform(0, 255, (2, 3))
    angle, waves = look.uniform(0, np.pi), look.uniform(1, 4)
    own = chance("pictures", batch.look, batch.style, batch.files[0])
    n = len(batch.files)
    y, x = np.mgrid[0:px, 0:px] * (2 * np.pi * waves / px)
    phase = own.uniform(0, 2 * np.pi, (n, 1, 1))
    mixed = (0.5 + 0.5 * np.sin(x * np.cos(angle) + y * np.sin(angle) + phase))[..., None]
    pixels = colours[0] + mixed * (colours[1] - colours[0])
    pixels = 128 + (pixels - 128) * style.uniform(*CONTRAST) + style.uniform(-CAST, CAST, 3)
    light = own.uniform(-20, 20, (n, 1, 1, 1))
    noisy = pixels + light + own.normal(0, NOISE, pixels.shape)
    return noisy.clip(0, 255).astype(np.uint8)
