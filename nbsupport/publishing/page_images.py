"""Which images a page shows of a source and of a test set."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nbsupport.data.subset import Subset
    from nbsupport.data.tasks import Task


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


def sample_of_split(
    task: "Task", split: str, count: int, seed: int = 0
) -> tuple[np.ndarray, list[str]]:
    """Images of a test set, each from another location, with their species and location.

    Returns images uint8 [n, 3, px, px] and titles such as "tawny gazelle, camera 12".
    """
    table = task.table(split)
    shuffled = table.assign(row=np.arange(len(table))).sample(frac=1, random_state=seed)
    picked = shuffled.drop_duplicates("location").head(count)
    images = task.load(split).images.numpy()[picked["row"].to_numpy()]
    places = zip(picked["label"].to_list(), picked["location"].to_list(), strict=True)
    titles = [f"{task.names[label]}, camera {location}" for label, location in places]
    return images, titles
