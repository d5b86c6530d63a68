"""What real images say on a claim, in the ledger and on the first pages: words and badges."""

from html import escape

from nbsupport.display import verdict_table as look
from nbsupport.evidence.judged import Confirmed, Judged
from nbsupport.evidence.recorded import Recorded


def said_on_real(entry: Judged) -> str:
    """The verdicts on real images as words: one, or one for each shift; and by its cells of two
    kinds where a shift has them."""
    said = " / ".join([v.text for v in entry.real.values()][: 1 if entry.alike_on_real else None])
    apart = [f"shift {shift}, {each.text}" for shift, each in entry.confirmed.items()]
    return f"{said} ({'; '.join(apart)})" if apart else said


def on_real(entry: Judged, real: Recorded) -> str:
    """The verdict on each shift; what there is to remark on them unfolds."""
    verdicts = [*entry.real.values()]
    apart = "".join(_confirmed(each, real.settings[n].short) for n, each in entry.confirmed.items())
    if entry.alike_on_real and len({v.remark for v in verdicts}) == 1:
        return f"{look.worded(verdicts[0])}{apart}"
    remarks = "".join(
        f"<dt>{escape(real.settings[shift].short)}</dt><dd>{escape(verdict.remark)}</dd>"
        for shift, verdict in entry.real.items()
        if verdict.remark
    )
    told = f"<details><summary>remarks</summary><dl>{remarks}</dl></details>" if remarks else ""
    return f'<div class="nb-shifts">{shift_badges(entry, real)}{told}</div>{apart}'


def _confirmed(found: Confirmed, shift: str) -> str:
    """A shift's first cells beside those that were planned to confirm them, which unfold."""
    if found.first.word == found.confirming.word == "not run":
        return ""
    rows = "".join(
        f"<dt>{cells}</dt><dd>{look.badge(v.word, v.text)}"
        f'<div class="nb-interval">{look.interval_text(v.contrast) if v.contrast else ""}</div>'
        f'<div class="nb-paper">{escape(v.remark)}</div></dd>'
        for cells, v in found.named.items()
    )
    return (
        f'<details class="nb-shifts"><summary>{escape(shift)}, confirmed?</summary>'
        f"<dl>{rows}</dl></details>"
    )


def shift_badges(entry: Judged, real: Recorded) -> str:
    """The verdicts on real images as badges: one, or one for each shift."""
    badges = {shift: look.badge(v.word, v.text) for shift, v in entry.real.items()}
    if entry.alike_on_real:
        return next(iter(badges.values()))
    rows = "".join(
        f"<dt>{escape(real.settings[s].short)}</dt><dd>{b}</dd>" for s, b in badges.items()
    )
    return f'<div class="nb-shifts"><dl>{rows}</dl></div>'
