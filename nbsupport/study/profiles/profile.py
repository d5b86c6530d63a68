"""What a profile is: frozen values for the paper's roles (full, 150K ...), and what runs live."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbsupport.errors import NotHereError

# The axes of a figure: what ID and OOD scores are of.
CAMERAS = ("ID macro F1 (same cameras, other days)", "OOD macro F1 (new cameras)")
DOMAINS = ("ID macro F1 (domains trained on)", "OOD macro F1 (a domain never trained on)")
BY_DOMAIN = ("pacs", "domainnet")  # tasks whose OOD images are of another kind of picture
# How many classes a task has: a guess is right with a chance of one in as many.
TASK_CLASSES = {
    "savanna": 21,
    "savanna_domains": 100,
    "pacs": 7,
    "domainnet": 345,
    "iwildcam": 182,
    "fmow": 62,
}
THREE_FAMILIES = ("resnet", "densenet", "alexnet")
# Cells to record: some families, each with all of some seeds.
Block = tuple[tuple[str, ...], tuple[int, ...]]


def cells_of(blocks: Iterable[Block]) -> list[tuple[str, int]]:
    """Each cell (family, seed) of these blocks."""
    return [(family, seed) for families, seeds in blocks for seed in seeds for family in families]


@dataclass(frozen=True)
class Granularity:
    """Section 4.2: depths of a tree that stand for the paper's WordNet depths, by role.

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
    """Section 4.4.2: superclasses of one source, their subclasses, and the images of them.

    Superclasses are the `superclasses` largest nodes at `depth` with at least `subclasses` classes;
    where a `tree` of the source is named, its nodes take the place of those at a depth. Without a
    number of subclasses all are used. Either `images` of each superclass, or a `total` that is
    spread as evenly as the smallest share of subclasses allows. `balanced`: images come only from
    the part of the source that class-balanced subsets come from.
    """

    superclasses: int
    subclasses: int = 0
    images: int = 0
    total: int = 0
    depth: int = 0
    tree: str = ""
    balanced: bool = True

    def where(self) -> dict[str, Any]:
        """The level of the tree, as `Subset.within_class` takes it."""
        return {"tree": self.tree} if self.tree else {"depth": self.depth}

    @property
    def in_all(self) -> int:
        """The images of all superclasses together."""
        return self.total or self.superclasses * self.images

    def asked(self, smallest: float, images: int = 0) -> dict[str, Any]:
        """What `Subset.within_class` is asked for, beside p, where `smallest` is its least value.

        `images` of each superclass take the place of the setting's own, or of its total.
        """
        asked = {**self.where(), "superclasses": self.superclasses}
        if self.subclasses:
            asked["subclasses"] = self.subclasses
        if self.total and not images:
            return asked | {"total": self.total, "smallest": smallest}
        return asked | {"images": images or self.images}


@dataclass(frozen=True, kw_only=True)
class Profile(ABC):
    """What the paper's roles mean in one setting.

    `sizes` maps each role to images per class (the paper's subsets are class-balanced, so 150K of
    1000 classes is 150 each). `sources` are what there is to pre-train on. A build trains the
    groups of a page live in its `page_families`, else in `families`. `recorded` are (families,
    seeds) by world; `confirming` further ones, planned when those had been seen, which are judged
    by themselves too. In a simulated profile, a world is one draw; in a profile of real images it
    is a shift, an arrangement of training and OOD data, with a name in `shifts`. A setting is
    either of them. `data` names what is pre-trained on and what is fine-tuned on. `pairs` are
    (trained on, OOD) domains (Appendix G). `notes` say why a number is as it is, by what it is
    about.
    """

    name: str
    meaning: str
    px: int
    sources: tuple[str, ...]
    sizes: dict[str, int]
    balanced_classes: int  # of iNaturalist or its stand-in, in its class-balanced subsets
    families: tuple[str, ...]
    page_families: dict[str, tuple[str, ...]]
    seeds: tuple[int, ...]
    recorded: dict[int, Block]
    confirming: dict[int, tuple[Block, ...]] = field(default_factory=dict)
    recipes: str  # a set of recipes in nbsupport.study.profiles.recipes
    evidence: bool  # False: verdicts are masked
    granularity: Granularity
    trades: dict[str, Trade]  # by role: 60K, 300K
    within: dict[str, WithinClass]  # by source
    within_even: dict[str, WithinClass] = field(default_factory=dict)  # beside a spread total
    diversity: tuple[float, ...]  # p: the shares of subclasses that are compared
    animal: str  # the node of the tree above all animals
    animal_share: float  # of the object images, in the claim on co-occurrence
    pairs: tuple[tuple[str, str], ...]
    worlds: tuple[int, ...]
    shifts: dict[int, str] = field(default_factory=dict)
    data: tuple[str, str] = ("ImageNet", "its task")
    notes: dict[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()  # profiles whose recorded runs a page shows beside its own

    @property
    @abstractmethod
    def simulated(self) -> bool:
        """Whether the images are drawn by this project."""

    @property
    def pretraining_px(self) -> int:
        """The side of the images that models are pre-trained on, before recipes crop them."""
        return self.px

    @property
    def setting(self) -> str:
        """What one of its settings is called that has no name of its own."""
        return "simulated world" if self.simulated else "shift"

    def setting_name(self, number: int) -> str:
        """A setting as pages write it: "simulated world 1", or which shift it is."""
        return self.shifts.get(number, f"{self.setting} {number}")

    def axis_titles(self, number: int) -> tuple[str, str]:
        """What ID and OOD scores are of, in a setting."""
        return DOMAINS if self.task_spec(number)["name"] in BY_DOMAIN else CAMERAS

    def has_world(self, number: object) -> bool:
        """Whether there is a world, or a shift, of that number."""
        return type(number) is int and number in self.worlds

    @property
    def world_range(self) -> str:
        """The numbers that `has_world` knows, in words."""
        return f"worlds {', '.join(map(str, self.worlds))}"

    def blocks(self, number: int) -> tuple[Block, ...]:
        """All families and seeds that are to be recorded in a setting."""
        first = (self.recorded[number],) if number in self.recorded else ()
        return (*first, *self.confirming.get(number, ()))

    def confirming_cells(self, number: int) -> set[tuple[str, int]]:
        """The cells (family, seed) of a setting that confirm what the first said, or do not."""
        return set(cells_of(self.confirming.get(number, ())))

    def has(self, kind: str) -> bool:
        """Whether there is such a source to pre-train on."""
        return kind in self.sources

    def check(self, kind: str) -> None:
        """NotHereError (a UserError) where there is no such source."""
        if not self.has(kind):
            raise NotHereError(
                f"profile {self.name} has no {kind} to pre-train on: "
                f"it has {', '.join(self.sources)}"
            )

    @abstractmethod
    def source_spec(self, kind: str, world: int) -> dict[str, Any]:
        """What opens a source in full. NotHereError where the profile has none of that kind."""

    @abstractmethod
    def task_spec(self, world: int) -> dict[str, Any]:
        """What opens the downstream task."""

    @abstractmethod
    def pair_task(self, trained: str, ood: str) -> dict[str, Any]:
        """Options of the downstream task of a pair of domains, over those of `task_spec`."""

    def chances(self, world: int) -> dict[str, float]:
        """Accuracy by chance on the task in a world (""), and on the tasks of the sources that
        have their own: "pair" and "no-gap"."""
        main = self.task_spec(world)
        specs = {"": main, "no-gap": main | self.no_gap_task}
        if self.pairs:
            specs["pair"] = main | self.pair_task(*self.pairs[0])
        return {own: 1 / TASK_CLASSES[spec["name"]] for own, spec in specs.items()}

    @property
    def no_gap_task(self) -> dict[str, Any]:
        """Options of a task without a bias of place (Section 6); empty where there is none."""
        return {}
