"""Everything about a world that is not pixels: classes, species, locations, who is where when."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from nbsupport.errors import UserError, unknown
from nbsupport.savanna.attributes import BIRD_FROM, COATS, values
from nbsupport.savanna.naming import Namer, describe
from nbsupport.savanna.settings import DEFAULT, Settings
from nbsupport.savanna.trees import DEPTHS, ancestors, farthest, grow, trunk

SOURCES = ("imagenet", "inaturalist")
WEB = "web"  # classes of the pairs of domains, in no source
SPLITS = {"train": 2000, "id_val": 2000, "id_test": 3000, "ood_val": 2000, "ood_test": 3000}
# Many cameras out of distribution: with 40 of them, what a network happens to make of each was a
# third of the seed-to-seed spread of a residual (.014 against .011, calibration.csv v7 and v8).
LOCATIONS = {"id": 40, "ood": 120, "ood_val": 120}
DAYS = {
    "train": (0, 60),
    "id_val": (60, 75),
    "id_test": (75, 105),
    "ood_val": (0, 105),
    "ood_test": (0, 105),
}
# The draws behind the worlds for claims begin elsewhere than their numbers say: worlds that were
# looked at while the code was written are none of them.
DRAWS = {1: 201, 2: 202}
SPECIES = 20
RAREST = 0.0125  # of a split: 37 of 3,000 images, so that each test set has 20 of each class
EMPTY = 0.2
PLACE_LATENT = 40

# nodes at depths 2 to 4 (shared by every source of the world), then at depths 5 and 6
TOPS = {"animal": (2, 4, 7), "object": (2, 4, 8), "plant": (2, 4, 7)}
TIPS = {
    "imagenet": {"animal": (13, 52), "object": (19, 76)},
    "inaturalist": {"animal": (26, 112), "plant": (15, 64)},
    # Of the pairs of domains: animals and things, as in DomainNet. As many as keep F1 on id_val
    # below .9 (pilot world, ResNet): the task's 20 species reached 1.00, 60 classes .94, these .87.
    WEB: {"animal": (30, 60), "object": (20, 40)},
}
CANDIDATES = 20 * SPECIES


@dataclass(frozen=True)
class Tree:
    """The classes of one source: names of ancestors, latents, kind of body."""

    table: pd.DataFrame
    latents: np.ndarray


class Ecology:
    """A world without its pixels. Number 0 is the pilot, 1 and 2 are the worlds for claims."""

    def __init__(self, number: int, settings: Settings = DEFAULT) -> None:
        if not isinstance(number, int | np.integer) or number < 0:
            raise UserError(f"world {number!r}: give a whole number, 0 (pilot), 1 or 2")
        self.number, self.settings = int(number), settings
        self.draws = DRAWS.get(self.number, self.number)
        self._namer = Namer(self._rng("names"))
        self._tops = {
            kind: trunk(self._rng(f"top-{kind}"), counts, settings.steps)
            for kind, counts in TOPS.items()
        }
        self._top_names = {kind: self._name_top(kind) for kind in TOPS}
        self._sources = {source: self._grow_source(source, self._namer) for source in SOURCES}
        self._sources[WEB] = self._grow_source(WEB, Namer(self._rng("web-names")))
        self._species, self._species_latents, self._species_clades = self._grow_species()
        self._place_latents = self._rng("places").normal(
            size=(sum(LOCATIONS.values()), PLACE_LATENT)
        )
        self._places = self._describe_places()
        self._presence = {split: self._mix(split) for split in LOCATIONS}

    def _rng(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng([self.draws, *purpose.encode()])

    # trees

    def _name_top(self, kind: str) -> list[list[str]]:
        endings = {"animal": "ra", "object": "ware", "plant": "flora"}
        names = [[kind]]
        for level in self._tops[kind][1:]:
            names.append([self._namer.noun(endings[kind]) for _ in level.latents])
        return names

    def _grow_source(self, source: str, namer: Namer) -> Tree:
        parts = [self._grow_kind(source, kind, tips, namer) for kind, tips in TIPS[source].items()]
        table = pd.concat([p.table for p in parts], ignore_index=True)
        table.insert(0, "label", np.arange(len(table)))
        table["frequency"] = 1.0
        if source == "inaturalist":
            ranks = self._rng("abundance").permutation(len(table)) + 1.0
            table["frequency"] = ranks**-0.9
        return Tree(table, np.concatenate([p.latents for p in parts]))

    def _grow_kind(self, source: str, kind: str, tips: tuple[int, ...], namer: Namer) -> Tree:
        rng = self._rng(f"{source}-{kind}")
        levels = list(self._tops[kind])
        for total, step in zip(tips, self.settings.steps[4:], strict=True):
            levels.append(grow(rng, levels[-1], total, step))
        path = ancestors(levels)
        leaves = levels[-1].latents
        genus = [namer.noun() for _ in levels[4].latents]
        words = describe(leaves, kind)
        own = [namer.name(w, genus[path[i, 4]]) for i, w in enumerate(words)]
        names = [*self._top_names[kind], [g + " kind" for g in genus], own]
        table = pd.DataFrame({"name": own, "tree": kind})
        for depth in range(DEPTHS):
            sizes = np.bincount(path[:, depth])[path[:, depth]]
            at = [own[i] if n == 1 else names[depth][path[i, depth]] for i, n in enumerate(sizes)]
            table[f"depth_{depth + 1}"] = at
        return Tree(table, leaves)

    def _grow_species(self) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """Species unlike each other, of the clades that the sources know, in none of them.

        Their table, latents [SPECIES, LATENT] and the number of each one's clade at depth 4.
        """
        rng, steps = self._rng("species"), self.settings.steps
        genera = grow(rng, self._tops["animal"][3], CANDIDATES // 4, steps[4])
        leaves = grow(rng, genera, CANDIDATES, steps[5])
        chosen = rng.permutation(farthest(_looks(leaves.latents), SPECIES))
        latents = leaves.latents[chosen]
        names = [self._namer.name(w, self._namer.noun()) for w in describe(latents, "animal")]
        frequency = np.concatenate([[EMPTY], (1 - EMPTY) * _tail(SPECIES)])
        table = pd.DataFrame(
            {"label": np.arange(SPECIES + 1), "name": ["empty", *names], "frequency": frequency}
        )
        return table, latents, genera.parents[leaves.parents[chosen]]

    def classes(self, source: str) -> pd.DataFrame:
        """A row per class: label, name, tree, depth_1 to depth_6 (ancestors), frequency.

        Of a source, or of "species": those of the camera traps, label 0 being the first of them.
        """
        if source == "species":
            return self._species_classes()
        return self._source(source).table.copy()

    def _species_classes(self) -> pd.DataFrame:
        """The task's species in the animals' tree; below their clade each stands for itself."""
        names = self._species["name"].to_numpy()[1:]
        table = pd.DataFrame({"label": np.arange(SPECIES), "name": names, "tree": "animal"})
        path = ancestors(self._tops["animal"])[self._species_clades]
        for depth in range(DEPTHS):
            known = depth < path.shape[1]
            at = np.array(self._top_names["animal"][depth])[path[:, depth]] if known else names
            table[f"depth_{depth + 1}"] = at
        return table.assign(frequency=1.0)

    def latents(self, source: str) -> np.ndarray:
        """Latents of a source's classes, or of "species" (label 1 first): float [K, LATENT]."""
        if source == "species":
            return self._species_latents.copy()
        return self._source(source).latents.copy()

    def _source(self, source: str) -> Tree:
        if source not in self._sources:
            raise unknown("savanna source", source, SOURCES)
        return self._sources[source]

    # camera traps

    def species(self) -> pd.DataFrame:
        """Labels of the camera-trap task, 0 being "empty": label, name, frequency."""
        return self._species.copy()

    def locations(self) -> pd.DataFrame:
        """A row per camera: location, split ("id", "ood", "ood_val"), night_rate, share."""
        return self._places.copy()

    def place_latents(self) -> np.ndarray:
        """What a location looks like: float [locations, PLACE_LATENT], standard normal."""
        return self._place_latents * (1 - self.settings.background_similarity)

    def presence(self, split: str) -> np.ndarray:
        """P(label | location) at the locations of "id", "ood" or "ood_val": float [L, labels]."""
        joint = self._presence[split]
        return joint / joint.sum(1, keepdims=True)

    def _describe_places(self) -> pd.DataFrame:
        rng = self._rng("cameras")
        split = np.repeat(list(LOCATIONS), list(LOCATIONS.values()))
        rate = rng.beta(1.2, 1.2 * (1 / max(self.settings.night_rate, 1e-3) - 1) + 1e-3, len(split))
        share = np.concatenate([rng.dirichlet(np.full(n, 1.5)) for n in LOCATIONS.values()])
        return pd.DataFrame(
            {"location": np.arange(len(split)), "split": split, "night_rate": rate, "share": share}
        )

    def _mix(self, split: str) -> np.ndarray:
        """Joint P(location, label) [L, labels] whose label marginal is long-tailed with a floor."""
        rng = self._rng(f"mix-{split}")
        share = self._places.loc[self._places["split"] == split, "share"].to_numpy()
        prior = self._species["frequency"].to_numpy()[1:] / (1 - EMPTY)
        if split != "id":  # other places, other abundances
            prior = _floored(prior * np.exp(0.4 * rng.normal(size=SPECIES)), RAREST / (1 - EMPTY))
        alpha = self.settings.mix_concentration * SPECIES * prior
        joint = 0.97 * rng.dirichlet(np.maximum(alpha, 0.02), len(share)) + 0.03 * prior
        joint = np.column_stack([rng.beta(2, 2, len(share)), joint])
        marginal = np.concatenate([[EMPTY], (1 - EMPTY) * prior])
        for _ in range(30):
            joint *= (share / joint.sum(1))[:, None]
            joint *= marginal / joint.sum(0)
        return joint

    def traps(self, split: str, n: int | None = None) -> pd.DataFrame:
        """The images of a split: index, label, location, day. `n` keeps the first n of them.

        Raises UserError for an unknown split or more images than the split has.
        """
        if split not in SPLITS:
            raise unknown("split", split, SPLITS)
        full = SPLITS[split]
        if n is not None and not 1 <= n <= full:
            raise UserError(f"n={n} images of {split}: allowed are 1 to {full}")
        return _traps(self, split).iloc[:n].copy()


@lru_cache(maxsize=32)
def _traps(world: Ecology, split: str) -> pd.DataFrame:
    group = {"ood_val": "ood_val", "ood_test": "ood"}.get(split, "id")
    places = world.locations().query("split == @group")["location"].to_numpy()
    joint, rng, total = world._presence[group], world._rng(f"traps-{split}"), SPLITS[split]
    counts = round_to(joint.sum(0), total)
    label = np.repeat(np.arange(len(counts)), counts)
    chance = (joint / joint.sum(0)).cumsum(0)  # P(location | label), summed up
    at = (rng.random(total)[:, None] > chance[:, label].T).sum(1)
    location = places[np.minimum(at, len(places) - 1)]
    order = rng.permutation(total)
    return pd.DataFrame(
        {
            "index": np.arange(total),
            "label": label[order],
            "location": location[order],
            "day": rng.integers(*DAYS[split], total),
        }
    )


def round_to(share: np.ndarray, total: int) -> np.ndarray:
    """Whole counts that sum to `total`, in proportion to `share` (largest remainders)."""
    exact = share / share.sum() * total
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return counts


def _floored(share: np.ndarray, floor: float) -> np.ndarray:
    """Proportions of `share`, none below `floor`, summing to 1."""
    share = share / share.sum()
    return floor + (1 - floor * len(share)) * share


def _tail(count: int) -> np.ndarray:
    """Long-tailed abundances, summing to 1, none below the floor."""
    return _floored(np.arange(1, count + 1) ** -1.1, RAREST / (1 - EMPTY))


def _looks(latents: np.ndarray) -> np.ndarray:
    """Latents [N, LATENT] as seen: attributes on a common scale, the striking ones weighted."""
    v = values(latents, "animal")
    light = {"neck": 1.4, "leg": 1.4, "length": 1.2, "height": 1.2, "tail": 1.0, "horn": 1.2}
    light |= {"hump": 0.8, "ear": 0.8, "mane": 0.6, "socks": 0.6, "face": 0.8, "size": 1.0}
    shape = [w * (v[k] - v[k].mean()) / (v[k].std() + 1e-9) for k, w in light.items()]
    kinds = np.stack([v[k] for k in ("stripes", "spots", "patches", "saddle", "plain")])
    marks = 2.2 * np.clip((kinds - kinds.max(0)) * 6 + 1, 0, 1)
    at = v["coat"] * (len(COATS) - 1)
    coat = [6.0 * np.interp(at, np.arange(len(COATS)), COATS[:, c]) * v["light"] for c in range(3)]
    return np.stack([*shape, *marks, *coat, 3.0 * (v["bird"] > BIRD_FROM)], axis=1)


@lru_cache(maxsize=8)
def ecology(number: int, settings: Settings = DEFAULT) -> Ecology:
    """The world of that number, built once."""
    return Ecology(number, settings)
