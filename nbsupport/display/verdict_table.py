"""The table of verdicts: the paper's finding, and what live and recorded runs say of it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from nbsupport.display.html import Html, signed

if TYPE_CHECKING:
    from nbsupport.analysis.claims import Claim
    from nbsupport.analysis.verdicts import Contrast, Verdict

BAR_WIDTH, BAR_HEIGHT = 132, 16
# A shape beside each word, so that colour alone never tells a verdict. The colour (tables.css) says
# the side: for the statement, against it, undecided, nothing to say, or none of these.
_SHAPES = {
    "supported": '<path d="M3 8.5l3.2 3.2L13 4.8"/>',
    "contradicted": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "negligible": '<path d="M3.5 6h9M3.5 10h9"/>',
    "inconclusive": '<path d="M2.5 9.5c1.8-4.4 3.7-4.4 5.5-1.5s3.7 2.9 5.5-1.5"/>',
    "leans": '<path d="M3 8h9.5M9 4.5L12.5 8 9 11.5"/>',
    "leans towards": '<path d="M4 12L12 4M6.5 4H12v5.5"/>',
    "leans against": '<path d="M4 4l8 8M6.5 12H12V6.5"/>',
    "calibrated": '<circle cx="8" cy="8" r="4.6"/><path d="M8 1v3M8 12v3M1 8h3M12 8h3"/>',
    "measured": '<path d="M3 12.5V9M8 12.5v-9M13 12.5V6"/>',
    "at the floor": '<path d="M3 13h10M8 2.5v7.5M4.8 7L8 10.2 11.2 7"/>',
    "not testable": '<circle cx="8" cy="8" r="5"/><path d="M4.5 11.5l7-7"/>',
    "not run": '<circle cx="8" cy="8" r="5"/>',
}
NOTE = (
    "Dot and bar: estimate with its 95 % interval. Shaded: the zone of no difference (the margin). "
    "Upright line: zero. One scale and one comparison in each row. "
    "Units: macro F1, unless a claim says otherwise. "
    "What an interval is about: of one world or shift, these families in it; a remark says where "
    "architectures like these would have another word; over worlds, worlds of these rules."
)


def verdict_table(
    claim_ids: Sequence[str],
    columns: "Mapping[str, Mapping[str, Verdict | None]]",
    *,
    masked: Mapping[str, str] | None = None,
    anchors: bool = True,
) -> Html:
    """A row for each claim and a column for each set of runs, by claim id; None: not run.

    masked: of a column whose runs are no evidence, what stands in place of its verdicts. anchors:
    rows can be linked to by their claim; only one table of a page can have that.
    Raises UserError for an unknown claim.
    """
    from nbsupport import errors
    from nbsupport.analysis import claims

    known = claims.load()
    for claim_id in claim_ids:
        if claim_id not in known:
            raise errors.unknown("claim", claim_id, known)
    rows, plain, masks = [], [], masked or {}
    for claim_id in claim_ids:
        found = {name: verdicts.get(claim_id) for name, verdicts in columns.items()}
        anchor = f' id="verdict-{escape(claim_id, quote=True)}"' if anchors else ""
        rows.append(_row(known[claim_id], found, masks, anchor))
        said = [f"{name}: {masks.get(name) or _plain(found[name])}" for name in columns]
        plain.append(" | ".join([known[claim_id].text, *said]))
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in ("Claim", *columns))
    html = (
        '<div class="nb-scroll"><table class="nb-table nb-verdicts">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        f'<p class="nb-quiet">{escape(NOTE)}</p>'
    )
    return Html(html, "\n".join(plain))


def _plain(verdict: "Verdict | None") -> str:
    """A verdict as text, with what it leaves room for."""
    room = f" {verdict.room.sentence}" if verdict is not None and verdict.room else ""
    return f"{verdict or 'not run'}{room}"


def room_html(verdict: "Verdict") -> str:
    """Beside a supported "same": whether there was anything to lose; else nothing."""
    if verdict.room is None:
        return ""
    return f'<div class="nb-remark nb-room">{escape(verdict.room.sentence)}</div>'


def _row(
    claim: "Claim", found: "Mapping[str, Verdict | None]", masks: Mapping[str, str], anchor: str
) -> str:
    part = same_part(found.values())
    shown = [compared(v, part) for v in found.values() if v is not None]
    reach = common_reach([c for c in shown if c is not None])
    cells = "".join(
        f'<td data-label="{escape(name, quote=True)}">'
        f"{verdict_html(verdict, reach, masks.get(name, ''), claim, part)}</td>"
        for name, verdict in found.items()
    )
    key = escape(claim.id, quote=True)
    paper = f'<div class="nb-paper">Paper: {escape(claim.paper)}</div>' if claim.paper else ""
    guess = f'<div class="nb-guess" data-prediction="{key}" hidden></div>'
    return (
        f'<tr{anchor}><th scope="row"><div class="nb-claim">{escape(claim.text)}</div>'
        f"{paper}{guess}</th>{cells}</tr>"
    )


def same_part(verdicts: "Iterable[Verdict | None]") -> str:
    """The contrast that decided in the first column that has several: all columns show this one,
    so that a row compares the same on one scale. Nothing for a claim of one part."""
    several = (v for v in verdicts if v is not None and v.parts and v.contrast is not None)
    first = next(several, None)
    return first.contrast.name if first is not None and first.contrast is not None else ""


def compared(verdict: "Verdict", part: str) -> "Contrast | None":
    """The contrast of this name among a verdict's own and those of its parts; else its own."""
    every = [v.contrast for v in (verdict, *verdict.parts)]
    return next((c for c in every if c is not None and c.name == part), verdict.contrast)


def verdict_html(
    verdict: "Verdict | None",
    reach: float,
    masked: str = "",
    claim: "Claim | None" = None,
    part: str = "",
) -> str:
    """One verdict: its word with a shape, the interval as a bar and in numbers, the remark.

    claim: its parts unfold. part: the contrast that is shown, where there are several.
    """
    if masked:
        return f'<span class="nb-masked">{escape(masked)}</span>'
    if verdict is None:
        return badge("not run")
    shown, parts = compared(verdict, part), [badge(verdict.word, verdict.text)]
    if shown is not None and math.isfinite(shown.estimate.value):
        about = f'<div class="nb-remark">{escape(shown.name)}</div>' if verdict.parts else ""
        parts.append(f"{about}{interval_bar(shown, reach)}")
        parts.append(f'<div class="nb-interval">{interval_text(shown)}</div>')
    if verdict.remark:
        parts.append(f'<div class="nb-remark">{escape(verdict.remark)}</div>')
    parts.append(room_html(verdict))
    if claim is not None and verdict.parts:
        parts.append(_parts(verdict))
    return "".join(parts)


def _parts(verdict: "Verdict") -> str:
    """How many parts are supported, and each with its word and interval, which unfolds."""
    rows = "".join(
        f"<dt>{escape(part.contrast.name)}</dt>"
        f'<dd>{badge(part.word, part.text)} <span class="nb-interval">'
        f"{interval_text(part.contrast)}</span>{room_html(part)}</dd>"
        for part in verdict.parts
        if part.contrast is not None
    )
    return (
        f'<details class="nb-parts"><summary>{supported(verdict)}</summary>'
        f"<dl>{rows}</dl></details>"
    )


def supported(verdict: "Verdict") -> str:
    """ "5 of 6 parts supported"."""
    held = sum(part.word == "supported" for part in verdict.parts)
    return f"{held} of {len(verdict.parts)} parts supported"


def badge(word: str, text: str = "") -> str:
    """A verdict's word with its shape; the class names the word, and where it leans to.

    text: what is printed, such as "leans against"; the word where it is not given.
    """
    named = text if text in _SHAPES else word
    kind = escape(named.replace(" ", "-"), quote=True)
    shape = _SHAPES.get(named, _SHAPES["not run"])
    return (
        f'<span class="nb-badge nb-badge-{kind}"><svg viewBox="0 0 16 16" width="13" height="13" '
        f'aria-hidden="true">{shape}</svg>{escape(text or word)}</span>'
    )


def worded(verdict: "Verdict", replication: str = "") -> str:
    """A verdict as a badge, with its remark, and how it compares with another setting."""
    remarks = [text for text in (replication, verdict.remark) if text]
    told = f'<div class="nb-remark">{escape("; ".join(remarks))}</div>' if remarks else ""
    return f"{badge(verdict.word, verdict.text)}{told}"


def interval_text(contrast: "Contrast") -> str:
    """The estimate, and its interval where there is one."""
    estimate = f"<strong>{signed(contrast.estimate.value)}</strong>"
    if not (math.isfinite(contrast.low) and math.isfinite(contrast.high)):
        return f"{estimate} <span>no interval</span>"
    return f"{estimate} <span>{signed(contrast.low)} to {signed(contrast.high)}</span>"


def interval_bar(contrast: "Contrast", reach: float) -> str:
    """The estimate and its interval on a scale from -reach to reach, with zero and the margin."""

    def at(value: float) -> float:
        return BAR_WIDTH / 2 * (1 + max(-1.0, min(1.0, value / reach)))

    low, high, middle = contrast.low, contrast.high, BAR_HEIGHT / 2
    marks = []
    if math.isfinite(contrast.margin) and contrast.margin > 0:
        left, right = at(-contrast.margin), at(contrast.margin)
        marks.append(
            f'<rect class="nb-bar-margin" x="{left:.1f}" y="0" width="{right - left:.1f}" '
            f'height="{BAR_HEIGHT}"/>'
        )
    marks.append(f'<path class="nb-bar-zero" d="M{at(0):.1f} 0V{BAR_HEIGHT}"/>')
    if math.isfinite(low) and math.isfinite(high):
        marks.append(f'<path class="nb-bar-span" d="M{at(low):.1f} {middle}H{at(high):.1f}"/>')
    x = at(contrast.estimate.value)
    marks.append(f'<circle class="nb-bar-dot" cx="{x:.1f}" cy="{middle}" r="4"/>')
    return (
        f'<svg class="nb-bar" viewBox="0 0 {BAR_WIDTH} {BAR_HEIGHT}" width="{BAR_WIDTH}" '
        f'height="{BAR_HEIGHT}" aria-hidden="true">{"".join(marks)}</svg>'
    )


def common_reach(contrasts: "Sequence[Contrast]") -> float:
    """The largest distance from zero that bars on one scale must show, and a little room."""
    ends = [abs(v) for c in contrasts for v in (c.low, c.high, c.estimate.value, c.margin)]
    return 1.08 * max((v for v in ends if math.isfinite(v)), default=1.0) or 1.0
