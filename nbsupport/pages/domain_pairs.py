"""Section 6 and Appendix G: which shifts between styles of picture separate the two lines."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.analysis.roles import pair
from nbsupport.display import images, tabs_of_runs, widgets
from nbsupport.display.figure_request import FigureInput, FigureRequest
from nbsupport.display.html import Html, note, signed, span, table
from nbsupport.display.said import headline, says
from nbsupport.display.where_possible import shown_where_possible
from nbsupport.evidence.recorded import Recorded
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.page import Page
from nbsupport.pages.shown import split_grid as split_grid
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure, Pair
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.tabs import Display
    from nbsupport.study.profiles import Profile


CLAIM = "some-shifts-only"
GUESSES = ("in none", "in some, and in others they are the same", "in all six")


def answered(page: OpenPage) -> Html:
    """The reader's guess beside what the recorded runs say: no pair, some, or all of them."""
    verdict, _ = headline(page.study.profile, CLAIM, page.axis)
    right = _right_guess(verdict)
    told = f"the claim is {says(page.study.profile, CLAIM, page.axis)}"
    start = right or "none of the answers is settled"
    return widgets.compare_prediction(CLAIM, f"{start}; {told}", right)


def _right_guess(verdict: "Verdict") -> str:
    """Which of GUESSES a verdict bears out; contradicted, the claim has pairs of one kind."""
    none, some, every = GUESSES
    if verdict.word == "supported":
        return some
    if verdict.word != "contradicted" or verdict.contrast is None:
        return ""
    return every if verdict.contrast.minus.low > 0 else none


def pair_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Pre-trained on the full source and from scratch for each pair, after the main task's two.

    Every pair is measured by the main task's gap, for its own gap is the question.
    """
    groups = reference_groups(study, {})
    for i, (style, other) in enumerate(study.profile.pairs, start=1):
        task = study.profile.pair_task(style, other)
        name = f"{style} to {other}".replace("_", " ")
        full, scratch = pair(i)
        groups += [
            Group(full, f"{name}, pre-trained", study.imagenet, task),
            Group(scratch, f"{name}, from scratch", None, task),
        ]
    return groups


CLAIM = "some-shifts-only"


CAPTION = "Margin (a quarter of the main task's gap)"


LEVEL = 0.025  # one-sided, as the 95 % intervals are read


def pair_tabs(page: OpenPage, runs: "pd.DataFrame") -> "Display":
    """The table from recorded runs, from these live ones, and from those on real images."""
    study, axis = page.study, page.axis
    roles = claims.load()[CLAIM].roles

    def table(other: Recorded, _: bool) -> Html:
        if lacking := other.absent(roles, other.leading.number):
            return note(f"Not run on these images: {', '.join(lacking)}. So there is no table.")
        return pair_table(other.points(other.leading.number), Study(other.profile.name), axis)

    mask = page.mask()
    own = page.live(runs)
    if own is None:
        return tabs_of_runs.tabs(study.profile, "pairs", roles, table)
    live = note(f"{mask}: no table.") if mask else pair_table(own, study, axis)
    return tabs_of_runs.tabs(study.profile, "pairs", roles, table, live)


def pair_table(points: "pd.DataFrame", study: Study, axis: str = "linear") -> Html:
    """A row for each pair: contrast, interval, Holm-adjusted p values, verdict, OOD scores.

    A sentence where a role has no runs.
    """
    from nbsupport.analysis import verdicts

    chances = study.profile.chances(study.world)
    judged = None if points.empty else claims.verdict(CLAIM, points, axis=axis, chances=chances)
    if judged is None or not judged.parts:
        return note("Some of these groups have no runs yet, so there is no table.")
    contrasts = [part.contrast for part in judged.parts if part.contrast]
    adjusted = verdicts.adjusted_pairs(contrasts)
    rows = []
    for i, (name, c) in enumerate(zip(names(study.profile), contrasts, strict=True)):
        p_higher, p_same = (float(adjusted[kind][i]) for kind in ("higher", "same"))
        both = verdicts.judge("higher", c), verdicts.judge("same", c)
        word = pair_word(*both, p_higher, p_same)
        scores = (
            signed(c.estimate.value),
            span(c.low, c.high, c.estimate.value),
            _p(p_higher),
            _p(p_same),
        )
        rows.append((name, *scores, word, _ood_range(points, i + 1)))
    found = contrasts[0].margin
    margin = f"{found:.3f}" if isfinite(found) else "not measurable"
    header = ("pair", "over scratch", "95 % interval", "p, higher", "p, same", "verdict", "OOD F1")
    return table(header, rows, numeric=(1, 2, 3, 4), caption=f"{CAPTION}: {margin}")


def pair_word(higher: "Verdict", same: "Verdict", p_higher: float, p_same: float) -> str:
    """What is found about one pair among all of them, p values adjusted for their number."""
    if higher.word in ("not testable", "at the floor"):
        return higher.word
    if higher.word == "leans":
        if same.direction == "towards":
            return "leans to the same"
        return "leans to " + ("higher" if higher.direction == "towards" else "lower")
    if p_same < LEVEL:
        return "the same"
    return "higher" if p_higher < LEVEL else "not settled"


def _p(value: float) -> str:
    """A p value as it is printed."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _ood_range(points: "pd.DataFrame", number: int) -> str:
    """The OOD scores of both groups of a pair: near chance, no two lines can differ."""
    own = points[points["role"].isin(pair(number))]
    return f"{own['ood_macro_f1'].min():.2f} to {own['ood_macro_f1'].max():.2f}"


def pair_numbers(study: Study) -> dict[str, str]:
    """Sizes of the domain pairs' task, by the name under which prose quotes them."""
    task = study.task_of(pair_groups(study, {})[-1])
    tests = [task.table(split) for split in ("id_test", "ood_test")]
    return {
        "pairs": f"{len(study.profile.pairs)}",
        "domain-classes": f"{task.num_classes}",
        "domain-train": f"{len(task.table('train')):,}",
        "domain-test": f"{len(tests[0]):,}",
        "domain-each": f"{min(int(t['label'].value_counts().min()) for t in tests)}",
    }


@shown_where_possible
def styles(study: Study, *, count: int = 8, px: int = 32, caption: str = "") -> Any:
    """The same animals and things in all five styles of the domain pairs, side by side."""
    shown, titles = images.in_all_styles(study, count, px)
    return widgets.image_grid(shown, titles, caption, size=300)


def pairs(
    page: OpenPage, runs: "pd.DataFrame | None", *, claim: str, number: str, caption: str
) -> "Display":
    """The two lines of each domain pair as small multiples (Appendix G)."""
    from nbsupport.analysis.charts import pairs_figure

    own = panels(page.study.profile)
    roles = tuple(role for panel in own for role in (panel.full, panel.scratch))

    def draw(given: FigureInput) -> "Figure":
        return pairs_figure(given.points, panels(given.profile), given.words, **given.drawn_with)

    return page.figure(runs, FigureRequest(claim, number, caption, draw, roles, roles))


def panels(profile: "Profile") -> "list[Pair]":
    """A panel for each pair."""
    from nbsupport.analysis.charts import Pair

    return [Pair(name, *pair(i)) for i, name in enumerate(names(profile), start=1)]


def names(profile: "Profile") -> list[str]:
    """The pairs as they are written: "photo → sketch"."""
    return [f"{style} → {other}".replace("_", " ") for style, other in profile.pairs]


PAGE = Page("appendix_domain_pairs", "Domain pairs", "G", pair_groups)
