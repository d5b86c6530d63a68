"""The pages on the whole paper: ledger, findings, discussion, pipeline, training details."""

import json
import re
from types import SimpleNamespace
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from real_images import LATER, NAME, real_runs

from nbsupport.analysis import claims, effects
from nbsupport.display import sparks, widgets
from nbsupport.errors import UserError
from nbsupport.evidence import ledger, records
from nbsupport.evidence.recorded import Recorded
from nbsupport.pages import all_groups, discussion, introduction, pages
from nbsupport.pages import claims as page_ledger
from nbsupport.pages import introduction as findings
from nbsupport.pages import training_details as training
from nbsupport.pages.claims_table import HEADER, header, ledger_table, page_link, tokens
from nbsupport.pages.open_page import open_page
from nbsupport.pages.request import groups_of, study_for
from nbsupport.study.profiles import PROFILES
from nbsupport.study.study import Study
from nbsupport.training.families import EXTRA_FAMILIES

HEIGHTS = {
    "scratch": 0.0,
    "imagenet/full": 0.06,
    "imagenet/25K": 0.03,
    "imagenet/5K": 0.0,
    "inaturalist/25K": 0.03,
    "inaturalist/5K": 0.0,
    "imagenet/animal": 0.06,
    "imagenet/object": 0.06,
}


def made_up(worlds: dict[int, dict[str, float]]) -> pd.DataFrame:
    """Records of three families and three seeds at these heights above the scratch line."""
    rng = np.random.default_rng(0)
    rows = []
    for world, heights in worlds.items():
        for role, height in heights.items():
            for cell in [(f, s) for f in ("resnet", "densenet", "alexnet") for s in range(3)]:
                y = height + rng.normal(0, 0.002)
                for epoch in (1, 2, 3, 4):
                    x = 0.2 + 0.08 * epoch + rng.normal(0, 0.01)
                    rows.append((world, role, *cell, epoch, x, 0.6 * x + y, f"{world}{role}{cell}"))
    names = ["world", "role", "family", "seed", "epoch", "id_macro_f1", "ood_macro_f1", "key"]
    table = pd.DataFrame(rows, columns=names).assign(profile="demo", seconds=3600.0)
    origin = {"versions": "1", "device": "cpu", "precision": "float32"}
    return table.assign(parent_key="", images=1000, classes=10, **origin)


@pytest.fixture(scope="module")
def table():
    against = HEIGHTS | {"imagenet/25K": -0.03, "inaturalist/25K": -0.03}
    return made_up({1: HEIGHTS, 2: against})


@pytest.fixture(scope="module")
def entries(table):
    return ledger.judge_all(Recorded(PROFILES["demo"], table))


# the groups of pages that gather others -----------------------------------------------------------
def test_the_ledger_trains_what_the_pages_do_and_the_groups_beside_them():
    keys = {}
    for page_id in pages():
        study = study_for(page_id, profile="demo")
        runs = study.runs(groups_of(page_id, study))
        keys[page_id] = {run.finetune.key for run in runs}
    own = [page.id for page in pages().values() if page.gathers is None]
    others = set.union(*(keys[page_id] for page_id in own))
    study = study_for("claims", profile="demo")
    for page in pages().values():
        others |= {run.finetune.key for run in study.runs(page.beside(study, {}))}
    assert keys["claims"] == others
    assert keys["06_discussion"] < keys["01_introduction"] <= keys["claims"]


def test_records_hold_each_group_once_and_no_family_of_their_own():
    study = Study("demo")
    roles = [group.role for group in all_groups(study)]
    assert len(set(roles)) == len(roles)
    own = {family for group in all_groups(study) for family in group.families}
    assert {run.family for run in study.runs(all_groups(study))} == {*study.families, *own}
    assert own == set(EXTRA_FAMILIES)


def test_families_that_a_reader_names_replace_those_of_the_pages():
    study = study_for("claims", families=["alexnet"])
    runs = study.runs(groups_of("claims", study, families=["alexnet"]))
    assert {run.family for run in runs if not run.group.families} == {"alexnet"}
    assert {run.family for run in runs} == {"alexnet", *EXTRA_FAMILIES}


# the ledger's table -------------------------------------------------------------------------------
def rows_of(html):
    return re.findall(r"<tr id=.*?</tr>", html, re.DOTALL)


def test_the_ledger_has_a_row_a_claim_and_a_cell_a_column(entries):
    html = ledger_table(entries).html
    rows = rows_of(html)
    assert len(rows) == len(claims.load())
    for row in rows:
        assert re.findall(r'data-label="([^"]+)"', row) == [name for name, _, _ in HEADER]
    small = next(row for row in rows if 'id="claim-small-subset-helps"' in row)
    assert 'data-words="supported|reversed on world 2"' in small
    assert "nb-badge-contradicted" in small
    assert 'href="04_1_quantity.html#verdict-small-subset-helps"' in small
    assert "nb-bar-dot" in small


def test_without_a_script_the_table_reads_and_the_controls_are_hidden(entries):
    html = ledger_table(entries).html
    form = re.search(r"<form[^>]*>", html).group()
    assert " hidden" in form
    assert "<button" not in html.split("</form>")[1]


def test_a_page_that_is_not_there_is_no_dead_link():
    assert page_link("04_9_nowhere") == "no page yet"
    assert page_link("04_1_quantity") == '<a href="04_1_quantity.html">Section 4.1</a>'


def test_smoke_runs_show_no_live_verdict(entries):
    html = ledger_table(entries, "smoke: not evidence").html
    assert html.count("smoke: not evidence") == len(entries)


def test_real_images_have_a_column_that_can_be_filtered(table, real_profile):
    against = HEIGHTS | {"imagenet/object": 0.01}
    real = Recorded(PROFILES[NAME], real_runs({1: HEIGHTS, 2: against}))
    entries = ledger.judge_all(Recorded(PROFILES["demo"], table), real=real)
    html = ledger_table(entries, "", real).html
    rows = rows_of(html)
    names = [name for name, _, _ in header(real)]
    assert names.index("Real images") == names.index("Published") - 1
    for row in rows:
        assert re.findall(r'data-label="([^"]+)"', row) == names
    same = next(row for row in rows if 'id="claim-semantics-same"' in row)
    words = re.search(r'data-words="([^"]+)"', same).group(1).split("|")
    assert {"supported on real images", "contradicted on real images"} <= {*words}
    cell = re.search(r'data-label="Real images".*?</td>', same, re.DOTALL).group()
    first, second = cell.partition("<details")[0].split("<dd>")[1:]
    assert "nb-badge-supported" in first
    assert "<dt>to photo</dt>" in first  # the name of the second
    assert "nb-badge-contradicted" in second
    missing = next(row for row in rows if 'id="claim-natural-sources"' in row)
    assert 'class="nb-shifts"' not in missing  # not run on either, for one reason
    assert "<option>supported on real images" in html
    assert (
        "Real images" not in ledger_table(ledger.judge_all(Recorded(PROFILES["demo"], table))).html
    )


def test_the_summary_and_the_findings_tell_what_real_images_say(table, real_profile):
    real = Recorded(PROFILES[NAME], real_runs({1: HEIGHTS, 2: HEIGHTS}))
    entries = ledger.judge_all(Recorded(PROFILES["demo"], table), real=real)
    paper = [e for e in entries if not e.claim.control]
    told = page_ledger.summary(paper, real).html
    for shift, name in ((1, "to sketch"), (2, "to photo")):
        words = [e.real[shift].word for e in paper]
        assert f"{name} {words.count('supported')} supported" in told
    assert f"{words.count('not run')} not run.</p>" in told
    nothing = page_ledger.summary(paper, Recorded(PROFILES[NAME], real.records.iloc[:0])).html
    assert "make record PROFILE=pacs-32" in nothing
    by_id = {e.claim.id: e for e in entries}
    book = SimpleNamespace(of=by_id.__getitem__, mask="", real=real, over_worlds=False)
    book.trained = False
    shown = findings.findings_table(book)
    assert "Live</th>" not in shown.html
    assert shown.html.count("Real images</th>") == len(findings.FINDINGS)
    assert "semantics-same supported (real images: supported)" in shown.text


def test_cells_that_confirm_are_told_in_the_ledger_and_above_it(table, confirming_profile):
    later = real_runs({2: HEIGHTS | {"imagenet/object": 0.01}}, LATER)
    every = pd.concat([real_runs({1: HEIGHTS, 2: HEIGHTS}), later], ignore_index=True)
    real = Recorded(PROFILES[NAME], every)
    entries = ledger.judge_all(Recorded(PROFILES["demo"], table), real=real)
    shown = ledger_table(entries, "", real)
    same = next(row for row in rows_of(shown.html) if 'id="claim-semantics-same"' in row)
    cell = re.search(r'data-label="Real images".*?</td>', same, re.DOTALL).group()
    first, confirming = cell.partition("to photo, confirmed?")[2].split("<dt>")[1:]
    assert first.startswith("first cells</dt>")
    assert "nb-badge-supported" in first
    assert confirming.startswith("confirming cells</dt>")
    assert "nb-badge-contradicted" in confirming
    words = "first cells supported, confirming cells contradicted"
    assert f"(shift 2, {words})" in shown.text
    unrun = next(row for row in rows_of(shown.html) if 'id="claim-natural-sources"' in row)
    assert "confirmed?" not in unrun
    paper = [e for e in entries if not e.claim.control]
    both = [e.confirmed[2] for e in paper]
    both = [c for c in both if c.first.word != "not run" and c.confirming.word != "not run"]
    kept = sum(c.first.text == c.confirming.text for c in both)
    assert 0 < kept < len(both)
    assert f"on {kept} of {len(both)} claims." in page_ledger.summary(paper, real).html


def test_an_empty_ledger_is_a_table_of_claims_not_run():
    empty = ledger.judge_all(Recorded(PROFILES["demo"], pd.DataFrame(columns=records.COLUMNS)))
    html = ledger_table(empty).html
    assert len(rows_of(html)) == len(claims.load())
    assert "nb-bar-dot" not in html
    summary = page_ledger.summary(empty)
    assert "No claim is settled" in summary.html
    assert "0 supported" in summary.text
    assert "No runs are recorded" in page_ledger.made(pd.DataFrame(columns=["key"]), None).text


# summary, downloads, provenance -------------------------------------------------------------------
def test_the_summary_counts_what_the_rows_show(entries):
    paper = [e for e in entries if not e.claim.control]
    found = page_ledger.counts(paper)
    assert found["claims"] == len(paper)
    settled = ("supported", "contradicted", "negligible")
    assert found["settled"] == sum(found[word] for word in settled)
    compared = [e.replication for e in paper if e.replication]
    assert len(compared) == found["alike"] + found["differs-in-size"] + found["reversed"]
    assert compared
    assert found["run"] == len(paper) - found["not-run"]
    assert found["reversed"] == sum("reversed on world 2" in tokens(e) for e in paper)
    assert 'href="#claim-small-subset-helps"' in page_ledger.summary(paper).html


def test_every_filter_of_the_summary_is_one_of_the_table(entries):
    paper = [e for e in entries if not e.claim.control]
    offered = set(re.findall(r"<option>([^<]+)", ledger_table(entries).html))
    wanted = set(re.findall(r'data-ledger-filter="([^"]+)"', page_ledger.summary(paper).html))
    assert wanted
    assert wanted <= offered


def test_downloads_hold_the_whole_ledger(entries):
    html = page_ledger.downloads(entries).html
    csv, document = (unquote(x) for x in re.findall(r'href="data:[^,]*,([^"]*)"', html))
    assert csv == ledger.as_csv(ledger.ledger_table(entries))
    assert json.loads(document) == [ledger.as_dict(entry) for entry in entries]


def test_how_the_records_were_made_is_told(table):
    jobs = {"pretrain": {"jobs": 9, "noted": 9, "seconds": 7200.0}}
    account = {"jobs": jobs, "first": "2026-01-01T", "last": "2026-01-03T", "python": ["3.11"]}
    account |= {"torch": ["2.6"], "platform": ["Linux"], "threads": [1]}
    text = page_ledger.made(table, account).text
    assert f"{table['key'].nunique():,} in {len(HEIGHTS)} groups" in text
    assert f"compute-hours of fine-tuning | {table['key'].nunique():.1f}" in text
    assert "compute-hours of pre-training | 2.0" in text
    assert "2026-01-01 to 2026-01-03" in text
    assert "not noted" in page_ledger.made(table, None).text


# Section 1 ----------------------------------------------------------------------------------------
def test_the_findings_name_claims_that_exist_and_pages_that_judge_them(entries):
    known = claims.load()
    for finding in findings.FINDINGS:
        assert finding.factor in findings.CHOICES
        for claim_id in finding.claims:
            assert not known[claim_id].control
    assert [f.factor for f in findings.FINDINGS] == list(effects.FACTORS)
    by_id = {e.claim.id: e for e in entries}
    book = SimpleNamespace(
        of=by_id.__getitem__, mask="", real=None, over_worlds=False, trained=True
    )
    html = findings.findings_table(book).html
    assert html.count("<tr>") == sum(len(f.claims) + 1 for f in findings.FINDINGS)
    assert "nb-badge-supported" in html


def test_the_answer_to_the_ranking_is_computed(table):
    text = findings.answer(table)
    assert text.startswith("how many images (0.")
    assert "not recorded yet: how fine the labels are" in text
    assert "none of these" in findings.answer(table[table["world"] == 3])


def test_a_ranking_lists_its_items_and_escapes():
    shown = widgets.rank_first("Which <first>?", ["a & b", "c"])
    assert shown.html.count("<li ") == 2
    assert "a &amp; b" in shown.html
    assert "<first>" not in shown.html
    assert f'data-prediction="{widgets.slug("Which <first>?")}"' in shown.html
    with pytest.raises(UserError, match="at least two"):
        widgets.rank_first("Why?", ["so", "so"])


def test_the_pipeline_is_drawn_from_the_runs_at_hand(table, tmp_path, monkeypatch):
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    page = open_page("01_introduction", {"profile": "smoke"})
    page.study.families, page.study.seeds = ("resnet", "densenet", "alexnet"), (0, 1, 2)
    first = page.study.runs([page.study.full])[0].finetune
    folder = page.study.store.folder(first)
    folder.mkdir(parents=True)
    (folder / training.METRICS).write_text('{"loss": 2.5}\n{"loss": 1.5}\n')
    points = table[table["world"] == 1]
    one = points[(points["family"] == "resnet") & (points["seed"] == 0)]
    text = introduction.pipeline(page, one, number="Figure 1", caption="C").text
    assert text.count("\n") == 5
    assert "loss 2.50 to 1.50 in 2 epochs" in text
    assert "Its curve is drawn once" in text  # the pre-training's
    er = re.search(r"effective robustness: \+0\.0(\d+)\.", text)
    assert 50 <= int(er.group(1)) <= 70


# small drawings -----------------------------------------------------------------------------------
def test_sparks_put_things_where_they_are():
    line = sparks.curve([3.0, 2.0, 1.0], "falling")
    assert 'd="M6.0 6.0L90.0 46.0L174.0 86.0"' in line
    assert 'aria-label="falling"' in line
    assert sparks.bars([4, 2], "bars").count("nb-spark-bar") == 2
    two = (np.array([0.0, 1.0]), np.array([0.0, 0.5]), "nb-spark-full")
    drawn = sparks.lift([two], ((0.0, 0.0), (1.0, 0.5)), (0.5, 1.0), 0.25, "up")
    assert 'class="nb-spark-lift" d="M90.0 66.0V6.0"' in drawn
    assert "nb-spark-lift" not in sparks.lift([two], None, (0.5, 1.0), None, "up")


def test_a_curve_of_one_value_is_a_dot():
    assert "nan" not in sparks.curve([1.0], "one")


# Section 6 ----------------------------------------------------------------------------------------
@pytest.fixture
def page(table, set_recorded):
    set_recorded(table)
    return open_page("06_discussion", {})


def test_recorded_effects_are_titled_by_their_verdict(page):
    points = discussion.all_recorded(page)
    shown = discussion.effects_figure(page, points, number="F", caption="c")
    assert len(shown.panels["Live"].table) == 3
    assert "Not all groups" in shown.panels["Recorded"].text  # of the claim have runs here
    assert "granularity: all labels over depth 2" in discussion.lacking(points).text


def test_no_figure_without_runs(page, table):
    nothing = table.iloc[:0]
    for draw in (discussion.effects_figure, discussion.positions_figure, discussion.no_gap):
        live = draw(page, nothing, number="F", caption="c").panels["Live"]
        assert "no figure" in live.text


def test_the_task_without_a_gap_is_drawn_once_it_has_runs(page, table):
    pairs = {"scratch": "no-gap/scratch", "imagenet/full": "no-gap/full"}
    own = table[(table["world"] == 1) & table["role"].isin(list(pairs))]
    points = pd.concat([own, own.assign(role=own["role"].map(pairs))], ignore_index=True)
    figure = discussion.no_gap(page, points, number="F", caption="c").panels["Live"]
    assert set(figure.data["role"]) == set(pairs.values())
    assert figure.title == "Without a bias of place, the two lines stay apart"


def test_an_effect_that_was_not_run_is_said_to_be_so():
    assert discussion.numbers(made_up({1: HEIGHTS}))["effect-granularity"] == "(not run)"


# Appendix A ---------------------------------------------------------------------------------------
def test_metrics_are_read_from_where_training_writes_them():
    from nbsupport.training import loop

    assert training.METRICS == loop.METRICS


def test_learning_rates_are_those_of_the_training_loop():
    from nbsupport.study.profiles.recipes import recipe_named
    from nbsupport.training.loop import learning_rates

    page = open_page("appendix_a_training", {"profile": "demo"})
    found = training.rate_table(page)
    recipe = recipe_named("demo", "pretrain", page.study.families[0])
    expected = learning_rates(recipe, recipe.updates_for(len(page.study.imagenet)))
    own = found[found["panel"] == "pre-training"]["value"]
    np.testing.assert_array_equal(own, expected)
    assert list(dict.fromkeys(found["panel"])) == list(training.STAGES)


def test_seconds_are_means_by_stage_and_family(table):
    one = table.assign(seconds=np.where(table["role"] == "scratch", 8.0, 2.0))
    lines = training.recorded_seconds(one[one["world"] == 1]).text.splitlines()
    assert lines[1].startswith("fine-tuning | 63 | 2.0")
    assert lines[2].startswith("from scratch | 9 | 8.0")


def test_a_recipe_that_differs_is_listed():
    assert "alexnet | pretrain | lr 0.003" in training.differences(Study("demo")).text
