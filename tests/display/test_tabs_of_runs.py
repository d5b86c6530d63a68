"""The tab of real images on a page: every state, and that only its pages depend on it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from real_images import FAMILIES, LATER, REAL_HEIGHTS, real_runs

from nbsupport.analysis.verdicts import Verdict
from nbsupport.building.page_key import page_key
from nbsupport.display import tabs_of_runs
from nbsupport.display.figure_request import FigureRequest
from nbsupport.display.html import Html
from nbsupport.display.tabs import Tabs, together
from nbsupport.evidence import recorded
from nbsupport.pages import background, discussion, domain_pairs, pages, residuals
from nbsupport.pages.open_page import open_page
from nbsupport.pages.request import PageRequest
from nbsupport.study.profiles import PROFILES, profile_named

REAL = "Real images (Tiny-ImageNet to PACS)"
FIGURE = {"number": "Figure 4", "caption": "c"}
BOTH = {1: REAL_HEIGHTS, 2: REAL_HEIGHTS}


@pytest.fixture(autouse=True)
def one_figure(request, monkeypatch):
    """A tab holds its figure alone, but in the tests of the figure of all shifts."""
    if "all_shifts" not in request.node.name:
        monkeypatch.setattr(tabs_of_runs, "all_shifts", lambda *_: None)


@pytest.fixture
def quantity():
    return open_page("04_1_quantity", {"profile": "smoke"})


@pytest.fixture
def demo(set_recorded, monkeypatch):
    """The demo with all of its cells recorded, which are few."""
    profile = replace(PROFILES["demo"], recorded={1: (FAMILIES, (0, 1, 2))})
    monkeypatch.setitem(PROFILES, "demo", profile)
    set_recorded(simulated())


@pytest.fixture
def complete(set_beside):
    set_beside(real_runs(BOTH))


def simulated() -> pd.DataFrame:
    """Runs of the demo in its world 1."""
    return real_runs({1: REAL_HEIGHTS}).assign(profile="demo")


def nothing() -> pd.DataFrame:
    return real_runs({1: {}})


# all shifts ---------------------------------------------------------------------------------------
def asked(quantity) -> FigureRequest:
    lines = ("imagenet/full", "scratch")
    roles = quantity.view.roles("imagenet")
    return FigureRequest("quantity-imagenet", "Figure 4", "c", None, roles, lines, "imagenet")


def test_all_shifts_are_panels_with_the_same_rows(quantity, complete):
    real = recorded.beside(PROFILES["demo"])[0]
    figure = tabs_of_runs.all_shifts(quantity.view, real, asked(quantity))
    assert figure.table["shift"].nunique() == len(figure.datasets) == len(BOTH)
    groups = figure.table.groupby("shift")["pre-training"].agg(tuple)
    assert groups.nunique() == 1
    assert (figure.data["role"] == "scratch").sum() == len(BOTH)
    shown = quantity.trend(None, "imagenet", claim="quantity-imagenet", **FIGURE).panels[REAL]
    assert "Figure 4, real images" in shown.text
    assert "Figure 4, all shifts" in shown.text


def test_all_shifts_are_no_figure_where_only_one_is_whole(quantity, set_beside):
    set_beside(real_runs({1: REAL_HEIGHTS}))
    real = recorded.beside(PROFILES["demo"])[0]
    assert tabs_of_runs.all_shifts(quantity.view, real, asked(quantity)) is None


def test_a_caption_of_real_images_tells_what_guessing_gives(quantity, complete):
    shown = quantity.trend(None, "imagenet", claim="quantity-imagenet", **FIGURE).panels[REAL]
    assert "The task has 7 classes, so guessing is right 14% of the time" in shown.caption


# figures ------------------------------------------------------------------------------------------
def test_a_figure_has_a_tab_for_each_set_of_runs(quantity, demo, complete):
    shown = quantity.trend(nothing(), "imagenet", claim="quantity-imagenet", **FIGURE)
    assert list(shown.panels) == ["Recorded", "Live", REAL]
    own = shown.panels["Recorded"]
    assert (own.number, own.name, own.caption) == ("Figure 4", "figure-4", "c")
    assert own.subtitle.startswith("Recorded runs on simulated world 1: 3 families x 3 seeds")
    assert own.table["pre-training"].tolist()[:2] == ["all 50,000 images", "25,000 images (150K)"]
    assert "new cameras" in str(own.wide)
    real = shown.panels[REAL]
    assert real.title == "More pre-training images, more robustness"
    assert real.number == "Figure 4, real images"
    assert real.subtitle.startswith("Recorded runs on real images, photo to sketch: 3 families x 3")
    assert "fine-tuned on PACS at 32 px (photo to sketch), 3 families x 3 seeds" in real.caption
    assert "new cameras" not in str(real.wide)
    assert "-p profile pacs-32" in real.datasets["commands"][0]["rerun"]


def test_live_runs_are_a_tab_of_their_own(quantity, demo, complete):
    shown = quantity.trend(simulated(), "imagenet", claim="quantity-imagenet", **FIGURE)
    live = shown.panels["Live"]
    assert (live.number, live.name) == ("Figure 4, live", "figure-4-live")
    assert live.subtitle.startswith("Live runs on simulated world 1: 3 families x 3 seeds.")
    assert live.title == "A smoke test: it shows that everything runs, and is no evidence"
    assert len({part.name for part in shown.panels.values()}) == 3
    few = quantity.trend(nothing(), "imagenet", claim="quantity-imagenet", **FIGURE).panels["Live"]
    assert "No live runs of imagenet/100K, imagenet/150K" in few.text


def test_where_nothing_is_recorded_live_runs_come_first(quantity, complete):
    shown = quantity.trend(simulated(), "imagenet", claim="quantity-imagenet", **FIGURE)
    assert list(shown.panels) == ["Live", "Recorded", REAL]
    assert "make record PROFILE=demo" in shown.panels["Recorded"].text
    assert list(quantity.verdicts(simulated()).panels) == ["Live", "Recorded", REAL]


def test_what_has_no_live_runs_has_no_tab_for_them(quantity, complete):
    shown = quantity.trend(None, "imagenet", claim="quantity-imagenet", **FIGURE)
    assert list(shown.panels) == ["Recorded", REAL]


def test_groups_that_were_not_run_are_left_out_and_named(complete):
    page = open_page("04_5_sources", {"profile": "smoke"})
    roles = ["inaturalist/full", "fractaldb/full"]
    real = page.trend(nothing(), roles=roles, claim="fractals-between", **FIGURE).panels[REAL]
    assert real.table["pre-training"].tolist() == [
        "Tiny-ImageNet, full",
        "fractals, full",
        "from scratch",
    ]
    assert real.caption.endswith("Not run there: iNaturalist.")


def test_a_figure_of_which_nothing_was_run_is_a_sentence(quantity, complete):
    shown = quantity.trend(nothing(), "inaturalist", claim="quantity-inaturalist", **FIGURE)
    assert shown.panels[REAL].text == "Not run on these images: iNaturalist. So there is no figure."
    opened = open_page("appendix_domain_pairs", {"profile": "smoke"})
    shown = domain_pairs.pairs(opened, nothing(), claim="some-shifts-only", **FIGURE)
    real = shown.panels[REAL]
    assert "pairs of domains" in real.text


def test_without_records_the_tab_says_how_to_make_them(quantity, set_beside):
    set_beside()
    shown = quantity.trend(nothing(), "imagenet", claim="quantity-imagenet", **FIGURE)
    assert "No runs of this profile" in shown.panels[REAL].text
    assert "make record PROFILE=pacs-32" in quantity.verdicts(nothing()).panels[REAL].text


def test_incomplete_records_are_shown_and_said_to_be_so(quantity, set_beside):
    table = real_runs(BOTH)
    set_beside(table[(table["world"] == 1) | (table["seed"] < 2)])
    shown = quantity.trend(nothing(), "imagenet", claim="quantity-imagenet", **FIGURE)
    assert "15 of 18 cells" in shown.panels[REAL].text
    assert "Figure 4, real images" in shown.panels[REAL].text
    assert "leans" in quantity.verdicts(nothing()).panels[REAL].text


def test_the_first_shift_that_can_be_tested_is_drawn(quantity, set_beside):
    """Of the kinds of claim, "same" needs a gap."""
    without_gap = dict.fromkeys(REAL_HEIGHTS, 0.0)
    set_beside(real_runs({1: without_gap, 2: REAL_HEIGHTS}))
    shown = quantity.trend(nothing(), "imagenet", claim="semantics-same", **FIGURE)
    real = shown.panels[REAL]
    assert real.subtitle.startswith("Recorded runs on real images, sketch to photo")
    assert "first on which the claim can be tested" in real.caption
    set_beside(real_runs({1: without_gap, 2: without_gap}))
    shown = quantity.trend(nothing(), "imagenet", claim="semantics-same", **FIGURE)
    assert "photo to sketch" in shown.panels[REAL].subtitle
    assert "first on which" not in shown.panels[REAL].caption


def test_without_runs_there_is_no_figure(quantity, set_beside):
    roles = {"scratch": 0.0, "imagenet/animal": 0.06}
    set_beside(real_runs({2: roles}))
    shown = quantity.trend(nothing(), "imagenet", claim="quantity-imagenet", **FIGURE)
    assert "No runs of the shift photo to sketch yet" in shown.panels[REAL].text


def test_a_page_with_other_groups_shows_the_recorded_default(complete):
    page = open_page("04_1_quantity", {"profile": "smoke", "sizes": [64, 128], "axis": "logit"})
    shown = page.trend(nothing(), "imagenet", claim="quantity-imagenet", **FIGURE)
    assert next(iter(shown.panels)) == "Live"
    groups = shown.panels[REAL].table["pre-training"].tolist()
    assert groups[0] == "all 50,000 images"
    assert groups[-2:] == ["8,333 images (5K)", "from scratch"]
    command = shown.panels[REAL].datasets["commands"][0]["rerun"]
    assert "sizes" not in command
    assert "-p axis logit" in command
    assert "supported" in page.verdicts(nothing()).panels[REAL].text


def test_the_task_without_a_gap_was_not_run(complete):
    page = open_page("06_discussion", {"profile": "smoke"})
    options = FIGURE | {"number": "Figure 6"}
    draw = (discussion.no_gap, discussion.positions_figure)
    gap, positions = (d(page, nothing(), **options).panels[REAL] for d in draw)
    assert "a task without a bias of place" in gap.text
    assert "Tiny-ImageNet, full" in positions.table["pre-training"].tolist()


def test_figures_two_and_three_are_drawn_from_real_runs(complete):
    opened = open_page("02_background", {"profile": "smoke"})
    shown = background.reference(opened, nothing(), claim="reference-gap", **FIGURE)
    real = shown.panels[REAL]
    assert real.datasets["published"] == []  # results of another task
    assert "domains trained on" in str(real.wide)
    opened = open_page("02_residuals", {"profile": "smoke"})
    shown = residuals.residuals(opened, nothing(), claim="no-epoch-trend", **FIGURE)
    assert shown.panels[REAL].number == "Figure 4, real images"


# verdicts -----------------------------------------------------------------------------------------
def test_verdicts_stand_claim_by_claim_beside_the_simulated_ones(quantity, complete):
    shown = quantity.verdicts(nothing())
    lines = shown.panels[REAL].text.splitlines()
    for line, claim_id in zip(lines, quantity.page.claims, strict=False):
        parts = [part.partition(": ")[0] for part in line.split(" | ")[-3:]]
        assert parts == ["Recorded, simulated world 1", "photo to sketch", "sketch to photo"], (
            claim_id
        )
    assert lines[0].count("supported") >= 2
    assert "no runs of iNaturalist" in lines[1]
    assert lines[-1].startswith("Real images: pre-trained on Tiny-ImageNet")
    assert shown.html.count('id="verdict-five-per-class"') == 1


def test_cells_that_confirm_stand_beside_the_first_ones(quantity, set_beside, confirming_profile):
    later = real_runs({2: REAL_HEIGHTS | {"imagenet/25K": 0.06}}, LATER[:-1])
    set_beside(pd.concat([real_runs(BOTH), later], ignore_index=True))
    shown = quantity.verdicts(nothing()).panels[REAL]
    *_, line = (each for each in shown.text.splitlines() if "simulated world 1: " in each)
    names = [part.partition(": ")[0] for part in line.split(" | ")[-4:]]
    assert names == ["photo to sketch", "sketch to photo", "To photo", "To photo"]
    for cells in ("first cells alone", "confirming cells alone"):
        assert f'<th scope="col">To photo: {cells}</th>' in shown.html
    said = shown.text.splitlines()[-1]
    assert "To photo, 3 families x 3 seeds were seen first" in said
    assert "8 of 9 are recorded so far" in said


def test_smoke_masks_its_own_runs_only(quantity, complete):
    shown = quantity.verdicts(nothing())
    live = shown.panels["Live"].text.splitlines()
    assert all("Live: smoke: not evidence | Recorded, simulated" in line for line in live)
    for title in ("Recorded", REAL):
        assert "smoke: not evidence" not in shown.panels[title].text


def test_a_contradiction_on_real_images_is_shown(set_beside):
    set_beside(real_runs({1: REAL_HEIGHTS | {"imagenet/object": 0.01}}))
    page = open_page("04_3_semantics", {"profile": "smoke"})
    assert "photo to sketch: contradicted" in page.verdicts(nothing()).panels[REAL].text


def test_a_profile_of_real_images_has_its_shifts_as_settings(complete):
    page = open_page("02_background", {"profile": "smoke"})
    page.study.profile = profile_named("pacs-32")
    shown = page.verdicts(nothing())
    assert list(shown.panels) == ["Recorded", "Live"]
    assert (
        "photo to sketch: supported | sketch to photo: supported" in shown.panels["Recorded"].text
    )
    figure = background.reference(page, nothing(), claim="reference-gap", **FIGURE).panels[
        "Recorded"
    ]
    assert figure.subtitle.startswith("Recorded runs on photo to sketch: 3 families x 3 seeds.")


# what pages depend on -----------------------------------------------------------------------------
WHOLE_BOOK = [page.id for page in pages().values() if page.whole_book]


def keys() -> dict[str, str]:
    requests = [PageRequest(page, {"profile": "smoke"}) for page in pages().values()]
    return {request.page.id: page_key(request) for request in requests}


def test_new_records_execute_the_pages_that_show_them_and_no_other(set_beside):
    set_beside(real_runs(BOTH))
    before = keys()
    changed = real_runs(BOTH)
    changed.loc[changed["role"] == "fractaldb/full", "ood_macro_f1"] += 0.01
    set_beside(changed)
    moved = {page_id for page_id, key in keys().items() if key != before[page_id]}
    assert moved == {*WHOLE_BOOK, "04_5_sources"}
    set_beside()
    moved = {page_id for page_id, key in keys().items() if key != before[page_id]}
    judged = {page.id for page in pages().values() if page.claims}
    assert moved == {*WHOLE_BOOK, *judged}


def test_the_pages_that_show_every_run_say_so_in_code():
    calls = ("BookLedger(", "welcome.answer(", "discussion.effects_figure(", "welcome.headline(")
    calls += ("explorer.explorer(", "statistics.numbers(")
    found = {p.id for p in pages().values() if any(c in p.notebook.read_text() for c in calls)}
    assert found == set(WHOLE_BOOK)


# tabs ---------------------------------------------------------------------------------------------
def test_tabs_escape_their_titles_and_keep_the_first_picture():
    class Picture(Html):
        def _repr_mimebundle_(self, include=None, exclude=None):
            return {"image/png": "p", "text/html": "own"}

    tabs = Tabs("a b", {"<one>": Picture("<p>1</p>", "1"), "two": together(Html("<p>2</p>", "2"))})
    bundle = tabs._repr_mimebundle_()
    assert bundle["image/png"] == "p"
    assert bundle["text/plain"] == "<one>: 1\ntwo: 2"
    assert bundle["text/html"].count("&lt;one&gt;</label>") == 1
    assert bundle["text/html"].count(" checked") == 1
    assert np.unique([tabs.html.count("<p>1</p>"), tabs.html.count("<p>2</p>")]).tolist() == [1]


@pytest.mark.parametrize(
    ("shown", "over", "worlds", "said"),
    [
        ("supported", "inconclusive", 5, " Over 5 worlds the claim is inconclusive."),
        ("supported", "supported", 5, ""),
        ("supported", "inconclusive", 4, ""),  # too few for it to stand first
    ],
)
def test_a_figure_of_one_world_says_where_worlds_come_to_another_word(shown, over, worlds, said):
    found = {"a-claim": (SimpleNamespace(worlds=worlds), Verdict(over))}
    runs = SimpleNamespace(over_worlds=lambda ids, axis: found)
    assert tabs_of_runs._otherwise(runs, "a-claim", Verdict(shown), "linear") == said
    assert not tabs_of_runs._otherwise(runs, "no-worlds", Verdict(shown), "linear")
