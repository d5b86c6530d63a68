"""How often honest students are doubted, and how much has to be added before dishonest ones are."""

from itertools import combinations

import pandas as pd
import pytest

from nbsupport.analysis import claims
from nbsupport.classroom.agree import compare, differences
from nbsupport.evidence.records import read_records


@pytest.fixture(scope="module")
def recorded() -> pd.DataFrame:
    """The demo's runs on world 1 that a claim needs: five seeds, each of which may be a student."""
    table = read_records("demo")
    roles = claims.load()["five-per-class"].roles
    own = table[(table["world"] == 1) & table["role"].isin(roles)]
    return own.assign(student=[f"seed {seed}" for seed in own["seed"]])


def pairs(recorded: pd.DataFrame, more: float = 0.0) -> list[bool]:
    """Whether two recorded seeds, as students of one cell on two processors, are called unlike."""
    found = []
    for _, table in recorded.groupby("family"):
        by_seed = dict(iter(table.groupby("seed")))
        for one, other in combinations(by_seed, 2):
            spread = table[~table["seed"].isin([one, other])]
            added = by_seed[other].assign(ood_macro_f1=by_seed[other]["ood_macro_f1"] + more)
            found.append(any(d.unlike for d in differences(by_seed[one], added, spread)))
    return found


def test_honest_students_are_seldom_doubted(recorded: pd.DataFrame) -> None:
    found = pairs(recorded)
    assert len(found) >= 50
    assert sum(found) / len(found) <= 0.05


def test_what_is_added_beyond_the_spread_of_seeds_is_found(recorded: pd.DataFrame) -> None:
    shares = [sum(found) / len(found) for found in (pairs(recorded, d) for d in (0.02, 0.06, 0.12))]
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[1]
    assert shares[2] == 1


def test_without_other_seeds_there_is_nothing_to_compare_with(recorded: pd.DataFrame) -> None:
    one = recorded[(recorded["family"] == "resnet") & (recorded["seed"] == 0)]
    other = one.assign(ood_macro_f1=one["ood_macro_f1"] + 0.01, processor="another", torch="2")
    pair = compare(one, other, recorded[:0])
    assert pair.agree
    assert "there are no seeds to compare that with" in pair.told
