"""The Python API: values of NumPy and pandas count as Python's, wrong ones are told in one line."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbsupport as nb
from nbsupport.analysis.trends import ID, OOD
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError
from nbsupport.study.study import Study

JUNK = [
    *(None, True, 5, -1, 2.5, math.nan, 10**30, "", "x", b"x", print, object()),
    *([], ["x"], {}, {"a": 1}, {1, 2}, (1, 2, 3)),
    *(pd.NA, np.array([1, 2]), np.array("x"), pd.DataFrame(), pd.DataFrame({"a": [1]})),
]


CELLS = {
    0.00: ("resnet", 0),
    0.01: ("resnet", 1),
    0.02: ("alexnet", 0),
    0.03: ("alexnet", 1),
}


def runs_table() -> pd.DataFrame:
    """Made up: three roles, two families of two seeds, three epochs, one line above the other."""
    rows = [
        {"role": role, "source": source, "images": images, "family": family, "seed": seed}
        | {"epoch": epoch, ID: 0.2 + 0.1 * epoch + place, OOD: 0.1 + 0.05 * epoch + height + place}
        for role, source, images, height in (
            ("none", "none", 0, 0.0),
            ("some", "imagenet", 50, 0.01),
            ("all", "imagenet", 100, 0.05),
        )
        for place, (family, seed) in enumerate(
            (f, s) for f in ("resnet", "alexnet") for s in (0, 1)
        )
        for place in [place / 100]
        for epoch in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


TABLE = runs_table()
STUDY = Study("smoke")
WHOLE = STUDY.imagenet
LINE = nb.role_line(TABLE, "none")
COMPARISON = nb.Comparison(TABLE)
NOTEBOOK = {"profile": "smoke"}
GAP = ("all", "none")

# A call with arguments that are right; each of them is then replaced by junk in turn.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "fit_line": (nb.fit_line, {"x": [0.1, 0.2], "y": [0.1, 0.2], "axis": "linear"}),
    "role_line": (nb.role_line, {"points": TABLE, "role": "none", "axis": "linear"}),
    "bootstrap_band": (
        nb.bootstrap_band,
        {"points": TABLE, "role": "none", "grid": None, "replicates": 9, "seed": 0},
    ),
    "effective_robustness": (nb.effective_robustness, {"points": TABLE, "reference": LINE}),
    "contrast": (
        nb.contrast,
        {"points": TABLE, "a": "some", "b": "none", "reference": "none", "gap": GAP}
        | {"axis": "linear", "margin": 0.25, "statistic": "er"},
    ),
    "Comparison": (
        nb.Comparison,
        {"runs": TABLE, "reference": "none", "gap": GAP, "axis": "linear", "margin": 0.25},
    ),
    "verdict": (COMPARISON.verdict, {"a": "some", "over": "none", "kind": "higher"}),
    "figure": (COMPARISON.figure, {"title": "", "caption": ""}),
    "read_records": (nb.read_records, {"profile": "smoke"}),
    "groups_of": (nb.groups_of, {"page_id": "04_1_quantity", "study": STUDY, "sizes": [16]}),
    "study_for": (
        nb.study_for,
        {"page_id": "04_1_quantity", "profile": "smoke", "world": 1, "families": [], "seeds": [0]}
        | {"sizes": [16], "budget": "epochs", "axis": "linear"},
    ),
    "open_page": (nb.open_page, {"page_id": "02_background", "namespace": NOTEBOOK}),
    "predict_first": (
        nb.predict_first,
        {"question": "which?", "options": ["a", "b"], "answer_from": ""},
    ),
    "Group": (
        nb.Group,
        {"role": "a", "label": "a", "subset": None, "task": {}, "families": (), "seed_shift": 0}
        | {"objective": "labels", "weights": {}},
    ),
    "weights": (
        lambda name: nb.Group("a", "a", None, weights={"resnet": name}),
        {"name": "resnet50.tv_in1k"},
    ),
    "Study": (
        nb.Study,
        {"profile": "smoke", "world": 1, "families": [], "seeds": [0], "budget": "epochs"}
        | {"engine": "local"},
    ),
    "runs": (STUDY.runs, {"groups": [STUDY.scratch]}),
    "runs of a mapping": (lambda subset: STUDY.runs({"a": subset}), {"subset": None}),
    "runs of a list": (lambda group: STUDY.runs([group]), {"group": STUDY.scratch}),
    "records": (lambda runs: STUDY.records(runs, {}), {"runs": []}),
    "train": (lambda runs: STUDY.train(runs, progress=False), {"runs": []}),
    "captions": (STUDY.captions, {"corpus": "clean"}),
    "has": (STUDY.has, {"kind": "imagenet"}),
    "task_of": (STUDY.task_of, {"group": STUDY.scratch}),
    "limit of a task": (
        lambda limit: STUDY.runs([nb.Group("a", "a", None, task={"limit": limit})]),
        {"limit": 300},
    ),
    "Subset": (Subset, {"source": WHOLE.source, "steps": (), "seed": 0}),
    "from_spec": (Subset.from_spec, {"spec": WHOLE.spec()}),
    "load": (WHOLE.per_class(1).load, {"device": "cpu"}),
    "per_class": (WHOLE.per_class, {"images": 3}),
    "take": (WHOLE.take, {"images": 20}),
    "most_frequent": (WHOLE.most_frequent, {"classes": 3}),
    "choose_classes": (WHOLE.choose_classes, {"classes": 3}),
    "with_at_least": (WHOLE.with_at_least, {"images": 3}),
    "under": (WHOLE.under, {"node": "animal"}),
    "not_under": (WHOLE.not_under, {"node": "animal"}),
    "superclasses": (WHOLE.superclasses, {"depth": 2}),
    "within_class": (
        WHOLE.within_class,
        {"p": 0.5, "subclasses": 2, "images": 2, "depth": 1, "tree": None, "superclasses": None},
    ),
    "within_class of a total": (
        WHOLE.within_class,
        {"p": 0.5, "total": 8, "smallest": 0.5, "depth": 1},
    ),
    "contaminate": (WHOLE.not_under("animal").contaminate, {"share": 0.1, "node": "animal"}),
    "seeded": (WHOLE.seeded, {"seed": 0}),
}


def called(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    made = function(**arguments)
    return len(made) if isinstance(made, Subset) else made  # what cannot be drawn says so then


@pytest.mark.parametrize(
    ("name", "argument"),
    [pytest.param(n, a, id=f"{n}-{a}") for n, (_, given) in CALLS.items() for a in given],
)
def test_a_wrong_value_is_a_one_line_error_or_none(name: str, argument: str) -> None:
    function, right = CALLS[name]
    called(function, right)
    told = []
    for junk in JUNK:
        try:
            called(function, right | {argument: junk})
        except UserError as error:
            told.append(str(error))
    assert len(told) > 1 or (name, argument) == ("has", "kind")
    assert [text for text in told if "\n" in text] == []


# values of NumPy and pandas -----------------------------------------------------------------------
STEPS: list[tuple[Callable[[Subset, Any], Subset], Any]] = [
    (lambda s, v: s.per_class(v), 3),
    (lambda s, v: s.take(v), 20),
    (lambda s, v: s.most_frequent(v), 3),
    (lambda s, v: s.choose_classes(v), 3),
    (lambda s, v: s.with_at_least(v), 3),
    (lambda s, v: s.superclasses(v), 2),
    (lambda s, v: s.seeded(v), 7),
    (lambda s, v: s.within_class(1, subclasses=v, images=v, depth=v, superclasses=v), 2),
    (lambda s, v: s.within_class(v, subclasses=2, images=2, depth=1), 0.5),
    (lambda s, v: s.within_class(v, subclasses=3, images=3, depth=2, superclasses=2), 0.33),
    (lambda s, v: s.within_class(1, total=v, depth=1), 8),
    (lambda s, v: s.within_class(1, total=8, smallest=v, depth=1), 0.5),
    (lambda s, v: s.not_under("animal").contaminate(v, "animal"), 0.1),
]
KINDS = {
    int: [np.int8, np.int32, np.int64, np.uint16, np.array],
    float: [np.float16, np.float32, np.float64, np.array],
}


@pytest.mark.parametrize(("step", "value"), STEPS)
def test_numbers_of_numpy_make_the_same_subsets_and_keys(
    step: Callable[[Subset, Any], Subset], value: float
) -> None:
    plain = step(WHOLE, value)
    keys = [run.finetune.key for run in STUDY.runs({"a": plain})]
    for kind in KINDS[type(value)]:
        other = step(WHOLE, kind(value))
        assert other == plain
        assert other.spec() == plain.spec()
        assert str(other) == str(plain)
        assert [run.finetune.key for run in STUDY.runs({"a": other})] == keys


@pytest.mark.parametrize(
    "seeds",
    [
        (0, 3),
        range(0, 6, 3),
        np.array([0, 3]),
        np.array([0, 3], dtype=np.uint8),
        pd.Index([0, 3]),
        pd.Series([0, 3], index=[5, 9]),
        [np.int64(0), 3],
        {0: "a", 3: "b"}.keys(),
        iter([0, 3]),
    ],
    ids=lambda seeds: type(seeds).__name__,
)
def test_lists_of_any_kind_ask_for_the_same_runs(seeds: Any) -> None:
    def keys(study: Study) -> list[str]:
        return [run.finetune.key for run in study.runs([study.full])]

    plain = Study("smoke", world=1, families=["resnet", "alexnet"], seeds=[0, 3])
    names = pd.Series(["resnet", "alexnet"], dtype="category")
    other = Study("smoke", world=np.int16(1), families=names, seeds=seeds)
    assert keys(other) == keys(plain)
    assert {type(seed) for seed in other.seeds} == {int}


def test_a_page_takes_them_too() -> None:
    def keys(**values: Any) -> list[str]:
        study = nb.study_for("04_1_quantity", profile="smoke", **values)
        groups = nb.groups_of("04_1_quantity", study, **values)
        return [run.finetune.key for run in study.runs(groups)]

    plain = keys(sizes=[16, 32], seeds=[1], world=2)
    assert keys(sizes=np.array([16, 32]), seeds=pd.Index([1]), world=np.int64(2)) == plain
    shift = nb.Group("a", "a", None, seed_shift=np.int64(5), families=np.array(["vit"]))
    assert shift == nb.Group("a", "a", None, seed_shift=5, families=("vit",))


# what is known of a group's data before it is trained ---------------------------------------------
def other_px() -> Subset:
    spec = STUDY.imagenet.source.spec() | {"px": 64}
    return Subset.from_spec({"source": spec, "steps": [], "seed": 0})


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (lambda: {"large": other_px()}, "has images of 64 px, the study's are of 32 px"),
        (lambda: [nb.Group("a", "a", None, task={"px": 64})], "the task of group a has images of"),
        (lambda: {"one": WHOLE.choose_classes(1)}, "one class only"),
        (lambda: [nb.Group("a", "a", WHOLE, objective="captions")], "imagenet has no captions"),
        (lambda: {"a": WHOLE, "b": WHOLE}, "'a' and 'b' are both the subset imagenet"),
        (lambda: {"a": None, "b": None}, "'a' and 'b' are both from scratch"),
        (lambda: [STUDY.scratch, STUDY.full, STUDY.scratch], "two groups are called 'scratch'"),
        (lambda: [nb.Group("a", "a", None, task={"nothing": 1})], "no task with {'nothing': 1}"),
        (lambda: {" ": None}, "give the group a name"),
        (lambda: {"a": WHOLE.source}, "is no subset"),
        (lambda: "scratch", "groups='scratch': give a list of Groups"),
    ],
)
def test_what_cannot_be_trained_is_refused_before(groups: Callable[[], Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        STUDY.runs(groups())
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


# types for editors --------------------------------------------------------------------------------
def test_type_checkers_see_the_names_that_python_fetches() -> None:
    import ast

    package = Path(nb.__file__).parent
    assert (package / "py.typed").is_file()
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(n for n in tree.body if isinstance(n, ast.If))
    assert ast.unparse(guarded.test) == "TYPE_CHECKING"
    static = {
        alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert static == nb._HOMES
    assert sorted({*static, "UserError"}) == sorted(nb.__all__)
    for name, home in static.items():
        assert getattr(nb, name).__module__.startswith("nbsupport."), (name, home)
