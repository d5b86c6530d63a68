"""Made-up records on real images, as a profile of that name would hold them."""

from typing import Any

import numpy as np
import pandas as pd

from nbsupport.evidence import records

NAME = "pacs-32"
FAMILIES = ("resnet", "densenet", "alexnet")
CELLS = [(family, seed) for family in FAMILIES for seed in range(3)]
# planned to confirm what those say on shift 2 (see `confirming_profile`)
CONFIRMING = ((("resnext", "mobilenetv3"), (0, 1, 2)), (("resnet",), (3, 4, 5)))
LATER = [(family, seed) for families, seeds in CONFIRMING for family in families for seed in seeds]
REAL_HEIGHTS = {
    "scratch": 0.0,
    "imagenet/full": 0.06,
    "imagenet/150K": 0.05,
    "imagenet/100K": 0.045,
    "imagenet/50K": 0.04,
    "imagenet/25K": 0.03,
    "imagenet/5K": 0.0,
    "imagenet/animal": 0.06,
    "imagenet/object": 0.06,
    "fractaldb/full": 0.03,
}


def real_runs(
    heights: dict[int, dict[str, float]], cells: list[tuple[str, int]] = CELLS
) -> pd.DataFrame:
    """Records of cells (family, seed) by shift, roles at heights above scratch."""
    rng, rows = np.random.default_rng(0), []
    for shift, above in heights.items():
        for place, (role, height) in enumerate(above.items()):
            for cell in cells:
                run = height + rng.normal(0, 0.002)
                for epoch in (1, 2, 3, 4):
                    x = 0.3 + 0.08 * epoch + rng.normal(0, 0.01)
                    rows.append(_row(shift, role, place, cell, epoch, x, 0.1 + 0.6 * x + run))
    return pd.DataFrame(rows, columns=records.COLUMNS)


def _row(
    shift: int, role: str, place: int, cell: tuple[str, int], epoch: int, x: float, y: float
) -> dict[str, Any]:
    images = 0 if role == "scratch" else 50_000 // place
    sizes = {"images": images, "classes": 200 if images else 0}
    named = {"profile": NAME, "world": shift, "role": role, "family": cell[0], "seed": cell[1]}
    scores = {"epoch": epoch, "id_macro_f1": x, "ood_macro_f1": y, "ood_accuracy": 0.4}
    key = {"key": f"{shift}{role}{cell}", "parent_key": "", "versions": "1", "device": "cpu"}
    return dict.fromkeys(records.COLUMNS, 0) | sizes | named | scores | key
