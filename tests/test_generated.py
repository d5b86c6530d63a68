"""Generated images in a study: planned, made once, trained on, found again."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from nbsupport.errors import UserError
from nbsupport.jobs import runner
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import StoreWarning
from nbsupport.jobs.runner import run
from nbsupport.jobs.schedule import Schedule, schedule
from nbsupport.pages.larger_budgets import saturation_groups
from nbsupport.pages.plan import _plan
from nbsupport.pages.sources import GeneratedPage, generated_groups
from nbsupport.study.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    store = tmp_path_factory.mktemp("generated") / "store"
    return Study("smoke", families=["alexnet"], store=store, engine="serial")


@pytest.fixture(scope="module")
def records(study: Study) -> pd.DataFrame:
    return study.run([*generated_groups(study), study.full], progress=False)


def test_one_generation_comes_before_all_pretrainings_on_its_images() -> None:
    study = Study("demo", seeds=[0, 1], families=["resnet", "alexnet"])
    runs = study.runs(generated_groups(study))
    assert len(runs) == 8
    assert {job.stage for job in runs[0].jobs} == {"generate", "pretrain", "finetune"}
    assert [job.stage for job in runs[0].jobs] == ["generate", "pretrain", "finetune"]
    assert len({run.jobs[0].key for run in runs}) == 1
    assert len({run.jobs[1].key for run in runs}) == 8


def test_a_smaller_generated_set_is_part_of_the_larger_one() -> None:
    study = Study("demo")
    whole, part = (group.subset for group in generated_groups(study))
    assert (len(whole), len(part)) == (128 * 80, 128 * 40)
    assert set(part.drawn.ids) < set(whole.drawn.ids)
    assert set(np.bincount(part.drawn.labels)) == {40}


def test_figure_19_compares_natural_and_generated_images() -> None:
    roles = [group.role for group in saturation_groups(Study("demo"), {})]
    natural = ["scratch", "imagenet/full", "inaturalist/full"]
    assert roles == [*natural, "generated/1M", "generated/150K"]


def test_worlds_have_different_generated_images() -> None:
    keys = {Study("demo", world=world).generation.key for world in (0, 1, 2)}
    assert len(keys) == 3


def test_a_plan_counts_the_generation_once_and_as_shared(study: Study) -> None:
    runs = study.runs(generated_groups(study))
    plan = _plan("page", "smoke", runs, study.store, [])
    assert (plan.runs, plan.jobs) == (2, 5)
    assert plan.shared == 1


def test_images_that_nobody_asked_for_are_not_there_yet(tmp_path: Path) -> None:
    study = Study("smoke", store=tmp_path)
    assert study.generated.num_classes == 16
    with pytest.raises(UserError, match="not generated yet"):
        study.generated.load()


def test_a_study_runs_on_generated_images_and_finds_them_again(
    study: Study, records: pd.DataFrame
) -> None:
    assert set(records["role"]) == {"generated/1M", "generated/150K", "imagenet/full"}
    own = records[records["source"] == "generated"]
    assert set(own["images"]) == {16 * 16, 16 * 12}
    assert (own["versions"].str.count(r"\+") == 2).all()
    assert study.generated.load().images.shape == (256, 3, 32, 32)
    events: list[dict] = []
    run(study.runs(generated_groups(study))[0].jobs, study.store, on_event=events.append)
    assert (events[-1]["trained"], events[-1]["found"]) == (0, 3)


@pytest.mark.usefixtures("records")
def test_damaged_images_are_a_one_line_error_that_names_the_way_out(study: Study) -> None:
    path = study.store.folder(study.generation) / "images.npy"
    content = path.read_bytes()
    # sources are opened once: by another name of the folder, the images are read anew
    fresh = Study("smoke", families=["alexnet"], store=study.store.root / ".." / "store")
    try:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(UserError, match=r"does not match its checksum.*run a comparison"):
            fresh.generated.load()
    finally:
        path.write_bytes(content)


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("damage", ["changed", "cut short", "missing"])
def test_damaged_images_are_made_again_where_a_comparison_needs_them(
    study: Study, damage: str
) -> None:
    path = study.store.folder(study.generation) / "images.npy"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        cut = content[:-1]
        path.write_bytes(cut + bytes([content[-1] ^ 1]) if damage == "changed" else cut)
    events: list[dict] = []
    jobs = study.runs(generated_groups(study))[0].jobs
    with pytest.warns(StoreWarning, match=r"images.npy .*set aside .*made again"):
        run(jobs, study.store, engine="serial", on_event=events.append)
    assert (events[-1]["trained"], events[-1]["found"]) == (1, 2)  # nothing is trained again
    assert path.read_bytes() == content


@pytest.mark.usefixtures("records")
def test_a_pretraining_does_not_begin_on_damaged_images(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = study.runs(generated_groups(study))[0].jobs[1]
    path = study.store.folder(study.generation) / "images.npy"
    content = path.read_bytes()
    study.store.remove(job)
    damaged = content[:-1] + bytes([content[-1] ^ 1])
    monkeypatch.setattr(runner, "schedule", _then(lambda: path.write_bytes(damaged)))
    with pytest.warns(StoreWarning, match="images.npy does not match its checksum"):
        run([job], study.store, engine="serial")
    assert path.read_bytes() == content
    assert study.store.check(job, full=True)


def _then(action: Callable[[], object]) -> Callable[..., Schedule]:
    """A plan of jobs, after which something happens before they begin."""

    def planned(jobs: Iterable[Job], *others: Any) -> Schedule:
        made = schedule(jobs, *others)
        action()
        return made

    return planned


# the page -----------------------------------------------------------------------------------------
@pytest.mark.usefixtures("records")
def test_a_page_shows_and_counts_what_the_judge_says(study: Study) -> None:
    page = GeneratedPage(study)
    made = page.generated
    assert made.probabilities.shape == (256, 16)
    assert np.allclose(made.probabilities.sum(1), 1, atol=1e-4)
    numbers = page.numbers()
    assert numbers["generated-images"] == "256"
    assert int(numbers["generated-searched"]) == len(page._learned(0))
    assert numbers["generated-accuracy"] == f"{made.right.mean():.0%}"
    assert float(numbers["generated-distance"]) > 0
    beside = page.beside_natural(4, "Generated beside natural.")
    assert beside.html.count("nb-grid-image") == 8
    assert beside.text.count("natural") >= 4


@pytest.mark.usefixtures("records")
def test_successes_are_right_and_failures_are_wrong(study: Study) -> None:
    page = GeneratedPage(study)
    page.generated.probabilities[:] = 0.01
    page.generated.probabilities[:, 3] = 0.8  # a judge that always says the fourth class
    assert page.successes(4).html.count("nb-grid-image") == 1
    failures = page.failures(4)
    assert failures.html.count("nb-grid-image") == 4
    assert failures.text.count(f"taken for {page.names[3]}") == 4
    page.generated.probabilities[:, 3] = 0.0
    assert page.generated.accuracy == 1 / 16


@pytest.mark.usefixtures("records")
def test_the_nearest_training_photograph_of_one_is_itself(study: Study) -> None:
    page = GeneratedPage(study)
    learned = page._learned(5)
    found, distance = page._nearest(learned[7], 5)
    assert distance == 0
    assert np.array_equal(found, learned[7])
    assert torch.is_tensor(page.study.generated.load().images)
