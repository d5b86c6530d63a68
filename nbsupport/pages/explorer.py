"""The explorer: every recorded run and published model in one page that computes in the browser."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.analysis.charts import look
from nbsupport.analysis.contrasts import GAP, MARGIN
from nbsupport.analysis.intervals import t_quantile
from nbsupport.analysis.published import BASE, SHIFTS, Heights, fine_tuned, zero_shot
from nbsupport.analysis.roles import NOMINAL, SCRATCH, SOURCES, in_order, role_of
from nbsupport.analysis.trends import AXES
from nbsupport.display.explore import PUBLISHED, setting_id, task_of
from nbsupport.display.html import Html
from nbsupport.display.scripted import scripted
from nbsupport.evidence import recorded
from nbsupport.evidence.packed import packed
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.sources import sources
from nbsupport.evidence.recorded import Recorded, families_by_seeds
from nbsupport.pages import pages
from nbsupport.pages.page import Page
from nbsupport.study.profiles import profile_named
from nbsupport.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

FIRST = "quantity-imagenet"  # the claim whose groups a reader finds chosen
SCORES = ("imagenet", "imagenet_200", "v2", "sketch", "r", "iwildcam")
COMMON = 10  # kinds of published architectures that are named; the rest are "others"
OFF = (
    "The explorer computes in the browser, and needs JavaScript, which is switched off here or did "
    "not load. Without it: every figure of the book is also a picture, with its numbers in words "
    "and a CSV file below it; all verdicts are on the page All claims; and the records lie in the "
    "folder records/ of the project."
)


def explorer(profile: str) -> Html:
    """The whole explorer; without a script, a sentence on where else to look."""
    return scripted("explorer", data(profile), ("fit.js", "explorer.js"), OFF)


def data(profile: str) -> dict[str, Any]:
    """All that the explorer shows: settings, runs and models, and what fits need beside them."""
    own = recorded.own(profile_named(profile))
    held = [r for r in (own, *recorded.beside(own.profile)) if not r.records.empty]
    return {
        "axes": AXES,
        "margin": MARGIN,
        "groups": claims.load()[FIRST].roles,
        "colours": [list(pair) for pair in NOMINAL],
        "t": [None, *(t_quantile(dof) for dof in range(1, _most_degrees(held) + 1))],
        "records": [_records(runs) for runs in held],
        "settings": [s for runs in held for s in _settings(runs)],
        "published": _published(),
    }


def _most_degrees(held: list[Recorded]) -> int:
    cells = [len(r.records[["world", "family", "seed"]].drop_duplicates()) for r in held]
    return max([*cells, *(own.models["architecture"].nunique() for own in _heights().values())])


# records ------------------------------------------------------------------------------------------
def _records(runs: Recorded) -> dict[str, Any]:
    """The runs of a profile: their names, and the pages and commands that make them again."""
    shown = runs.records[runs.records["world"].isin(runs.settings)]
    table = packed(shown)
    pairs = shown[["family", "architecture"]].drop_duplicates("family").to_numpy()
    kept = _in_order(runs, table["roles"])
    return {
        "profile": runs.profile.name,
        **table,
        "architectures": dict(map(tuple, pairs)),
        "titles": {family: look.family_name(family) for family in table["families"]},
        "shapes": look.family_shapes(table["families"]),
        "info": {role: _info(runs, role) for role in kept},
        "pages": _pages_of(runs.profile.name),
    }


def _in_order(runs: Recorded, roles: Iterable[str]) -> list[str]:
    """Source by source, the largest first, between the two reference lines."""
    places = list(SOURCES)

    def place(role: str) -> int:
        name = role_of(role).source.name
        return places.index(name) if name in places else len(places)

    return [str(role) for role in in_order(sorted(runs.by_size(roles), key=place))]


def _info(runs: Recorded, role: str) -> dict[str, Any]:
    """How a group is written and coloured, and what it was pre-trained on."""
    own = role_of(role)
    first = runs.records[runs.records["role"] == role].iloc[0]
    images = "" if own.step == SCRATCH else f"{first['images']:,.0f} images"
    return {
        "label": own.long(imagenet=runs.data[0]),
        "source": runs.data[0] if own.source is SOURCES["imagenet"] else own.source.label,
        "images": images,
        "colour": list(own.colour) if own.colour else None,
    }


def _pages_of(profile: str) -> dict[str, str]:
    """The page that compares each group, the first in the book's order."""
    study = Study(profile, nominal=True)
    found: dict[str, str] = {}
    for page in pages().values():
        for group in page.groups(study, {}):
            found.setdefault(group.role, page.id)
    return found


def _settings(runs: Recorded) -> Iterator[dict[str, Any]]:
    """Each world or shift, and on each the tasks that some groups are fine-tuned on instead."""
    for number in runs.settings:
        points = runs.points(number)
        roles = _in_order(runs, points["role"].unique())
        for task in dict.fromkeys(map(task_of, roles)):
            own = [role for role in roles if task_of(role) == task]
            gap = (f"{task}/full", f"{task}/scratch") if task else GAP
            if set(gap) <= set(own) and not (task and _told_before(runs, number, own)):
                yield _setting(runs, number, own, gap)


def _told_before(runs: Recorded, number: int, roles: list[str]) -> bool:
    """Whether the leading setting has the same runs of these roles."""
    first = runs.leading.number
    keys = [set(p.loc[p["role"].isin(roles), "key"]) for p in map(runs.points, (number, first))]
    return number != first and keys[0] == keys[1]


def _setting(runs: Recorded, number: int, roles: list[str], gap: tuple[str, str]) -> dict[str, Any]:
    points, simulated = runs.points(number), runs.profile.simulated
    start = "" if simulated else f"{runs.data[0]} to "
    name = f"{start}{runs.settings[number].name}"
    task = task_of(roles[0])
    chances = runs.profile.chances(number)
    return {
        "id": setting_id(runs.profile.name, number, roles[0]),
        "label": ", ".join(filter(None, [name, task and _task(task)])),
        "kind": "Simulated worlds" if simulated else "Real images",
        "record": runs.profile.name,
        "world": number,
        "roles": roles,
        "gap": list(gap),
        "chance": chances[role_of(roles[0]).source.name if task else ""],
        "titles": list(runs.profile.axis_titles(number)),
        "cells": families_by_seeds(points[points["role"].isin(roles)]),
    }


def _task(task: str) -> str:
    """ "pair of domains 3": whose task it is, in words."""
    source, number = role_of(f"{task}/full").source, role_of(f"{task}/full").number
    return f"{source.label.replace('pairs', 'pair')} {number}" if number else source.label


# published models ---------------------------------------------------------------------------------
def _heights() -> dict[str, Heights]:
    models = published_models()
    found = {name: fine_tuned(models, shift) for name, shift in SHIFTS.items()}
    return {**found, "iwildcam": zero_shot(models)}


def _published() -> dict[str, Any]:
    """Two tables of models by column, and the pairs of their scores that are shown."""
    own = _heights()
    tables = {"timm": own["v2"].every, "open_clip": own["iwildcam"].every}
    return {
        "tables": {name: _models(table) for name, table in tables.items()},
        "sets": [_set(name, heights) for name, heights in own.items()],
    }


def _models(models: "pd.DataFrame") -> dict[str, Any]:
    """Models by column; what they were pre-trained on and their architecture by number."""
    names = models["source"].unique()
    scores = [name for name in SCORES if models[name].notna().any()]
    return {
        "labels": {name: sources()[name].label for name in names},
        "model": list(models["model"]),
        "tag": list(models["tag"].fillna("")),
        "scores": {name: [_or_none(v) for v in models[name]] for name in scores},
        **_by_number("source", models["source"]),
        **_by_number("architecture", models["architecture"]),
        **_by_number("kind", _kinds(models)),
    }


def _set(key: str, own: Heights) -> dict[str, Any]:
    fine = key in SHIFTS
    return {
        "id": f"{PUBLISHED}-{key}",
        "label": f"ImageNet-1K to {own.shift.label}" if fine else "CLIPs on iWildCam, zero-shot",
        "table": "timm" if fine else "open_clip",
        "base": BASE if fine else "",  # all of them
        "x": own.shift.id,
        "y": own.shift.ood,
        "titles": [own.shift.id_title, f"{own.shift.label} {own.shift.ood_title}"],
    }


def _or_none(score: float) -> float | None:
    return None if score != score else score


def _by_number(name: str, values: "pd.Series") -> dict[str, list[Any]]:
    names = sorted(values.unique())
    places = {text: i for i, text in enumerate(names)}
    return {f"{name}s": names, name: [places[v] for v in values]}


def _kinds(models: "pd.DataFrame") -> "pd.Series":
    """The kind of each architecture: what its name begins with; the rare ones are "others"."""
    names = models["architecture"].str.lower().str.removeprefix("tf_")
    begins = names.str.extract(r"^([a-z]+)", expand=False).fillna("others")
    begins = begins.map(lambda text: re.sub(r"v$", "", text))  # of convnextv2
    common = [name for name, _ in Counter(begins).most_common(COMMON)]
    return begins.where(begins.isin(common), "others")


PAGE = Page("explorer", "Explorer", whole_book=True)
