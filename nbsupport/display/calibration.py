"""What a calibration tried, as a table."""

import json
import math
from html import escape
from typing import Any

from nbsupport.display.html import Html, note, signed, table
from nbsupport.reading import (
    Rule,
    checked,
    csv_lines,
    json_object,
    number,
    read_bytes,
    shown,
    text,
    whole,
)
from nbsupport.study.profiles.recipes import field_title

# What the columns of a calibration's file hold.
_ATTEMPT: dict[str, Rule] = {
    **dict.fromkeys(("name", "families"), text()),
    "settings": json_object(),
    "recipes": json_object(of_objects=True),
    "seeds": whole(),
    **dict.fromkeys(("gap", "spread", "gap_in_spreads", "overlap"), number(blank=True)),
    **dict.fromkeys(("scratch_final", "full_final", "photo_accuracy"), number(0, 1, blank=True)),
    **dict.fromkeys(("seconds_scratch", "seconds_full"), number(0, blank=True)),
}


def calibration_table(profile: str = "demo") -> Html:
    """Every configuration that a calibration tried, in the order in which it was tried.

    That of the demo is also the world's own; one of real images is about recipes alone. UserError,
    with line and column, where its file is damaged.
    """
    from nbsupport.paths import root

    name = "calibration.csv" if profile == "demo" else f"calibration-{profile}.csv"
    path = root() / "records" / name
    if not path.exists():
        return note("No calibration is recorded.")
    tried = checked(csv_lines(read_bytes(path), shown(path)), _ATTEMPT)
    rows = [_attempt(row) for row in tried.to_dict("records")]
    header = (
        "attempt",
        "families x seeds",
        "gap",
        "seed spread",
        "gap / spread",
        "ID overlap",
        "final ID F1: scratch, full",
        "accuracy on photographs",
        "thread-seconds a run: scratch, full",
        "what it changed",
    )
    return table(header, rows, numeric=range(1, 9))


def _attempt(row: dict[Any, Any]) -> tuple[str | Html, ...]:
    def number(name: str, digits: int) -> str:
        return f"{row[name]:.{digits}f}" if math.isfinite(row[name]) else "\N{EN DASH}"

    return (
        str(row["name"]),
        f"{len(str(row['families']).split())} x {row['seeds']}",
        signed(float(row["gap"])),
        number("spread", 3),
        number("gap_in_spreads", 1),
        number("overlap", 2),
        f"{number('scratch_final', 2)}, {number('full_final', 2)}",
        number("photo_accuracy", 2),
        f"{number('seconds_scratch', 1)}, {number('seconds_full', 1)}",
        _wide(_changes(row)),
    )


def _wide(text: str) -> Html:
    """A long cell that the table scrolls to, instead of squeezing it into a tall one."""
    return Html(f'<div style="min-width:26rem">{escape(text)}</div>', text)


def _changes(row: dict[Any, Any]) -> str:
    """What an attempt changed in the world and, by stage, in the recipes: "epochs 4, lr 0.003"."""
    settings = json.loads(row["settings"])
    recipes = json.loads(row["recipes"])
    parts = [_pairs("world", settings)] if settings else []
    for stage, values in recipes.items():
        parts.append(_pairs(stage, {field_title(name): value for name, value in values.items()}))
    return "; ".join(parts) or "nothing: settings and recipes as the code had them then"


def _pairs(name: str, values: dict[str, Any]) -> str:
    texts = []
    for key, value in values.items():
        shown = " ".join(map(str, value)) if isinstance(value, list) else value
        texts.append(f"{key.replace('_', ' ')} {shown}")
    return f"{name}: {', '.join(texts)}"
