"""The pages that look at the book as a whole: the recorded evidence, the controls, calibration."""

import json
import math
from html import escape
from typing import TYPE_CHECKING, Any

from nbsupport.display import tabs_of_runs
from nbsupport.display.html import Html, note, signed, table
from nbsupport.evidence.records import evidence_profile, read_records
from nbsupport.pages import PAGES
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
from nbsupport.study.profiles import PROFILES

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.tabs import Shown
    from nbsupport.pages.open_page import OpenPage

QUANTITY = "04_1_quantity"
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


def headline(profile: str, world: int = 1) -> Any:
    """The paper's main finding in one picture, from recorded runs; a sentence without them."""
    from nbsupport.pages.open_page import open_page

    page: OpenPage = open_page(QUANTITY, {"profile": evidence_profile(profile)})
    points = page.recorded(world)
    if points.empty:
        return note("No runs are recorded yet. The command make records trains them.")
    return page.trend(
        points,
        "imagenet",
        claim="quantity-imagenet",
        number="The main question",
        caption="Models fine-tuned on simulated camera traps, after pre-training on fewer and "
        "fewer images. The higher a line lies, the better its models do on new cameras than "
        "their score on known cameras promises.",
        origin="recorded",
    )


def ledger(profile: str) -> "Shown":
    """Every claim of the book's pages with what the recorded runs of each world say; in a tab,
    with what runs on real images say."""
    every = list(dict.fromkeys(claim for page in PAGES.values() for claim in page.claims))
    return tabs_of_runs.verdict_tabs(profile, _table(profile, every), every)


def controls(profile: str) -> Html:
    """Every control of the verdict machinery with what the recorded runs of each world say."""
    from nbsupport.analysis import claims

    return _table(profile, [c.id for c in claims.load().values() if c.control])


def _table(profile: str, claim_ids: list[str]) -> Html:
    from nbsupport.display.widgets import verdict_table

    name = evidence_profile(profile)
    records = read_records(name)
    columns = {
        f"Recorded, world {world}": _verdicts(records[records["world"] == world], claim_ids, name)
        for world in PROFILES[name].recorded
    }
    return verdict_table(claim_ids, columns)


def _verdicts(
    points: "pd.DataFrame", claim_ids: list[str], profile: str
) -> "dict[str, Verdict | None]":
    from nbsupport.analysis import claims

    if points.empty:
        return dict.fromkeys(claim_ids)
    simulated = PROFILES[profile].simulated
    return {c: claims.verdict(c, points, simulated=simulated) for c in claim_ids}


def record_numbers(profile: str) -> dict[str, str]:
    """How many runs are recorded, in how many cells and thread-hours, as text to glue."""
    records = read_records(evidence_profile(profile))
    runs = records.drop_duplicates("key")  # two roles may share a run
    cells = records[["world", "family", "seed"]].drop_duplicates()
    return {
        "recorded-runs": f"{len(runs):,}",
        "recorded-cells": f"{len(cells):,}",
        "recorded-worlds": f"{records['world'].nunique()}",
        "evidence-profile": evidence_profile(profile),
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
    parts += [_pairs(stage, values) for stage, values in recipes.items()]
    return "; ".join(parts) or "nothing: settings and recipes as the code had them then"


def _pairs(name: str, values: dict[str, Any]) -> str:
    texts = []
    for key, value in values.items():
        shown = " ".join(map(str, value)) if isinstance(value, list) else value
        texts.append(f"{key.replace('_', ' ')} {shown}")
    return f"{name}: {', '.join(texts)}"
