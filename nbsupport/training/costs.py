"""What a training costs on this machine: the reference of `families`, times how much longer it
takes here. That is known of the jobs in the store, or of a short measurement (`plan --measure`).

Loads no torch, so that a plan costs nothing.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from nbsupport.machine import cpu_model
from nbsupport.training.families import SMALL_PX, evaluation_seconds, training_seconds
from nbsupport.training.recipe import Recipe

STAGES = ("pretrain", "finetune", "contrast")
READ = 60  # finished jobs of a stage that are looked at: the first by key, which is by chance
START = 0.02  # seconds to open the data, build the model, keep the weights
GPU_START = 10.0

ASSUMED = "assumed"
# What files raise that were cut off, or that a hand has edited.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError)


class Measured(NamedTuple):
    """Seconds for each image, trained on and evaluated."""

    trained: float
    evaluated: float


@dataclass(frozen=True)
class Pace:
    """How much longer than the reference trainings and evaluations take here, by family.

    `large`: images of more than 64 px, on a GPU. `basis` says how that is known: "7 jobs in the
    store", "a short measurement", "assumed".
    """

    large: bool = False
    trained: Mapping[str, float] = field(default_factory=dict)
    evaluated: Mapping[str, float] = field(default_factory=dict)
    basis: str = ASSUMED

    def training(self, family: str, px: int, recipe: Recipe, images: int) -> float:
        """Seconds of a training on a data set of `images`, from opening it to keeping weights."""
        updates = recipe.updates_for(images)
        batches = updates * min(recipe.batch_size, images)
        seconds = training_seconds(family, px, batches, updates)
        return _of(self.trained, family) * (seconds + (GPU_START if self.large else START))

    def evaluation(self, family: str, px: int, recipe: Recipe, images: int, tests: int) -> float:
        """Seconds of the evaluations in a training on `images`, of `tests` images each."""
        seconds = evaluation_seconds(family, px, len(recipe.evaluated(images)) * tests)
        return _of(self.evaluated, family) * seconds


def _of(factors: Mapping[str, float], family: str) -> float:
    """A family's factor; where it was not measured, that of families that were."""
    return factors.get(family) or (median(factors.values()) if factors else 1.0)


def pace_of(store: Path, px: int) -> Pace:
    """What is known of this machine, for images of a side of `px`: by the store's jobs first."""
    return _pace(store, px > SMALL_PX, tuple(_changed(store / stage) for stage in STAGES))


def _changed(folder: Path) -> int:
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


@lru_cache(maxsize=32)
def _pace(store: Path, large: bool, when: tuple[int, ...]) -> Pace:
    trained, evaluated = defaultdict(list), defaultdict(list)
    for stage in STAGES:
        for folder in islice(_finished(store / stage), READ):
            # A job that is damaged, or of another kind, tells nothing.
            with suppress(*_DAMAGE):
                family, factors = _told(folder, large)
                trained[family].append(factors.trained)
                if factors.evaluated > 0:
                    evaluated[family].append(factors.evaluated)
    if not trained:
        return _noted(store, large)
    jobs = sum(map(len, trained.values()))
    basis = f"{jobs} job{'s' * (jobs > 1)} of this processor in the store"
    return Pace(large, _medians(trained), _medians(evaluated), basis)


def _medians(found: Mapping[str, list[float]]) -> dict[str, float]:
    return {family: median(values) for family, values in found.items()}


def _finished(folder: Path) -> Iterator[Path]:
    jobs = sorted(folder.iterdir()) if folder.is_dir() else []
    return (job for job in jobs if (job / "result.json").exists())


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def _told(folder: Path, large: bool) -> tuple[str, Measured]:
    """A finished job's family, and how much longer it took than the reference (evaluations: 0 where
    there were none); ValueError where it tells nothing of such trainings on this machine."""
    spec, result = _read(folder / "spec.json")["spec"], _read(folder / "result.json")["result"]
    family, px, batch = spec["family"], spec["px"], spec["recipe"]["batch_size"]
    environment = _read(folder / "environment.json")
    elsewhere = not environment.get("processor", cpu_model()).startswith(cpu_model())
    on_cpu = result["device"] == "cpu"
    # An epoch of a single batch may be of fewer images than a batch has.
    few = result["updates"] <= result["epochs"]
    if (px > SMALL_PX) != large or (large and on_cpu) or (on_cpu and elsewhere) or few:
        raise ValueError(f"{folder} tells nothing")
    images = result["updates"] * batch
    seconds = images / result["images_per_second"]
    tests = sum(record["n_id"] + record["n_ood"] for record in result.get("records", ()))
    evaluating = (result["seconds"] - seconds) / evaluation_seconds(family, px, tests or 1)
    training = seconds / training_seconds(family, px, images, result["updates"])
    return family, Measured(training, evaluating if tests else 0.0)


# a short measurement ------------------------------------------------------------------------------
def _note(store: Path, large: bool) -> Path:
    """Where a measurement of this machine is kept: in the store, which other machines may share."""
    name = sha256(f"{cpu_model()}|{large}".encode()).hexdigest()[:24]
    return store / "paces" / f"{name}.json"


def _noted(store: Path, large: bool) -> Pace:
    try:
        held = _read(_note(store, large))
        return Pace(large, held["trained"], held["evaluated"], held["basis"])
    except _DAMAGE:
        return Pace(large)


def note(store: Path, px: int, batch_size: int, measured: Mapping[str, Measured]) -> Pace:
    """Keep what was measured at a side and a batch size, and return it as a pace."""
    trained, evaluated = {}, {}
    for family, seconds in measured.items():
        trained[family] = seconds.trained * batch_size / training_seconds(family, px, batch_size, 1)
        evaluated[family] = seconds.evaluated / evaluation_seconds(family, px, 1)
    path = _note(store, px > SMALL_PX)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    basis = f"a short measurement ({cpu_model()})" if cpu_model() else "a short measurement"
    pace = Pace(px > SMALL_PX, trained, evaluated, basis)
    partial.write_text(json.dumps(asdict(pace), indent=1), encoding="utf-8")
    partial.replace(path)
    _pace.cache_clear()
    return pace
