"""Profiles: frozen values for the paper's roles (full, 150K ...), and what a build runs live."""

from dataclasses import dataclass, field
from typing import Any

from nbsupport.errors import unknown

FIVE_FAMILIES = ("resnet", "resnext", "densenet", "alexnet", "mobilenetv3")
THREE_FAMILIES = ("resnet", "densenet", "alexnet")


@dataclass(frozen=True)
class Profile:
    """What the paper's roles mean in one setting.

    `sizes` maps each role to images per class (the paper's subsets are class-balanced, so 150K of
    1000 classes is 150 each). `page_families` are the families that a build trains live for the
    groups of a page, `families` for every other page; `recorded` are (families, seeds) by world.
    """

    name: str
    meaning: str
    px: int
    full_per_class: int
    sizes: dict[str, int]
    classes: int | None  # of the ImageNet stand-in; None: all it has
    inaturalist_classes: int | None
    balanced_classes: int  # of the iNaturalist stand-in, in its class-balanced subsets
    task_limit: int | None  # images in each split of the task; None: all
    families: tuple[str, ...]
    page_families: dict[str, tuple[str, ...]]
    seeds: tuple[int, ...]
    recorded: dict[int, tuple[tuple[str, ...], tuple[int, ...]]]
    recipes: str  # a set of recipes in nbsupport.training.recipes
    evidence: bool  # False: verdicts are masked
    generated_per_class: int = 0  # images of the generative stand-in
    simulated: bool = True
    worlds: tuple[int, ...] = (0, 1, 2)
    notes: dict[str, str] = field(default_factory=dict)

    def source_spec(self, kind: str, world: int) -> dict[str, Any]:
        """What opens the stand-in for "imagenet" or "inaturalist"."""
        tail = kind == "inaturalist"
        return {
            "name": "savanna",
            "kind": kind,
            "world": world,
            "px": self.px,
            "images_per_class": max(self.sizes.values()) if tail else self.full_per_class,
            "classes": self.inaturalist_classes if tail else self.classes,
            "balanced_classes": self.balanced_classes if tail else None,
        }

    def task_spec(self, world: int) -> dict[str, Any]:
        """What opens the downstream task."""
        return {"name": "savanna", "world": world, "px": self.px, "limit": self.task_limit}


_REFERENCE_PAGES = ("02_background", "02_residuals", "04_1_quantity")

_DEMO = Profile(
    name="demo",
    meaning="the simulated world at 32 px: two cores, minutes, nothing downloaded",
    px=32,
    full_per_class=80,
    sizes={"150K": 40, "100K": 30, "50K": 20, "25K": 10, "5K": 5},
    classes=None,
    inaturalist_classes=None,
    balanced_classes=128,
    task_limit=None,
    families=("resnet",),
    page_families=dict.fromkeys(_REFERENCE_PAGES, THREE_FAMILIES),
    seeds=(0,),
    recorded={1: (FIVE_FAMILIES, (0, 1, 2, 3, 4)), 2: (THREE_FAMILIES, (0, 1, 2))},
    recipes="demo",
    evidence=True,
    generated_per_class=80,
)

_SMOKE = Profile(
    name="smoke",
    meaning="a few hundred images, seconds: shows that everything runs, and is no evidence",
    px=32,
    full_per_class=16,
    sizes={"150K": 12, "100K": 10, "50K": 8, "25K": 6, "5K": 5},
    classes=16,
    inaturalist_classes=20,
    balanced_classes=16,
    task_limit=300,
    families=("resnet",),
    page_families={},
    seeds=(0,),
    recorded={},
    recipes="smoke",
    evidence=False,
    generated_per_class=16,
)

PROFILES = {profile.name: profile for profile in (_SMOKE, _DEMO)}


def profile_named(name: str) -> Profile:
    """The profile of that name; UserError naming the known ones."""
    if name not in PROFILES:
        raise unknown("profile", name, PROFILES)
    return PROFILES[name]
