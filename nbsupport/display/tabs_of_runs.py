"""The tab beside what a page shows of its recorded runs: the same from runs on real images."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from nbsupport.analysis import claims
from nbsupport.display import titles
from nbsupport.display.figure_request import MARKS, Asked, Drawn, anchor, margin_of
from nbsupport.display.html import Html, note
from nbsupport.display.tabs import Tabs, together
from nbsupport.display.verdict_table import verdict_table
from nbsupport.evidence import recorded
from nbsupport.evidence.recorded import Beside
from nbsupport.evidence.records import evidence_profile, read_records
from nbsupport.study.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from nbsupport.analysis.charts import Words
    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.display.figures import PageFigures
    from nbsupport.display.tabs import Shown

SIMULATED = "Simulated world"
COLUMN = "Simulated, world 1"
CHOSEN = " It is the first shift on which the claim can be tested; verdicts are given for all."
NO_VERDICT = "Not all groups that the claim names, so no verdict"


def evidence(profile: str) -> Profile:
    """The profile whose recorded runs a page under `profile` shows."""
    return PROFILES[evidence_profile(profile)]


# tabs ---------------------------------------------------------------------------------------------
def tabs(
    profile: str,
    own: "Shown",
    key: str,
    roles: Iterable[str] | None,
    content: "Callable[[Beside], Shown]",
) -> "Shown":
    """What a page shows of its own recorded runs, and in further tabs the same on real images.

    roles: the groups in question (None: all); where a tab lacks runs of them, it says so.
    Without anything beside the profile, `own` alone.
    """
    panels, needed = {SIMULATED: own}, None if roles is None else set(roles)
    for other in recorded.of(evidence(profile)):
        missing = [note(text)] if (text := other.state(needed)) else []
        shown = [] if other.records.empty else [content(other)]
        panels[other.title] = together(*missing, *shown) if missing else shown[0]
    return Tabs(key, panels) if len(panels) > 1 else own


def on_one(other: Beside, claim_id: str, axis: str, make: "Callable[[int], Shown]") -> "Shown":
    """What one shift's runs show, the first on which the claim can be tested: verdicts are given
    for all. Where it can be on none, the leading one."""
    leading = next(iter(other.shifts))
    shift = next((w for w in other.shifts if _testable(other, claim_id, w, axis)), leading)
    if other.points(shift).empty:
        return note(f"No runs of the shift {other.shifts[shift]} yet, so there is no figure.")
    return make(shift)


def _testable(other: Beside, claim_id: str, shift: int, axis: str) -> bool:
    word = other.verdicts([claim_id], shift, axis)[claim_id].word
    return word not in ("not testable", "not run")


def not_run(absent: Sequence[str]) -> Html:
    """In place of a figure: what these images lack."""
    return note(f"Not run on these images: {', '.join(absent)}. So there is no figure.")


# figures ------------------------------------------------------------------------------------------
def figure_tabs(page: "PageFigures", own: "Shown", asked: Asked) -> "Shown":
    """A figure of recorded runs, and in further tabs the same from runs on real images."""
    # where the page's parameters ask for other groups, the recorded default: what the claim names
    named = claims.load()[asked.claim].roles
    roles = list({*named, *asked.lines}) if page.other_groups else asked.roles

    def content(other: Beside) -> "Shown":
        drawn = other.by_size(roles) if page.other_groups else roles
        own = replace(asked, roles=drawn)
        return on_one(other, asked.claim, page.axis, lambda w: _figure(page, other, w, own))

    return tabs(page.study.profile.name, own, anchor(asked.number), roles, content)


def _figure(page: "PageFigures", other: Beside, shift: int, asked: Asked) -> "Shown":
    """The figure from the runs of one shift; a sentence where they cannot make it."""
    points = other.points(shift)
    held = set(points["role"])
    roles = [role for role in asked.roles if role in held]
    own = set(asked.roles).difference(asked.lines)
    absent = other.absent(asked.roles, shift)
    if not held.issuperset(asked.lines) or (own and held.isdisjoint(own)):
        return not_run(absent)
    words, margin = words_of(other, shift, asked.claim, asked.number, page.axis)
    lacking = f" Not run there: {', '.join(absent)}." if absent else ""
    words = replace(
        words, subtitle=f"{words.subtitle} {MARKS}", caption=f"{words.caption}{lacking}"
    )
    labels = other.labels(roles, shift, sources=asked.by_source)
    return asked.draw(Drawn(points, roles, labels, words, margin, simulated=False))


def words_of(
    other: Beside, shift: int, claim_id: str, number: str, axis: str
) -> "tuple[Words, float | None]":
    """The words around a figure of a shift, and the margin of the claim that titles it."""
    from nbsupport.analysis.charts import Words

    own = f"{number.removesuffix(', recorded')}, real images"
    verdict = other.verdicts([claim_id], shift, axis)[claim_id]
    chosen = "" if shift == next(iter(other.shifts)) else CHOSEN
    words = Words(
        title=NO_VERDICT if verdict.word == "not run" else titles.title(claim_id, verdict),
        subtitle=f"Recorded runs on real images, {other.shifts[shift]}: {other.count(shift)}.",
        number=own,
        caption=f"The same on real images: {other.setting(shift)}.{chosen}",
        name=anchor(own),
    )
    return words, margin_of(verdict)


# verdicts -----------------------------------------------------------------------------------------
def verdict_tabs(
    profile: str,
    own: Html,
    claim_ids: Sequence[str],
    axis: str = "linear",
) -> "Shown":
    """A table of verdicts, and beside it the same claims on real images, shift by shift.

    The profile's own recorded verdicts of world 1 stand next to them, claim by claim.
    """
    roles = {role for claim_id in claim_ids for role in claims.load()[claim_id].roles}

    def table(other: Beside) -> Html:
        found = {name: other.verdicts(claim_ids, w, axis) for w, name in other.shifts.items()}
        columns: dict[str, Mapping[str, Verdict | None]] = {
            COLUMN: _recorded(profile, claim_ids, axis),
            **found,
        }
        return together(verdict_table(claim_ids, columns, anchors=False), _caption(other))

    return tabs(profile, own, "verdicts", roles, table)


def _recorded(profile: str, claim_ids: Sequence[str], axis: str) -> "dict[str, Verdict | None]":
    """The recorded verdicts of world 1 on the profile that the page's evidence comes from."""
    own, records = evidence(profile), read_records(evidence(profile).name)
    points = records[records["world"] == 1]
    if points.empty:
        return dict.fromkeys(claim_ids)
    cells = claims.Cells.of(points)
    return {c: claims.verdict(c, cells, axis=axis, simulated=own.simulated) for c in claim_ids}


def _caption(other: Beside) -> Html:
    counts = (f"{n}: {other.count(w)}" for w, n in other.shifts.items() if len(other.points(w)))
    text = f"Real images: {other.training}. Each column is a shift: {'; '.join(counts)}."
    return Html(f'<p class="nb-quiet">{escape(text)}</p>', text)


# what a page's output depends on ------------------------------------------------------------------
