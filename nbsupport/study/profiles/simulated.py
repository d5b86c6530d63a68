"""Profiles of the simulated worlds: smoke and demo."""

from dataclasses import dataclass
from typing import Any

from nbsupport.study.profiles.profile import (
    THREE_FAMILIES,
    Granularity,
    Profile,
    Trade,
    WithinClass,
)
from nbsupport.training.families import PAPER_FAMILIES

LARGEST_WORLD = 999_999
FRACTAL_SEED = 1  # of the search that found the published categories of FractalDB-1k

# What a profile of a simulated world can pre-train on. The last two are controls: "own-textures",
# ImageNet's stand-in with its objects painted otherwise, and "species", photographs of the task's
# own species.
SOURCES = (
    "imagenet",
    "inaturalist",
    "fractaldb",
    "more-fractals",
    "generated",
    "captions",
    "own-textures",
    "species",
)

# (trained on, also tested on), fixed before any of them was run. Photographs are the largest domain
# of DomainNet, so they are trained on three times, and every other style but one is reached from
# them, from near to far: a painting keeps colours and markings, infrared keeps markings, a sketch
# keeps little but lines. Two of these run both ways, for a shift need not be as hard one way as the
# other. In the last pair only outlines can carry over. A pair in which hardly anything can, such as
# painting to silhouette, was left out, because at chance level no two lines can differ.
PAIRS = (
    ("photo", "sketch"),
    ("sketch", "photo"),
    ("photo", "painting"),
    ("painting", "photo"),
    ("photo", "infrared"),
    ("sketch", "silhouette"),
)


@dataclass(frozen=True, kw_only=True)
class SimulatedProfile(Profile):
    """A profile whose pictures are drawn: savanna's stand-ins, and real fractals."""

    full_per_class: int
    classes: int | None  # of the ImageNet stand-in; None: all it has
    inaturalist_classes: int | None
    captioned_images: int  # in each of the two caption corpora in full
    task_limit: int | None  # images in each split of the task; None: all
    fractals: dict[str, int]  # categories, images_per_category, iterations, oversize
    more_fractals: int  # of each category: ten times as many images as generated ones at 150K
    species_each: int  # photographs of each of the task's species, in the control
    generated_per_class: int  # images of the generative stand-in
    sources: tuple[str, ...] = SOURCES
    animal: str = "animal"
    pairs: tuple[tuple[str, str], ...] = PAIRS
    worlds: tuple[int, ...] = (0, 1, 2)

    @property
    def simulated(self) -> bool:
        return True

    def has_world(self, number: object) -> bool:
        """Any whole number is a draw of the same rules; 0 is the pilot of the calibration."""
        return type(number) is int and 0 <= number <= LARGEST_WORLD

    @property
    def world_range(self) -> str:
        return f"worlds 0 to {LARGEST_WORLD:,}"

    def source_spec(self, kind: str, world: int) -> dict[str, Any]:
        """Fractals are no part of a simulated world: every world has the same."""
        self.check(kind)
        if kind == "fractaldb":
            return {"name": "fractaldb", "px": self.px, "seed": FRACTAL_SEED} | self.fractals
        if kind == "more-fractals":
            more = {"images_per_category": self.more_fractals}
            return self.source_spec("fractaldb", world) | more
        if kind == "own-textures":
            return self.source_spec("imagenet", world) | {"own_textures": True}
        if kind == "species":
            own = {"kind": kind, "images_per_class": self.species_each, "classes": None}
            return self.source_spec("imagenet", world) | own
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

    def captions_spec(self, corpus: str, world: int) -> dict[str, Any]:
        """What opens a caption corpus, "clean" or "noisy", in full."""
        return {
            "name": "captions",
            "corpus": corpus,
            "world": world,
            "px": self.px,
            "images": self.captioned_images,
        }

    def task_spec(self, world: int) -> dict[str, Any]:
        return {"name": "savanna", "world": world, "px": self.px, "limit": self.task_limit}

    def pair_task(self, trained: str, ood: str) -> dict[str, Any]:
        return {"name": "savanna_domains", "style": trained, "ood_style": ood}

    @property
    def no_gap_task(self) -> dict[str, Any]:
        return {"bias": False}


# The paper's WordNet depths 7, 6, 5, 4 and 2 have 232, 85, 37, 17 and 5 labels for 1000 classes;
# the trees of the simulated worlds have 32, 15, 8, 4 and 2 for 128 at depths 5 to 1.
_DEPTHS = {"depth-7": 5, "depth-6": 4, "depth-5": 3, "depth-4": 2, "depth-2": 1}
# iNaturalist: a label among 13 holds 30 % of the bits of one among 5,089; here one among the 4 of
# depth 2 holds 27 % of one among 176. In both it is as coarse as ImageNet at the role depth-4.
_GRANULARITY = Granularity(_DEPTHS, coarse=2)

_REFERENCE_PAGES = ("02_background", "02_residuals", "04_1_quantity")

_DEMO = SimulatedProfile(
    name="demo",
    meaning="the simulated world at 32 px: two cores, minutes, nothing downloaded",
    px=32,
    full_per_class=80,
    sizes={"150K": 40, "100K": 30, "50K": 20, "25K": 10, "5K": 5},
    classes=None,
    inaturalist_classes=None,
    balanced_classes=128,
    captioned_images=20480,
    task_limit=None,
    families=("resnet",),
    page_families=dict.fromkeys(_REFERENCE_PAGES, THREE_FAMILIES),
    seeds=(0,),
    recorded={1: (PAPER_FAMILIES, (0, 1, 2, 3, 4)), 2: (THREE_FAMILIES, (0, 1, 2))}
    | dict.fromkeys(range(3, 13), (THREE_FAMILIES, (0, 1))),
    # as many classes and images as the ImageNet stand-in; points as dense as at 362 px
    fractals={"categories": 128, "images_per_category": 80, "iterations": 56_000, "oversize": 6},
    more_fractals=400,  # 51,200: ten times the 5,120 generated images of the role 150K
    recipes="demo",
    evidence=True,
    granularity=_GRANULARITY,
    trades={"60K": Trade((128, 32), (10, 40)), "300K": Trade((128, 32), (20, 80))},
    # 2, 4 or 6 of six subclasses: 156 images are 78, 39 or 26 of each. The balanced part of the
    # iNaturalist stand-in has 40 of its rarest species, so 80 images: 40, 20, and 13 or 14 of each.
    within={
        "imagenet": WithinClass(depth=4, superclasses=10, subclasses=6, images=156),
        "inaturalist": WithinClass(depth=4, superclasses=10, subclasses=6, images=80),
    },
    diversity=(0.33, 0.67, 1.0),
    animal_share=0.011,
    species_each=512,  # 20 species: the 10,240 images of the full source
    generated_per_class=80,
    beside=("pacs-32",),
)

_SMOKE = SimulatedProfile(
    name="smoke",
    meaning="a few hundred images, seconds: shows that everything runs, and is no evidence",
    px=32,
    full_per_class=16,
    sizes={"150K": 12, "100K": 10, "50K": 8, "25K": 6, "5K": 5},
    classes=16,
    inaturalist_classes=20,
    balanced_classes=16,
    captioned_images=384,
    task_limit=300,
    families=("resnet",),
    page_families={},
    seeds=(0,),
    recorded={},
    fractals={"categories": 16, "images_per_category": 16, "iterations": 14_000, "oversize": 3},
    more_fractals=120,
    recipes="smoke",
    evidence=False,
    granularity=_GRANULARITY,
    trades={"60K": Trade((16, 4), (2, 8)), "300K": Trade((16, 4), (4, 16))},
    within=dict.fromkeys(
        ("imagenet", "inaturalist"),
        WithinClass(depth=2, superclasses=2, subclasses=3, images=12),
    ),
    diversity=(0.33, 0.67, 1.0),
    animal_share=0.011,
    species_each=13,
    generated_per_class=16,
)

SIMULATED = (_SMOKE, _DEMO)
