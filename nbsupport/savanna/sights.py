"""What can be seen in a photograph, in words: read from what it is drawn from, not from pixels."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from nbsupport import rng
from nbsupport.savanna import animals, objects, plants
from nbsupport.savanna.attributes import COAT_WORDS
from nbsupport.savanna.naming import FLOWER_WORDS, PAINT_WORDS

Values = dict[str, np.ndarray]

GREEN_WORDS = ("dark-green", "leafy", "yellow-green", "grey-green", "blue-green")
MARKINGS = ("striped", "spotted", "pied", "banded", "plain")
FORMS = ("tree", "conifer", "cactus", "flower")
# One for each of the tones in backdrops.py.
PLACES = (
    *("haze", "sky", "meadow", "grass", "forest", "earth", "clay"),
    *("sand", "snow", "stone", "rock", "night", "heather", "dusk"),
)
DISTANCES = ("far", "halfway", "near")

# word: what is measured, where it begins to be seen, how much more makes it striking
_ANIMAL_TRAITS = {
    "horned": ("horn", 0.05, 0.15),
    "eared": ("ear", 0.09, 0.08),
    "maned": ("mane", 0.07, 0.10),
    "humped": ("hump", 0.05, 0.10),
    "long-tailed": ("tail", 0.32, 0.12),
    "long-necked": ("neck", 0.27, 0.12),
    "long-legged": ("leg", 0.32, 0.12),
    "short-legged": ("leg", 0.20, -0.10),
    "stout": ("height", 0.23, 0.04),
    "slender": ("height", 0.18, -0.03),
    "masked": ("face", 0.15, 0.8),
    "booted": ("socks", 0.10, 0.8),
}
_PLANT_TRAITS = {
    "tall": ("height", 0.72, 0.15),
    "low": ("height", 0.56, -0.12),
    "leaning": ("tilt", 0.13, 0.08),
}
_FORM_TRAITS = {
    "tree": {"broad": ("crown_width", 0.42, 0.12), "fruiting": ("fruit", 0.1, 0.5)},
    "conifer": {"broad": ("crown_width", 0.42, 0.12), "fruiting": ("fruit", 0.1, 0.5)},
    "cactus": {"flowering": ("bloom", -0.1, 0.6), "branched": ("arms", -0.4, 0.8)},
    "flower": {"large-petalled": ("petal_size", 0.26, 0.05)},
}
_OBJECT_TRAITS = {
    "wheeled": ("wheels", 0.05, 0.10),
    "legged": ("legs", 0.08, 0.15),
    "handled": ("handle", 0.05, 0.12),
    "spouted": ("spout", 0.08, 0.15),
    "hollow": ("hole", 0.06, 0.08),
    "topped": ("top_height", 0.05, 0.20),
    "flagged": ("pole", 0.10, 0.25),
    "windowed": ("windows", 0.25, 0.5),
    "chequered": ("grid", 0.35, 0.4),
    "belted": ("panel", 0.10, 0.6),
    "round": ("square", 0.30, -0.25),
    "boxy": ("square", 0.70, 0.25),
    "wide": ("width", 0.52, 0.10),
}
TRAITS = {
    "animal": _ANIMAL_TRAITS,
    "plant": _PLANT_TRAITS | {k: v for form in _FORM_TRAITS.values() for k, v in form.items()},
    "object": _OBJECT_TRAITS,
}
NOUNS = ("bird", "beast", *FORMS, "thing")


@dataclass(frozen=True)
class Sight:
    """A picture in words: its subject, colours and markings, traits, backdrop and distance.

    `looks` are always told; `traits`, the most striking first, as far as a caption has room.
    """

    noun: str
    looks: tuple[str, ...]
    traits: tuple[str, ...]
    above: str
    below: str
    distance: str

    @property
    def words(self) -> set[str]:
        """Every word that is true of the picture."""
        return {self.noun, *self.looks, *self.traits, self.above, self.below, self.distance}


def sights(kind: str, latents: Tensor, key: Tensor, variety: float) -> list[Sight]:
    """The sights of individuals of a kind of body: latents [N, LATENT], picture keys [N]."""
    nouns, looks, strengths = _BODIES[kind](_measures(kind, latents))
    traits = _striking(strengths, len(key))
    backdrop = rng.uniform(key, "backdrop", 32).numpy()
    tones = (backdrop[:, :2] - 0.5) * variety + 0.5
    scale = rng.uniform(key, "photo-pose", 8)[:, 0].numpy()
    columns = (
        *(nouns, looks, traits, _nearest(PLACES, tones[:, 0]), _nearest(PLACES, tones[:, 1])),
        [DISTANCES[i] for i in np.minimum((scale * 3).astype(int), 2)],
    )
    return [Sight(*row) for row in zip(*columns, strict=True)]


def _measures(kind: str, latents: Tensor) -> Values:
    build = {"animal": animals.build, "plant": plants.build, "object": objects.build}[kind]
    return {name: value[:, 0].numpy() for name, value in build(latents).items()}


def _nearest(words: tuple[str, ...] | list[str], at: np.ndarray) -> list[str]:
    """The word of the row of a colour table that is nearest to `at` [N] in [0, 1)."""
    rows = np.rint(at * (len(words) - 1)).astype(int).clip(0, len(words) - 1)
    return [words[row] for row in rows]


def _strengths(v: Values, traits: dict[str, tuple[str, float, float]]) -> Values:
    """How striking each trait is, [N] each: above 0 where it can be seen."""
    return {word: (v[of] - start) / scale for word, (of, start, scale) in traits.items()}


def _striking(strengths: Values, count: int) -> list[tuple[str, ...]]:
    """The traits of each picture that can be seen, the most striking first."""
    words = np.array(list(strengths))
    table = np.stack(list(strengths.values()), axis=1)
    order = np.argsort(-table, axis=1, kind="stable")
    seen = (table > 0).sum(axis=1)
    return [tuple(words[order[i, : seen[i]]].tolist()) for i in range(count)]


def _animal(v: Values) -> tuple[list[str], list[tuple[str, ...]], Values]:
    nouns = ["bird" if bird else "beast" for bird in v["bird"] > 0]
    kinds = np.stack([v[k] for k in ("stripes", "spots", "patches", "saddle", "plain")], axis=1)
    markings = [MARKINGS[i] for i in kinds.argmax(axis=1)]
    coats = _nearest(COAT_WORDS, v["coat"])
    return nouns, list(zip(coats, markings, strict=True)), _strengths(v, _ANIMAL_TRAITS)


def _plant(v: Values) -> tuple[list[str], list[tuple[str, ...]], Values]:
    form = v["form"].astype(int)
    greens, flowers = _nearest(GREEN_WORDS, v["green"]), _nearest(FLOWER_WORDS, v["flower"])
    strengths = _strengths(v | {"tilt": np.abs(v["lean"])}, _PLANT_TRAITS)
    for i, own in enumerate(_FORM_TRAITS.values()):
        for word, value in _strengths(v, own).items():
            before = strengths.get(word, np.full(len(form), -1.0))
            strengths[word] = np.where(form == i, value, before)
    coloured = np.where(form == 3, True, (form == 2) & (v["bloom"] > -0.1))
    coloured |= (form < 2) & (v["fruit"] > 0.1)  # flowers and fruit share a colour table
    looks: list[tuple[str, ...]] = [
        (flowers[i],) if form[i] == 3 else (greens[i], flowers[i]) if coloured[i] else (greens[i],)
        for i in range(len(form))
    ]
    return [FORMS[i] for i in form], looks, strengths


def _object(v: Values) -> tuple[list[str], list[tuple[str, ...]], Values]:
    paints = _nearest(PAINT_WORDS, v["paint"])
    return ["thing"] * len(paints), [(p,) for p in paints], _strengths(v, _OBJECT_TRAITS)


_BODIES = {"animal": _animal, "plant": _plant, "object": _object}
