"""Records as few bytes: nothing is lost on the way to a browser."""

from base64 import b64decode

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsupport.errors import UserError
from nbsupport.evidence.packed import packed, scores, unpacked_scores
from nbsupport.evidence.records import read_records


@pytest.mark.parametrize("profile", ["demo", "pacs-32"])
def test_every_recorded_score_comes_back_to_the_last_bit(profile):
    records = read_records(profile)
    for column in ("id_macro_f1", "ood_macro_f1"):
        given = records[column].to_numpy(float)
        assert np.array_equal(unpacked_scores(scores(given)), given)


@given(st.lists(st.floats(1e-9, 1), min_size=1))
def test_six_digits_are_kept(values):
    given = np.array([float(f"{v:.6g}") for v in values])
    assert np.allclose(unpacked_scores(scores(given)), given, rtol=1e-12, atol=0)


def test_none_nothing_and_all_are_kept():
    given = np.array([0.0, 1.0, 0.99999999, np.nan])
    back = unpacked_scores(scores(given))
    assert back[:3].tolist() == [0.0, 1.0, 1.0]
    assert np.isnan(back[3])


def table(**other: object) -> pd.DataFrame:
    row = {"world": 1, "role": "scratch", "family": "resnet", "seed": 0, "epoch": 1}
    row |= {"key": "ab" * 32, "id_macro_f1": 0.5, "ood_macro_f1": 0.25, "ood_accuracy": 0.5}
    return pd.DataFrame([row | other, row | other | {"epoch": 2, "id_macro_f1": 0.6}])


def test_columns_stand_together():
    found = packed(table(seed=258))
    data = b64decode(found["bytes"])
    assert (found["runs"], found["points"]) == (1, 2)
    assert data[:6] == bytes([0, 0, 1, 2, 2, 1])  # role, family, world, points, seed in two bytes
    assert data[6:12].hex() == "ab" * 6
    assert unpacked_scores(data[12:15]).tolist() == [0.5]
    assert data[15:17] == bytes([1, 2])
    assert unpacked_scores(data[17:]).tolist() == [0.5, 0.6, 0.25, 0.25]


@pytest.mark.parametrize("other", [{"world": 256}, {"seed": 70_000}, {"seed": -1}])
def test_a_number_that_does_not_fit_is_an_error(other):
    with pytest.raises(UserError, match="does not fit"):
        packed(table(**other))
