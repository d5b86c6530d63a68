"""Macro F1 against scikit-learn's and that of wilds; predictions."""

import sys
import threading
import types
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from toy_lab import PX, ToyTask, toy

from nbsupport.training.evaluation import macro_f1, predict, score, scores
from nbsupport.training.models import build

LABELS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60)


def by_sklearn(true: np.ndarray, predicted: np.ndarray) -> float:
    labels = np.unique(true)
    return f1_score(true, predicted, average="macro", labels=labels, zero_division=0)


@settings(max_examples=200, deadline=None)
@given(LABELS)
def test_macro_f1_is_that_of_sklearn_over_the_labels_present(pairs):
    true, predicted = np.array(pairs).T
    assert macro_f1(true, predicted) == pytest.approx(by_sklearn(true, predicted), abs=1e-12)


@pytest.fixture(scope="module")
def wilds_f1():
    """The F1 of wilds, whose import must not ask the package index for the newest version."""
    asker = types.ModuleType("outdated")
    asker.check_outdated = lambda name, version: (False, version)
    sys.modules.setdefault("outdated", asker)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wilds.common.metrics.all_metrics import F1
    for thread in threading.enumerate():
        if thread.name.endswith("(check)"):
            thread.join()
    return F1(prediction_fn=None, average="macro")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("seed", range(5))
def test_macro_f1_is_that_of_wilds(wilds_f1, seed):
    draws = np.random.default_rng(seed)
    true = torch.from_numpy(draws.zipf(1.5, 300).clip(max=40))
    predicted = torch.where(torch.from_numpy(draws.random(300) < 0.6), true, true.roll(1) + 1)
    expected = wilds_f1.compute(predicted, true)[wilds_f1.agg_metric_field]
    assert macro_f1(true, predicted) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize("pair", [([], []), ([1, 2], [1])])
def test_macro_f1_refuses_what_has_no_score(pair):
    with pytest.raises(ValueError, match="do not match"):
        macro_f1(*pair)


def test_predict_covers_every_image_and_leaves_the_model_training():
    model, data = build("alexnet", 5, PX), toy(1100, 5, 0)
    found = predict(model.train(), data)
    assert found.shape == (1100,)
    assert found.dtype == torch.int64
    assert model.training
    # dropout is off
    assert torch.equal(found, predict(model, data))


def test_scores_are_those_of_the_two_test_sets():
    model, task = build("resnet", 5, PX), ToyTask()
    found = scores(model, task)
    for prefix, split, n in (("id", "id_test", 60), ("ood", "ood_test", 50)):
        data = task.load(split, torch.device("cpu"))
        expected = score(model, data)
        true, predicted = data.labels.numpy(), predict(model, data).numpy()
        assert expected.accuracy == pytest.approx((true == predicted).mean())
        assert expected.macro_f1 == pytest.approx(by_sklearn(true, predicted))
        assert found[f"{prefix}_macro_f1"] == expected.macro_f1
        assert found[f"{prefix}_accuracy"] == expected.accuracy
        assert found[f"n_{prefix}"] == n
