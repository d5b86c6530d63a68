from pathlib import Path

import pytest

from nbsupport.building import build
from nbsupport.building.execute import ExecutedPage, PageError, PagesFailedError


@pytest.fixture
def rendered(monkeypatch, tmp_path):
    """A build whose second page failed, without the work: notes what is rendered."""
    seen = []

    def execute(pages, profile, *rest, **options):
        error = PageError(3, "UserError", "sizes=[9]: at most 3", "study.run(groups)")
        results = [ExecutedPage(page, Path(f"{page}.ipynb"), 1.0, executed=True) for page in pages]
        last = results[-1]
        return [*results[:-1], ExecutedPage(last.page, last.path, 1.0, executed=True, error=error)]

    monkeypatch.setattr(build, "root", lambda: tmp_path)
    monkeypatch.setattr(build, "train", lambda pages: (0, 0))
    monkeypatch.setattr(build, "execute_pages", execute)
    monkeypatch.setattr(build, "render", lambda **how: seen.append("book"))
    monkeypatch.setattr(build, "render_page", lambda path, folder: seen.append(path.stem))
    return seen


def test_a_failed_page_is_rendered_with_its_error_and_fails_the_build(rendered):
    with pytest.raises(
        PagesFailedError, match=r"code cell 3 \(`study.run\(groups\)`\): sizes=\[9\]"
    ):
        build.build_book("smoke")
    assert rendered == ["book"]


def test_a_page_that_came_to_no_end_is_told_whatever_its_rendering_says(rendered, monkeypatch):
    def render(*_: object, **how: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "03_setup.ipynb")

    for name in ("render", "render_page"):
        monkeypatch.setattr(build, name, render)
    for work in (lambda: build.build_book("smoke"), lambda: build.rerun_page("03_setup", {})):
        with pytest.raises(PagesFailedError, match="at most 3"):
            work()


def test_a_failed_rerun_is_rendered_and_fails(rendered):
    with pytest.raises(PagesFailedError, match="page 04_1_quantity, code cell 3"):
        build.rerun_page("04_1_quantity", {})
    assert rendered == ["04_1_quantity"]
