"""What images are called at each depth, and how many labels there are."""

import pytest

from nbsupport.pages.granularity import label_numbers, path_table
from nbsupport.pages.open_page import open_page


@pytest.fixture
def granularity():
    return open_page("04_2_granularity", {"depths": [1, 4]})


def test_the_table_follows_classes_up_the_tree(granularity):
    rows = [line.split(" | ") for line in path_table(granularity.groups, count=3).text.splitlines()]
    assert rows[0] == ["group", "labels", "class 1", "class 2", "class 3"]
    cells = {row[0]: row[1:] for row in rows[1:]}
    assert list(cells) == ["imagenet/full", "imagenet/depth-6", "imagenet/depth-2"]
    classes = granularity.study.imagenet.source.classes().set_index("name")
    finest = cells["imagenet/full"][1:]
    assert len(set(finest)) == 3
    assert cells["imagenet/depth-6"][1:] == classes.loc[finest, "depth_4"].tolist()
    assert cells["imagenet/depth-2"][1:] == classes.loc[finest, "depth_1"].tolist()
    assert {row[0] for row in cells.values()} == {"128", "15", "2"}


def test_label_counts_are_those_of_the_groups(granularity):
    numbers = label_numbers(granularity.study)
    groups = {group.role: group.subset for group in open_page("04_2_granularity", {}).groups}
    for depth in (7, 6, 5, 4, 2):
        assert numbers[f"labels-depth-{depth}"] == str(
            groups[f"imagenet/depth-{depth}"].num_classes
        )
    assert numbers["labels-coarse"] == str(groups["inaturalist/coarse"].num_classes)


def test_a_grid_can_show_the_classes_of_a_group(tmp_path, monkeypatch):
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    page = open_page("04_2_granularity", {"profile": "smoke"})
    html = page.grid("imagenet/depth-2", count=2).html
    assert "animal" in html
    assert "object" in html
