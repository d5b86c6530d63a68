"""What a data set's rehearsal is made of: batches of fake pictures, drawn by a look and a style.

Each class has colours and a texture of its own, so that a training has something to learn, and no
picture means anything.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

VERSION = 1  # raise it when a file changes
NOISE = 18.0  # standard deviation of a pixel, of 255
CAST = 30.0  # by how much a style moves each channel, at most
CONTRAST = (0.55, 1.0)  # and how much of the contrast it leaves
QUALITY = 90  # of a JPEG: 0.7 KB at 16 px
EACH = 5  # pictures of a class of ImageNet, FractalDB and the generated images


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


def imagenet_wnids() -> list[str]:
    """The folders of ImageNet's classes, in order."""
    from timm.data import ImageNetInfo

    return list(ImageNetInfo("imagenet-1k").label_names())


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
