"""What was found, in words: sentences from recorded verdicts, and why a claim may fail here.

The texts stand with each claim in claims.toml. Which of them is said is decided by the verdict, so
no sentence says what its verdict does not.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from nbsupport.analysis import claims
from nbsupport.analysis.claims import Claim, Part
from nbsupport.analysis.claims_file import Why
from nbsupport.analysis.verdicts import Verdict
from nbsupport.display import line_sides
from nbsupport.display.html import Html, signed, span
from nbsupport.display.sides import FAILS, HOLDS, NONE, OPEN, clauses, listed, parts_of, side
from nbsupport.display.verdict_table import badge, room_html
from nbsupport.evidence import recorded
from nbsupport.evidence.judged import Judged, judge_some
from nbsupport.evidence.published.verdicts import (
    NOTHING,
    PublishedVerdict,
    published_claims,
    published_verdicts,
)
from nbsupport.study.profiles import Profile

HEADS = {
    HOLDS: "What holds here",
    FAILS: "What comes out otherwise than in the paper",
    OPEN: "What is open",
}
FLOOR = "too near chance"
# How often a verdict's side is told of several settings, in this order.
_TOLD = (HOLDS, FAILS, OPEN, FLOOR)
DIFFERS = "differs, size unsettled"  # the remark of a verdict on "the same"
BELOW = "below the margin"


# one claim ----------------------------------------------------------------------------------------
def sentence(claim: Claim, verdict: Verdict) -> str:
    """What a verdict lets one say of its claim, as one sentence or two."""
    said = side(verdict)
    if said == NONE:
        return f"Not run yet: {claim.matter}."
    if verdict.word in ("at the floor", "not testable"):
        start = "Too near chance to compare" if verdict.word == "at the floor" else "Not testable"
        return f"{start}: {claim.matter}."
    unfolded = _unfolded(parts_of(claim, verdict))
    text = unfolded or str(getattr(claim, said))
    return f"{text}{_more(verdict)}"


def _unfolded(parts: Sequence[tuple[Part, str]]) -> str:
    """Where some parts hold and others do not: how many, and which."""
    held = clauses(parts, HOLDS)
    if not held or len(held) == len(parts):
        return ""
    failed, left = clauses(parts, FAILS), clauses(parts, OPEN)
    hold = "holds" if len(held) == 1 else "hold"
    text = f"Of the {len(parts)} parts of the statement {len(held)} {hold}: {listed(held)}."
    if failed:
        text += f" Not so: {listed(failed)}."
    return f"{text} Open: {listed(left)}." if left else text


def _more(verdict: Verdict) -> str:
    """What limits the sentence."""
    if verdict.word == "leans":
        return " A few runs lean that way, and settle nothing."
    if verdict.word == "calibrated":
        return " The simulated world was tuned to show this, so here it is no evidence."
    if DIFFERS in verdict.remark:
        return " There is a difference, and whether it is large enough to count is open."
    if BELOW in verdict.remark:
        return " The difference is smaller than what counts as one."
    if verdict.word == "negligible" and not verdict.parts:
        return " The difference is too small to count."
    return ""


# what it rests on ---------------------------------------------------------------------------------
def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many of several verdicts are on each side, or too near chance; those not run left out."""
    found = [FLOOR if v.word == "at the floor" else side(v) for v in verdicts]
    return {each: found.count(each) for each in _TOLD if each in found}


def _told(verdicts: Iterable[Verdict], what: str) -> str:
    """ "simulated worlds: 1 of 2 for it, 1 open": how many settings a claim holds in, and so on."""
    found = counted(verdicts)
    total = sum(found.values())
    words = {HOLDS: "for it", FAILS: "against it", OPEN: "open", FLOOR: FLOOR}
    parts = [f"{number} {words[each]}" for each, number in found.items()]
    if not parts:
        return ""
    first, *others = parts
    number, _, said = first.partition(" ")
    return f"{what}: {', '.join([f'{number} of {total} {said}', *others])}"


def _settings_of(profile: Profile) -> str:
    return "simulated worlds" if profile.simulated else "shifts between real images"


def _elsewhere(entry: Judged) -> str:
    """The words of the worlds that a claim was run in: "world 3: leans towards"."""
    found = {n: v.text for n, v in entry.worlds.items() if v.word != "not run"}
    return ", ".join(f"world {n}: {text}" for n, text in found.items())


def rests_on(entry: Judged, profile: Profile, published: PublishedVerdict | None) -> str:
    """In how many worlds, on how many shifts between real images, and by published models."""
    worlds = [v for n, v in entry.worlds.items() if n in entry.counted] or [entry.first]
    own = _settings_of(profile)
    said = f"{published.words} it" if published and published.word != NOTHING else ""
    parts = [_told(worlds, own), _told(entry.real.values(), "shifts between real images"), said]
    return "; ".join(filter(None, parts))


# why it may differ --------------------------------------------------------------------------------
def _whys(entry: Judged, judge: "Callable[[str], Judged]") -> list[str]:
    """Each reason with what its check says, as HTML."""
    return [_why(entry, why, judge) for why in entry.claim.why]


def _why(entry: Judged, why: Why, judge: "Callable[[str], Judged]") -> str:
    text = escape(why.text)
    if not why.check:
        return text
    check = judge(why.check)
    link = f'<a href="claims.html#claim-{escape(why.check, quote=True)}">{escape(why.check)}</a>'
    outcome = {HOLDS: why.if_supported, FAILS: why.if_contradicted}.get(side(check.headline), "")
    if not outcome:
        said = "has no runs yet" if side(check.headline) == NONE else "does not settle it"
        return f"{text} What would tell, {link}, {said}."
    return f"{text} {escape(outcome)} ({link}: {_number(check.headline)})"


def _number(verdict: Verdict) -> str:
    c = verdict.contrast
    if c is None:
        return escape(verdict.text)
    ends = span(c.low, c.high, c.estimate.value)
    return f"{escape(verdict.text)}, {signed(c.estimate.value)}, {ends}"


# a page -------------------------------------------------------------------------------------------
class Found:
    """The recorded verdicts on a page's claims, as sentences."""

    def __init__(self, profile: Profile, claim_ids: Iterable[str]) -> None:
        self.own = recorded.own(profile)
        self.real = next(iter(recorded.beside(self.own.profile)), None)
        self.entries = judge_some(self.own, claim_ids, real=self.real)
        self.published = self._published() if self.own.profile.simulated else {}

    def _published(self) -> dict[str, PublishedVerdict]:
        """What published models say; nothing is measured where they say nothing on these claims."""
        named = any(entry.claim.id in published_claims() for entry in self.entries)
        return published_verdicts() if named else {}

    def html(self) -> Html:
        """What holds, what fails with reasons why it may, what is open; what is not run yet."""
        shown = [self._group(each) for each in HEADS]
        text = "\n".join([*(plain for _, plain in shown if plain), *self._not_run()])
        rest = "".join(f'<p class="nb-quiet">{escape(line)}</p>' for line in self._not_run())
        inner = "".join(html for html, _ in shown)
        return Html(f'<div class="nb-found" id="found">{inner}{rest}</div>', text)

    def _group(self, wanted: str) -> tuple[str, str]:
        """One side's sentences, as HTML and as text."""
        own = [e for e in self.entries if side(e.headline) == wanted]
        if not own:
            return "", ""
        items = "".join(self._item(entry) for entry in own)
        head = f'<p class="nb-found-head">{HEADS[wanted]}</p>'
        plain = [f"{HEADS[wanted]}:", *(self._plain(entry) for entry in own)]
        return f'{head}<ul class="nb-found-{wanted}">{items}</ul>', "\n".join(plain)

    def _plain(self, entry: Judged) -> str:
        said, room = sentence(entry.claim, entry.headline), entry.headline.room
        more = [text for text in (room.sentence if room else "", self._line(entry)) if text]
        return f"- {' '.join([said, *more])} ({self._rests_on(entry)})"

    def _line(self, entry: Judged) -> str:
        """On which side of its line each kind of evidence puts the claim's groups."""
        own = _settings_of(self.own.profile)
        return line_sides.sentence(
            entry.claim, line_sides.kinds(entry, self.published.get(entry.claim.id), own)
        )

    def _item(self, entry: Judged) -> str:
        word, said = entry.headline.word, sentence(entry.claim, entry.headline)
        about = f'<span class="nb-found-basis">{escape(self._rests_on(entry))}</span>'
        whys = self._reasons(entry) if side(entry.headline) == FAILS else ""
        mark, room = badge(word, entry.headline.text), room_html(entry.headline)
        line = f'<div class="nb-remark">{escape(text)}</div>' if (text := self._line(entry)) else ""
        return f"<li>{mark} {escape(said)} {about}{room}{line}{whys}</li>"

    def _reasons(self, entry: Judged) -> str:
        found = _whys(entry, lambda key: judge_some(self.own, [key])[0])
        if not found:
            return ""
        reasons = "".join(f"<li>{why}</li>" for why in found)
        return f'<div class="nb-found-why"><p>Why it may differ here</p><ul>{reasons}</ul></div>'

    def _rests_on(self, entry: Judged) -> str:
        return rests_on(entry, self.own.profile, self.published.get(entry.claim.id))

    def _not_run(self) -> list[str]:
        """Claims without a word: recorded nowhere, or not in the world whose word stands first."""
        absent = [e for e in self.entries if side(e.headline) == NONE]
        nowhere = [e.claim.matter for e in absent if not _elsewhere(e)]
        told = [f"Not recorded yet: {'; '.join(nowhere)}."] if nowhere else []
        later = [f"{e.claim.matter} ({_elsewhere(e)})" for e in absent if _elsewhere(e)]
        start = f"Not recorded yet on {self.own.leading.name}"
        return [*told, *([f"{start}: {'; '.join(later)}."] if later else [])]


def found(profile: Profile, claim_ids: Iterable[str]) -> Html:
    """What the recorded runs say on these claims, in words; a sentence where nothing is recorded.

    Raises UserError for an unknown claim.
    """
    ids = [claims.named(claim_id).id for claim_id in claim_ids]
    return Found(profile, ids).html()
