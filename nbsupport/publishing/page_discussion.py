"""Section 6: effects side by side, robustness beside performance, the task without a gap."""

from typing import TYPE_CHECKING

from nbsupport.analysis import effects
from nbsupport.publishing import page_titles
from nbsupport.publishing.page_numbers import MISSING
from nbsupport.publishing.page_tables import Html, note, signed

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.publishing.page import OpenPage

NO_GAP = ("no-gap/full", "no-gap/scratch")
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
    from nbsupport.publishing.page_welcome import evidence_profile
    from nbsupport.records import read_records

    table = read_records(evidence_profile(page.study.profile.name))
    return table[table["world"] == world].reset_index(drop=True)


def name_of(role: str) -> str:
    """A role as this page writes it: "ImageNet, depth 7"."""
    source, _, rest = role.partition("/")
    words = "all" if rest == "full" else rest.replace("-", " ")
    return f"{NAMES.get(source, source)}, {words}" if rest else source


def effects_figure(
    page: "OpenPage", points: "pd.DataFrame", *, number: str, caption: str, origin: str
) -> "Figure | Html":
    """The effects of the five factors, in units of the gap."""
    from nbsupport.analysis.charts import effects_figure as draw

    table = effects.effect_table(points, page.axis).dropna(subset=["value"])
    if table.empty:
        return note(f"The {origin} runs measure none of these effects yet, so there is no figure.")
    return draw(
        table,
        title=_title(page, "quantity-over-semantics", points, origin),
        subtitle=page.subtitle(points, origin).partition(" A mark")[0],
        number=number,
        caption=caption,
        name=f"figure-effects-{origin}",
    )


def _title(page: "OpenPage", claim_id: str, points: "pd.DataFrame", origin: str) -> str:
    """What the verdict allows; recorded runs are evidence on the smoke profile's pages as well."""
    if origin == "live":
        return page.title(claim_id, points)
    return page_titles.title(claim_id, page.verdict(claim_id, points))


def lacking(points: "pd.DataFrame") -> Html:
    """Which of the effects have no runs yet."""
    absent = effects.missing(points)
    if not absent:
        return Html("<p>Every effect of the list has runs.</p>", "Every effect has runs.")
    return note(f"Not run yet: {'; '.join(absent)}.")


def positions_figure(
    page: "OpenPage", points: "pd.DataFrame", *, number: str, caption: str, origin: str
) -> "Figure | Html":
    """Every group's height above the scratch line, and its place along it."""
    from nbsupport.analysis.charts import positions_figure as draw

    table = effects.positions(points, page.axis) if len(points) else None
    if table is None or table["er"].isna().all():
        return note(f"No {origin} runs of the reference groups yet, so there is no figure.")
    return draw(
        table,
        {role: name_of(role) for role in table["role"]},
        title=_two_rankings(table),
        subtitle=page.subtitle(points, origin).partition(" A mark")[0],
        number=number,
        caption=caption,
        name=f"figure-positions-{origin}",
    )


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
) -> "Figure | Html":
    """The two lines on the task without a bias of place, where its groups have runs."""
    from nbsupport.analysis.charts import trend_figure

    if not set(NO_GAP) <= set(points["role"]):
        return note(f"No {origin} runs of the task without a bias of place yet, so no figure.")
    full, scratch = NO_GAP
    return trend_figure(
        points,
        [full, scratch],
        labels={full: "all images", scratch: "from scratch"},
        title=_title(page, "no-gap-task", points, origin),
        subtitle=page.subtitle(points, origin),
        reference=scratch,
        full=full,
        axis=page.axis,
        commands=page.command,
        number=number,
        caption=caption,
        name=f"figure-no-gap-{origin}",
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
