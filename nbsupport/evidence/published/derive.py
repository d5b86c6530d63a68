"""Deriving the committed table of published models from the tables of others."""

from collections.abc import Iterator
from pathlib import Path

from nbsupport.evidence.published import sources, tables
from nbsupport.evidence.published.models import COLUMNS, MODEL, models_path
from nbsupport.evidence.records import locked, replace_file
from nbsupport.reading import shown

Row = dict[str, object]


def record_published(where: Path) -> Iterator[str]:
    """Derive the committed table from the published ones below `where`; says what was written."""
    content = derived(where)
    path = models_path()
    with locked(path):
        replace_file(path, content)
    yield f"{shown(path)}: {content.count(chr(10)) - 1:,} published models"


def derived(where: Path) -> str:
    """The committed table as CSV text, from the published tables. UserError as `tables.read`.

    Rows are in the order of their publications and names, and numbers have six digits, so that the
    same tables give the same bytes.
    """
    import pandas as pd

    parts = (_timm(where), _open_clip(where), _entezari(where), _soups(where), _testbed(where))
    rows = [row for part in parts for row in sorted(part, key=lambda row: str(row["model"]))]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"images": "Int64", "input_px": "Int64"})
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _timm(where: Path) -> Iterator[Row]:
    """A model at its smallest published input, which is the one that it was trained at."""
    scores: dict[str, dict[tuple[str, int], float | None]] = {}
    sizes: dict[str, tuple[int, str]] = {}
    for (column, file), publication in zip(
        tables.TIMM_FILES.items(), tables.PUBLICATIONS, strict=False
    ):
        assert publication.file == f"timm/{file}.csv"
        rows = tables.read(publication, where)
        scores[column] = {(r["model"], int(r["img_size"])): _percent(r["top1"]) for r in rows}
        for row in rows:
            size = (int(row["img_size"]), row["param_count"])
            sizes[row["model"]] = min(size, sizes.get(row["model"], size))
    for model, (px, params) in sizes.items():
        architecture, _, tag = model.partition(".")
        own = {column: found.get((model, px)) for column, found in scores.items()}
        found = _row("timm", model, architecture, tag) | own
        yield found | {"params_m": float(params.replace(",", "")), "input_px": px}


def _open_clip(where: Path) -> Iterator[Row]:
    for row in tables.table("open_clip", where):
        name, tag = row["name"], row["pretrained"]
        own = {column: _number(row[there]) for column, there in tables.OPEN_CLIP.items()}
        yield (
            _row("open_clip", f"{name}.{tag}", name, tag)
            | own
            | {"params_m": float(row["params (M)"])}
        )


def _entezari(where: Path) -> Iterator[Row]:
    """Fine-tunings on camera traps, each once: the table repeats some."""
    seen = set()
    for row in tables.table("entezari", where):
        if row["ds"] != tables.CAMERA_TRAPS:
            continue
        own = {column: _percent(row[there]) for column, there in tables.SHOTS.items()}
        recipe = " ".join(f"{name}={row[name]}" for name in tables.RECIPE)
        found = _row("entezari", f"{row['arch']} {row['us']} {recipe}", row["arch"], row["us"])
        if any(value is not None for value in own.values()) and str(found | own) not in seen:
            seen.add(str(found | own))
            yield found | own


def _soups(where: Path) -> Iterator[Row]:
    """72 classifiers from one CLIP."""
    source = sources.sources()["openai-400m"]
    for row in tables.table("soups", where):
        own = {column: _number(row[there]) for column, there in tables.SOUPS.items()}
        yield _described("soups", row["model_name"], "ViT-B-32", "openai", source) | own


def _testbed(where: Path) -> Iterator[Row]:
    """Standard trainings on all of ImageNet-1K, and one recipe on a part of it; no other."""
    shares, standard = sources.shares(), set(sources.standard_models())
    for row in tables.table("testbed", where):
        name = row["model"]
        if name not in standard and name not in shares:
            continue
        source = sources.sources()["in1k-part" if name in shares else "in1k"]
        own = {column: _percent(row[there]) for column, there in tables.TESTBED.items()}
        architecture = "resnet50" if name in shares else name
        found = _described("testbed", name, architecture, "", source) | own
        yield found | {"share": shares.get(name, "")}


def _row(publication: str, model: str, architecture: str, tag: str) -> Row:
    source = sources.source_of(publication, tag, architecture)
    row = _described(publication, model, architecture, tag, source)
    return row | {"via": sources.via(publication, tag)}


def _described(
    publication: str, model: str, architecture: str, tag: str, source: sources.PublishedSource
) -> Row:
    """What a row says of a model beside its scores."""
    values = (publication, model, architecture, tag)
    return dict(zip(MODEL, values, strict=True)) | {
        "source": source.id,
        "images": source.images or None,
        "supervision": source.supervision,
        "reference": source.reference,
    }


def _number(value: str) -> float | None:
    return float(value) if value else None


def _percent(value: str) -> float | None:
    """A fraction from a percentage; the decimal digits are moved, so that none is added."""
    return float(f"{float(value) / 100:.8g}") if value else None
