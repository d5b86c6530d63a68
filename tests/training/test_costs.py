"""What a training costs: by what this machine has done, else measured, else assumed."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from nbsupport.errors import UserError
from nbsupport.evidence.records import read_records
from nbsupport.jobs import devices
from nbsupport.jobs.store import Store
from nbsupport.machine import cpu_model
from nbsupport.pages import page_named
from nbsupport.pages.plan import basis_note, measure, plan_page
from nbsupport.pages.request import PageRequest
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import Study
from nbsupport.training import costs
from nbsupport.training.costs import ASSUMED, Measured, Pace, note, pace_of
from nbsupport.training.families import (
    NAMES,
    evaluation_seconds,
    family_named,
    training_seconds,
)
from nbsupport.training.recipe import Recipe

RECIPE = Recipe(epochs=10, evaluate_at=tuple(range(3, 11)))


def request(profile: str) -> PageRequest:
    """A page to plan."""
    return PageRequest(page_named("04_1_quantity"), {"profile": profile}, nominal=True)


def finished(
    store: Path,
    family: str = "resnet",
    slower: float = 3.0,
    name: str = "a",
    px: int = 32,
    device: str = "cpu",
    **environment: str,
) -> Path:
    """A fine-tuning that took `slower` times the reference, as a finished job leaves it."""
    images, tests = 100 * 64, 8 * 6000
    training = slower * training_seconds(family, px, images, 100)
    whole = training + slower * evaluation_seconds(family, px, tests)
    result = {"updates": 100, "epochs": 10, "images_per_second": images / training}
    result |= {"seconds": whole, "device": device, "records": 8 * [{"n_id": 3000, "n_ood": 3000}]}
    folder = store / "finetune" / name
    folder.mkdir(parents=True)
    spec = {"family": family, "px": px, "recipe": RECIPE.spec()}
    (folder / "spec.json").write_text(json.dumps({"spec": spec}))
    (folder / "environment.json").write_text(json.dumps(environment))
    (folder / "result.json").write_text(json.dumps({"result": result}))
    return folder


def test_nothing_is_known_of_a_new_machine(tmp_path: Path) -> None:
    assert pace_of(tmp_path, 32) == Pace(basis=ASSUMED)


def test_what_the_store_has_done_tells_how_fast_this_machine_is(tmp_path: Path) -> None:
    for number, slower in enumerate((2.0, 3.0, 7.0)):
        finished(tmp_path, "resnet", slower, f"a{number}")
    finished(tmp_path, "alexnet", 5.0, "b")
    pace = pace_of(tmp_path, 32)
    assert pace.basis == "4 jobs of this processor in the store"
    assert pace.trained == pytest.approx({"resnet": 3.0, "alexnet": 5.0})
    assert pace.evaluated == pytest.approx({"resnet": 3.0, "alexnet": 5.0})
    # A family that has not been trained yet is as slow as the others.
    assert pace.training("vit", 32, RECIPE, 2000) == pytest.approx(
        4.0 * Pace().training("vit", 32, RECIPE, 2000)
    )
    assert pace_of(tmp_path, 224).basis == ASSUMED


def test_jobs_of_another_processor_tell_nothing(tmp_path: Path) -> None:
    finished(tmp_path, name="a", processor="another")
    assert pace_of(tmp_path, 32).basis == ASSUMED
    finished(tmp_path, name="b", processor=f"{cpu_model()}, AVX2")
    assert pace_of(tmp_path, 32).basis == "1 job of this processor in the store"


def test_full_size_models_are_told_by_those_that_a_gpu_has_trained(tmp_path: Path) -> None:
    finished(tmp_path, name="a", px=224)
    assert pace_of(tmp_path, 224).basis == ASSUMED
    finished(tmp_path, name="b", px=224, device="cuda", processor="NVIDIA something")
    pace = pace_of(tmp_path, 224)
    assert pace.large
    assert pace.trained == pytest.approx({"resnet": 3.0})


@pytest.mark.parametrize("name", ["spec.json", "result.json", "environment.json"])
@pytest.mark.parametrize("content", ["", "[]", "{", '{"result": {"updates": 3}}', None])
def test_a_damaged_job_tells_nothing(tmp_path: Path, name: str, content: str | None) -> None:
    path = finished(tmp_path) / name
    path.unlink() if content is None else path.write_text(content)
    assert pace_of(tmp_path, 32).basis in (ASSUMED, "1 job of this processor in the store")
    finished(tmp_path, name="b")
    assert pace_of(tmp_path, 32).trained == pytest.approx({"resnet": 3.0})


def test_a_measurement_counts_until_the_store_has_jobs(tmp_path: Path) -> None:
    seconds = training_seconds("resnet", 32, 64, 1) / 64
    measured = {"resnet": Measured(2 * seconds, 4 * evaluation_seconds("resnet", 32, 1))}
    pace = note(tmp_path, 32, 64, measured)
    assert pace_of(tmp_path, 32) == pace
    assert (pace.trained, pace.evaluated) == (
        pytest.approx({"resnet": 2.0}),
        pytest.approx({"resnet": 4.0}),
    )
    assert pace.basis.startswith("a short measurement")
    finished(tmp_path)
    assert pace_of(tmp_path, 32).trained == pytest.approx({"resnet": 3.0})
    next((tmp_path / "paces").iterdir()).write_text("{}")
    assert pace_of(tmp_path / "elsewhere", 32).basis == ASSUMED


def test_evaluation_is_counted(tmp_path: Path) -> None:
    once = replace(RECIPE, evaluate_at=())
    for px in (32, 224):
        pace = Pace(large=px > 64)
        eight, one = (pace.evaluation("resnet", px, r, 2000, 6000) for r in (RECIPE, once))
        assert eight == pytest.approx(8 * one)
        assert one == pytest.approx(evaluation_seconds("resnet", px, 6000))
    study = Study("demo", families=["resnet"], seeds=[0])
    job = study.runs([study.scratch])[0].finetune
    recipe = recipe_named("demo", "scratch", "resnet")
    assert job.cost == pytest.approx(
        Pace().training("resnet", 32, recipe, 2000)
        + Pace().evaluation("resnet", 32, recipe, 2000, 6000)
    )


def test_small_batches_on_a_gpu_cost_what_starting_an_update_does() -> None:
    images = 16 * 1000
    resnet = family_named("resnet")
    assert training_seconds("resnet", 224, images, 1000) == 1000 * resnet.gpu_update_seconds
    whole = training_seconds("resnet", 224, 256 * 1000, 1000)
    assert whole == 256 * 1000 / resnet.gpu_images_per_second


def test_the_reference_is_what_the_recorded_runs_took() -> None:
    """The demo's: fine-tunings with 8 evaluations, from scratch with 13."""
    table = read_records("demo").drop_duplicates("key")
    table = table[(table["n_id"] == 3000) & (table["n_ood"] == 3000)]
    assert set(table["family"]) == set(NAMES)
    for family, runs in table.groupby("family"):
        name = runs["role"].map(lambda role: "scratch" if role == "scratch" else "finetune")
        costs_of = {}
        for kind in ("scratch", "finetune"):
            recipe, pace = recipe_named("demo", kind, family), Pace()
            costs_of[kind] = pace.training(family, 32, recipe, 2000)
            costs_of[kind] += pace.evaluation(family, 32, recipe, 2000, 6000)
        assert 0.8 < median(runs["seconds"] / name.map(costs_of)) < 1.25, family


def test_no_key_depends_on_how_fast_the_machine_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def jobs() -> list[Any]:
        study = Study("smoke", families=["resnet"], seeds=[0], store=tmp_path)
        return [job for run in study.runs([study.scratch, study.full]) for job in run.jobs]

    before = jobs()
    finished(tmp_path, slower=50.0)
    after = jobs()
    assert [job.key for job in before] == [job.key for job in after]
    assert all(new.cost > 10 * old.cost for old, new in zip(before, after, strict=True))


def test_a_plan_says_in_one_line_what_it_rests_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    plan = plan_page(request("smoke"), Store(tmp_path))
    assert "as fast as the one that recorded the demo (--measure" in basis_note([plan])
    assert "\n" not in basis_note([plan])
    finished(tmp_path, slower=50.0)
    slow = plan_page(request("smoke"), Store(tmp_path))
    assert basis_note([slow]).endswith("by 1 job of this processor in the store.")
    assert slow.minutes is not None
    assert plan.minutes is not None
    assert slow.compute_seconds > 10 * plan.compute_seconds
    assert slow.minutes > 5 * plan.minutes
    large = plan_page(request("paper"), Store(tmp_path))
    assert basis_note([large]).startswith("GPU-hours assume")
    assert large.minutes is None


def test_measuring_is_short_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbsupport.pages.plan.NAMES", ("alexnet",))
    measure("smoke", Store(tmp_path))
    pace = pace_of(tmp_path, 16)
    assert pace.basis.startswith("a short measurement")
    assert set(pace.trained) == set(pace.evaluated) == {"alexnet"}
    assert all(factor > 0.01 for factor in (*pace.trained.values(), *pace.evaluated.values()))


def test_a_profile_for_a_gpu_is_measured_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "choose_for", lambda px: devices.Devices(reason="no driver"))
    with pytest.raises(UserError, match=r"is meant for a GPU, and here is none \(no driver\)"):
        measure("paper", Store(tmp_path))
    assert not (tmp_path / "paces").exists()


def test_only_some_jobs_of_a_large_store_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "READ", 3)
    for number in range(5):
        finished(tmp_path, name=f"a{number}")
    assert pace_of(tmp_path, 32).basis == "3 jobs of this processor in the store"
