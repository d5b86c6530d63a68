"""Profiles: frozen values for the paper's roles (full, 150K ...), and what a build runs live."""

from dataclasses import dataclass, field
from typing import Any

from nbsupport.errors import unknown

FIVE_FAMILIES = ("resnet", "resnext", "densenet", "alexnet", "mobilenetv3")
THREE_FAMILIES = ("resnet", "densenet", "alexnet")
FRACTAL_SEED = 1  # of the search that found the published categories of FractalDB-1k


@dataclass(frozen=True)
class Granularity:
    """Section 4.2: depths of our trees that stand for the paper's WordNet depths, by role.

    `coarse` is the depth to which iNaturalist's labels are collapsed (in the paper, to 13).
    """

    depths: dict[str, int]
    coarse: int


@dataclass(frozen=True)
class Trade:
    """Section 4.4.1: one total, as many classes of few images or as few classes of many."""

    classes: tuple[int, int]  # many, few
    each: tuple[int, int]  # images of each class: few, many

    def __post_init__(self) -> None:
        (many, few), (less, more) = self.classes, self.each
        if many * less != few * more:
            raise ValueError(f"{many} x {less} and {few} x {more} images are different totals")

    @property
    def total(self) -> int:
        """Images in all, on both sides."""
        return self.classes[0] * self.each[0]


@dataclass(frozen=True)
class WithinClass:
    """Section 4.4.2: superclasses of one source, their subclasses, and images of each superclass.

    Superclasses are the `superclasses` largest nodes at `depth` with at least `subclasses` classes.
    """

    depth: int
    superclasses: int
    subclasses: int
    images: int


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
    captioned_images: int  # in each of the two caption corpora in full
    task_limit: int | None  # images in each split of the task; None: all
    families: tuple[str, ...]
    page_families: dict[str, tuple[str, ...]]
    seeds: tuple[int, ...]
    recorded: dict[int, tuple[tuple[str, ...], tuple[int, ...]]]
    fractals: dict[str, int]  # categories, images_per_category, iterations, oversize
    recipes: str  # a set of recipes in nbsupport.training.recipes
    evidence: bool  # False: verdicts are masked
    granularity: Granularity
    trades: dict[str, Trade]  # by role: 60K, 300K
    within: dict[str, WithinClass]  # by source
    diversity: tuple[float, ...]  # p: the shares of subclasses that are compared
    animal_share: float  # of the object images, in the claim on co-occurrence
    species_each: int  # photographs of each of the task's species, in the control
    generated_per_class: int = 0  # images of the generative stand-in
    simulated: bool = True
    worlds: tuple[int, ...] = (0, 1, 2)
    notes: dict[str, str] = field(default_factory=dict)
    shifts: dict[int, str] = field(default_factory=dict)  # what a world stands for, on real images
    beside: tuple[str, ...] = ()  # profiles whose recorded runs a page shows beside its own

    def source_spec(self, kind: str, world: int) -> dict[str, Any]:
        """What opens the stand-in for "imagenet" or "inaturalist", or "fractaldb".

        Fractals are no part of a simulated world: every world has the same. Also the two controls:
        "own-textures", ImageNet's stand-in with its objects painted otherwise, and "species",
        photographs of the task's own species.
        """
        if kind == "fractaldb":
            return {"name": "fractaldb", "px": self.px, "seed": FRACTAL_SEED} | self.fractals
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
        """What opens the downstream task."""
        return {"name": "savanna", "world": world, "px": self.px, "limit": self.task_limit}


# The paper's WordNet depths 7, 6, 5, 4 and 2 have 232, 85, 37, 17 and 5 labels for 1000 classes;
# the trees of the simulated worlds have 32, 15, 8, 4 and 2 for 128 at depths 5 to 1.
_DEPTHS = {"depth-7": 5, "depth-6": 4, "depth-5": 3, "depth-4": 2, "depth-2": 1}
# iNaturalist: a label among 13 holds 30 % of the bits of one among 5,089; here one among the 4 of
# depth 2 holds 27 % of one among 176. In both it is as coarse as ImageNet at the role depth-4.
_GRANULARITY = Granularity(_DEPTHS, coarse=2)

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
    captioned_images=20480,
    task_limit=None,
    families=("resnet",),
    page_families=dict.fromkeys(_REFERENCE_PAGES, THREE_FAMILIES),
    seeds=(0,),
    recorded={1: (FIVE_FAMILIES, (0, 1, 2, 3, 4)), 2: (THREE_FAMILIES, (0, 1, 2))},
    # as many classes and images as the ImageNet stand-in; points as dense as at 362 px
    fractals={"categories": 128, "images_per_category": 80, "iterations": 56_000, "oversize": 6},
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

_SMOKE = Profile(
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

PROFILES = {profile.name: profile for profile in (_SMOKE, _DEMO)}


def profile_named(name: str) -> Profile:
    """The profile of that name; UserError naming the known ones."""
    if name not in PROFILES:
        raise unknown("profile", name, PROFILES)
    return PROFILES[name]
