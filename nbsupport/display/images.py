"""Which images a page shows of a source and of a test set."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbsupport.display.kept import kept
from nbsupport.errors import UserError

if TYPE_CHECKING:
    from nbsupport.data.subsets.subset import Subset
    from nbsupport.data.tasks import Task
    from nbsupport.study.study import Study


@kept
def sample_of_classes(subset: "Subset", count: int, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """One random image from each of `count` classes spread over the class table.

    Returns images uint8 [n, 3, px, px] and the names of their classes.
    """
    draw = subset.drawn
    classes = np.unique(np.linspace(0, len(draw.names) - 1, count).round().astype(int))
    rng = np.random.default_rng(seed)
    rows = np.array([rng.choice(np.flatnonzero(draw.labels == label)) for label in classes])
    images = subset.source.images(draw.ids[rows]).numpy()
    return images, [draw.names[label] for label in classes]


@kept
def sample_with_replaced(
    subset: "Subset", count: int, replaced: int, seed: int = 0
) -> tuple[np.ndarray, list[str]]:
    """`count` random images, up to `replaced` of them showing another class than their label.

    Returns images uint8 [n, 3, px, px] and titles: the label, and what a replaced image shows.
    """
    draw, rng = subset.drawn, np.random.default_rng(seed)
    shown = subset.source.classes()["name"].to_numpy(dtype=str)[subset.source.labels()[draw.ids]]
    named = np.array(draw.names)[draw.labels]
    others = rng.permutation(np.flatnonzero(shown != named))[:replaced]
    usual = rng.permutation(np.flatnonzero(shown == named))[: count - len(others)]
    rows = rng.permutation(np.concatenate([others, usual]))
    images = subset.source.images(draw.ids[rows]).numpy()
    pairs = zip(named[rows].tolist(), shown[rows].tolist(), strict=True)
    return images, [name if name == seen else f"{name} (shows: {seen})" for name, seen in pairs]


@kept
def sample_of_subclasses(
    subset: "Subset", superclass: int, count: int
) -> tuple[np.ndarray, list[str]]:
    """About `count` images of one superclass, equally many of each subclass that it has.

    Returns images uint8 [n, 3, px, px] and the names of their subclasses.
    """
    draw = subset.drawn
    rows = np.flatnonzero(draw.labels == superclass)
    own = subset.source.labels()[draw.ids[rows]]
    used = np.unique(own)
    each = max(1, count // len(used))
    picked = np.concatenate([rows[own == leaf][:each] for leaf in used])
    names = subset.source.classes()["name"].to_numpy(dtype=str)
    images = subset.source.images(draw.ids[picked]).numpy()
    return images, names[subset.source.labels()[draw.ids[picked]]].tolist()


@kept
def sample_of_split(
    task: "Task", split: str, count: int, seed: int = 0
) -> tuple[np.ndarray, list[str]]:
    """Images of a test set, each from another location, with their species and location.

    Returns images uint8 [n, 3, px, px] and titles such as "tawny gazelle, camera 12".
    """
    table = task.table(split)
    shuffled = table.assign(row=np.arange(len(table))).sample(frac=1, random_state=seed)
    picked = shuffled.drop_duplicates("location").head(count)
    images = task.load(split).pixels(picked["row"].to_numpy()).numpy()
    return images, [task.caption(row) for _, row in picked.iterrows()]


@kept
def large_photos(
    study: "Study", subset: "Subset", count: int, px: int
) -> tuple[np.ndarray, list[str]]:
    """Photographs of the simulated world for the eye, larger than models get them.

    They show classes spread over those that a subset of a simulated source has images of.

    Returns images uint8 [count, 3, px, px] and the names of their classes.
    """
    from nbsupport.savanna.world import World

    classes, spec = subset.source.classes(), subset.source.spec()
    present = np.unique(subset.source.labels()[subset.drawn.ids])
    rows = present[np.linspace(0, len(present) - 1, count).round().astype(int)]
    labels, numbers = classes["label"].to_numpy()[rows], np.arange(count)
    own = bool(spec.get("own_textures"))
    images = World(study.world, px).photos(spec["kind"], labels, "plate", numbers, own_textures=own)
    return images.numpy(), classes["name"].iloc[rows].tolist()


@kept
def large_traps(
    study: "Study", split: str, count: int, px: int, task: "Task | None" = None
) -> tuple[np.ndarray, list[str]]:
    """Camera-trap pictures as `large_photos`, each of another camera, with an animal in it.

    `task` is the simulated camera-trap task that they are of; None: the study's own.
    """
    from nbsupport.data.tasks.savanna import SavannaTask

    shown = study.task if task is None else task
    if not isinstance(shown, SavannaTask):
        raise UserError(f"task {shown.name} has no camera traps to draw larger: use test_grid")
    table = shown.table(split)
    with_animal = table[table["label"] > 0].sample(frac=1, random_state=0)
    picked = with_animal.drop_duplicates("label").drop_duplicates("location").head(count)
    columns = (picked[c].to_numpy() for c in ("label", "location", "day", "index"))
    images = shown.drawn_by(px).traps(split, *columns)
    return images.numpy(), [shown.caption(row) for _, row in picked.iterrows()]


@kept
def in_all_styles(study: "Study", count: int, px: int) -> tuple[np.ndarray, list[str]]:
    """The same subject in every style, side by side: uint8 [count, 3, px, 5 px + lines between].

    Animals and things from all over the class table of the domain pairs, with their names.
    """
    from nbsupport.savanna import STYLES
    from nbsupport.savanna.ecology import WEB
    from nbsupport.savanna.styles import pictures
    from nbsupport.savanna.world import World

    world = World(study.world, px)
    table = world.ecology.classes(WEB)
    labels = np.linspace(0, len(table) - 1, count).round().astype(int)
    drawn = [pictures(world, style, labels, "plate", np.arange(count)).numpy() for style in STYLES]
    line = np.full((count, 3, px, max(2, px // 32)), 255, np.uint8)
    strips = [part for images in drawn for part in (images, line)][:-1]
    return np.concatenate(strips, axis=3), table["name"].iloc[labels].tolist()


@kept
def growing_fractal(category: int, counts: Sequence[int], px: int) -> tuple[np.ndarray, list[str]]:
    """A category of FractalDB drawn as points, with more and more of them.

    Returns images uint8 [n, 3, px, px] and titles such as "1,000 points".
    """
    from nbsupport.data.fractals import drawing, orbits, systems

    system = systems.categories(category + 1)[category]
    points = orbits.orbit(system, drawing.choices(max(counts)))
    images = [orbits.draw_points(points[:, :n], px, drawing.LEAST_PADDING)[::-1] for n in counts]
    return _three_channels(np.stack(images)), [f"{n:,} points" for n in counts]


@kept
def fractal_variations(category: int, count: int, px: int) -> tuple[np.ndarray, list[str]]:
    """The first instances of a category of FractalDB in patches, all with the same label.

    Returns images uint8 [count, 3, px, px] and what was multiplied in each: "a x 0.2".
    """
    from nbsupport.data.fractals import drawing, pictures, systems

    how = drawing.Drawing(px, round(drawing.PUBLISHED_DENSITY * px * px))
    numbers = np.arange(count)
    found = systems.categories(category + 1)
    images = pictures.draw(found, how, np.full(count, category), numbers)
    factors = systems.variations()[pictures.instance(numbers)[0]]
    return images.numpy(), [_changed(row) for row in factors]


def _changed(factors: np.ndarray) -> str:
    from nbsupport.data.fractals.systems import NAMES

    changed = [f"{n} x {f:g}" for n, f in zip(NAMES, factors, strict=True) if f != 1]
    return ", ".join(changed) or "as found"


def _three_channels(grey: np.ndarray) -> np.ndarray:
    """uint8 [n, 3, h, w] from uint8 [n, h, w]."""
    return np.repeat(grey[:, None], 3, axis=1)
