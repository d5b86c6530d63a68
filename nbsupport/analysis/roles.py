"""Roles: what a group of runs stands for in the study, read from one text by one parser.

A role is "scratch", or a source and what is done to it, with a slash between: "imagenet/full",
"imagenet/depth-7", "captions/clean-25K", "pair-3/scratch". Any other text is a role as well: who
compares data of their own names the groups as they like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

SCRATCH = "scratch"
FULL = "imagenet/full"
Colour = tuple[str, str]  # on a light page, on a dark one

# Colours of groups without a fixed one, in this order. Their contrast with the page is at least
# 3 : 1 in both themes (checked by a test).
NOMINAL: tuple[Colour, ...] = (
    ("#c2570c", "#ffa05c"),
    ("#a3308f", "#ee86d6"),
    ("#8a6d00", "#e6c84a"),
    ("#5d4bb0", "#b3a3f7"),
    ("#b3283f", "#ff8492"),
    ("#5f6b2a", "#b6c76a"),
)
SCRATCH_COLOUR: Colour = ("#1d4674", "#8db6e4")


@dataclass(frozen=True)
class NamedSource:
    """What the images of a group are, or which question of its own it is for.

    `label`: how pages write it. `colour`: of all its images in every figure. `own_task`: its groups
    are fine-tuned on another task than the paper's main one, so they have lines of their own.
    """

    name: str
    label: str
    colour: Colour = NOMINAL[-1]
    natural: bool = False
    own_task: bool = False

    @property
    def stand_in(self) -> str:
        """How pages write what stands for it in a profile."""
        return f"{self.label} stand-in" if self.natural else self.label


SOURCES = {
    source.name: source
    for source in (
        NamedSource("imagenet", "ImageNet", ("#0892b0", "#3ccbe6"), natural=True),
        NamedSource("inaturalist", "iNaturalist", ("#2b8355", "#63d09a"), natural=True),
        NamedSource("fractaldb", "fractals", NOMINAL[4]),
        NamedSource("generated", "generated images", NOMINAL[1]),
        NamedSource("captions", "captions", NOMINAL[2]),
        NamedSource("control", "controls", NOMINAL[3]),
        NamedSource("pair", "pairs of domains", own_task=True),
        NamedSource("no-gap", "a task without a bias of place", own_task=True),
    )
}

LABELLED = ("imagenet", "inaturalist", "fractaldb", "generated")  # what labels are learned from

# How a group reads in a figure of its own source, by its step: (images, classes, value) -> text.
_SHORT: dict[str, Callable[[int, int, str], str]] = {
    "full": lambda images, _, __: f"all {images:,} images",
    "depth": lambda _, classes, value: f"{classes:,} labels (depth {value})",
    "coarse": lambda _, classes, __: f"{classes:,} coarse labels",
    "classes-many": lambda images, classes, _: f"{classes:,} classes x {images // classes:,}",
    "images-many": lambda images, classes, _: f"{classes:,} classes x {images // classes:,}",
    "within": lambda _, __, value: f"p = {float(value):.3g}",
    "even-within": lambda _, __, value: f"p = {float(value):.3g}, as many of each",
    "animal": lambda _, classes, __: f"{classes:,} animal classes",
    "object+animal": lambda _, __, value: f"objects, {value} animals",
    "object": lambda _, classes, __: f"{classes:,} object classes",
    "repeated": lambda _, __, value: f"one image of each class ({value})",
    "clean": lambda images, _, value: _pairs(images, "clean", value),
    "noisy": lambda images, _, value: _pairs(images, "noisy", value),
    SCRATCH: lambda _, __, ___: "from scratch",
}


# How a step reads beside other sources, where its own name is a word of the code.
_SPOKEN = {
    "classes-many": "many classes,",
    "images-many": "many images of each class,",
    "within": "p =",
}


def _pairs(images: int, corpus: str, value: str) -> str:
    return f"{images:,} {corpus} pairs" if value else f"all {images:,} {corpus} pairs"


@dataclass(frozen=True)
class Role:
    """A role, taken apart.

    "captions/clean-25K" is of the source "captions", its step is "clean", its value "25K". A step
    or a value that a role does not have is "". `number` is the 3 of "pair-3/full", else 0.
    """

    text: str
    source: NamedSource
    rest: str  # all that follows the slash
    step: str
    value: str
    number: int = 0

    @property
    def is_amount(self) -> bool:
        """Whether it names an amount (5K, 1,000 images, depth-7, p=0.33), so that order matters."""
        return bool(self.value)

    @property
    def amount(self) -> float:
        """The value as a number: 25,000 of "25K". NaN where it is none."""
        return amount(self.value)

    @property
    def place(self) -> int:
        """Where it stands in a figure: the full source on top, scratch at the bottom."""
        return {FULL: 0, SCRATCH: 2}.get(self.text, 1)

    @property
    def colour(self) -> Colour | None:
        """The colour that it has in every figure; None where it takes the next that is free."""
        if self.text == SCRATCH:
            return SCRATCH_COLOUR
        own = self.rest == "full" and self.source.name in SOURCES and not self.source.own_task
        return self.source.colour if own else None

    def belongs(self, source: str | None) -> bool:
        """Whether it is of a source: "captions/clean-25K" of "captions" and "captions/clean".

        None stands for any source.
        """
        starts = (f"{source}/", f"{source}-")
        return source is None or self.text == source or self.text.startswith(starts)

    def short(self, images: int, classes: int) -> str:
        """Its text in a figure of its own source, by the images and classes of its runs."""
        if not images and self.step != SCRATCH:
            return self.long()  # models that others have pre-trained
        write = _SHORT.get(self.step)
        return write(images, classes, self.value) if write else f"{images:,} images ({self.rest})"

    def long(self, **labels: str) -> str:
        """Its text beside other sources: "ImageNet, depth 7". labels: other names of sources."""
        if not self.rest:
            return "from scratch" if self.text == SCRATCH else self.text
        label = labels.get(self.source.name, self.source.label)
        spoken = _SPOKEN.get(self.step)
        text = f"{spoken} {self.value}" if spoken else self.rest.replace("-", " ")
        return f"{label}, {text}"


@lru_cache(maxsize=1024)
def role_of(text: str) -> Role:
    """The role that a text stands for. Every text is one: what is of no known source is its own."""
    name, slash, rest = text.partition("/")
    kind, _, number = name.rpartition("-")
    if not (kind in SOURCES and number.isdecimal()):
        kind, number = name, ""
    own = rest if slash else text
    found = re.search(r"\d[\d.,]*[KM%]?", own)
    step = own[: found.start()].rstrip("-= ") if found else own
    source = SOURCES.get(kind) or NamedSource(kind, kind)
    return Role(text, source, rest, step, found.group() if found else "", int(number or 0))


def amount(value: str) -> float:
    """A value as a number: 25,000 of "25K", 0.011 of "1.1%", NaN of what is none."""
    units = {"K": 1e3, "M": 1e6, "%": 1e-2}
    try:
        return float(value.rstrip("KM%").replace(",", "")) * units.get(value[-1:], 1)
    except ValueError:
        return float("nan")


def in_order(roles: Iterable[str]) -> list[str]:
    """From top to bottom of a figure: the full source, others as they come, scratch; each once."""
    return sorted(dict.fromkeys(roles), key=lambda text: role_of(text).place)


def matching(roles: Iterable[str], *patterns: str) -> list[str]:
    """Those that fit a pattern, such as "imagenet/within-*", but for the two reference lines."""
    own = (text for text in roles if role_of(text).place == 1)
    return [text for text in own if any(fnmatchcase(text, pattern) for pattern in patterns)]


def pair(number: int) -> tuple[str, str]:
    """The two roles of a pair of domains: pre-trained in full, and from scratch."""
    return f"pair-{number}/full", f"pair-{number}/scratch"
