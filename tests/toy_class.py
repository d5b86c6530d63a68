"""The rows that a student's training might have given, and the file of them, without training."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from nbsupport.classroom.hand_in import sealed
from nbsupport.classroom.plan import ClassCell, ClassPlan, slug

NAMES = ["Ada", "Ben", "Cem", "Doa", "Eli", "Fay", "Gus", "Han"]
HEIGHTS = {"scratch": 0.0, "imagenet/full": 0.08, "imagenet/5K": 0.002, "inaturalist/5K": 0.001}
IMAGES = 3000  # of each test set
CPU = "a processor, AVX2"


def rows(
    plan: ClassPlan,
    cell: ClassCell,
    student: str,
    *,
    more: float = 0.0,
    draw: int = 0,
    at: str = CPU,
) -> pd.DataFrame:
    """Rows as a student's training might give them. more: what is added to every OOD score; draw:
    another one stands for a training on another processor, `at`."""
    rng = np.random.default_rng([cell.seed, len(cell.family), cell.world, draw])
    whole = []
    for role, run in cell.runs.items():
        level = rng.normal(0, 0.01)
        for place, epoch in enumerate(run.epochs):
            x = 0.25 + 0.02 * place + level + rng.normal(0, 0.004)
            y = 0.6 * x + HEIGHTS.get(role, 0.03) + rng.normal(0, 0.004) + more
            right = [round(score * IMAGES) / IMAGES for score in (x + 0.3, y + 0.3)]
            whole.append((role, epoch, run.key, run.versions, x, y, *right))
    names = ["role", "epoch", "key", "versions"]
    names += ["id_macro_f1", "ood_macro_f1", "id_accuracy", "ood_accuracy"]
    told = {"family": cell.family, "seed": cell.seed, "world": cell.world}
    told |= {"profile": plan.profile, "source": "none", "images": 0, "classes": 0}
    told |= {"architecture": "small", "n_id": IMAGES, "n_ood": IMAGES, "parent_key": ""}
    told |= {"device": "cpu", "precision": "float32", "seconds": 1.0, "images_per_second": 1}
    told |= {"processor": at, "torch": "2.15", "finished": "2026-11-30T14:00:00+00:00"}
    told |= {"student": student, "plan": plan.hash, "project": "0.1.0", "python": "3.11"}
    told |= {"platform": "Linux-x86_64", "result_sha256": "0" * 64}
    return pd.DataFrame(whole, columns=names).assign(**told)


def write_hand_in(
    folder: Path,
    plan: ClassPlan,
    student: str,
    change: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table,
    name: str = "",
    **options: float | str,
) -> Path:
    """Write the file of a student into a folder; `change` may do something to the rows first."""
    cells = [cell for cell in plan.cells if student in cell.students]
    table = pd.concat([rows(plan, cell, student, **options) for cell in cells])
    path = folder / (name or f"hand-in-{slug(student)}.csv")
    path.write_text(sealed(change(table)), encoding="utf-8", newline="")
    return path
