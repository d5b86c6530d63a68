"""Section 6: effects side by side, robustness beside performance, the task without a gap."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import effects
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.contrasts import effects as effect_difference
from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.display import titles
from nbsupport.display.figure_request import FigureInput, FigureRequest
from nbsupport.display.html import Html, note, signed
from nbsupport.display.numbers import MISSING
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import WORLDS
from nbsupport.pages.conclusion import conclusion as concluded
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.page import Page, named_by
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbsupport.analysis.intervals import Contrast
    from nbsupport.display.tabs import Display
    from nbsupport.pages.open_page import OpenPage


LEADING = "quantity-over-semantics"
QUANTITY = (FULL, "imagenet/25K")
SEMANTICS = ("imagenet/animal", "imagenet/object")
FEWEST = 4  # groups that have an order worth a number
ROLES = ("no-gap/full", "no-gap/scratch")  # the two lines of its figure
AXIS_TITLES = (
    "ID macro F1 (new places, the same year)",
    "OOD macro F1 (new places, a later and drier year)",
)
AXIS_TITLES_FMOW = ("ID macro F1 (the same years)", "OOD macro F1 (2016 and later)")


def no_gap_groups(study: Study, _: dict[str, Any]) -> list[Group]:
    """Pre-trained on the full source and from scratch, and the main task's two as the yardstick.

    None where the profile has no such task.
    """
    full, scratch = ROLES
    task = study.profile.no_gap_task
    if not task:
        return []
    return [
        *reference_groups(study, {}),
        Group(full, "pre-trained, each picture at a new place", study.imagenet, task),
        Group(scratch, "from scratch, each picture at a new place", None, task),
    ]


def all_recorded(page: "OpenPage", world: int = 1) -> "pd.DataFrame":
    """Every recorded run of a world, whichever page compares it."""
    return recorded.own(page.study.profile).points(world).copy()


def effects_figure(
    page: "OpenPage", runs: "pd.DataFrame", *, number: str, caption: str
) -> "Display":
    """The effects of the five factors, in units of the gap."""
    from nbsupport.analysis.charts import effects_figure as chart

    def draw(given: FigureInput) -> "Display":
        table = effects.effect_table(given.points, page.axis).dropna(subset=["value"])
        if table.empty:
            return note("These runs measure none of the effects, so there is no figure.")
        return chart(table, given.words)

    return page.figure(runs, FigureRequest(LEADING, number, caption, draw, marks=""))


def conclusion(page: "OpenPage") -> Html:
    """What follows from the recorded runs for the questions of this section."""
    own = recorded.own(page.study.profile)
    names = {n: s.name for n, s in own.settings.items() if n in WORLDS}
    tables = {name: effects.positions(own.points(n), page.axis) for n, name in names.items()}
    correlations = {n: rank_correlation(t) for n, t in tables.items() if len(t) >= FEWEST}
    return concluded(own, correlations, page.axis)


GUESSES = ("the number of images, clearly", "about the same", "what they show", "neither costs any")


def answered(page: "OpenPage") -> Html:
    """The reader's guess beside the two effects that it is about, as the leading world has them."""
    from nbsupport.display.widgets import compare_prediction

    points = recorded.own(page.study.profile).points(page.study.world)
    if not {FULL, SCRATCH, *QUANTITY, *SEMANTICS} <= set(points["role"]):
        return compare_prediction(LEADING, "no runs of these groups are recorded yet")
    number, shown = (contrast(points, *pair, axis=page.axis) for pair in (QUANTITY, SEMANTICS))
    told = f"fewer images cost {signed(number.estimate.value)} of macro F1, "
    told += f"objects for animals {signed(shown.estimate.value)}"
    right = _right_guess(number, shown, _larger(points, page.axis))
    return compare_prediction(LEADING, f"{right or 'these runs do not settle it'} ({told})", right)


def _larger(points: "pd.DataFrame", axis: str) -> "list[Contrast]":
    """The effect of quantity less that of semantics, whichever way the latter points."""
    both = (SEMANTICS, SEMANTICS[::-1])
    return [effect_difference(points, QUANTITY, pair, axis=axis) for pair in both]


def _right_guess(number: "Contrast", shown: "Contrast", larger: "Sequence[Contrast]") -> str:
    """Which of GUESSES two effects and their differences bear out; nothing where none is proven."""
    clearly, alike, other, neither = GUESSES
    if _inside(number) and _inside(shown):
        return neither
    if all(difference.low > 0 for difference in larger):
        return clearly
    if any(difference.high < 0 for difference in larger):
        return other
    return alike if all(map(_inside, larger)) else ""


def _inside(found: "Contrast") -> bool:
    """Whether a difference is shown to be smaller than the margin."""
    return found.minus.high < 0 < found.plus.low


def lacking(points: "pd.DataFrame") -> Html:
    """Which of the effects have no runs yet."""
    absent = effects.missing(points)
    if not absent:
        told = "Every effect of the list has runs."
        return Html(f'<p class="nb-quiet">{told}</p>', told)
    return note(f"Not run yet: {'; '.join(absent)}.")


def positions_figure(
    page: "OpenPage", runs: "pd.DataFrame", *, number: str, caption: str
) -> "Display":
    """Every group's height above the scratch line, and its place along it."""
    from nbsupport.analysis.charts import positions_figure as chart

    def draw(given: FigureInput) -> "Display":
        table, words = effects.positions(given.points, page.axis), given.words
        if table.empty or table["er"].isna().all():
            return note("These runs have no two reference lines, so there is no figure.")
        if words.title != titles.SMOKE:
            words = replace(words, title=_two_rankings(table))
        return chart(table, given.labels, words)

    return page.figure(runs, FigureRequest(LEADING, number, caption, draw, marks=""))


def rank_correlation(table: "pd.DataFrame") -> float:
    """Spearman's correlation of robustness and place along the line, without the full source."""
    others = table[table["role"] != "imagenet/full"]
    return float(others["er"].rank().corr(others["position"].rank()))


def _two_rankings(table: "pd.DataFrame") -> str:
    if len(table) < FEWEST:
        return "Height above the line and place along it are two different numbers"
    return (
        f"The order of {len(table)} groups by robustness and by score "
        f"(rank correlation {signed(rank_correlation(table), 2)})"
    )


def no_gap(page: "OpenPage", runs: "pd.DataFrame", *, number: str, caption: str) -> "Display":
    """The two lines on the task without a bias of place, where its groups have runs."""
    return page.trend(
        runs,
        "no-gap",
        claim="no-gap-task",
        number=number,
        caption=caption,
        roles=ROLES,
        lines=ROLES,
        axis_titles=AXIS_TITLES if page.study.profile.simulated else AXIS_TITLES_FMOW,
    )


def numbers(points: "pd.DataFrame", axis: str = "linear") -> dict[str, str]:
    """What the prose of Section 6 quotes: the leading effect of each factor, in gaps."""
    table = effects.effect_table(points, axis)
    leading = table[table["leads"].astype(bool)].set_index("factor")["value"]
    told = {
        f"effect-{factor}": f"{signed(leading[factor], 2)} gaps" if factor in leading else MISSING
        for factor in effects.FACTORS
    }
    return told | {"effects-held": f"{len(table)}", "effects-all": f"{len(effects.EFFECTS)}"}


PAGE = Page(
    "06_discussion",
    "Discussion",
    "6",
    beside=no_gap_groups,
    gathers=named_by(lambda claim: claim.page == "06_discussion"),
    whole_book=True,
)
