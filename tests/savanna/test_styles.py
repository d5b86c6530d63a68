"""Styles: five ways to draw one subject, each looking like what it is called."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nbsupport import rng
from nbsupport.errors import UserError
from nbsupport.savanna import STYLES, styles
from nbsupport.savanna.ecology import SOURCES, TIPS, WEB, ecology
from nbsupport.savanna.styles import DRAW, pictures
from nbsupport.savanna.world import World

FIXTURE = Path(__file__).parent / "styles.npz"
LABELS = np.arange(0, 100, 9)
COUNT = len(LABELS)


@pytest.fixture(scope="module")
def world() -> World:
    made = World(0, 32)
    made.block = COUNT  # small calls cost less, and no pixel depends on it
    return made


@pytest.fixture(scope="module")
def drawn(world: World) -> dict[str, torch.Tensor]:
    return {style: pictures(world, style, LABELS, "train", np.arange(COUNT)) for style in STYLES}


@pytest.fixture(scope="module")
def coverage(world: World) -> torch.Tensor:
    """How much of each pixel the animals among the subjects cover: [n, 32, 32]."""
    trees = world.ecology.classes(WEB)["tree"].to_numpy()[LABELS]
    means = torch.tensor(world.ecology.latents(WEB)[LABELS], dtype=torch.float32)
    base = rng.number_of(1, world.draws, "style", 1, "train")
    key = world.keys(base, LABELS, np.arange(COUNT))
    parts = [
        world.compose(tree, means[i : i + 1], key[i : i + 1])[1].alpha
        for i, tree in enumerate(trees)
    ]
    return torch.cat(parts).view(COUNT, 32, 32)


def test_every_style_is_drawn() -> None:
    assert tuple(DRAW) == STYLES


def test_pictures_are_those_of_the_fixture(drawn: dict[str, torch.Tensor]) -> None:
    """Moves only with STYLES_VERSION: `python -m tests.savanna.test_styles` writes it anew."""
    with np.load(FIXTURE) as stored:
        for style, images in drawn.items():
            gap = np.abs(stored[style].astype(int) - images[:4].numpy().astype(int))
            assert (gap <= 1).mean() >= 0.995, style


@pytest.mark.parametrize("style", STYLES)
def test_a_picture_does_not_depend_on_order_batch_or_block(
    world: World, drawn: dict[str, torch.Tensor], style: str
) -> None:
    index = np.arange(COUNT)[::-1]
    back = pictures(World(0, 32), style, LABELS[::-1], "train", index)
    assert torch.equal(back.flip(0), drawn[style])
    one = pictures(world, style, LABELS[3:4], "train", np.array([3]))
    assert torch.equal(one[0], drawn[style][3])


@pytest.mark.parametrize("style", STYLES)
def test_another_stream_or_index_is_another_picture(
    world: World, drawn: dict[str, torch.Tensor], style: str
) -> None:
    for stream, index in (("id_test", np.arange(COUNT)), ("train", np.arange(COUNT) + 50)):
        other = pictures(world, style, LABELS, stream, index)
        assert (other != drawn[style]).flatten(1).any(1).all()


def test_a_subject_stands_in_the_same_place_in_every_style(
    drawn: dict[str, torch.Tensor], coverage: torch.Tensor
) -> None:
    inside = coverage > 0.95
    black = drawn["silhouette"].float().mean(1) < 40
    assert (black[inside]).float().mean() > 0.99
    assert (black[coverage < 0.05]).float().mean() < 0.01


def test_a_silhouette_has_no_texture_inside(
    drawn: dict[str, torch.Tensor], coverage: torch.Tensor
) -> None:
    inside = coverage == 1
    for image, within in zip(drawn["silhouette"], inside, strict=True):
        assert within.sum() > 10
        assert image[:, within].float().std(1).max() < 1
    photos = [i[:, w].float().std(1).max() for i, w in zip(drawn["photo"], inside, strict=True)]
    assert min(photos) > 4


def test_sketches_are_nearly_grey_on_bright_paper(drawn: dict[str, torch.Tensor]) -> None:
    image = drawn["sketch"].int()
    assert (image.amax(1) - image.amin(1)).max() <= 14
    assert image.flatten(1).median(1).values.min() > 200
    assert (image.amin((1, 2, 3)) < 140).all()  # and all have lines


def test_infrared_is_grey_with_a_bright_subject(
    drawn: dict[str, torch.Tensor], coverage: torch.Tensor
) -> None:
    image = drawn["infrared"].int()
    assert (image.amax(1) - image.amin(1)).max() <= 1
    for grey, covered in zip(image[:, 0].float(), coverage, strict=True):
        assert grey[covered > 0.95].mean() > grey[covered < 0.05].mean() + 25


def test_a_painting_is_more_colourful_than_its_photograph(drawn: dict[str, torch.Tensor]) -> None:
    colour = {
        style: (drawn[style].float().amax(1) - drawn[style].float().amin(1)).mean()
        for style in ("photo", "painting")
    }
    assert colour["painting"] > 1.1 * colour["photo"]


def test_strokes_have_one_colour_each(world: World) -> None:
    turn, bend = torch.tensor([[0.7]]), torch.zeros(1, 1024)
    at, relief = styles._strokes(world, turn, bend, 0.42, 0.17)
    assert at.min() >= 0
    assert at.max() < 1024
    sizes = torch.bincount(at[0])
    inner = sizes[sizes > 0].float()
    pixels = 0.42 * 0.17 / (2 / 32) ** 2
    assert 0.6 * pixels < inner.median() < 1.4 * pixels
    assert relief.abs().max() <= 0.5


def test_drawing_stays_on_its_device() -> None:
    """The "meta" device refuses to be mixed with the CPU, as a GPU would."""
    made = World(0, 32, device="meta")
    made.block = COUNT
    for style in STYLES:
        assert pictures(made, style, LABELS, "train", np.arange(COUNT)).device.type == "meta"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_web_classes_are_in_no_source(number: int) -> None:
    world = ecology(number)
    table = world.classes(WEB)
    assert len(table) == table["name"].nunique() == sum(tips[-1] for tips in TIPS[WEB].values())
    own = {tuple(row) for row in world.latents(WEB)}
    for source in (*SOURCES, "species"):
        assert not own & {tuple(row) for row in world.latents(source)}
    sizes = table["depth_3"].value_counts()  # a clade of one class bears that class's name
    assert set(sizes.index[sizes > 1]) <= set(world.classes("imagenet")["depth_3"])


def test_mistakes_are_user_errors(world: World) -> None:
    one = np.zeros(1, int)
    with pytest.raises(UserError, match="did you mean 'sketch'"):
        pictures(world, "sketh", one, "train", one)
    with pytest.raises(UserError, match="allowed are 0 to 99"):
        pictures(world, "photo", one + 100, "train", one)


if __name__ == "__main__":
    sheet = World(0, 32)
    index = np.arange(4)
    images = {s: pictures(sheet, s, LABELS[:4], "train", index).numpy() for s in STYLES}
    np.savez_compressed(FIXTURE, **images)
