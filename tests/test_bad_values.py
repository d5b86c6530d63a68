"""Every page and every parameter: what cannot be is refused before a job reaches the engine."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbsupport.building import build
from nbsupport.cli import main
from nbsupport.errors import UserError
from nbsupport.jobs.engines import local
from nbsupport.jobs.store import Store
from nbsupport.pages import page_named, pages
from nbsupport.pages.plan import plan_page
from nbsupport.pages.request import PageRequest
from nbsupport.parameters import Parameter

HUGE = (10**20, 10**30)
NO_INTEGERS = (True, 1.0, 1.5, "1", None, [1], math.nan, math.inf, {})
NO_SHARES = (True, 0.0, -0.1, 1.1, math.nan, math.inf, "0.5", None, [0.5], *HUGE)
NO_NAMES = ("", "nothing", "vit", 1, True, None, ["resnet"])
OF_TYPE: dict[str, list[Any]] = {
    "str": [
        "",
        "nothing",
        "linear ",
        "linear\n",
        "Linear",
        5,
        True,
        None,
        math.nan,
        ["linear"],
        {},
    ],
    "int": [-1, *HUGE, *NO_INTEGERS],
    "list[int]": [
        *("0", 5, True, None, {}, {"0": 1}),
        *([value] for value in (-1, *HUGE, *NO_INTEGERS)),
        *([1, 1], [1, 2, 1], [1, "2"], [1, None, 2]),
    ],
    "list[float]": [
        *("0.5", 0.5, None, {}),
        *([value] for value in NO_SHARES),
        *([0.5, 0.5], [1, 1.0], [0.33, "nothing", 1.0], [0.33, 0.330001]),
    ],
    "list[str]": [
        *("resnet", None, {}, 5),
        *([value] for value in NO_NAMES),
        *(["resnet", "resnet"], ["resnet", "nothing", "alexnet"], ["resnet", ""]),
    ],
}
# Of the right type, and more or fewer than there are: of the smoke profile's 16 classes of 16.
OF_NAME: dict[str, list[Any]] = {
    "world": [-1, 1_000_000],
    "sizes": [[0], [1], [15], [257], [32, 10**6]],
    "depths": [[0], [6], [1, 99]],
    "classes": [[0], [1], [17], [10**6]],
    "totals": [[0], [1], [7], [10**6]],
    "images": [10**6],
}


def bad_values(parameter: Parameter) -> list[Any]:
    return OF_TYPE[parameter.type] + OF_NAME.get(parameter.name, [])


def cases() -> Iterator[Any]:
    for page_id, page in pages().items():
        for parameter in PageRequest(page, {}).declared:
            yield pytest.param(page_id, parameter, id=f"{page_id}-{parameter.name}")


@pytest.fixture(autouse=True)
def nothing_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("it went as far as the work itself")

    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(local, "open_it", refuse)
    monkeypatch.setattr(build, "execute_pages", refuse)


@pytest.mark.parametrize(("page_id", "parameter"), list(cases()))
def test_a_bad_value_is_refused_before_the_first_job(
    page_id: str, parameter: Parameter, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    for value in bad_values(parameter):
        given = {"profile": "smoke", parameter.name: value}
        told = set()
        for ask in (
            lambda given=given: build.rerun_page(page_id, given),
            lambda given=given: plan_page(
                PageRequest(page_named(page_id), given, nominal=True), store
            ),
        ):
            with pytest.raises(UserError) as caught:
                ask()
            told.add(str(caught.value))
        assert len(told) == 1, value
        assert "\n" not in told.pop(), value


def test_the_stub_sees_the_jobs_of_good_values() -> None:
    with pytest.raises(pytest.fail.Exception, match="as far as the work"):
        build.rerun_page("02_background", {"profile": "smoke", "seeds": [0, 1]})
    with pytest.raises(pytest.fail.Exception, match="as far as the work"):
        build.rerun_page("scale", {"profile": "smoke"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["-p", "seeds", "[0,0]"], "0 stands twice; give it once"),
        (["-p", "seeds", "[99999999999999999999]"], "at most 9,007,199,254,740,991"),
        (["-p", "seeds", "[0]", "-p", "seeds", "[1]"], "-p seeds is given twice"),
        (["-p", "seeds", "[0]", "-p", "seeds", "[0]"], "-p seeds is given twice"),
        (["-p", "seeds", "[NaN]"], "of type list[float]"),
        (["-p", "seeds", "[" * 100_000], "no list in JSON"),
        (["-p", "seeds", "9" * 5000], "of type str"),
        (["-p", "world", "1e400"], "of type float"),
    ],
)
@pytest.mark.parametrize("command", [["run", "02_background"], ["plan", "--page", "02_background"]])
def test_the_command_line_refuses_them_in_one_line(
    command: list[str], given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, *given]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert len(said) < 500


def test_a_profile_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["plan", "--page", "02_background", "--profile", "smoke", "-p", "profile", "demo"]
    assert main(command) == 2
    assert "profile is given twice" in capsys.readouterr().err
