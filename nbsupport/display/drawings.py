"""Drawings of a simulated world, large enough for a projector, as one labelled picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.display import images
from nbsupport.display.widgets import contact_sheet
from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    from nbsupport.study.study import Study

SIDES = (64, 256)  # pixels of one drawing: from what a page takes to what the world can be drawn at
MOST = 64  # drawings on a sheet
SOURCES = ("imagenet", "inaturalist", "species", "own_textures")
SPLITS = ("train", "id_val", "id_test", "ood_test")
PAPER, INK = (255, 255, 255), (34, 40, 50)


def drawn(study: "Study", of: str, count: int, px: int) -> tuple[np.ndarray, list[str]]:
    """Drawings of a source or of a split of the camera traps, each of another class or camera.

    Returns images uint8 [n, 3, px, px] and their titles; n is less than `count` where the world has
    fewer classes or cameras.

    Raises UserError for another source, size or number, and on a profile of real images.
    """
    if not study.profile.simulated:
        raise UserError(
            f"profile {study.profile.name} has photographs, which no drawing can enlarge: "
            "give a simulated profile, such as demo"
        )
    if of not in (*SOURCES, *SPLITS):
        raise unknown("subject", of, (*SOURCES, *SPLITS))
    least, most = SIDES
    if not least <= px <= most:
        raise UserError(f"px={px}: a drawing is {least} to {most} pixels a side")
    if not 1 <= count <= MOST:
        raise UserError(f"count={count}: a sheet holds 1 to {MOST} drawings")
    if of in SPLITS:
        return images.large_traps(study, of, count, px)
    return images.large_photos(study, getattr(study, of), count, px)


def labelled_sheet(pictures: np.ndarray, titles: Sequence[str], columns: int) -> np.ndarray:
    """Drawings [n, 3, px, px] in rows, each with its title below it: uint8 [height, width, 3]."""
    px = pictures.shape[2]
    size = min(_type_size(title, px) for title in titles)
    tiles = [_tile(image, text, size) for image, text in zip(pictures, titles, strict=True)]
    across = min(columns, len(tiles))
    sheet = contact_sheet(np.stack(tiles), across)
    if blank := -len(tiles) % across:  # the last row ends early: white, as the paper is
        height, width, _ = tiles[0].shape
        sheet[-height:, -blank * width :] = PAPER
    return sheet


def _type_size(title: str, px: int) -> float:
    """The size of type at which a title is no wider than a drawing, of at most a tenth of it."""
    from PIL import ImageFont

    most = px / 10
    return max(7.0, min(most, most * px / ImageFont.load_default(most).getlength(title)))


def _tile(image: np.ndarray, title: str, size: float) -> np.ndarray:
    """A drawing with a white edge, and its title below it."""
    from PIL import Image, ImageDraw, ImageFont

    px = image.shape[1]
    edge, line = px // 16, px // 6
    tile = Image.new("RGB", (px + 2 * edge, px + edge + line), PAPER)
    tile.paste(Image.fromarray(image.transpose(1, 2, 0)), (edge, edge))
    place = (tile.width // 2, px + edge + line // 2)
    ImageDraw.Draw(tile).text(place, title, INK, ImageFont.load_default(size), anchor="mm")
    return np.asarray(tile)
