"""The same from several sets of runs, in tabs: recorded, live, and recorded on real images."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.analysis.roles import SCRATCH, role_of
from nbsupport.display import over_worlds, titles
from nbsupport.display.explore import figure_link
from nbsupport.display.figure_request import (
    FigureInput,
    FigureRequest,
    anchor,
    margin_of,
)
from nbsupport.display.figures import PageView
from nbsupport.display.html import Html, note
from nbsupport.display.tabs import Tabs, together
from nbsupport.display.verdict_table import verdict_table
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import WORLDS
from nbsupport.evidence.recorded import Recorded, families_by_seeds
from nbsupport.evidence.records import evidence_profile

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Words
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.tabs import Display
    from nbsupport.study.profiles import Profile

RECORDED, LIVE = "Recorded", "Live"
CHOSEN = " It is the first on which the claim can be tested; verdicts are given for all."
NO_VERDICT = "Not all groups that the claim names, so no verdict"


# tabs ---------------------------------------------------------------------------------------------
def tabs(
    profile: "Profile",
    key: str,
    roles: Iterable[str] | None,
    content: "Callable[[Recorded, bool], Display]",
    live: "Display | None" = None,
    *,
    live_first: bool = False,
) -> "Display":
    """What a page shows of the recorded runs, of the live ones, and of those on real images.

    roles: the groups in question (None: all); a tab that lacks recorded runs of them says so.
    content: given recorded runs, and whether they are the profile's own, what is shown of them.
    live_first: the live runs stand first, as they do where nothing is recorded.
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
    runs: Recorded, roles: set[str] | None, content: "Callable[[Recorded], Display]"
) -> "Display":
    # Figures of simulated worlds are of the leading one; of real images all shifts are shown.
    number = runs.leading.number if runs.profile.simulated else None
    missing = [note(text)] if (text := runs.state(roles, number)) else []
    shown = [] if runs.records.empty else [content(runs)]
    return together(*missing, *shown) if missing else shown[0]


# figures ------------------------------------------------------------------------------------------
def figure_tabs(view: PageView, runs: "pd.DataFrame | None", request: FigureRequest) -> "Display":
    """A figure of recorded runs, of live ones (None: it has none to show), and of real images."""
    at_defaults, others = request, view.other_groups
    if others and request.roles:  # the page's default groups are recorded, none but these
        named = {*claims.load()[request.claim].roles, *request.lines}
        at_defaults = replace(request, roles=[*named])

    def content(other: Recorded, own: bool) -> "Display":
        roles = other.by_size(at_defaults.roles) if others else at_defaults.roles
        asked = replace(at_defaults, roles=roles)
        shown = recorded_figure(view, other, asked, own=own)
        every = None if own else all_shifts(view, other, asked)
        return shown if every is None else together(shown, every)

    own = None if view.recorded_only else runs
    live = None if own is None else live_figure(view, own, request)
    roles, key = at_defaults.roles or None, anchor(request.number)
    return tabs(view.study.profile, key, roles, content, live, live_first=others)


def live_figure(view: PageView, runs: "pd.DataFrame", request: FigureRequest) -> "Display":
    """The figure from the runs that this page trained; a sentence where groups have none."""
    from nbsupport.analysis.charts import Words

    missing = sorted({*request.roles, *request.lines} - set(runs["role"]))
    if missing:
        return note(f"No live runs of {', '.join(missing)} yet, so there is no figure.")
    study, number = view.study, f"{request.number}, live"
    verdict = None if view.mask() else view.verdict(request.claim, runs)
    start = f"Live runs on {study.profile.setting_name(study.world)}"
    words = Words(
        title=view.title(request.claim, runs),
        subtitle=_subtitle(start, runs, request),
        number=number,
        caption=request.caption,
        name=anchor(number),
        explore=figure_link(evidence_profile(study.profile.name), study.world, request, view.axis),
    )
    roles, labels = list(request.roles or dict.fromkeys(runs["role"])), view.labels(request.source)
    where, margin = (study.profile, study.world), margin_of(verdict)
    return request.draw(FigureInput(runs, roles, labels, words, margin, *where, view))


def recorded_figure(
    view: PageView, runs: Recorded, request: FigureRequest, *, own: bool
) -> "Display":
    """The figure from the recorded runs of one setting: the first in which the claim can be tested,
    else the leading one. Where these runs make no figure, a sentence says so."""
    claim, axis = request.claim, view.axis
    found = ((n, runs.verdicts([claim], n, axis)[claim]) for n in runs.settings)
    number, verdict = next(
        ((n, v) for n, v in found if v.word not in ("not testable", "not run")),
        (runs.leading.number, None),
    )
    points, setting = runs.points(number), runs.settings[number]
    if points.empty:
        return note(f"No runs of the {runs.profile.setting} {setting.name} yet, so no figure.")
    held = set(points["role"])
    roles = [role for role in request.roles or dict.fromkeys(points["role"]) if role in held]
    groups = set(request.roles).difference(request.lines)
    absent = runs.absent([*request.roles, *request.lines], number)
    if not held.issuperset(request.lines) or (groups and held.isdisjoint(groups)):
        return note(f"Not run on these images: {', '.join(absent)}. So there is no figure.")
    verdict = verdict or runs.verdicts([claim], number, axis)[claim]
    words = _words(runs, number, request, verdict, absent, axis, own=own)
    labels = runs.labels(roles, number, request.source)
    where, margin = (runs.profile, number), margin_of(verdict)
    return request.draw(FigureInput(points, roles, labels, words, margin, *where, view))


def all_shifts(view: PageView, runs: Recorded, request: FigureRequest) -> "Display | None":
    """What the groups amount to in every setting that holds them all, in one figure: none of them
    is left out for want of a gap. Nothing where fewer than two do, or no groups are compared."""
    from nbsupport.analysis.charts import Words, shifts_figure

    if len(request.lines) < 2 or not set(request.roles) > set(request.lines):
        return None
    held = [role for role in request.roles if role in set(runs.records["role"])]
    whole = [n for n in runs.settings if set(held) <= set(runs.points(n)["role"])]
    if len(whole) < 2 or not set(held) > set(request.lines):
        return None
    number = f"{request.number}, all shifts"
    words = Words(
        title="Every shift between real images, whether it separates the two lines or not",
        subtitle=f"Recorded runs on {len(whole)} shifts. Zero is the line from scratch.",
        number=number,
        caption="The groups of the figure above in each shift, each measured from its own line.",
        name=anchor(number),
        explore=figure_link(runs.profile.name, whole[0], request, view.axis),
    )
    lines = (request.lines[0], request.lines[-1])
    labels = runs.labels(held, whole[0], request.source)
    points = {runs.settings[n].short: runs.points(n) for n in whole}
    return shifts_figure(points, held, words, labels=labels, lines=lines, axis=view.axis)


def _words(
    runs: Recorded,
    number: int,
    request: FigureRequest,
    verdict: "Verdict",
    absent: Sequence[str],
    axis: str,
    *,
    own: bool,
) -> "Words":
    """The words around a figure of recorded runs."""
    from nbsupport.analysis.charts import Words

    where = "" if own else "real images, "
    figure = request.number if own else f"{request.number}, real images"
    caption = request.caption
    if not own:
        caption = (
            f"The same on real images: {runs.words(number)}.{_by_chance(runs, number, request)}"
        )
    chosen = "" if number == runs.leading.number else CHOSEN
    lacking = f" Not run there: {', '.join(absent)}." if absent else ""
    start = f"Recorded runs on {where}{runs.settings[number].name}"
    return Words(
        title=NO_VERDICT if verdict.word == "not run" else titles.title(request.claim, verdict),
        subtitle=_subtitle(start, runs.points(number), request)
        + _otherwise(runs, request.claim, verdict, axis),
        number=figure,
        caption=f"{caption}{chosen}{lacking}",
        name=anchor(figure),
        explore=figure_link(runs.profile.name, number, request, axis),
    )


def _otherwise(runs: Recorded, claim: str, shown: "Verdict", axis: str) -> str:
    """What worlds say of the claim, where that stands first and is another word than the shown."""
    summary, over = runs.over_worlds([claim], axis).get(claim, (None, None))
    if summary is None or over is None or not recorded.is_headline(summary):
        return ""
    differs = over.word != shown.word
    return f" Over {summary.worlds} worlds the claim is {over.word}." if differs else ""


def _by_chance(runs: Recorded, number: int, request: FigureRequest) -> str:
    """How many classes a task has, and how often models are right beside guessing."""
    if not request.lines:
        return ""
    upper, lower = request.lines[0], request.lines[-1]
    source = role_of(lower).source
    chance = runs.profile.chances(number).get(source.name if source.own_task else "")
    right = runs.points(number).groupby("role")["ood_accuracy"].mean()
    if chance is None or not {upper, lower} <= set(right.index):
        return ""
    shares = " and ".join(f"{right[role]:.0%}" for role in dict.fromkeys((lower, upper)))
    return (
        f" The task has {round(1 / chance)} classes, so guessing is right {chance:.0%} of the "
        f"time. On the new images the models of the reference lines are right {shares} of the time."
    )


def _subtitle(start: str, points: "pd.DataFrame", request: FigureRequest) -> str:
    """Where runs come from, in how many families and seeds, and what a mark is."""
    if request.roles:
        counted = points[points["role"].isin(request.roles)]
    else:  # effects are differences within a cell: of cells that have models from scratch
        cells = points.loc[points["role"] == SCRATCH, ["family", "seed"]].drop_duplicates()
        counted = points.merge(cells, on=["family", "seed"])
    return f"{start}: {families_by_seeds(counted)}. {request.marks}".rstrip()


# verdicts -----------------------------------------------------------------------------------------
def verdict_tabs(
    profile: "Profile",
    claim_ids: Sequence[str],
    axis: str = "linear",
    live: "Mapping[str, Verdict | None] | None" = None,
    *,
    masked: str = "",
    live_first: bool = False,
) -> "Display":
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
        for setting, wave in ((other.settings[n], wave) for n, wave in other.waves.items()):
            for runs, cells in zip(wave, recorded.CELLS, strict=True):
                name = f"{setting.short.capitalize()}: {cells} alone"
                columns[name] = runs.verdicts(claim_ids, setting.number, axis)
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
    told = [f"Real images: {other.training}. Each column is a shift: {'; '.join(counts)}."]
    told += [confirming_cells(other, number) for number in other.waves]
    text = " ".join(told)
    return Html(f'<p class="nb-quiet">{escape(text)}</p>', text)


def confirming_cells(runs: Recorded, number: int) -> str:
    """What the two kinds of cells of a shift are, and how many of the second are there by now."""
    first, confirming = (families_by_seeds(part.points(number)) for part in runs.waves[number])
    planned = {(number, *cell) for cell in runs.profile.confirming_cells(number)}
    done = len(planned & runs.held)
    so_far = "" if done == len(planned) else f" {done} of {len(planned)} are recorded so far."
    return (
        f"{runs.settings[number].short.capitalize()}, {first} were seen first; the others "
        f"({confirming}) were planned after that and before any of them was run, to confirm what "
        f"the first ones say, or not.{so_far}"
    )
