"""All that is to be recorded is done by one pool of workers, and written part by part."""

from pathlib import Path
from typing import Any

import pytest

from nbsupport.building import record
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence.records import read_records
from nbsupport.jobs import runner
from nbsupport.pages import possible_groups
from nbsupport.study.group import Group
from nbsupport.study.study import Study

SEEDS = [3, 4]


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Only the shortest run of each part, in a store of its own; the pools that are opened."""
    pools, plain = [], runner.run

    def counted(jobs: Any, *rest: Any, **more: Any) -> Any:
        pools.append([job.title for job in jobs])
        return plain(jobs, *rest, **more)

    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    monkeypatch.setenv("NBSUPPORT_ENGINE", "serial")
    monkeypatch.setattr(record, "possible_groups", lambda study: ([study.scratch], {}))
    monkeypatch.setattr(runner, "run", counted)
    return pools


def held() -> set[int]:
    return set(read_records("smoke")["seed"])


def test_all_parts_are_done_by_one_pool_and_written_one_by_one(calls: list) -> None:
    told: list[tuple[str, set[int]]] = []
    record.record_profile("smoke", None, SEEDS, [], lambda line: told.append((line, held())))
    assert [len(pool) for pool in calls] == [2]
    assert told == [
        ("world 1, seed 3, resnet: 1 runs recorded now", {3}),
        ("world 1, seed 4, resnet: 1 runs recorded now", {3, 4}),
    ]
    again: list[str] = []
    record.record_profile("smoke", None, [3, 4, 5], [], again.append)
    assert [len(pool) for pool in calls] == [2, 1]
    assert again[:2] == [f"world 1, seed {seed}, resnet: 0 runs recorded now" for seed in SEEDS]
    assert held() == {3, 4, 5}


def test_what_was_complete_when_it_stopped_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def say(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record.record_profile("smoke", None, SEEDS, [], say)
    assert held() == {3}


def test_a_part_that_cannot_be_planned_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def groups(study: Study) -> tuple[list, dict]:
        if study.seeds == (3,):
            raise UserError("9 nodes are there, 10 are asked for")
        return [study.scratch], {}

    monkeypatch.setattr(record, "possible_groups", groups)
    monkeypatch.setattr("nbsupport.cli.record.judge", lambda options: print("judged"))
    assert main(["record", "--profile", "smoke", "--seed", "3", "4"]) == 2
    said = capsys.readouterr()
    assert held() == {4}
    assert "judged" in said.out
    told = "1 part of smoke not recorded; the first: world 1, seed 3, resnet: 9 nodes are there"
    assert told in said.err.splitlines()[-1]


def test_a_world_without_some_groups_is_recorded_without_them_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def groups(study: Study) -> list:
        too_many = study.imagenet.per_class(10**6)
        return [study.scratch, Group("imagenet/too-many", "too many", too_many)]

    monkeypatch.setattr(record, "possible_groups", possible_groups)
    monkeypatch.setattr("nbsupport.pages.all_groups", groups)
    told: list[str] = []
    assert record.record_profile("smoke", None, SEEDS, [], told.append) == []
    without = [line for line in told if "without" in line]
    assert len(without) == 1
    assert without[0].startswith("world 1: without imagenet/too-many: imagenet: 1,000,000 images")
    assert set(read_records("smoke")["role"]) == {"scratch"}
    assert held() == set(SEEDS)
