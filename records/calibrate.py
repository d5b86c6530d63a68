"""Calibration of world and recipes on the pilot world 0: one configuration, one row of CSV.

    python records/calibrate.py NAME [--settings JSON] [--recipes JSON] [--seeds 2] [--families ...]
    python records/calibrate.py NAME --profile pacs-32 [--shift 1] [--recipes JSON] ...

The second form is for recipes on real images, which have no pilot world: it uses seeds from 100 on,
which are never recorded, and writes calibration-<profile>.csv.

Only the two reference groups are run (from scratch, and the full ImageNet stand-in), and only
id_val and ood_val are looked at. Four quantities are read: how far the ID ranges overlap, the gap
between the two lines, the seed-to-seed spread of a run's residual, and the thread-seconds a run.
Every configuration tried is appended to calibration.csv, whatever it shows.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from nbsupport.analysis.trends import effective_robustness, role_line
from nbsupport.data.loading.batches import LabelledImages
from nbsupport.data.pictures.cache import cached_images
from nbsupport.evidence.records import locked
from nbsupport.savanna import Settings, fingerprint
from nbsupport.savanna.ecology import Ecology
from nbsupport.savanna.world import World
from nbsupport.study.profiles import profile_named
from nbsupport.study.profiles.recipes import Recipe, recipe_named
from nbsupport.study.study import Study
from nbsupport.training.evaluation import score
from nbsupport.training.loop import train
from nbsupport.training.models import build, replace_head

PILOT, PX, PER_CLASS = 0, 32, 80
FIRST_SEED = 100  # of pilots on real images
CSV = Path(__file__).parent / "calibration.csv"
FULL, SCRATCH = "imagenet/full", "scratch"


class Pilot:
    """The pilot world's data under some settings: what is pre-trained on, and three splits."""

    def __init__(self, settings: Settings, train_images: int, per_class: int) -> None:
        ecology = Ecology(PILOT, settings)
        world = World(PILOT, PX, settings=settings)
        name = fingerprint(PILOT, PX, settings)
        classes = len(ecology.classes("imagenet"))
        labels = np.repeat(np.arange(classes), per_class)
        inner = np.tile(np.arange(per_class), classes)
        photos = cached_images(
            f"{name}|photos|{per_class}",
            len(labels),
            PX,
            lambda rows: world.photos("imagenet", labels[rows], "train", inner[rows]),
        )
        self.photos = _labelled(photos, labels, classes)
        self.splits = {
            split: self._split(ecology, world, name, split)
            for split in ("train", "id_val", "ood_val")
        }
        whole = self.splits["train"]
        self.splits["train"] = replace(
            whole, images=whole.images[:train_images], labels=whole.labels[:train_images]
        )

    def _split(self, ecology: Ecology, world: World, name: str, split: str) -> LabelledImages:
        table = ecology.traps(split)
        columns = [table[c].to_numpy() for c in ("label", "location", "day", "index")]
        images = cached_images(
            f"{name}|traps|{split}",
            len(table),
            PX,
            lambda rows: world.traps(split, *(c[rows] for c in columns)),
        )
        return _labelled(images, columns[0], len(ecology.species()))


class RealPilot:
    """A profile of real images in one shift: what is pre-trained on, and three splits."""

    def __init__(self, profile: str, shift: int) -> None:
        study = Study(profile, world=shift)
        self.photos = study.imagenet.load()
        self.splits = {s: study.task.load(s) for s in ("train", "id_val", "ood_val")}


def _labelled(images: np.ndarray, labels: np.ndarray, classes: int) -> LabelledImages:
    pixels = torch.from_numpy(np.array(images))
    return LabelledImages(pixels, torch.from_numpy(labels.astype(np.int64)), classes).to("cpu")


def one_run(task: tuple[str, str, int]) -> list[dict[str, Any]]:
    """Pre-train and fine-tune in one cell: a row per evaluated epoch."""
    role, family, seed = task
    px = PILOT_DATA.photos.images.shape[-1]
    torch.set_num_threads(1)
    began = time.thread_time()
    photo_accuracy = float("nan")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        if role == SCRATCH:
            model = build(family, PILOT_DATA.splits["train"].num_classes, px, seed)
        else:
            model = build(family, PILOT_DATA.photos.num_classes, px, seed)
            done = train(
                model,
                PILOT_DATA.photos,
                RECIPES["pretrain", family],
                seed=seed,
                folder=Path(folder),
            )
            photo_accuracy = done.rows[-1]["train_accuracy"]
            replace_head(model, PILOT_DATA.splits["train"].num_classes, seed)
    data = PILOT_DATA.splits["train"]
    recipe = RECIPES["scratch" if role == SCRATCH else "finetune", family]

    def after(epoch: int, epochs: int) -> dict[str, Any]:
        if epoch in recipe.evaluated(len(data)):
            within, outside = (score(model, PILOT_DATA.splits[s]) for s in ("id_val", "ood_val"))
            rows.append(
                {"epoch": epoch, "id_macro_f1": within.macro_f1, "ood_macro_f1": outside.macro_f1}
            )
        return {}

    with tempfile.TemporaryDirectory() as folder:
        done = train(model, data, recipe, seed=seed, folder=Path(folder), after_epoch=after)
    seconds = time.thread_time() - began
    common = {"role": role, "family": family, "seed": seed, "seconds": seconds}
    fits = {"train_accuracy": done.rows[-1]["train_accuracy"], "photo_accuracy": photo_accuracy}
    return [common | fits | row for row in rows]


def summary(points: pd.DataFrame) -> dict[str, Any]:
    """The four quantities, with what helps to read them."""
    lines = {role: role_line(points, role) for role in (SCRATCH, FULL)}
    low = max(line.low for line in lines.values())
    high = min(line.high for line in lines.values())
    middle = np.linspace(low, high, 20)
    gap = float((lines[FULL].predict(middle) - lines[SCRATCH].predict(middle)).mean())
    robustness = effective_robustness(points, lines[SCRATCH])
    spread = float(robustness.groupby(["role", "family"])["er"].var(ddof=1).mean() ** 0.5)
    last = points[points["epoch"] == points.groupby(["role"])["epoch"].transform("max")]
    best = {r: last[last["role"] == r]["id_macro_f1"].mean() for r in lines}
    return {
        "gap": gap,
        "spread": spread,
        "gap_in_spreads": gap / spread,
        "overlap": high - low,
        "scratch_low": lines[SCRATCH].low,
        "scratch_high": lines[SCRATCH].high,
        "full_low": lines[FULL].low,
        "full_high": lines[FULL].high,
        "scratch_final": best[SCRATCH],
        "full_final": best[FULL],
        "off_line": int(robustness["off_line"].sum()),
        "seconds_scratch": points[points["role"] == SCRATCH]["seconds"].mean(),
        "seconds_full": points[points["role"] == FULL]["seconds"].mean(),
        "photo_accuracy": points["photo_accuracy"].mean(),
        "train_accuracy": points["train_accuracy"].mean(),
    }


def _recipes(
    recipes: str, changes: dict[str, Any], families: list[str]
) -> dict[tuple[str, str], Recipe]:
    found = {}
    for stage in ("pretrain", "finetune", "scratch"):
        for family in families:
            base = recipe_named(recipes, stage, family)
            change = changes.get(stage, {}) | changes.get(f"{stage}.{family}", {})
            found[stage, family] = replace(base, **change)
    return found


def main() -> None:
    """Run one configuration and append its row."""
    global PILOT_DATA, RECIPES
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--recipes", type=json.loads, default={})
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--families", nargs="+", default=["resnet", "densenet", "alexnet"])
    parser.add_argument("--train-images", type=int, default=4000)
    parser.add_argument("--per-class", type=int, default=PER_CLASS)
    parser.add_argument("--roles", nargs="+", default=[SCRATCH, FULL])
    parser.add_argument("--profile", default="demo", help="demo: the pilot world; or real images")
    parser.add_argument("--shift", type=int, default=1, help="of a profile of real images")
    parser.add_argument("--points", type=Path, help="write every evaluated epoch to this CSV")
    options = parser.parse_args()
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in options.settings.items()}
    real = options.profile != "demo"
    if real:
        PILOT_DATA = RealPilot(options.profile, options.shift)
    else:
        PILOT_DATA = Pilot(Settings(**settings), options.train_images, options.per_class)
    RECIPES = _recipes(profile_named(options.profile).recipes, options.recipes, options.families)
    seeds = [FIRST_SEED * real + seed for seed in range(options.seeds)]
    cells = [(r, f, s) for s in seeds for f in options.families for r in options.roles]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        rows = [row for run in pool.imap_unordered(one_run, cells) for row in run]
    points = pd.DataFrame(rows)
    if options.points:
        points.to_csv(options.points, index=False)
    pd.set_option("display.width", 200)
    shown = ["id_macro_f1", "ood_macro_f1", "seconds", "train_accuracy", "photo_accuracy"]
    print(points.groupby(["role", "family", "epoch"])[shown].mean().round(3).to_string())
    row = {
        "name": options.name,
        "settings": json.dumps(options.settings),
        "recipes": json.dumps(options.recipes),
        "families": " ".join(options.families),
        "seeds": options.seeds,
        **({"shift": options.shift} if real else {}),
        "train_images": len(PILOT_DATA.splits["train"]),
        "images_per_class": len(PILOT_DATA.photos) // PILOT_DATA.photos.num_classes,
        **{k: round(v, 4) for k, v in summary(points).items()},
    }
    print(pd.Series(row))
    csv = CSV.with_name(f"calibration-{options.profile}.csv") if real else CSV
    with locked(csv):
        pd.DataFrame([row]).to_csv(csv, mode="a", header=not csv.exists(), index=False)


if __name__ == "__main__":
    main()
