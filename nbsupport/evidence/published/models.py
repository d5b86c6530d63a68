"""The table that the book commits of published models, derived from what others published.

A row is a model: what it was pre-trained on, and its scores as fractions, in and out of
distribution. `records/published-models.csv` is read everywhere; only making it again needs the
published tables.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nbsupport.evidence.published import sources, tables
from nbsupport.paths import root
from nbsupport.reading import Rule, checked, csv_lines, number, one_of, read_bytes, shown, text

if TYPE_CHECKING:
    import pandas as pd

MODEL = ["publication", "model", "architecture", "tag"]
_DATA = ["source", "via", "share", "images", "supervision", "reference"]
_SIZE = ["params_m", "input_px"]
SCORES = [
    *("imagenet", "imagenet_200", "real", "v2", "sketch", "r", "objectnet", "iwildcam"),
    *tables.SHOTS,
]
COLUMNS = [*MODEL, *_DATA, *_SIZE, *SCORES]


def models_path() -> Path:
    """Where the committed table lies."""
    return root() / "records" / "published-models.csv"


# reading ------------------------------------------------------------------------------------------
def published_models() -> "pd.DataFrame":
    """Every published model, a row each. UserError where the committed table is damaged.

    Columns: publication, model, architecture, tag; source (an id of sources.toml), via, share,
    images, supervision, reference; params_m, input_px; then scores from 0 to 1, NaN where none was
    published. imagenet_200: ImageNet on the 200 classes of ImageNet-R. iwildcam: macro F1. shots_*:
    accuracy on camera traps after fine-tuning on so many images of each class, or on all.
    """
    path = models_path()
    return _parsed(read_bytes(path), shown(path)).copy()


@lru_cache(maxsize=2)
def _parsed(content: bytes, name: str) -> "pd.DataFrame":
    rules: dict[str, Rule] = dict.fromkeys(COLUMNS, text())
    rules |= dict.fromkeys(["tag", "via", "share"], text(blank=True))
    rules |= {"source": one_of(sources.sources()), "supervision": one_of(sources.SUPERVISION)}
    rules |= dict.fromkeys(["images", *_SIZE], number(0, blank=True))
    rules |= dict.fromkeys(SCORES, number(0, 1, blank=True))
    return checked(csv_lines(content, name), rules)


# as points ----------------------------------------------------------------------------------------
def published_points(shifts: Iterable[tuple[str, str]] = ()) -> "pd.DataFrame":
    """Published models as points, in the columns that records have too: one table for both.

    A row for each model and pair of scores: profile ("published"), setting ("timm: imagenet to
    v2"), role (the source's id), source, family (the publication), architecture, model, id, ood.
    shifts: pairs of score columns (ID, OOD); else those of `SHIFTS`.
    """
    import pandas as pd

    table, parts = published_models(), []
    labels = {source.id: source.label for source in sources.sources().values()}
    for id_set, ood_set in shifts or SHIFTS:
        own = table.dropna(subset=[id_set, ood_set])
        parts.append(
            pd.DataFrame(
                {
                    "profile": "published",
                    "setting": own["publication"] + f": {id_set} to {ood_set}",
                    "role": own["source"],
                    "source": own["source"].map(labels),
                    "family": own["publication"],
                    "architecture": own["architecture"],
                    "model": own["model"],
                    "id": own[id_set],
                    "ood": own[ood_set],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


SHIFTS = (
    ("imagenet", "v2"),
    ("imagenet", "sketch"),
    ("imagenet_200", "r"),
    ("imagenet", "iwildcam"),
)
