"""Each solution states facts: what it says is compared with what its code gives on the recorded
runs, or with the data, the recipes and the rules that it speaks of. A wrong sentence fails."""

import pytest
from exercises import exercises
from facts import (
    begin_here,
    by_hand,
    do_it_yourself,
    retrieval,
    section_4,
    section_5_on,
    sections_1_to_3,
)
from facts.common import FACTS

ALL = {(e.page_id, e.name): e for e in exercises()}
# Each registers its own when it is imported.
CHECKED = (begin_here, sections_1_to_3, section_4, section_5_on, by_hand, retrieval, do_it_yourself)


def test_every_solution_is_checked():
    assert len(ALL) > 100
    assert set(FACTS) == set(ALL)


@pytest.mark.parametrize(("page_id", "name"), ALL)
def test_what_a_solution_states_is_so(page_id, name):
    FACTS[page_id, name](ALL[page_id, name])
