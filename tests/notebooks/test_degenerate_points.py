"""No page fails for what its runs came to: marks without a line are drawn, and a note says why.

Every cell of every notebook that shows runs is executed, live and recorded runs made up so that
no line can be fitted through them, or so that no group lies on one.
"""

import json
import re
import sys
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from whole_pages import without_pictures

from nbsupport.analysis import trends
from nbsupport.analysis.charts import Figure
from nbsupport.display import widgets
from nbsupport.display.tabs import Tabs
from nbsupport.evidence import recorded, records
from nbsupport.pages import all_groups, pages
from nbsupport.pages.cells import code_of, run_cell
from nbsupport.pages.open_page import open_page
from nbsupport.study.profiles import PROFILES
from nbsupport.study.study import Study

FAMILIES = ("resnet", "densenet", "alexnet")
READS = re.compile(r"\b(runs|recorded|everything|book|line|welcome|findings)\b")
ROLES = [group.role for group in all_groups(Study("demo"))]


def points(
    families: int = 3, seeds: int = 2, epochs: int = 3, x: float = 0.3, step: float = 0.05
) -> pd.DataFrame:
    """A row for each role, family, seed and epoch; the first ID score, and its rise an epoch."""
    rows = []
    for place, role in enumerate(ROLES):
        for family in FAMILIES[:families]:
            for seed in range(seeds):
                for epoch in range(1, epochs + 1):
                    at = x + step * (epoch + seed / 3 + FAMILIES.index(family) / 5)
                    height = 0.001 * place + 0.003 * ((epoch * 7 + seed * 5 + len(family)) % 4)
                    rows.append((role, family, seed, epoch, at, 0.02 + 0.6 * at + height))
    names = ["role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1"]
    return pd.DataFrame(rows, columns=names)


def moved(table: pd.DataFrame, by: float) -> pd.DataFrame:
    """Every pre-trained model at other ID scores than any model from scratch."""
    trained = ~table["role"].str.endswith("scratch")
    return table.assign(id_macro_f1=table["id_macro_f1"] + by * trained)


def mixed(table: pd.DataFrame) -> pd.DataFrame:
    """Models from scratch as they are; of the other roles one at zero, one at one ID score, one
    elsewhere on the axis, one without scores, and so on."""
    table = table.copy()
    for place, role in enumerate(r for r in ROLES if not r.endswith("scratch")):
        own = table["role"] == role
        changed = [("id_macro_f1", 0.0), ("id_macro_f1", 0.4), ("id_macro_f1", 0.95), ("", 0.0)]
        column, value = changed[place % len(changed)]
        table.loc[own, [column] if column else ["id_macro_f1", "ood_macro_f1"]] = (
            value if column else float("nan")
        )
    return table


def missing(table: pd.DataFrame) -> pd.DataFrame:
    """Models from scratch whose scores are lost."""
    lost = table["role"].str.endswith("scratch")
    scores = table[["id_macro_f1", "ood_macro_f1"]].mask(lost)
    return table.assign(**scores)


KINDS = {
    "two runs in all, as in a smoke test": points(families=1, seeds=1, epochs=2, step=0.0),
    "one ID score": points(step=0.0),
    "one run": points(families=1, seeds=1),
    "one epoch": points(epochs=1),
    "one point": points(families=1, seeds=1, epochs=1),
    "scores of zero": points(x=0.0, step=0.0).assign(ood_macro_f1=0.0),
    "ID ranges apart": moved(points(), 0.4),
    "one ID score, apart": moved(points(step=0.0), 0.2),
    "scores missing": missing(points()),
    "every role in another way": mixed(points()),
}
FIRST, MIXED = "two runs in all, as in a smoke test", "every role in another way"
# Pages that have every kind of figure and table between them.
EACH_FIGURE = ("02_background", "02_residuals", "05_self_supervised", "06_discussion")
EACH_FIGURE += ("appendix_domain_pairs", "claims")
# Pages but for the one whose examples are the committed runs of the demo, whatever is recorded.
OF_RUNS = [page_id for page_id in pages() if page_id != "statistics"]
REASONS = {  # a kind, and what the caption of a figure then says
    "one ID score": "all have the same ID score",
    "one point": "it has a single point",
    "ID ranges apart": "no run has 2 evaluated epochs within that line's range",
    "scores missing": "can be shown on linear axes",
}


def completed(table: pd.DataFrame, profile: str, world: int) -> pd.DataFrame:
    """The same with all columns of the records."""
    named = table["role"] + table["family"] + table["seed"].astype(str) + str(world)
    key = named.map(lambda name: sha256(name.encode()).hexdigest())
    given = {"profile": profile, "world": world, "key": key, "parent_key": "", "versions": "1"}
    given |= {"device": "cpu", "images": 100, "classes": 10, "seconds": 1.0, "n_id": 9, "n_ood": 9}
    whole = table.assign(**given, **dict.fromkeys(records.PLACE, ""))
    return whole.reindex(columns=records.COLUMNS, fill_value=0)


class Lab:
    """What every page reads in place of trainings and of the records: the same made-up points."""

    def __init__(self) -> None:
        self.table = points()
        self.glued: dict[str, Any] = {}

    def live(self, study: Study, groups: Any) -> pd.DataFrame:
        whole = completed(self.table, study.profile.name, study.world)
        own = {group.role for group in groups}
        return whole[whole["role"].isin(own)].reset_index(drop=True)

    def recorded(self, profile: str) -> pd.DataFrame:
        worlds = PROFILES[profile].recorded or {1: None}
        return pd.concat([completed(self.table, profile, w) for w in worlds], ignore_index=True)

    def glue(self, name: str, value: Any, display: bool = False) -> None:
        self.glued[name] = value


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    made = Lab()
    without_pictures(monkeypatch)
    monkeypatch.setattr(Study, "run", lambda study, groups, **_: made.live(study, groups))
    monkeypatch.setattr(widgets, "glue", made.glue)
    original = records.read_records
    for module in [m for name, m in sys.modules.items() if name.startswith("nbsupport")]:
        if getattr(module, "read_records", None) is original:
            monkeypatch.setattr(module, "read_records", made.recorded)

    def read(name: str) -> tuple[pd.DataFrame, str]:
        return made.recorded(name), uuid4().hex

    monkeypatch.setattr(recorded, "read_with_digest", read)
    return made


def drawn(shown: Any) -> None:
    """What Jupyter would ask of it; a figure's specification is plain JSON, without NaN."""
    if isinstance(shown, Figure):
        for layout in ("wide", "narrow"):
            json.dumps(shown.spec(layout=layout), allow_nan=False)
        assert "nan" not in shown.description.lower()
        shown.table.to_html()
    elif isinstance(shown, Tabs):
        for panel in shown.panels.values():
            drawn(panel)
    elif hasattr(shown, "_repr_mimebundle_"):
        assert not re.search(r"\bnan\b", shown._repr_mimebundle_()["text/plain"])


class Opened:
    """A page whose cells have run on the points of `FIRST`; those that read runs can run again."""

    def __init__(self, page_id: str, lab: Lab) -> None:
        self.lab, self.namespace = lab, {}
        sources = code_of(page_id)
        self.failures: list[str] = []
        self.run(FIRST, "linear", sources)
        self.reading = [s for s in sources if READS.search(s) and "open_page(" not in s]

    def run(self, kind: str, axis: str, sources: list[str]) -> None:
        """Execute these cells with the points of a kind, on axes of a kind."""
        self.lab.table = KINDS[kind]
        page = self.namespace.get("page")
        if page is not None and "axis" in page.view.values:
            page.view.values["axis"] = self.namespace["axis"] = axis
        for source in sources:
            try:
                drawn(run_cell(source, self.namespace))
            except Exception as error:
                failed = f"{kind}, {axis}: {type(error).__name__} {error}"
                self.failures.append(f"{failed}\n{source}")

    def check(self) -> None:
        """Fails with every cell that did, and with every number that came out as none."""
        assert not self.failures, "\n\n".join(self.failures)
        assert not [name for name, text in self.lab.glued.items() if "nan" in str(text).split()]


@pytest.mark.parametrize("page_id", OF_RUNS)
def test_no_page_fails_where_points_make_no_line(page_id, lab):
    opened = Opened(page_id, lab)
    if page_id in EACH_FIGURE:
        opened.run(MIXED, "logit", opened.reading)
    opened.check()


@pytest.mark.slow
@pytest.mark.parametrize("page_id", OF_RUNS)
def test_no_page_fails_for_points_of_any_kind(page_id, lab):
    opened = Opened(page_id, lab)
    for kind in KINDS:
        for axis in trends.AXES:
            opened.run(kind, axis, opened.reading)
    opened.check()


def test_a_figure_says_why_it_has_no_line(lab):
    page = open_page("04_1_quantity", {})
    asked = {"claim": "quantity-imagenet", "number": "Figure 4", "caption": "A caption."}
    for kind, reason in REASONS.items():
        lab.table = KINDS[kind]
        shown = page.trend(lab.live(page.study, page.groups), "imagenet", **asked)
        figure = shown.panels["Live"]
        assert figure.caption.startswith("A caption. No "), kind
        assert reason in figure.caption, kind
        assert len(figure.datasets["points"]) or kind == "scores missing"
    lab.table = points()
    shown = page.trend(lab.live(page.study, page.groups), "imagenet", **asked)
    assert shown.panels["Live"].caption == "A caption."
