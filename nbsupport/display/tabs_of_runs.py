"""The same from several sets of runs, in tabs: recorded, live, and recorded on real images."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.analysis.roles import SCRATCH
from nbsupport.display import over_worlds, titles
from nbsupport.display.figure_request import (
    FigureInput,
    FigurePage,
    FigureRequest,
    anchor,
    margin_of,
)
from nbsupport.display.html import Html, note
from nbsupport.display.tabs import Tabs, together
from nbsupport.display.verdict_table import verdict_table
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import WORLDS
from nbsupport.evidence.recorded import Recorded, families_by_seeds

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Words
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.tabs import Shown
    from nbsupport.study.profiles import Profile

RECORDED, LIVE = "Recorded", "Live"
CHOSEN = " It is the first on which the claim can be tested; verdicts are given for all."
NO_VERDICT = "Not all groups that the claim names, so no verdict"


# tabs ---------------------------------------------------------------------------------------------
def tabs(
    profile: "Profile",
    key: str,
    roles: Iterable[str] | None,
    content: "Callable[[Recorded, bool], Shown]",
    live: "Shown | None" = None,
    *,
    live_first: bool = False,
) -> "Shown":
    """What a page shows of the recorded runs, of the live ones, and of those on real images.

    roles: the groups in question (None: all); where a tab lacks recorded runs of them, it says so.
    content: what is shown of recorded runs, and whether these are the profile's own. live_first: of
    groups that only the live runs have; so it is where nothing is recorded, too.
    """
    own, needed = recorded.own(profile), None if roles is None else set(roles)
    panels = {RECORDED: _panel(own, needed, lambda r: content(r, True))}
    if live is not None:
        first = live_first or own.records.empty
        panels = {LIVE: live} | panels if first else panels | {LIVE: live}
    for other in recorded.beside(own.profile):
        panels[other.title] = _panel(other, needed, lambda r: content(r, False))
    return Tabs(key, panels) if len(panels) > 1 else panels[RECORDED]


def _panel(
    runs: Recorded, roles: set[str] | None, content: "Callable[[Recorded], Shown]"
) -> "Shown":
    missing = [note(text)] if (text := runs.state(roles)) else []
    shown = [] if runs.records.empty else [content(runs)]
    return together(*missing, *shown) if missing else shown[0]


# figures ------------------------------------------------------------------------------------------
def figure_tabs(
    page: FigurePage,
    runs: "pd.DataFrame | None",
    labels: Mapping[str, str],
    asked: FigureRequest,
) -> "Shown":
    """A figure of recorded runs, of live ones (None: there are none to show), and of real images.

    labels: the live groups' texts.
    """
    drawn = asked
    if page.other_groups and asked.roles:  # recorded are the page's default groups
        drawn = replace(asked, roles=[*{*claims.load()[asked.claim].roles, *asked.lines}])

    def content(other: Recorded, own: bool) -> "Shown":
        roles = other.by_size(drawn.roles) if page.other_groups else drawn.roles
        return recorded_figure(other, replace(drawn, roles=roles), page.axis, own=own)

    live = None if runs is None else live_figure(page, runs, labels, asked)
    return tabs(
        page.study.profile,
        anchor(asked.number),
        drawn.roles or None,
        content,
        live,
        live_first=page.other_groups,
    )


def live_figure(
    page: FigurePage, runs: "pd.DataFrame", labels: Mapping[str, str], asked: FigureRequest
) -> "Shown":
    """The figure from the runs that this page trained; a sentence where groups have none."""
    from nbsupport.analysis.charts import Words

    missing = sorted({*asked.roles, *asked.lines} - set(runs["role"]))
    if missing:
        return note(f"No live runs of {', '.join(missing)} yet, so there is no figure.")
    study, number = page.study, f"{asked.number}, live"
    verdict = None if page.mask() else page.verdict(asked.claim, runs)
    start = f"Live runs on {study.profile.setting_name(study.world)}"
    words = Words(
        title=page.title(asked.claim, runs),
        subtitle=_subtitle(start, runs, asked),
        number=number,
        caption=asked.caption,
        name=anchor(number),
    )
    roles = list(asked.roles or dict.fromkeys(runs["role"]))
    margin = margin_of(verdict)
    texts = dict(labels)
    return asked.draw(FigureInput(runs, roles, texts, words, margin, study.profile, study.world))


def recorded_figure(runs: Recorded, asked: FigureRequest, axis: str, *, own: bool) -> "Shown":
    """The figure from recorded runs of one setting, the first on which the claim can be tested;
    where it can be on none, of the leading one. A sentence where these runs cannot make it."""
    found = ((n, runs.verdicts([asked.claim], n, axis)[asked.claim]) for n in runs.settings)
    number, verdict = next(
        ((n, v) for n, v in found if v.word not in ("not testable", "not run")),
        (runs.leading.number, None),
    )
    points, setting = runs.points(number), runs.settings[number]
    if points.empty:
        return note(f"No runs of the {runs.profile.setting} {setting.name} yet, so no figure.")
    held = set(points["role"])
    roles = [role for role in asked.roles or dict.fromkeys(points["role"]) if role in held]
    groups = set(asked.roles).difference(asked.lines)
    absent = runs.absent([*asked.roles, *asked.lines], number)
    if not held.issuperset(asked.lines) or (groups and held.isdisjoint(groups)):
        return note(f"Not run on these images: {', '.join(absent)}. So there is no figure.")
    verdict = verdict or runs.verdicts([asked.claim], number, axis)[asked.claim]
    words = _words(runs, number, asked, verdict, absent, own=own)
    labels = runs.labels(roles, number, asked.source)
    margin = margin_of(verdict)
    return asked.draw(FigureInput(points, roles, labels, words, margin, runs.profile, number))


def _words(
    runs: Recorded,
    number: int,
    asked: FigureRequest,
    verdict: "Verdict",
    absent: Sequence[str],
    *,
    own: bool,
) -> "Words":
    """The words around a figure of recorded runs."""
    from nbsupport.analysis.charts import Words

    where = "" if own else "real images, "
    figure = asked.number if own else f"{asked.number}, real images"
    caption = asked.caption if own else f"The same on real images: {runs.words(number)}."
    chosen = "" if number == runs.leading.number else CHOSEN
    lacking = f" Not run there: {', '.join(absent)}." if absent else ""
    start = f"Recorded runs on {where}{runs.settings[number].name}"
    return Words(
        title=NO_VERDICT if verdict.word == "not run" else titles.title(asked.claim, verdict),
        subtitle=_subtitle(start, runs.points(number), asked),
        number=figure,
        caption=f"{caption}{chosen}{lacking}",
        name=anchor(figure),
    )


def _subtitle(start: str, points: "pd.DataFrame", asked: FigureRequest) -> str:
    """Where runs come from, in how many families and seeds, and what a mark is."""
    if asked.roles:
        counted = points[points["role"].isin(asked.roles)]
    else:  # effects are differences within a cell: of cells that have models from scratch
        cells = points.loc[points["role"] == SCRATCH, ["family", "seed"]].drop_duplicates()
        counted = points.merge(cells, on=["family", "seed"])
    return f"{start}: {families_by_seeds(counted)}. {asked.marks}".rstrip()


# verdicts -----------------------------------------------------------------------------------------
def verdict_tabs(
    profile: "Profile",
    claim_ids: Sequence[str],
    axis: str = "linear",
    live: "Mapping[str, Verdict | None] | None" = None,
    *,
    masked: str = "",
    live_first: bool = False,
) -> "Shown":
    """Claims by the recorded verdicts on each setting; by the live ones; and on real images.

    The recorded verdicts on the leading setting stand beside those of the other two, claim by
    claim. masked: in place of a live verdict, where live runs are no evidence.
    """
    roles = {role for claim_id in claim_ids for role in claims.load()[claim_id].roles}
    first = recorded.own(profile)
    name = first.leading.name
    reference = {f"Recorded, {name}": first.verdicts(claim_ids, first.leading.number, axis)}

    def table(other: Recorded, own: bool) -> Html:
        columns: dict[str, Mapping[str, Verdict | None]] = {} if own else dict(reference)
        columns |= over_worlds.headline_column(other, claim_ids, axis)
        columns |= {
            s.name: other.verdicts(claim_ids, n, axis)
            for n, s in other.settings.items()
            if n in WORLDS or not other.profile.simulated
        }
        shown = verdict_table(claim_ids, columns, anchors=own)
        if own:
            return together(shown, *over_worlds.figures(other, claim_ids, axis))
        return together(shown, _caption(other))

    shown = None
    if live is not None:
        columns = {LIVE: live, **reference}
        masks = {LIVE: masked} if masked else {}
        shown = verdict_table(claim_ids, columns, masked=masks, anchors=first.records.empty)
    return tabs(profile, "verdicts", roles, table, shown, live_first=live_first)


def _caption(other: Recorded) -> Html:
    parts = ((s.name, other.points(n)) for n, s in other.settings.items())
    counts = (f"{name}: {families_by_seeds(points)}" for name, points in parts if len(points))
    text = f"Real images: {other.training}. Each column is a shift: {'; '.join(counts)}."
    return Html(f'<p class="nb-quiet">{escape(text)}</p>', text)
