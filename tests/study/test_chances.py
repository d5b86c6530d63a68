"""Accuracy by chance on each task: that of its number of classes."""

import pytest

from nbsupport.data.tasks import domainnet, open_task
from nbsupport.errors import NotHereError
from nbsupport.study.profiles import PROFILES
from nbsupport.study.profiles.profile import TASK_CLASSES


@pytest.mark.parametrize("name", PROFILES)
def test_the_chances_are_those_of_the_tasks_classes(name):
    profile = PROFILES[name]
    for world in (w for w in profile.worlds if w > 0):
        main = profile.task_spec(world)
        specs = {"": main, "no-gap": main | profile.no_gap_task}
        if profile.pairs:
            specs["pair"] = main | profile.pair_task(*profile.pairs[0])
        chances = profile.chances(world)
        assert chances.keys() == specs.keys()
        for own, spec in specs.items():
            try:
                classes = open_task(spec).num_classes
            except NotHereError:  # the data are not here
                continue
            assert chances[own] == pytest.approx(1 / classes)


def test_domainnet_has_as_many_classes_as_its_module_says():
    assert TASK_CLASSES["domainnet"] == domainnet.CLASSES
