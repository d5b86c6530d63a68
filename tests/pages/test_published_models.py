"""The page on published models: it stands on the committed table, and says what that holds."""

import re

import nbformat
import pytest

from nbsupport.analysis.published import BASE, SHIFTS, fine_tuned
from nbsupport.building import page_key
from nbsupport.evidence.published import models as committed
from nbsupport.evidence.published.models import published_models
from nbsupport.pages import pages
from nbsupport.pages import published_models as page
from nbsupport.pages.request import PageRequest

NOTEBOOK = nbformat.read(pages()["published_models"].notebook, as_version=4)
PROSE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return page.numbers("logit")


def height(source: str, shift: str) -> float:
    own = fine_tuned(published_models(), SHIFTS[shift])
    return own.mean(own.models["source"] == source).value


def test_the_page_stands_without_the_published_tables(told, tmp_path, monkeypatch):
    monkeypatch.setenv("NBSUPPORT_DATA", str(tmp_path))
    assert all(told.values())
    for make in (page.heights_table, page.contrasts_table, page.claims_table, page.spreads_table):
        assert make("logit").html
    for table in (page.origins, page.sources_table, page.datacomp_table, page.camera_traps):
        assert table().html


def test_every_number_in_the_prose_is_glued_and_used(told):
    assert set(re.findall(r"\{glue:text\}`([^`]+)`", PROSE)) <= set(told)


def test_no_figure_of_a_result_is_typed():
    bare = re.sub(r"\{glue:text\}`[^`]+`|`[^`]+`|```.*?```|ImageNet-\d+K|P\.\d|V2", "", PROSE)
    bare = re.sub(r"400M|2B|CC \d+M|1/32|Figures 2 and 10|Section \d|95 % interval", "", bare)
    assert re.findall(r"\d+\.\d+|\d+ points|[+−]\d+", bare) == []


@pytest.mark.parametrize(
    ("make", "panels"),
    [(page.shifts_figure, 2), (page.iwildcam_figure, 1), (page.parts_figure, 2)],
)
def test_figures_have_a_finding_a_description_and_their_data(make, panels):
    figure = make("logit", number="Figure P.1", caption="A caption.")
    assert re.search(r"\d", figure.title)
    assert figure.data["shift"].nunique() == panels
    for name in figure.table["pre-training"]:
        assert name in {*figure.data["group"], page.OTHERS}
    assert figure.csv().count("\n") == len(figure.data) + 1
    assert "line through" in figure.description
    assert figure.name == "figure-p-1"
    for layout in (figure.wide, figure.narrow):
        assert {f"points{i}" for i in range(panels)} <= set(re.findall(r"points\d", str(layout)))


def test_the_title_is_computed_from_the_rows():
    figure = page.shifts_figure("logit", number="Figure P.1", caption="")
    rows = figure.table.set_index(["shift", "pre-training"])["height above the line"]
    values = {name: abs(float(v.replace("−", "-"))) for name, v in rows.items()}
    near = max(v for (shift, _), v in values.items() if shift == "ImageNet-V2")
    far = max(v for (shift, _), v in values.items() if shift == "ImageNet-R")
    given = [float(n) for n in re.findall(r"(\d+(?:\.\d)?) points", figure.title)]
    assert given[0] == pytest.approx(100 * near, abs=0.1)
    assert given[1] == pytest.approx(100 * far, abs=1)


def test_a_figure_of_sources_that_do_not_part_says_so():
    from dataclasses import replace

    own = page._panel(fine_tuned(published_models(), SHIFTS["v2"]), {"21K": "in21k"})
    level = replace(own, effects=own.effects.assign(er=0.01))
    assert page._parted([level, level]).startswith("Sources lie within 1.0 points of one line")


@pytest.mark.parametrize("axis", ["linear", "logit", "probit"])
def test_models_slide_along_the_line_where_the_axis_lets_them(axis):
    """An accuracy near 0 is on no line that is straight in accuracies."""
    figure = page.parts_figure(axis, number="Figure P.2", caption="")
    rows = figure.table[figure.table["pre-training"] == "1/32 of the images"]
    off = max(abs(float(v.replace("−", "-"))) for v in rows["height above the line"])
    assert ("moves a model down the line" in figure.title) == (100 * off < page.SLID)


def test_what_the_prose_says_is_so():
    """Sentences that no number in them would give away."""
    assert height("instagram-1b", "r") < 0  # "no higher than ImageNet-1K alone"
    heights = [height(s, "r") for s in ("instagram-940m", "laion-2b", "openai-400m", "in21k")]
    assert heights == sorted(heights, reverse=True)
    traps = page.best_on_camera_traps()
    assert traps["shots_all"].max() - traps["shots_all"].min() < 0.03
    own = fine_tuned(published_models(), SHIFTS["r"])
    through = own.paired(
        [("laion2b_ft_in12k_in1k", "laion2b_ft_in1k"), ("openai_ft_in12k_in1k", "openai_ft_in1k")]
    )
    assert through.value < 0 < through.high  # "lower, on average", "too few pairs to settle it"


def test_the_choices_are_the_sources_of_the_figure_and_the_answer_is_among_them():
    labels = sorted(page.label_of(name) for name in page.LOOKS if name != BASE)
    assert sorted(page.CHOICES) == labels
    assert page.answer("logit").partition(":")[0] in page.CHOICES


def test_the_page_is_executed_again_when_the_table_changes(tmp_path, monkeypatch):
    request = PageRequest(pages()["published_models"], {"profile": "smoke"})
    before = page_key.page_key(request)
    other = tmp_path / "published-models.csv"
    other.write_bytes(committed.models_path().read_bytes() + b"\n")
    monkeypatch.setattr(page_key, "models_path", lambda: other)
    assert page_key.page_key(request) != before
    scale = PageRequest(pages()["scale"], {"profile": "smoke"})
    quantity = PageRequest(pages()["04_1_quantity"], {"profile": "smoke"})
    assert not page_key._shows_published(scale)
    assert page_key._shows_published(quantity)  # its claims are among those they speak to
