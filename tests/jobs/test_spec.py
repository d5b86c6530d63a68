"""Keys: stable, independent of order, sensitive to content."""

import json
import math
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_jobs import toy

from nbsupport.errors import UserError
from nbsupport.jobs.job import Job, canonical, stage_path

PARENT = Job("pretrain", 1, {"family": "resnet", "px": 32}, "abc")
CHILD = Job("finetune", 2, {"lr": 0.1, "sizes": (1, 2), "é": None}, "déf", PARENT)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars.filter(lambda v: not isinstance(v, float) or math.isfinite(v)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
specs = st.dictionaries(st.text(), values, max_size=4)


def test_keys_are_the_documented_hash() -> None:
    # Written out by hand: what stored results are found by must not drift.
    text = (
        '{"data":"abc","parent":null,"spec":{"family":"resnet","px":32},'
        '"stage":"pretrain","version":1}'
    )
    parent = sha256(text.encode()).hexdigest()
    assert PARENT.key == parent
    text = (
        '{"data":"d\\u00e9f","parent":"' + parent + '","spec":{"lr":0.1,"sizes":[1,2],'
        '"\\u00e9":null},"stage":"finetune","version":2}'
    )
    assert CHILD.key == sha256(text.encode()).hexdigest()


def test_golden_keys() -> None:
    assert PARENT.key == "55973e43cacc376247e93da0b0b158358944b07f99226f805cf239844c618c15"
    assert CHILD.key == "bf830c73087053dce0cd4bca5f5234a7a27ab4efe7d1bcaa66964bb6f50f0053"


def test_label_and_cost_are_not_in_the_key() -> None:
    first = Job("toy", 1, {"a": 1}, "data", None, "one", 1.0)
    second = Job("toy", 1, {"a": 1}, "data", None, "two", 2.0)
    assert first.key == second.key
    assert first == second
    assert len({first, second}) == 1


@pytest.mark.parametrize(
    "other",
    [
        Job("toy2", 1, {"a": 1}, "data"),
        Job("toy", 2, {"a": 1}, "data"),
        Job("toy", 1, {"a": 2}, "data"),
        Job("toy", 1, {"a": 1.0}, "data"),
        Job("toy", 1, {"a": True}, "data"),
        Job("toy", 1, {"a": 1}, "other"),
        Job("toy", 1, {"a": 1}, "data", PARENT),
    ],
)
def test_all_else_is(other: Job) -> None:
    assert Job("toy", 1, {"a": 1}, "data").key != other.key


def test_a_later_change_of_the_dictionary_changes_nothing() -> None:
    content: dict[str, Any] = {"a": [1]}
    job = Job("toy", 1, content, "data")
    content["a"].append(2)
    assert job.spec == {"a": [1]}
    assert job.key == Job("toy", 1, {"a": [1]}, "data").key


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(item) for name, item in reversed(value.items())}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


@given(specs)
def test_the_order_of_names_does_not_matter(content: dict) -> None:
    assert Job("toy", 1, content, "d").key == Job("toy", 1, _reversed(content), "d").key


@given(specs, specs)
def test_two_contents_have_one_key_only_if_they_are_the_same(one: dict, two: dict) -> None:
    def shown(content: dict) -> str:
        # repr tells 1, 1.0 and True apart, and 0.0 from -0.0.
        return repr(_sorted(content))

    same = Job("toy", 1, one, "d").key == Job("toy", 1, two, "d").key
    assert same == (shown(one) == shown(two))


@given(specs, st.text(), scalars)
def test_any_change_of_a_value_changes_the_key(content: dict, name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        value = 0.5
    changed = {**content, name: [value, "changed"]}
    again = {**content, name: [value, "changed again"]}
    assert Job("toy", 1, changed, "d").key != Job("toy", 1, again, "d").key


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(specs)
def test_canonical_text_reads_back(content: dict) -> None:
    assert json.loads(canonical(content)) == content


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_spec_holds_finite_numbers(value: float) -> None:
    with pytest.raises(ValueError, match=r"the spec\['lr'\]\[0\] is"):
        toy("a", lr=[value])


@pytest.mark.parametrize("value", [{1: "a"}, {"a": b"x"}, {"a": {1, 2}}, {"a": object()}])
def test_a_spec_holds_what_json_has(value: dict) -> None:
    with pytest.raises(TypeError, match="the spec"):
        canonical(value)


def test_stages_are_found_by_name() -> None:
    assert stage_path("pretrain") == "nbsupport.training.stages.labels:pretrain"
    with pytest.raises(UserError, match="did you mean 'finetune'"):
        stage_path("finetun")
    assert stage_path("my_lab.stages:grow") == "my_lab.stages:grow"
