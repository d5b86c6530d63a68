import numpy as np
import pandas as pd
import pytest

from nbsupport.analysis import claims
from nbsupport.errors import UserError
from nbsupport.evidence import ledger

FULL = "imagenet/full"
IDS = [
    "reference-gap",
    "no-epoch-trend",
    "quantity-imagenet",
    "quantity-inaturalist",
    "quantity-imagenet-steps",
    "quantity-inaturalist-steps",
    "small-subset-helps",
    "five-per-class",
    "granularity-order",
    "granularity-order-by-bits",
    "granularity-inaturalist",
    "semantics-same",
    "semantics-position",
    "co-occurrence",
    "classes-or-images",
    "classes-or-images-large",
    "within-class-imagenet",
    "within-class-inaturalist",
    "repeated-images",
    "natural-sources",
    "natural-sources-equal",
    "fractals-between",
    "generated-same",
    "generated-over-fractals",
    "generated-over-fractals-tenfold",
    "natural-over-generated",
    "clip-on-line",
    "clip-quantity",
    "some-shifts-only",
    "no-gap-task",
    "quantity-over-granularity",
    "quantity-over-granularity-by-bits",
    "quantity-over-semantics",
]
PAGES = [
    "02_background",
    "02_residuals",
    "04_1_quantity",
    "04_2_granularity",
    "04_3_semantics",
    "04_4_1_classes_or_images",
    "04_4_2_within_class",
    "04_5_sources",
    "05_self_supervised",
    "06_discussion",
    "appendix_clip_quantity",
    "appendix_domain_pairs",
    "appendix_larger_budgets",
    "claims",
]
GOOD = """
[[claim]]
id = "one"
section = "1"
page = "p"
kind = "higher"
text = "t"
paper = "p"
finding = "none"
title = "X is higher"
opposite = "X is not higher"
matter = "whether x is higher"
holds = "X is higher."
fails = "X is not higher."
open = "Whether x is higher is open."
a = "x"
b = "scratch"
"""
# A world in which every claim of the paper holds: heights above scratch by role.
DOWN = {"full": 0.04, "150K": 0.034, "50K": 0.026, "25K": 0.015, "5K": 0.0}
TRUE = {
    "scratch": 0.0,
    **{
        f"{source}/{size}{budget}": h
        for source in ("imagenet", "inaturalist")
        for size, h in DOWN.items()
        for budget in ("", "-steps")
    },
    **{f"imagenet/depth-{d}": 0.033 for d in (7, 6, 5)},
    "imagenet/depth-4": 0.026,
    "imagenet/depth-2": 0.028,
    "imagenet/depth-2-bits": 0.028,
    "inaturalist/coarse": 0.03,
    "imagenet/repeated-25K": 0.005,
    "fractaldb/full": 0.012,
    "fractaldb/tenfold": 0.012,
    "generated/150K": 0.034,
    "generated/1M": 0.034,
    "captions/clean": 0.04,
    "captions/noisy": 0.04,
    "captions/clean-25K": 0.02,
    "control/full-again": 0.04,
    "control/shuffled-labels": 0.01,
    "control/noise": 0.0,
    "control/own-species": 0.05,
}


def heights() -> dict[str, float]:
    """Every role of every claim, by default as high as each other."""
    roles = [role for claim in claims.load().values() for role in claim.roles]
    known = {role: TRUE.get(role, 0.02) for role in roles}
    pairs = {f"pair-{i}/full": 0.06 if i < 3 else 0.02 for i in range(1, 7)}
    return {**known, **pairs}


@pytest.fixture(scope="module")
def world(simulate):
    """Five families x five seeds with little noise."""
    return simulate(
        heights(), 1, families=5, seeds=5, spread=0.003, shift={"imagenet/animal": 0.03}
    )


def test_every_claim_of_the_paper_and_every_control_is_there():
    found = claims.load()
    assert [key for key, claim in found.items() if not claim.control] == IDS
    assert sum(claim.control for claim in found.values()) == 5
    for claim in found.values():
        assert claim.page in PAGES
        assert claim.control or claim.paper.count("(") >= 1
        assert claim.text.endswith((".", ")."))
    assert [key for key, claim in found.items() if claim.calibrated] == ["reference-gap"]
    quantity = (
        "quantity-imagenet",
        "quantity-inaturalist",
        "quantity-imagenet-steps",
        "quantity-inaturalist-steps",
        "small-subset-helps",
        "five-per-class",
    )
    assert claims.of_page("04_1_quantity") == claims.of_finding("quantity") == quantity
    assert claims.of_page("03_setup") == claims.of_page("claims") == ()  # controls aside


def judged(points) -> pd.DataFrame:
    """A row for each claim, by id, as the ledger has it."""
    rows = {
        key: ledger.numbers(found) | {"kind": claim.kind, "remark": found.remark}
        for key, claim in claims.load().items()
        for found in [claims.verdict(claim, points)]
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def test_a_world_that_holds_what_the_paper_says(world):
    table = judged(world)
    wrong = {key: row["verdict"] for key, row in table.iterrows() if row["verdict"] != "supported"}
    assert wrong == {"reference-gap": "calibrated", "clip-quantity": "measured"}
    assert not table["remark"].str.contains("not as expected").any()
    assert (table["cells"] == 25).all()
    assert table.loc["some-shifts-only", "remark"] == "2 higher and 4 same of 6 pairs"


def test_a_pairs_margin_is_a_share_of_the_main_tasks_gap(simulate):
    """A share of its own gap would be smaller than that gap: no pair could ever be the same."""
    cells = simulate(heights(), 1, families=5, seeds=5, spread=0.003)
    gap = claims.verdict("reference-gap", cells).contrast.gap.value
    for part in claims.verdict("some-shifts-only", cells).parts:
        assert part.contrast.margin == pytest.approx(gap / 4)
        assert part.contrast.gap.value == pytest.approx(gap)


def test_a_world_in_which_nothing_matters(simulate):
    flat = {role: 0.0 if role.endswith("scratch") else 0.04 for role in heights()}
    table = judged(simulate(flat, 2, families=5, seeds=5, spread=0.003))
    true = ("reference-gap", "small-subset-helps", "semantics-position")  # the last has no height
    for name in IDS:
        kind, verdict = table.loc[name, ["kind", "verdict"]]
        if kind == "higher" and name not in true:
            assert verdict == "negligible", name
    ladders = [name for name in IDS if table.loc[name, "kind"] == "ladder"]
    assert {table.loc[name, "verdict"] for name in (*ladders, "fractals-between")} == {"negligible"}
    for name in ("five-per-class", "some-shifts-only"):
        assert table.loc[name, "verdict"] == "contradicted"
    remarks = table.loc[["control-noise", "control-shuffled-labels"], "remark"]
    assert remarks.str.startswith("not as expected").all()


def test_the_calibrated_claim_is_evidence_on_real_data(world):
    simulated = claims.verdict("reference-gap", world)
    assert simulated.word == "calibrated"
    assert simulated.contrast.low > 0
    assert simulated.remark == "by its numbers supported"
    assert claims.verdict("reference-gap", world, simulated=False).word == "supported"


def test_without_a_gap_only_sameness_is_untestable(simulate):
    small = {f"{source}/{size}": 0.0 for source in ("imagenet", "inaturalist") for size in DOWN}
    flat = simulate({"scratch": 0.0, **small, "imagenet/25K": 0.03, "inaturalist/25K": 0.03}, 4)
    assert claims.verdict("five-per-class", flat).word == "not testable"
    assert claims.verdict("natural-sources", flat).word == "not testable"
    assert claims.verdict("small-subset-helps", flat).word == "supported"
    assert claims.verdict("reference-gap", flat, simulated=False).word == "inconclusive"


def test_one_seed_or_two_families_only_lean(simulate):
    for families, seeds in ((5, 1), (2, 5), (1, 1)):
        cells = simulate(heights(), 5, families=families, seeds=seeds, spread=0.003)
        found = claims.verdict("quantity-imagenet", cells)
        assert found.text == "leans towards"
        assert np.isnan(found.contrast.low) == (seeds == 1)


def test_missing_roles_are_not_run(simulate):
    cells = simulate({"scratch": 0.0, FULL: 0.04, "imagenet/5K": 0.0}, 0)
    found = claims.verdict("quantity-imagenet", cells)
    assert found.word == "not run"
    assert "imagenet/150K, imagenet/50K, imagenet/25K" in found.remark
    told = [
        ledger.numbers(claims.verdict(c, cells)) for c in ("quantity-imagenet", "reference-gap")
    ]
    assert [(t["verdict"], t["cells"]) for t in told] == [("not run", 0), ("calibrated", 9)]


def test_a_role_whose_points_are_all_missing_is_not_run(simulate, table):
    points = table(simulate({"scratch": 0.0, FULL: 0.04, "inaturalist/full": 0.04}, 0))
    assert claims.verdict("natural-sources", points).word != "not run"
    points.loc[points["role"] == "inaturalist/full", "ood_macro_f1"] = np.nan
    assert claims.verdict("natural-sources", points).remark == "no runs of inaturalist/full"


def test_sensitivity_is_the_verdict_under_other_settings(simulate):
    cells = simulate({**heights(), "inaturalist/full": 0.047}, 6, families=5, seeds=5, spread=0.003)
    found = claims.sensitivity("natural-sources", cells)
    assert found[["axis", "margin"]].values.tolist() == [
        *[["linear", 0.25], ["logit", 0.25], ["probit", 0.25]],
        *[["linear", 0.15], ["linear", 0.33]],
    ]
    for row in found.itertuples():
        same = claims.verdict("natural-sources", cells, axis=row.axis, margin=row.margin)
        assert (row.verdict, row.statistic) == (same.text, same.contrast.estimate.value)
    assert found["verdict"].nunique() > 1  # 0.007 lies between the margins of 0.006 and 0.013
    with pytest.raises(UserError, match="unknown axis"):
        claims.verdict("natural-sources", cells, axis="cubic")
    with pytest.raises(UserError, match="did you mean 'natural-sources'"):
        claims.verdict("natural-source", cells)


def test_quantity_must_outweigh_an_effect_in_either_direction(simulate):
    for depth in (0.0, 0.08):  # coarse labels hurt, or help, more than quantity does
        cells = simulate({**heights(), "imagenet/depth-2": depth}, 7, families=5, seeds=5)
        assert claims.verdict("quantity-over-granularity", cells).word == "contradicted"


def test_drift_over_epochs_contradicts_no_epoch_trend(simulate):
    cells = simulate({"scratch": 0.0, FULL: 0.04}, 8, families=5, seeds=5)
    assert claims.verdict("no-epoch-trend", cells).word == "supported"
    # A height that falls over epochs, at an ID score that does not depend on the epoch.
    cells.x[1] = np.random.default_rng(0).uniform(0.25, 0.5, cells.x[1].shape)
    cells.y[1] = 0.06 + 0.6 * cells.x[1] - 0.01 * cells.epochs
    found = claims.verdict("no-epoch-trend", cells)
    assert found.word == "contradicted"
    assert found.contrast.estimate.value == pytest.approx(
        -0.04, abs=0.004
    )  # from epoch 1 to epoch 5


def test_rows_in_any_order_with_other_columns_give_the_same_verdicts(world, table):
    points = table(world).assign(profile="demo", world=1, device="cpu")
    mixed = points.sample(frac=1, random_state=0)
    for claim in IDS[:5]:
        assert claims.verdict(claim, mixed) == claims.verdict(claim, world)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "X is higher"\n', "", "claim 'one' lacks title"),
        ('matter = "whether x is higher"', 'matter = ""', "has nothing under matter"),
        ('finding = "none"\n', "", "claim 'one' lacks finding"),
        ('finding = "none"', 'finding = "quantiti"', "did you mean 'quantity'"),
        ("text =", "txt =", "unknown key in claim 'one' 'txt'.*did you mean 'text'"),
        ('page = "p"\n', "", "claim 'one' lacks page"),
        ("higher", "hihger", "unknown kind in claim 'one' 'hihger'.*did you mean 'higher'"),
        ('section = "1"', "section = 1", "section in claim 'one' is 1: give str"),
        ('b = "scratch"', "", "part 1 of claim 'one' lacks b"),
        ('b = "scratch"', 'b = "s"\npart = []', "either a and b, or parts"),
        ('b = "scratch"', 'b = "s"\nstatistic = "effects"', "a in part 1 of claim 'one' is 'x'"),
        ('b = "scratch"', 'b = "s"\nstatistic = "mean"', "unknown statistic"),
        ('b = "scratch"', 'b = "s"\ncalibrated = "yes"', "give bool"),
        ('b = "scratch"', 'b = "s"\nexpect = ["true"]', "unknown expected verdict"),
        ('b = "scratch"', 'b = "s"\ngap = ["s"]', "gap in claim 'one' must be a pair"),
        ('b = "scratch"', 'b = "s"\nbeside = ["s"]', "beside in claim 'one' must be two texts"),
        ('b = "scratch"', 'b = "s"\nrule = "some-of-each"', "1 pairs: give at least 6"),
        (
            'a = "x"\nb = "scratch"',
            'part = [{ a = "x", b = "y", c = "z" }]',
            "unknown key in part 1",
        ),
        ('a = "x"\nb = "scratch"', 'part = [{ a = "x", b = "y", require = "so" }]', "'require'"),
        ('a = "x"\nb = "scratch"', 'part = [{ a = "x", b = "y", since = 3 }]', "allowed are 1, 2"),
        ('a = "x"\nb = "scratch"', 'ladder = ["x", "y", "z"]', "belong together"),
        ('kind = "higher"', 'kind = "ladder"', "belong together"),
        ('b = "scratch"', 'b = "s"\nladder = ["x", "y", "z"]', "or a ladder"),
        ('a = "x"\nb = "scratch"', 'part = [{ a = "x", b = "y", kind = "composite" }]', "kind"),
        ("[[claim]]", "[[claims]]", "unknown key in the claims file"),
        ("[[claim]]", "[[claim", "not valid TOML"),
    ],
)
def test_a_faulty_claim_is_refused(old, new, message):
    assert claims.parse(GOOD)["one"].parts[0].a == "x"
    with pytest.raises(UserError, match=message):
        claims.parse(GOOD.replace(old, new))


def test_a_ladder_is_its_ends_and_its_steps():
    text = GOOD.replace('kind = "higher"', 'kind = "ladder"')
    rungs = text.replace('a = "x"\nb = "scratch"', 'ladder = ["x", "y", "z"]')
    parts = claims.parse(rungs)["one"].parts
    assert [(p.a, p.b) for p in parts] == [("x", "z"), ("x", "y"), ("y", "z")]
    assert [p.require for p in parts] == ["supported", "not reversed", "not reversed"]
    for few in ('["x", "y"]', '["x", "y", "x"]'):
        with pytest.raises(UserError, match="needs 3 roles or more, each once"):
            claims.parse(rungs.replace('["x", "y", "z"]', few))


def test_two_claims_with_one_id_are_refused():
    with pytest.raises(UserError, match="stands twice"):
        claims.parse(GOOD + GOOD)


def test_effects_need_pairs():
    pairs = GOOD.replace('a = "x"\nb = "scratch"', 'a = ["x", "y"]\nb = ["z"]')
    with pytest.raises(UserError, match="must be pairs"):
        claims.parse(pairs + 'statistic = "effects"')


def test_loading_costs_no_pandas_and_no_scipy():
    import subprocess
    import sys

    code = (
        "import sys; from nbsupport.analysis import claims; claims.load();"
        "print([m for m in ('pandas', 'scipy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_estimate_that_there_is_none_of_is_said_in_words():
    from nbsupport.analysis.intervals import Interval

    assert claims.in_words(Interval(float("nan"), float("nan"), 1)) == "off the line"
    assert claims.in_words(Interval(0.5, float("nan"), 1)) == "+0.5000"
