"""Section 6: effects side by side, robustness beside performance, the task without a gap."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbsupport.analysis import effects
from nbsupport.display import tabs_of_runs, titles
from nbsupport.display.figure_request import MARKS, RECORDED
from nbsupport.display.html import Html, note, signed
from nbsupport.display.numbers import MISSING
from nbsupport.pages.no_gap import AXIS_TITLES, ROLES
from nbsupport.study.study import SCRATCH

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Words
    from nbsupport.display.tabs import Shown
    from nbsupport.evidence.recorded import Beside
    from nbsupport.pages.open_page import OpenPage

LEADING = "quantity-over-semantics"
NAMES = {
    "imagenet": "ImageNet",
    "inaturalist": "iNaturalist",
    "fractaldb": "fractals",
    "generated": "generated",
    "clip": "captions",
    "control": "control",
}


def all_recorded(page: "OpenPage", world: int = 1) -> "pd.DataFrame":
    """Every recorded run of a world, whichever page compares it."""
    from nbsupport.evidence.records import evidence_profile, read_records

    table = read_records(evidence_profile(page.study.profile.name))
    return table[table["world"] == world].reset_index(drop=True)


def name_of(role: str, imagenet: str = NAMES["imagenet"]) -> str:
    """A role as this page writes it: "ImageNet, depth 7". imagenet: what stands for ImageNet."""
    source, _, rest = role.partition("/")
    words = "all" if rest == "full" else rest.replace("-", " ")
    name = (NAMES | {"imagenet": imagenet}).get(source, source)
    return f"{name}, {words}" if rest else source


def effects_figure(
    page: "OpenPage", points: "pd.DataFrame", *, number: str, caption: str, origin: str
) -> "Shown":
    """The effects of the five factors, in units of the gap."""
    from nbsupport.analysis.charts import effects_figure as chart

    def draw(points: "pd.DataFrame", words: "Words", _: str) -> "Shown":
        table = effects.effect_table(points, page.axis).dropna(subset=["value"])
        if table.empty:
            return note(f"The {origin} runs measure none of these effects yet: no figure.")
        return chart(table, words)

    asked = _Asked("effects", LEADING, number, caption, origin)
    return _figure(page, points, asked, draw)


@dataclass(frozen=True)
class _Asked:
    """A figure of this section: its name, the claim that titles it, and what stands around it."""

    name: str
    claim: str
    number: str
    caption: str
    origin: str
    roles: tuple[str, ...] = ()  # without these there is none


def _figure(
    page: "OpenPage",
    points: "pd.DataFrame",
    asked: _Asked,
    draw: "Callable[[pd.DataFrame, Words, str], Shown]",
) -> "Shown":
    """A figure of these runs; of recorded ones with the same on real images in a tab."""
    from nbsupport.analysis.charts import Words

    name = f"figure-{asked.name}-{asked.origin}"
    subtitle = page.subtitle(_counted(points, asked), asked.origin).partition(f" {MARKS}")[0]
    words = Words(
        _title(page, asked.claim, points, asked.origin), subtitle, asked.number, asked.caption, name
    )
    own = draw(points, words, NAMES["imagenet"])
    if asked.origin != RECORDED:
        return own

    def content(other: "Beside") -> "Shown":
        def of_shift(shift: int) -> "Shown":
            if absent := other.absent(asked.roles, shift):
                return tabs_of_runs.not_run(absent)
            words, _ = tabs_of_runs.words_of(other, shift, asked.claim, asked.number, page.axis)
            return draw(other.points(shift), words, other.data[0])

        return tabs_of_runs.on_one(other, asked.claim, page.axis, of_shift)

    return tabs_of_runs.tabs(page.study.profile.name, own, name, None, content)


def _counted(points: "pd.DataFrame", asked: _Asked) -> "pd.DataFrame":
    """The runs that a figure rests on: of its roles, or in the cells that models from scratch have
    too, for effects and places are differences within a cell."""
    if asked.roles:
        return points[points["role"].isin(asked.roles)]
    cells = points.loc[points["role"] == SCRATCH, ["family", "seed"]].drop_duplicates()
    return points.merge(cells, on=["family", "seed"])


def _title(page: "OpenPage", claim_id: str, points: "pd.DataFrame", origin: str) -> str:
    """What the verdict allows; recorded runs are evidence on the smoke profile's pages as well."""
    if origin == "live":
        return page.title(claim_id, points)
    return titles.title(claim_id, page.verdict(claim_id, points))


def lacking(points: "pd.DataFrame") -> Html:
    """Which of the effects have no runs yet."""
    absent = effects.missing(points)
    if not absent:
        return Html("<p>Every effect of the list has runs.</p>", "Every effect has runs.")
    return note(f"Not run yet: {'; '.join(absent)}.")


def positions_figure(
    page: "OpenPage", points: "pd.DataFrame", *, number: str, caption: str, origin: str
) -> "Shown":
    """Every group's height above the scratch line, and its place along it."""
    from nbsupport.analysis.charts import positions_figure as chart

    def draw(points: "pd.DataFrame", words: "Words", imagenet: str) -> "Shown":
        table = effects.positions(points, page.axis) if len(points) else None
        if table is None or table["er"].isna().all():
            return note(f"No {origin} runs of the reference groups yet, so there is no figure.")
        names = {role: name_of(role, imagenet) for role in table["role"]}
        return chart(table, names, replace(words, title=_two_rankings(table)))

    asked = _Asked("positions", LEADING, number, caption, origin)
    return _figure(page, points, asked, draw)


def rank_correlation(table: "pd.DataFrame") -> float:
    """Spearman's correlation of robustness and place along the line, without the full source."""
    others = table[table["role"] != "imagenet/full"]
    return float(others["er"].rank().corr(others["position"].rank()))


def _two_rankings(table: "pd.DataFrame") -> str:
    if len(table) < 4:
        return "Height above the line and place along it are two different numbers"
    return (
        f"The order of {len(table)} groups by robustness and by score "
        f"(rank correlation {signed(rank_correlation(table), 2)})"
    )


def no_gap(
    page: "OpenPage", points: "pd.DataFrame", *, number: str, caption: str, origin: str
) -> "Shown":
    """The two lines on the task without a bias of place, where its groups have runs."""
    from nbsupport.analysis.charts import trend_figure

    full, scratch = ROLES

    def draw(points: "pd.DataFrame", words: "Words", _: str) -> "Shown":
        if not set(ROLES) <= set(points["role"]):
            return note(f"No {origin} runs of the task without a bias of place yet, so no figure.")
        return trend_figure(
            points,
            [full, scratch],
            replace(words, subtitle=f"{words.subtitle} {MARKS}"),
            labels={full: "all images", scratch: "from scratch"},
            reference=scratch,
            full=full,
            axis=page.axis,
            commands=page.command,
            axis_titles=AXIS_TITLES,
        )

    asked = _Asked("no-gap", "no-gap-task", number, caption, origin, ROLES)
    return _figure(page, points, asked, draw)


def numbers(points: "pd.DataFrame", axis: str = "linear") -> dict[str, str]:
    """What the prose of Section 6 quotes: the leading effect of each factor, in gaps."""
    table = effects.effect_table(points, axis)
    leading = table[table["leads"].astype(bool)].set_index("factor")["value"]
    told = {
        f"effect-{factor}": f"{signed(leading[factor], 2)} gaps" if factor in leading else MISSING
        for factor in effects.FACTORS
    }
    return told | {"effects-held": f"{len(table)}", "effects-all": f"{len(effects.EFFECTS)}"}
