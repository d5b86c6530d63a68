"""Each solution states facts: what it says is compared with what its code gives on the recorded
runs, or with the data, the recipes and the rules that it speaks of. A wrong sentence fails."""

import pytest
from exercises import exercises
from facts import section_4, section_5_on, sections_1_to_3
from facts.common import FACTS

ALL = {(e.page_id, e.number): e for e in exercises()}
CHECKED = (sections_1_to_3, section_4, section_5_on)  # each registers its own when it is imported


def test_every_solution_is_checked():
    assert len(ALL) > 50
    assert set(FACTS) == set(ALL)


@pytest.mark.parametrize(("page_id", "number"), ALL)
def test_what_a_solution_states_is_so(page_id, number):
    FACTS[page_id, number](ALL[page_id, number])
