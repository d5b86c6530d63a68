"""A point of a figure is one run: a group of the page in one cell."""

import shlex

import pytest

from nbsupport import cli
from nbsupport.errors import UserError
from nbsupport.pages import page_named
from nbsupport.pages.open_page import open_page
from nbsupport.pages.point import point_run
from nbsupport.pages.request import PageRequest
from nbsupport.parameters import parse_assignments


def run(page_id, role, family="alexnet", seed=0, **values):
    return point_run(PageRequest(page_named(page_id), values), role, family, seed)


def test_a_point_has_the_jobs_of_its_run_and_no_others():
    found = run("04_1_quantity", "imagenet/25K", "resnet", 3)
    assert [job.stage for job in found.jobs] == ["pretrain", "finetune"]
    assert {job.spec["family"] for job in found.jobs} == {"resnet"}
    assert {job.spec["seed"] for job in found.jobs} == {3}
    assert [job.stage for job in run("04_1_quantity", "scratch").jobs] == ["finetune"]


def test_it_is_the_run_that_the_page_itself_trains():
    request = PageRequest(page_named("04_4_2_within_class"), {"seeds": [0, 1]})
    for own in request.runs[:: len(request.runs) // 5]:
        again = run("04_4_2_within_class", own.group.role, own.family, own.seed)
        assert again.finetune.key == own.finetune.key


def test_a_family_that_comes_with_its_group():
    own = next(
        r for r in PageRequest(page_named("05_self_supervised"), {}).runs if r.family == "vit"
    )
    assert run("05_self_supervised", own.group.role, "vit").finetune.key == own.finetune.key


@pytest.mark.parametrize(
    ("page_id", "role", "family", "message"),
    [
        ("04_1_quantity", "imagenet/26K", "alexnet", "did you mean 'imagenet/25K'"),
        ("04_1_quantity", "imagenet/25K", "alexne", "did you mean 'alexnet'"),
        ("04_1_quantity", "imagenet/25K", "vit", "is not run with family vit: give one of resnet"),
        ("index", "scratch", "resnet", "page index draws no runs of its own"),
    ],
)
def test_a_mistake_is_one_line(page_id, role, family, message):
    with pytest.raises(UserError, match=message) as caught:
        run(page_id, role, family)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ({}, {"role": "imagenet/25K", "family": "resnet", "seed": 2, "world": 2}),
        (
            {"sizes": [640], "families": ["alexnet"], "budget": "steps", "profile": "smoke"},
            {"role": "scratch", "family": "alexnet", "seed": 1, "world": 1, "profile": "smoke"},
        ),
        # recorded at the page's defaults: a group that these sizes do not have
        ({"sizes": [640]}, {"role": "imagenet/5K", "family": "alexnet", "seed": 1, "world": 1}),
    ],
)
def test_the_command_of_a_point_is_understood_and_names_its_run(values, row):
    said = open_page("04_1_quantity", values).view.command(row)
    words = shlex.split(said)
    assert words[:4] == ["python", "-m", "nbsupport", "run"]
    options = cli._parser().parse_args(words[3:])
    assert (options.role, options.family, options.seed) == (
        *(row["role"], row["family"]),
        str(row["seed"]),
    )
    given = parse_assignments(options.parameters)
    assert given.get("world", 1) == row["world"]
    found = run("04_1_quantity", row["role"], row["family"], row["seed"], **given)
    assert (found.group.role, found.family, found.seed) == (row["role"], row["family"], row["seed"])
    whole = cli._parser().parse_args(shlex.split(said.split(" --role ")[0])[3:])
    assert whole.role is None  # up to there it is the command of the page
