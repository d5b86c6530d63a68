"""Published tables in miniature, in the layout of the real ones."""

import json
from pathlib import Path

from nbsupport.evidence.published import tables
from nbsupport.evidence.published.tables import PUBLICATIONS, Publication

MODELS = ("resnet50.a1_in1k", "resnet50.fb_ssl_yfcc100m_ft_in1k", "hrnet_w18_ssld.paddle_in1k")


def write(where: Path) -> Path:
    """A few rows of each table below a folder, which is returned."""
    for publication in PUBLICATIONS:
        path = where / publication.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_content(publication), encoding="utf-8")
    return where


def _content(publication: Publication) -> str:
    rows = _ROWS[publication.name]
    if publication.file.endswith(".jsonl"):
        return "".join(json.dumps(row) + "\n" for row in rows)
    mark = "\t" if publication.tabs else ","
    lines = [publication.columns, *([row[c] for c in publication.columns] for row in rows)]
    return "".join(mark.join(f'"{v}"' for v in line) + "\n" for line in lines)


def _timm() -> list[dict[str, str]]:
    """Each model at two sizes, the larger one first."""
    return [
        {"model": m, "img_size": px, "top1": top1, "param_count": "1,025.56"}
        for m in MODELS
        for px, top1 in (("288", "80.100"), ("224", "78.250"))
    ]


def _entezari() -> list[dict[str, str]]:
    """Two fine-tunings on camera traps, the first twice, and one on another set."""
    recipe = dict.fromkeys(tables.RECIPE, "1")
    shots = dict(zip(tables.SHOTS.values(), ("10", "20", "30", "Nan", ""), strict=True))
    row = {"arch": "RN50", "us": "WIT2.7m", "ds": "CameraTraps", **recipe, **shots}
    other = row | {"us": "CC3m", "full": "70.5"}
    return [row, row, other, row | {"ds": "DTD"}]


_ROWS = {
    "timm": _timm(),
    "open_clip": [
        {"name": "RN50", "pretrained": "openai", "params (M)": "102.01"}
        | dict.fromkeys(tables.OPEN_CLIP.values(), "0.5")
    ],
    "entezari": _entezari(),
    "soups": [{"model_name": "model_1"} | dict.fromkeys(tables.SOUPS.values(), 0.75)],
    "testbed": [
        {"model": m} | dict.fromkeys(tables.TESTBED.values(), "60.5")
        for m in ("resnet50", "resnet50_imagenet_subsample_1_of_2_batch64_original_images", "x")
    ],
}
