"""Studies, plans and the command line, without training anything."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.evidence import records
from nbsupport.jobs.store import Store
from nbsupport.pages import all_groups, page_named, pages
from nbsupport.pages.plan import plan_book, plan_page
from nbsupport.pages.request import PageRequest, groups_of, study_for
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import FULL, SCRATCH, Group, Study
from nbsupport.text import aligned
from nbsupport.training.families import FAMILIES


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def test_a_run_from_scratch_has_no_parent_and_the_others_have_one() -> None:
    study = Study("demo", seeds=[0, 1], families=["resnet", "alexnet"])
    runs = study.runs([study.scratch, study.full])
    assert len(runs) == 8
    assert all((run.finetune.parent is None) == (run.group.role == SCRATCH) for run in runs)


def test_keys_do_not_depend_on_the_page_that_asks() -> None:
    keys = {}
    for page_id in ("02_background", "04_1_quantity"):
        study = study_for(page_id, seeds=[3])
        runs = study.runs(groups_of(page_id, study))
        keys[page_id] = {r.finetune.key for r in runs if r.group.role in (SCRATCH, FULL)}
    assert keys["02_background"] == keys["04_1_quantity"]


def test_every_cell_of_a_group_is_another_job() -> None:
    study = Study("demo", seeds=[0, 1, 2], families=["resnet", "densenet"])
    for group in all_groups(study):  # groups with the same data may share their jobs
        cells = 3 * len({*study.families, *group.families})
        assert len({run.finetune.key for run in study.runs([group])}) == cells


def test_worlds_have_different_jobs() -> None:
    first, second = (Study("demo", world=world) for world in (1, 2))
    keys = [study.runs([study.full])[0].finetune.key for study in (first, second)]
    assert keys[0] != keys[1]


def test_equal_steps_give_a_small_subset_as_many_updates_as_the_whole_source() -> None:
    study = Study("demo", budget="steps")
    groups = groups_of("04_1_quantity", study, sizes=[1280])
    parents = [run.finetune.parent for run in study.runs(groups) if run.finetune.parent]
    assert len({parent.spec["recipe"]["updates"] for parent in parents}) == 1
    assert parents[0].spec["recipe"]["updates"] is not None


def test_sizes_replace_the_roles_and_are_named_by_their_images() -> None:
    study = Study("demo")
    roles = [group.role for group in groups_of("04_1_quantity", study, sizes=[1000, 250])]
    assert "imagenet/1,000 images" in roles
    assert "inaturalist/250 images" in roles
    assert "imagenet/25K" not in roles


def test_a_mapping_of_subsets_is_run_under_its_names() -> None:
    study = Study("demo")
    runs = study.runs({"none": None, "ten each": study.imagenet.per_class(10)})
    assert [run.group.role for run in runs] == ["none", "ten each"]


def test_captions_are_another_stage_with_another_recipe() -> None:
    study = Study("demo", families=["resnet"])
    for group in groups_of("appendix_clip_quantity", study):
        runs = {run.family: run.finetune for run in study.runs([group])}
        parent = runs["resnet"].parent
        captions = group.role.startswith("captions/")
        if parent is not None:
            assert parent.stage == ("contrast" if captions else "pretrain")
            name = "contrast" if captions else "pretrain"
            assert parent.spec["recipe"] == recipe_named("demo", name, "resnet").spec()
        assert runs["resnet"].stage == "finetune"
        assert set(runs) == {"resnet", *group.families}
        assert bool(group.families) is (group.role in ("captions/clean", "captions/noisy"))


def test_no_reference_line_has_a_family_that_only_captions_add() -> None:
    study = Study("demo", seeds=[0], families=FAMILIES)
    extra = [run for run in study.runs(all_groups(study)) if run.family not in FAMILIES]
    assert {run.family for run in extra} == {"vit"}
    assert {run.group.role for run in extra} == {"captions/clean", "captions/noisy"}


def test_parts_of_a_corpus_are_as_large_as_the_subsets_of_that_role() -> None:
    study = Study("demo")
    images = {group.role: len(group.subset) for group in all_groups(study) if group.subset}
    for corpus in ("clean", "noisy"):
        for size in ("150K", "25K"):
            assert images[f"captions/{corpus}-{size}"] == images[f"imagenet/{size}"]
        assert images[f"captions/{corpus}"] > images["imagenet/full"]


def test_equal_steps_of_captions_are_those_of_the_whole_corpus() -> None:
    study = Study("demo", budget="steps", families=["resnet"])
    parents = [run.finetune.parent for run in study.runs(all_groups(study))]
    updates = {p.spec["recipe"]["updates"] for p in parents if p and p.stage == "contrast"}
    recipe = recipe_named("demo", "contrast", "resnet")
    assert updates == {recipe.updates_for(study.profile.captioned_images)}


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Group("a", "a", None, objective="caption"), "did you mean 'captions'"),
        (lambda: Group("a", "a", None, families=("vitt",)), "did you mean 'vit'"),
        (lambda: Study(families=["vit"]), "unknown architecture family"),
        (lambda: Study().captions("cleen").source.pairs, "did you mean 'clean'"),
        (lambda: Study("dmeo"), "did you mean 'demo'"),
        (lambda: Study(families=["resnett"]), "did you mean 'resnet'"),
        (lambda: Study(world=-7), "profile demo has worlds 0 to"),
        (lambda: Study(budget="step"), "did you mean 'steps'"),
        (lambda: Study().run([]), "no groups to run"),
        (lambda: page_named("04_1_quantiy"), "did you mean '04_1_quantity'"),
        (lambda: study_for("04_1_quantity", sise=[1]), "did you mean 'sizes'"),
        (lambda: study_for("04_1_quantity", sizes="many"), "of type str"),
        (lambda: study_for("04_1_quantity", axis="log"), "did you mean 'logit'"),
        (lambda: study_for("04_1_quantity", seeds=[-1]), "at least 0"),
        (lambda: groups_of("04_1_quantity", Study(), sizes=[0]), "whole numbers"),
        (lambda: Study().runs(groups_of("04_1_quantity", Study(), sizes=[10**6])), "at most"),
    ],
)
def test_a_wrong_request_is_a_one_line_error(make: Any, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_the_book_needs_no_more_than_the_union_of_its_pages(own_store: Path) -> None:
    *plans, book = plan_book("demo", Store(own_store))
    assert [plan.page for plan in plans] == list(pages())
    assert book.jobs < sum(plan.jobs for plan in plans)
    assert book.to_train == book.jobs
    assert book.compute_seconds > 0
    by_page = {plan.page: plan for plan in plans}
    # the reference runs of Section 2 are those of Section 4.1, and all that the two pages need
    assert by_page["02_background"].shared == by_page["02_background"].jobs
    # and the page that judges every claim shares all its jobs but those of the controls
    assert 0 < by_page["claims"].jobs - by_page["claims"].shared < by_page["claims"].jobs / 4
    assert book.shared == by_page["claims"].shared


def test_a_page_plan_names_its_parameters(own_store: Path) -> None:
    request = PageRequest(page_named("04_1_quantity"), {"profile": "smoke", "seeds": [0, 1]})
    plan = plan_page(request, Store(own_store))
    values = {row["name"]: row["value"] for row in plan.parameters}
    assert values["seeds"] == [0, 1]
    assert plan.runs == 2 * len(groups_of("04_1_quantity", Study("smoke")))


def test_tables_are_aligned() -> None:
    assert aligned([["a", "bb"], ["ccc", 1]], numeric=[1]) == "a    bb\n---  --\nccc   1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "--page", "nothing"], "unknown page"),
        (["plan", "--profile", "dem"], "did you mean 'demo'"),
        (["plan", "-p", "sizes", "[1]"], "name it with --page"),
        (["run", "04_1_quantity", "-p", "sizs", "[1]"], "did you mean 'sizes'"),
        (["build", "--profile", "nothing"], "unknown profile"),
        (["jobs", "show", "abc"], "no job"),
        (["jobs", "rm", "xyz"], "no key"),
        (["record", "--seed", "7"], "records no seed 7: give one of 0, 1, 2, 3, 4"),
        (["record", "--world", "0"], "records no world 0: give one of 1, 2, 3"),
        (["record", "--family", "vit"], "records no family vit: give one of alexnet"),
        (["record", "--profile", "smoke", "--seed=-1"], "--seed '-1': give a whole number"),
        (["record", "--seed", "0", "one"], "--seed 'one': give a whole number"),
        (["record", "--world", "1.0"], "--world '1.0': give a whole number"),
        (["record", "--profile", "smoke", "--world", "9"], "records no world 9"),
    ],
)
def test_the_command_line_says_a_mistake_in_one_line_with_status_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_the_plan_is_also_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--json"]) == 0
    plans = json.loads(capsys.readouterr().out)
    assert plans[-1]["page"] == "all pages"


def test_an_empty_store_lists_no_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out.startswith("0 jobs")


# records ------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(records, "records_path", lambda profile: tmp_path / f"{profile}.csv")
    return tmp_path


def _row(role: str, key: str, epoch: int = 1) -> dict[str, Any]:
    row = dict.fromkeys(records.COLUMNS, 0)
    return row | {
        "role": role,
        "key": key,
        "epoch": epoch,
        "family": "resnet",
        "parent_key": "",
        "world": 1,
    }


def test_records_come_back_as_they_were_written(folder: Path) -> None:
    written = pd.DataFrame([_row("b", "k2"), _row("a", "k1", 2), _row("a", "k1", 1)])
    records.write_records("toy", written)
    read = records.read_records("toy")
    assert read[["role", "epoch"]].to_numpy().tolist() == [["a", 1], ["a", 2], ["b", 1]]
    assert (read["parent_key"] == "").all()


def test_a_run_that_is_recorded_is_not_missing(folder: Path) -> None:
    study = Study("demo")
    runs = study.runs([study.scratch, study.full])
    held = pd.DataFrame([_row(SCRATCH, runs[0].finetune.key)])
    assert records.missing_runs(runs, held, 1) == runs[1:]
    assert records.missing_runs(runs, records.read_records("smoke"), 1) == runs


def test_two_groups_of_one_subset_are_recorded_under_both_names_and_trained_once() -> None:
    study = Study("demo")
    groups = [study.full, Group("other name", "the same images", study.imagenet), study.scratch]
    full, twin, scratch = study.runs(groups)
    assert full.finetune.key == twin.finetune.key
    rows = [_row(FULL, full.finetune.key, epoch) for epoch in (1, 2)]
    held = pd.DataFrame([*rows, _row("unasked", "k")])
    found = records.under_other_names([full, twin, scratch], held, 1)
    assert found["role"].tolist() == ["other name"] * 2
    assert found["epoch"].tolist() == [1, 2]
    assert set(found["key"]) == {full.finetune.key}
    both = pd.concat([held, found])
    assert records.missing_runs([full, twin, scratch], both, 1) == [scratch]
    assert records.under_other_names([full, twin, scratch], both, 1).empty
    assert records.under_other_names([full, twin], held, 2).empty  # of another world


def test_a_run_that_was_made_otherwise_gives_way_to_the_newer(folder: Path) -> None:
    study = Study("demo", world=1)
    runs = study.runs([study.scratch])
    made = [_row(SCRATCH, runs[0].finetune.key), _row(SCRATCH, "made otherwise")]
    others = [_row("another role", "k1"), _row(SCRATCH, "in another world") | {"world": 2}]
    held = pd.DataFrame([row | {"world": row["world"] or 1} for row in [*made, *others]])
    kept = records.without_stale(runs, held, 1)
    assert kept["key"].tolist() == [runs[0].finetune.key, "k1", "in another world"]


def test_a_damaged_file_of_records_is_a_one_line_error(folder: Path) -> None:
    (folder / "toy.csv").write_text("role,key\n")
    with pytest.raises(UserError, match="lacks the columns"):
        records.read_records("toy")
