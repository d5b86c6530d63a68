"""Field-guide names: words for what one sees, and an invented noun for the genus."""

import numpy as np

from nbsupport.savanna.attributes import COAT_WORDS, values

ONSETS = "k v m t b d n l s r g p z h w y j".split()  # noqa: SIM905
VOWELS = "a e i o u".split()  # noqa: SIM905
PLACES = [
    "river",
    "hill",
    "northern",
    "southern",
    "forest",
    "dune",
    "marsh",
    "lake",
    "valley",
    "coast",
    "upland",
    "island",
    "reed",
    "rock",
    "eastern",
    "western",
    "highland",
    "plains",
    "canyon",
    "delta",
]
PAINT_WORDS = (
    "red orange yellow green teal blue purple wooden white steel black".split()  # noqa: SIM905
)
FLOWER_WORDS = "white yellow orange crimson pink violet blue".split()  # noqa: SIM905


class Namer:
    """Names that never repeat within a world."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._used = rng, set[str]()

    def noun(self, ending: str = "") -> str:
        """A new invented word of two or three syllables."""
        while True:
            syllables = self._rng.integers(2, 4) - bool(ending)
            word = "".join(
                self._rng.choice(ONSETS) + self._rng.choice(VOWELS) for _ in range(syllables)
            )
            if word + ending not in self._used:
                self._used.add(word + ending)
                return word + ending

    def name(self, words: list[str], noun: str) -> str:
        """Two or more of `words` and the `noun`, short but unique; else with a place before."""
        words = list(dict.fromkeys(words))
        for n in range(2, len(words) + 1):
            name = " ".join([*words[:n][::-1], noun])
            if name not in self._used:
                self._used.add(name)
                return name
        for place in self._rng.permutation(PLACES):
            name = f"{place} {words[0]} {noun}"
            if name not in self._used:
                self._used.add(name)
                return name
        return self.name(words, self.noun())


def describe(latents: np.ndarray, scheme: str) -> list[list[str]]:
    """Words for each latent [N, LATENT], the most telling first."""
    v = values(latents, scheme)
    words = {"animal": _animal, "plant": _plant, "object": _thing}[scheme]
    return [words({k: x[i] for k, x in v.items()}) for i in range(len(latents))]


def _pick(words: list[str], at: float) -> str:
    return words[min(int(at * len(words)), len(words) - 1)]


def _animal(v: dict[str, float]) -> list[str]:
    marks = {
        "striped": v["stripes"],
        "spotted": v["spots"],
        "pied": v["patches"],
        "banded": v["saddle"],
        _pick(COAT_WORDS, v["coat"]): v["plain"],
    }
    shapes = {
        "tall": (v["leg"] - 0.27) / 0.2,
        "short-legged": (0.22 - v["leg"]) / 0.2,
        "long-necked": (v["neck"] - 0.25) / 0.2,
        "long-tailed": (v["tail"] - 0.3) / 0.2,
        "stout": (v["height"] - 0.22) / 0.07,
        "horned": (v["horn"] - 0.06) / 0.25 if v["bird"] < 0.35 else -1.0,
        "great-eared": (v["ear"] - 0.1) / 0.1 if v["bird"] < 0.35 else -1.0,
        "humped": (v["hump"] - 0.05) / 0.15,
    }
    mark = max(marks, key=lambda k: marks[k])
    first, second = sorted(shapes, key=lambda k: -shapes[k])[:2]
    return [mark, first, _pick(COAT_WORDS, v["coat"]), second]


def _plant(v: dict[str, float]) -> list[str]:
    shapes = {
        "tall": (v["height"] - 0.65) / 0.3,
        "broad": (v["crown_width"] - 0.38) / 0.23,
        "slender": (0.07 - v["trunk"]) / 0.05,
        "leaning": abs(v["lean"]) / 0.25,
    }
    colour = _pick(FLOWER_WORDS, v["flower"])
    return [colour, *sorted(shapes, key=lambda k: -shapes[k])[:2], "evergreen"]


def _thing(v: dict[str, float]) -> list[str]:
    shapes = {
        "wheeled": v["wheels"] / 0.22,
        "tall": (v["height"] - 0.33) / 0.19,
        "wide": (v["width"] - 0.45) / 0.21,
        "handled": v["handle"] / 0.26,
        "legged": v["legs"] / 0.4,
        "round": 1 - 2 * v["square"],
        "spouted": v["spout"] / 0.36,
        "hollow": v["hole"] / 0.24,
    }
    first, second = sorted(shapes, key=lambda k: -shapes[k])[:2]
    return [_pick(PAINT_WORDS, v["paint"]), first, second]
