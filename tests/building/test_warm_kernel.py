"""Pages that share a kernel show what they show alone."""

import json
from pathlib import Path

import nbformat

from nbsupport.building.execute import ExecutedPage, execute_pages, read_sources

CODE = "import os; seen = globals().get('left', 'nothing'); left = 'something'; print(seen, size)"


def run(tmp_path: Path, *pages: str, **options) -> list[ExecutedPage]:
    folder = tmp_path / "notebooks"
    texts = read_sources(pages, folder)
    return execute_pages(texts, {"size": 3}, tmp_path / "out", notebooks=folder, **options)


def outputs(path: Path) -> str:
    return json.dumps([c.get("outputs") for c in nbformat.read(path, as_version=4).cells])


def test_each_page_begins_with_nothing_and_counts_from_one(tmp_path, write_page):
    for name in "abc":
        write_page(name, CODE, "print(os.getpid())")
    done = run(tmp_path, *"abc", warm=True, workers=1)
    assert [page.error for page in done] == [None] * 3
    cells = [nbformat.read(page.path, as_version=4).cells for page in done]
    counts = [[c.execution_count for c in own if c.cell_type == "code"] for own in cells]
    assert counts == [[1, 2, 3, 4]] * 3
    shown = [outputs(page.path) for page in done]
    assert all("nothing 3" in text for text in shown)
    assert len(set(shown)) == 1  # one process

    alone = run(tmp_path, "a")[0]
    assert not alone.executed  # its key is the same, however it is executed


def test_an_error_and_a_killed_kernel_stop_no_other_page(tmp_path, write_page):
    write_page("a", "1 / 0")
    write_page("b", "import os; os._exit(1)")
    write_page("c", "print('whole')")
    failed, killed, whole = run(tmp_path, *"abc", warm=True, workers=1)
    assert failed.error is not None
    assert failed.error.name == "ZeroDivisionError"
    assert killed.error is not None
    assert killed.error.name == "DeadKernelError"
    assert whole.error is None
    assert "whole" in outputs(whole.path)


def test_no_picture_stands_beside_the_html(tmp_path, write_page):
    code = """
class Shown:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": f"without {sorted(exclude)}", "text/plain": "plain"}
Shown()"""
    write_page("a", code)
    (done,) = run(tmp_path, "a")
    assert "without ['image/png']" in outputs(done.path)
