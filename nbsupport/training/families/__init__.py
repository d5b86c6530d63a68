"""Architecture families, a file each: what is known of one, and what builds its small sibling.

No family's file loads torch before it builds, so that planning a study costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbsupport import registry
from nbsupport.errors import UserError
from nbsupport.jobs.devices import SMALL_PX

SMALL_PARAMETERS = 100_000  # of a small sibling, on average
UPDATE_SECONDS = 0.003  # of a small sibling, whatever its batch
GPU_EVALUATION = 3.0  # times as fast: a forward pass is about a third of an update


@dataclass(frozen=True)
class Family:
    """What is known of a family beforehand; its file has it as FAMILY.

    Its `small(px)` builds the small sibling, for images of at most 64 px: layers, and the number of
    features that they end in. `block` says what defines the family, `shape` (a point's, in Vega's
    words) how it is drawn; one that is free where none is given.

    Above 64 px `full_size` names timm's model, unless the file has a `full_size(num_classes)`;
    `parameters` are those of the published one, with 1,000 classes. `timm` begins the names of the
    family's published weights there; without it the family has none.

    Speeds are for estimates only, until one was measured here: images of 32 px per thread-second,
    medians of the demo's recorded runs in batches of 64, less what an update costs whatever its
    batch; and images of 224 px that an A100 trains on in a second, in mixed precision, with the
    data at hand. The latter are assumed, in round numbers near what is published. No update of a
    GPU takes less than `gpu_update_seconds`, however small its batch: the processor sends the GPU
    one operation after the other, at about 50 microseconds each (assumed too).

    `paper` is its place among the paper's five (Section 3; exact variants are not given there), 0
    for others. Without `asked`, a study has it only in groups that name it. `recipes`: for a set of
    recipes and a stage, what differs from the stage's common recipe.
    """

    title: str
    block: str
    shape: str = ""
    full_size: str = ""
    parameters: int = 25_000_000
    images_per_second: float = 6500
    evaluated_per_second: float = 20_000
    gpu_images_per_second: float = 2500
    gpu_update_seconds: float = 0.022
    timm: str = ""
    paper: int = 0
    asked: bool = True
    recipes: Mapping[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


def family_named(name: str) -> Family:
    """What is known of a family. UserError where there is none of this name."""
    family: Family = registry.FAMILIES.load(name).FAMILY
    return family


def _asked(name: str) -> tuple[bool, int, str]:
    """The order in which a study's families stand: the paper's, then others by name."""
    place = family_named(name).paper
    return not place, place, name


NAMES = registry.FAMILIES.names()
FAMILIES = tuple(sorted((n for n in NAMES if family_named(n).asked), key=_asked))
PAPER_FAMILIES = tuple(name for name in FAMILIES if family_named(name).paper)
# Only in groups that ask for them: no reference line is fitted to them.
EXTRA_FAMILIES = tuple(name for name in NAMES if name not in FAMILIES)


def training_seconds(family: str, px: int, images: float, updates: float) -> float:
    """Seconds of a thread, or of a GPU above 64 px, for updates on so many images in all."""
    facts = family_named(family)
    if px <= SMALL_PX:
        return images / facts.images_per_second * (px / 32) ** 2 + updates * UPDATE_SECONDS
    at_speed = images / facts.gpu_images_per_second * (px / 224) ** 2
    return max(at_speed, updates * facts.gpu_update_seconds)


def evaluation_seconds(family: str, px: int, images: float) -> float:
    """Seconds of a thread, or of a GPU above 64 px, for predictions on so many images."""
    facts = family_named(family)
    if px <= SMALL_PX:
        return images / facts.evaluated_per_second * (px / 32) ** 2
    return images / (GPU_EVALUATION * facts.gpu_images_per_second) * (px / 224) ** 2


def gpu_rates() -> str:
    """Every family's assumed speed on a GPU, as text."""
    families = (*FAMILIES, *EXTRA_FAMILIES)
    return ", ".join(f"{f} {family_named(f).gpu_images_per_second:,}" for f in families)


def weights_bytes(family: str, px: int) -> int:
    """About how much disk the weights of a model take: four bytes a number."""
    return 4 * (SMALL_PARAMETERS if px <= SMALL_PX else family_named(family).parameters)


def architecture(family: str, px: int) -> str:
    """What a family is at an image side of `px`: a small sibling, or the published one.

    UserError above 64 px for a family without one.
    """
    facts = family_named(family)
    if px <= SMALL_PX:
        return f"small {facts.title}"
    if not facts.full_size:
        raise UserError(f"{facts.title} has no model for {px} px: give at most {SMALL_PX}")
    return facts.full_size
