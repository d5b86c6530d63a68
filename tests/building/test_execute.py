import json
import sys
from pathlib import Path

import nbformat
import pytest

from nbsupport.building.execute import (
    PagesFailedError,
    execute_pages,
    raise_failures,
    read_sources,
)
from nbsupport.building.own_settings import python
from nbsupport.errors import UserError


def run(tmp_path: Path, *pages: str, **options):
    folder = tmp_path / "notebooks"
    given = {"profile": options.pop("profile", "smoke"), **options.pop("parameters", {})}
    texts = read_sources(pages, folder)
    return execute_pages(texts, given, tmp_path / "out", notebooks=folder, **options)


def outputs(path: Path) -> str:
    return json.dumps([c.get("outputs") for c in nbformat.read(path, as_version=4).cells])


def test_pages_run_in_this_interpreter_with_the_parameters(tmp_path, write_page):
    write_page("a", "import sys; print(sys.executable, profile, size)")
    write_page("b", "import nbsupport; print('lab', nbsupport.__version__)")
    seen = []
    first, second = run(tmp_path, "a", "b", parameters={"size": 7}, on_event=seen.append)
    assert first.error is None
    assert second.error is None
    assert f"{sys.executable} smoke 7" in outputs(first.path)
    assert "lab" in outputs(second.path)
    assert {e.page for e in seen} == {"a", "b"}
    raise_failures([first, second])

    notebook = nbformat.read(first.path, as_version=4)
    assert "papermill" not in first.path.read_text().replace("injected", "")
    hidden = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert len(hidden) == 1
    assert "remove-cell" in hidden[0].metadata["tags"]


def test_a_page_is_executed_again_only_when_its_key_changed(tmp_path, write_page):
    counter = tmp_path / "count"
    code = f"open({str(counter)!r}, 'a').write('x')"
    write_page("a", code)
    keys = {"a": "1"}

    def again(**options) -> bool:
        (result,) = run(tmp_path, "a", page_key=keys.get, **options)
        return result.executed

    assert again()
    assert not again()
    keys["a"] = "2"  # other records
    assert again()
    assert again(parameters={"size": 2})
    assert not again(parameters={"size": 2})
    (tmp_path / "out" / "a.ipynb").write_text("{")  # a truncated page
    assert again(parameters={"size": 2})
    write_page("a", code + "  # edited")
    assert again(parameters={"size": 2})
    assert counter.read_text() == "x" * 5


def test_a_failing_page_shows_a_box_and_stops_no_other(tmp_path, write_page):
    write_page("bad", "print('before')", "raise ValueError('<b>no</b>')", "print('after')")
    write_page("user", "from nbsupport import UserError\nraise UserError('size 9: at most 3')")
    write_page("good", "print('fine')")
    bad, user, good = results = run(tmp_path, "bad", "user", "good")
    assert good.error is None
    assert (bad.error.cell, bad.error.name) == (3, "ValueError")
    text = outputs(bad.path)
    assert "page-error" in text
    assert "&lt;b&gt;no" in text
    assert "<b>no" not in text.split("text/plain")[0]
    assert "before" in text
    assert "after" not in text
    assert "Traceback" in text

    boxed = outputs(user.path)
    assert "size 9: at most 3" in boxed
    assert "Traceback" not in boxed
    with pytest.raises(PagesFailedError, match=r"2 of 3 pages failed: page bad, code cell 3 \(`r"):
        raise_failures(results)
    assert run(tmp_path, "bad")[0].executed  # a failure is never taken as done


def test_a_page_that_kills_its_kernel_is_a_failed_page(tmp_path, write_page):
    write_page("dead", "x = 1", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    (result,) = run(tmp_path, "dead")
    assert result.error is not None
    assert (result.error.name, result.error.cell) == ("DeadKernelError", 3)
    assert "page-error" in outputs(result.path)


def test_a_process_that_gives_no_answer_is_told_by_its_last_line(tmp_path, write_page, monkeypatch):
    page = write_page("a", "1")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.ipynb").write_text("of an earlier execution")
    for code, told in (
        ("import sys; sys.exit('at the end of its wits')", "at the end of its wits; log: "),
        ("1 / 0", "ZeroDivisionError: division by zero; log: "),
        ("sys.exit(3)", "its process ended with status 3; log: "),
        ("import os; os.kill(os.getpid(), 9)", "its process was killed by SIGKILL; log: "),
        ("pass", "its process ended with status 0; log: "),
    ):
        command = python(code)
        monkeypatch.setattr("nbsupport.building.execute.python", lambda *_, c=command: c)
        (result,) = run(tmp_path, "a")
        assert str(result.error) == f"{told}{tmp_path / 'out' / 'a.log'}"
        assert not result.path.exists()
        with pytest.raises(PagesFailedError, match=f"page a, {told}"):
            raise_failures([result])
    monkeypatch.undo()
    assert run(tmp_path, "a")[0].error is None
    assert not (tmp_path / "out" / "a.log").exists()
    assert page.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"[" * 100_000])
def test_a_file_that_is_no_text_is_refused_in_one_line(tmp_path, write_page, content):
    write_page("a", "1").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.ipynb is not a notebook") as caught:
        run(tmp_path, "a")
    assert "\n" not in str(caught.value)


def test_two_executions_of_a_page_write_the_same_bytes(tmp_path, write_page):
    write_page("a", "print(1)")
    first = run(tmp_path, "a", page_key=lambda _: "1")[0].path.read_bytes()
    second = run(tmp_path, "a", page_key=lambda _: "2")[0].path.read_bytes()
    assert first == second


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": 3, "nbformat": 4}'])
def test_what_is_not_a_notebook_is_refused_in_one_line(tmp_path, write_page, text):
    write_page("a", "1").write_text(text)
    with pytest.raises(UserError, match=r"a\.ipynb is not a notebook") as caught:
        run(tmp_path, "a")
    assert "\n" not in str(caught.value)


def test_an_unknown_page_is_refused_with_the_nearest_name(tmp_path, write_page):
    write_page("02_background", "1")
    with pytest.raises(UserError, match="did you mean '02_background'"):
        run(tmp_path, "02_backgroud")
