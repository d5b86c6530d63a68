"""What pages say in words of numbers: from the results, and never more than was run."""

import re

import nbformat
import pandas as pd
import pytest

import nbsupport as nb
from nbsupport.analysis import claims
from nbsupport.analysis.charts import Words, chart_data, trend_figure
from nbsupport.display import numbers
from nbsupport.evidence.recorded import families_by_seeds
from nbsupport.pages import discussion, index
from nbsupport.pages.open_page import open_page
from nbsupport.paths import root
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import FULL, SCRATCH, Study

NOTEBOOKS = sorted((root() / "notebooks").glob("*.ipynb"))
BOOK = sorted((root() / "book").glob("*.md"))


def sentences() -> dict[str, str]:
    """The prose of every page, by file."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in BOOK}
    for path in NOTEBOOKS:
        parts = nbformat.read(path, as_version=4).cells
        texts[path.name] = "\n".join(c.source for c in parts if c.cell_type == "markdown")
    return {name: " ".join(text.split()) for name, text in texts.items()}


@pytest.fixture(scope="module")
def recorded() -> pd.DataFrame:
    return nb.read_records("demo").query("world == 1").reset_index(drop=True)


def test_no_page_says_ten_times_where_it_was_two():
    ratio = len(Study("demo").fractaldb) / (128 * Study("demo").profile.sizes["150K"])
    assert float(numbers.fractal_ratio(Study("demo"))["fractal-ratio"]) == ratio == 2
    generated = 128 * Study("demo").profile.sizes["150K"]
    assert len(Study("demo").more_fractals) == 10 * generated
    for claim in claims.load().values():
        if "fractaldb/tenfold" in claim.roles:  # these are ten times as many
            continue
        assert not re.search(r"\b(ten|\d+) times\b|million", claim.text), claim.id
    for name, text in sentences().items():
        for found in re.finditer(r"ten times as (?:many|much) fractals?", text):
            assert "paper" in text[max(0, found.start() - 1200) : found.start()], name
    assert "{glue:text}`fractal-ratio` times as many" in sentences()["04_5_sources.ipynb"]


def test_tints_are_spoken_of_only_where_recipes_tint():
    colours = {recipe_named("demo", "pretrain", f).colour for f in ("resnet", "alexnet")}
    assert colours == {0}
    for name in ("04_4_1_classes_or_images.ipynb", "04_4_2_within_class.ipynb"):
        assert not re.search(r"tint", sentences()[name])


@pytest.mark.parametrize(
    "typed", ["in minutes", "a few minutes", "few thousand", "one seed. The fig"]
)
def test_no_time_and_no_size_is_typed_that_only_a_build_knows(typed):
    found = {name for name, text in sentences().items() if typed in text}
    assert found <= {"rerun.md", "data.md", "scale.ipynb"}


def test_the_fine_tuning_set_is_counted():
    assert "{glue:text}`train-images` pictures" in sentences()["index.ipynb"]
    told = numbers.task_numbers(Study("demo"))
    assert told["train-images"] == f"{len(Study('demo').task.table('train')):,}" == "2,000"


def test_the_reference_is_at_zero_by_definition(recorded):
    points = recorded[recorded["role"].isin([FULL, SCRATCH, "imagenet/5K"])]
    table = trend_figure(points, [FULL, "imagenet/5K"], Words(title="")).table
    last = table.iloc[-1]
    assert (last["pre-training"], last["runs"]) == ("from scratch", 25)
    assert last["95 % interval"] == chart_data.BY_DEFINITION
    assert not table["95 % interval"].str.contains("too few").any()


def test_an_interval_says_why_it_is_missing():
    nan = float("nan")
    assert chart_data.span(nan, nan) == "none: too few runs"
    assert chart_data.span(nan, nan, value=nan) == "none: no run on the line"


def test_families_and_seeds_multiply_to_the_cells():
    cells = pd.DataFrame([(f, s) for f in "abc" for s in range(2)], columns=["family", "seed"])
    assert families_by_seeds(cells) == "3 families x 2 seeds"
    assert families_by_seeds(cells[:1]) == "1 family x 1 seed"
    assert families_by_seeds(cells[:5]) == "5 cells (a family with a seed) of 3 families"


def test_section_6_counts_the_runs_that_its_figures_rest_on(recorded):
    page = open_page("06_discussion", {})
    words = {"number": "Figure", "caption": ""}
    figures = [
        make(page, recorded, **words).panels["Recorded"]
        for make in (
            discussion.effects_figure,
            discussion.positions_figure,
            discussion.no_gap,
        )
    ]
    scratch = recorded[recorded["role"] == SCRATCH]
    assert {"5 families x 5 seeds"} == {
        re.search(r": (.*?)\.", figure.subtitle).group(1) for figure in figures
    }
    assert scratch[["family", "seed"]].drop_duplicates().shape[0] == 25


def test_a_run_that_plays_two_roles_is_counted_once():
    records = nb.read_records("demo")
    told = index.record_numbers("demo")["recorded-runs"]
    assert told == f"{records['key'].nunique():,}"
    assert records["key"].nunique() < len(records.drop_duplicates(["world", "role", "key"]))


# A sentence whose condition a recorded verdict has settled. Rules, hypotheses on what would change
# a finding, and exercises may speak in conditions: results may not.
OPEN_CONDITION = re.compile(
    r"\bfollows?\b[^.]{0,60}\bif\b"
    r"|\bif (?:the|a|this|that|either|both) (?:\w+ )?(?:claims?|control|verdict)s? "
    r"(?:is|are|was|were|came|comes)"
    r"|\bif (?:quantity|semantics|diversity|granularity|neither side|fractals?|captions?)\b"
    r"|\bnear (?:1|0|one|zero) says\b",
    re.IGNORECASE,
)
SPOKEN_ELSEWHERE = {"06_discussion.ipynb", "01_introduction.ipynb", "index.ipynb"}


def results(name: str) -> str:
    """A page's prose without its exercises."""
    return re.sub(r"## Exercises.*?(?=\(rerun|## Rerun|$)", "", sentences()[name], flags=re.DOTALL)


@pytest.mark.parametrize(
    "name", sorted(p.name for p in NOTEBOOKS if p.name not in SPOKEN_ELSEWHERE)
)
def test_no_sentence_leaves_open_what_is_recorded(name):
    found = OPEN_CONDITION.search(results(name))
    assert not found, results(name)[max(0, found.start() - 80) : found.end() + 80]


def test_what_the_test_above_finds():
    for text in (
        "The advice follows in this world if the claim holds.",
        "If the first claim is supported and the control contradicted, then",
        "If neither side gains much, then the same says little.",
        "A correlation near 1 says that they agree",
    ):
        assert OPEN_CONDITION.search(text)


def test_no_long_paragraph_stands_on_many_pages():
    counted: dict[str, set[str]] = {}
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "markdown":
                continue
            for paragraph in cell.source.split("\n\n"):
                if len(paragraph) > 180 and not paragraph.startswith((":::", "```")):
                    counted.setdefault(paragraph, set()).add(path.name)
    assert {p[:60]: names for p, names in counted.items() if len(names) > 2} == {}


def test_drawings_are_not_called_photographs():
    """Captions and titles are of the profile's own pictures, which a simulated world draws."""
    from nbsupport.pages import pages

    judged = {f"{page.id}.ipynb" for page in pages().values() if page.claims}
    for path in (p for p in NOTEBOOKS if p.name in judged):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert "photograph" not in cell.source.lower(), f"{path.name}: {cell.id}"
    for claim in claims.load().values():
        told = f"{claim.title} {claim.opposite} {claim.matter} {claim.text}"
        assert "photograph" not in told.lower(), claim.id


@pytest.mark.parametrize("name", sorted(p.name for p in NOTEBOOKS))
def test_no_page_says_that_it_holds_no_photograph(name):
    """Every page with figures has a tab of real images."""
    assert not re.search(
        r"[Nn]othing on this page is a photograph|about photographs:", sentences()[name]
    )
