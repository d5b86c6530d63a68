"""The ledger as a table: readable as it stands, sorted and filtered by `book/_static/ledger.js`."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nbsupport.analysis.verdicts import WORDS, Verdict
from nbsupport.analysis.worlds import few
from nbsupport.display import verdict_table as look
from nbsupport.display.html import Html, signed
from nbsupport.evidence import ledger
from nbsupport.evidence.ledger import Judged
from nbsupport.evidence.published.verdicts import PublishedVerdict
from nbsupport.evidence.recorded import Recorded
from nbsupport.pages import pages
from nbsupport.pages.real_images import on_real, said_on_real
from nbsupport.pages.unfolded import unfolded

# name, how a reader's browser sorts by it ("" not at all), what the column holds
HEADER = (
    ("Section", "number", "the section and figure of the paper"),
    ("Claim", "text", "in our words"),
    ("Verdict", "number", "over worlds where at least five count, else of world 1"),
    ("Estimate", "number", "what the verdict rests on, with its 95 % interval"),
    ("Worlds", "number", "on how many the claim is supported or leans to it; their spread, tau"),
    ("Published", "text", "what models that others published say, in words of their own"),
    ("q", "number", "p value of the verdict, corrected for the number of claims"),
    ("World 1", "number", "verdict of the recorded runs, about these families in this world"),
    ("World 2", "number", "verdict of the recorded runs, and a test against world 1"),
    ("Families", "number", "families with the same sign, and the interval for others like these"),
    ("Rules 1", "number", "verdict on world 1 by version 1 of the rules, and why it changed"),
    ("Live", "number", "verdict of the runs that this build trained"),
    ("Otherwise", "number", "on other axes and at other margins"),
    ("To settle", "number", "about how many more cells"),
)
# What a reader asks for: folded until then.
FOLDED = ("World 1", "World 2", "Families", "Rules 1", "Live", "Otherwise", "To settle")
NOTE = (
    "Estimate: dot and bar show it with its 95 % interval, shaded is the zone of no difference, "
    "the upright line is zero. All bars share a scale. "
    "Over worlds, the interval is about worlds of these rules; of one world, about these families "
    "in this world; under Families, about architectures like these. q: Benjamini and Hochberg's. "
    "Otherwise: verdicts on logit and probit axes, and at margins of 0.15 and 0.33 of the gap."
)
NOT_FOR_OR_AGAINST = ("calibrated", "measured")
DASH = "\N{EN DASH}"
FRAGILE = "differs otherwise"
CHANGED = "another word by rules 1"
REAL = "Real images"
_PLACE_OF_REAL = [name for name, _, _ in HEADER].index("Published")


def header(real: Recorded | None) -> list[tuple[str, str, str]]:
    """The columns: HEADER, and after the simulated worlds what real images say."""
    columns = list(HEADER)
    if real:
        told = f"verdicts of the recorded runs, {real.title}, by the images that are new"
        columns.insert(_PLACE_OF_REAL, (REAL, "number", told))
    return columns


def ledger_table(
    entries: Sequence[Judged],
    mask: str = "",
    real: Recorded | None = None,
    published: Mapping[str, PublishedVerdict] | None = None,
) -> Html:
    """The ledger as a table, with the controls that a script brings to life.

    real: the records on real images that entries were judged by, for a column of their own.
    published: what published models say, by claim, for another.
    """
    said = published or {}
    scales = {name: _scale(entries, name) for name in {ledger.unit(e.claim) for e in entries}}
    rows = "".join(
        _row(i, e, scales[ledger.unit(e.claim)], mask, real, said.get(e.claim.id))
        for i, e in enumerate(entries)
    )
    head = "".join(
        f'<th scope="col"{_folded(name)} data-sort="{kind}" title="{escape(told, quote=True)}">'
        f"{escape(name)}</th>"
        for name, kind, told in header(real)
    )
    html = (
        f'<div class="nb-ledger">{_controls(entries, real)}{_more(real)}'
        '<div class="nb-scroll" tabindex="0" '
        'role="region" aria-label="All claims, a table that scrolls sideways">'
        f'<table class="nb-table nb-verdicts nb-ledger-table"><thead><tr>{head}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div><p class="nb-quiet">{escape(NOTE)}</p></div>'
    )
    return Html(html, "\n".join(_plain(e) for e in entries))


def _folded(name: str) -> str:
    return ' class="nb-ledger-more"' if name in FOLDED else ""


def _more(real: Recorded | None) -> str:
    """A box to tick, which works without a script: it shows the columns that are folded."""
    told = f"All {len(header(real))} columns: also {', '.join(FOLDED)}"
    return (
        '<input type="checkbox" class="nb-ledger-all" id="ledger-all">'
        f'<label for="ledger-all">{escape(told)}</label>'
    )


def _plain(entry: Judged) -> str:
    said = f"{entry.claim.id}: {entry.first.text}; world 2: {entry.second.text}"
    if entry.over_worlds:
        said = f"{entry.claim.id}: {entry.headline.text}, {ledger.over(entry)}; world 1: {said}"
    return f"{said}; real images: {said_on_real(entry)}" if entry.real else said


def _scale(entries: Sequence[Judged], unit: str) -> float:
    found = [e.headline.contrast for e in entries if ledger.unit(e.claim) == unit]
    return look.common_reach([c for c in found if c is not None])


def _row(
    place: int,
    entry: Judged,
    reach: float,
    mask: str,
    real: Recorded | None,
    published: PublishedVerdict | None,
) -> str:
    claim = entry.claim
    more = entry.headline.more_cells
    cells = [
        (place, _where(entry), ""),
        (claim.text, _statement(entry, real), "row"),
        (_rank(entry.headline), _headline(entry), ""),
        (ledger.numbers(entry.headline)["statistic"], _estimate(entry, reach), ""),
        (*_worlds(entry), ""),
        (published.word if published else None, _published(published), ""),
        (entry.q, _q(entry.q), ""),
        (_rank(entry.first), _first(entry), ""),
        (_rank(entry.second), look.worded(entry.second, entry.replication), ""),
        (*_families(entry), ""),
        (*_rules_1(entry), ""),
        (_rank(entry.live), _live(entry.live, mask), ""),
        (len(entry.fragile), _otherwise(entry), ""),
        (more, f"{more:,}" if more else DASH, ""),
    ]
    if real:
        cells.insert(_PLACE_OF_REAL, (_rank(entry.on_real), on_real(entry, real), ""))
    heads = zip(header(real), cells, strict=True)
    columns = "".join(_cell(name, *cell) for (name, _, _), cell in heads)
    words = escape("|".join(tokens(entry)), quote=True)
    key = escape(claim.id, quote=True)
    return (
        f'<tr id="claim-{key}" data-words="{words}" '
        f'data-section="{escape(claim.section, quote=True)}">{columns}</tr>'
    )


def _cell(name: str, value: Any, inner: str, scope: str) -> str:
    missing = value is None or (isinstance(value, float) and not math.isfinite(value))
    shown = "" if missing else escape(str(value), quote=True)
    tag, attribute = ("th", ' scope="row"') if scope else ("td", "")
    attribute += f'{_folded(name)} data-label="{escape(name, quote=True)}"'
    return f'<{tag}{attribute} data-value="{shown}">{inner}</{tag}>'


def tokens(entry: Judged) -> list[str]:
    """What the filter by verdict finds an entry under: the word of its headline, how world 2
    compares, whether the rules changed a word, its word on real images."""
    held = [f"{entry.replication} on world 2"] if entry.replication else []
    fragile = [FRAGILE] if entry.fragile else []
    changed = [CHANGED] if any(before.why for before in entry.before.values()) else []
    real = [f"{word} on real images" for word in dict.fromkeys(v.word for v in entry.real.values())]
    return [entry.headline.word, *held, *fragile, *changed, *real]


def _where(entry: Judged) -> str:
    claim = entry.claim
    figure = f'<div class="nb-paper">{escape(claim.figure)}</div>' if claim.figure else ""
    return f"{escape(claim.section)}{figure}"


def _statement(entry: Judged, real: Recorded | None) -> str:
    claim = entry.claim
    paper = f'<div class="nb-paper">Paper: {escape(claim.paper)}</div>' if claim.paper else ""
    return (
        f'<div class="nb-claim">{escape(claim.text)}</div>{paper}{unfolded(entry, real)}'
        f'<div class="nb-paper"><code>{escape(claim.id)}</code> {page_link(claim.page, claim.id)}'
        "</div>"
    )


def page_link(page_id: str, claim_id: str = "") -> str:
    """A link to a page of the book, at a claim's verdict where one is named; words where the page
    is not there."""
    if page_id not in pages():
        return "no page yet"
    page = pages()[page_id]
    name = f"Section {page.section}" if page.section[:1].isdigit() else page.title
    at = f"#verdict-{claim_id}" if claim_id in page.claims else ""
    return f'<a href="{escape(page_id, quote=True)}.html{at}">{escape(name)}</a>'


def _q(value: float) -> str:
    if not math.isfinite(value):
        return DASH
    return f"{value:.3f}" if value >= 0.001 else "&lt; 0.001"


def _headline(entry: Judged) -> str:
    """The verdict that stands first, and what it is about."""
    about = f'<div class="nb-paper">{escape(ledger.over(entry))}</div>'
    return f"{look.worded(entry.headline)}{about}{_room(entry.headline)}"


def _room(verdict: Verdict) -> str:
    """Beside a supported "same": whether there was anything to lose, which unfolds."""
    if verdict.room is None:
        return ""
    return (
        f'<details class="nb-room"><summary>{escape(verdict.room.short)}</summary>'
        f'<div class="nb-paper">{escape(verdict.room.sentence)}</div></details>'
    )


def _first(entry: Judged) -> str:
    """World 1; without remarks where the headline has them already."""
    if entry.over_worlds:
        return look.worded(entry.first)
    return look.badge(entry.first.word, entry.first.text)


def _worlds(entry: Judged) -> tuple[int | None, str]:
    """On how many worlds a claim is supported; the spread between them, and a new world's range."""
    if not entry.counted:
        return None, DASH
    told = ledger.about_worlds(entry)
    text = f"<div>for it in {entry.supporting} of {len(entry.counted)}</div>"
    if entry.first.word in NOT_FOR_OR_AGAINST:
        text = f"<div>{len(entry.counted)} worlds, {entry.first.word}</div>"
    if not math.isfinite(told["tau"]):
        return entry.supporting, text
    spread = f"tau {told['tau']:.3f}"
    if math.isfinite(told["prediction_low"]):
        ends = " to ".join(signed(told[f"prediction_{end}"]) for end in ("low", "high"))
        spread += f"; a new world: {ends}"
    return entry.supporting, f'{text}<div class="nb-paper">{spread}</div>{_each_world(entry)}'


def _each_world(entry: Judged) -> str:
    """The part that decided on each world and over all, which unfolds."""
    over = entry.mean
    if over is None:
        return ""
    found = {f"world {n}": look.compared(entry.worlds[n], over.name) for n in entry.counted}
    rows = {name: c for name, c in found.items() if c} | {"mean": over}
    reach = look.common_reach(list(rows.values()))
    told = "".join(
        f"<dt>{name}</dt><dd>{look.interval_bar(c, reach)}"
        f'<div class="nb-interval">{look.interval_text(c)}</div></dd>'
        for name, c in rows.items()
    )
    return (
        f'<details><summary>each world</summary><div class="nb-paper">{escape(over.name)}</div>'
        f'<div class="nb-shifts"><dl>{told}</dl></div>'
        f'<div class="nb-paper">{escape(few(over.worlds))}</div></details>'
    )


def _families(entry: Judged) -> tuple[float | None, str]:
    told = ledger.about_families(entry.first)
    if not told["alike"]:
        return None, DASH
    alike, families = map(int, told["alike"].split(" of "))
    ends = ""
    if math.isfinite(told["alike_low"]):
        interval = " to ".join(signed(told[f"alike_{end}"]) for end in ("low", "high"))
        ends = f'<div class="nb-paper">others like these: {interval}</div>'
    return alike / families, f"<div>{told['alike']} alike</div>{ends}"


def _rules_1(entry: Judged) -> tuple[int | None, str]:
    """The word of version 1 on world 1, and why it changed there or on world 2."""
    before = entry.before.get(1)
    if before is None or not before.word:
        return None, DASH
    word = before.word.split()[0] if before.word.startswith("leans") else before.word
    badge = look.badge(word, before.word)
    whys = [
        f"World {world}: {each.word}. {each.why}"
        for world, each in entry.before.items()
        if each.why
    ]
    told = "".join(f'<div class="nb-remark">{escape(why)}</div>' for why in whys)
    return WORDS.index(word), f"{badge}{told}"


def _estimate(entry: Judged, reach: float) -> str:
    found = entry.headline.contrast
    if found is None or not math.isfinite(found.estimate.value):
        return DASH
    text = look.interval_text(found)
    cells = f'<div class="nb-paper">{escape(ledger.unit(entry.claim))}, {found.cells} cells</div>'
    return f'{look.interval_bar(found, reach)}<div class="nb-interval">{text}</div>{cells}'


def _published(verdict: PublishedVerdict | None) -> str:
    """The word of published models; what limits it unfolds."""
    if verdict is None:
        return DASH
    limits = "".join(f"<li>{escape(text)}</li>" for text in verdict.caveats)
    return (
        f'<a href="published_models.html">{escape(verdict.word)}</a>'
        f"<details><summary>limits</summary><ul>{limits}</ul></details>"
    )


def _live(verdict: Verdict | None, mask: str) -> str:
    if mask:
        return f'<span class="nb-masked">{escape(mask)}</span>'
    return look.badge("not run") if verdict is None else look.badge(verdict.word, verdict.text)


def _otherwise(entry: Judged) -> str:
    if not entry.others:
        return DASH
    if not entry.fragile:
        return "the same"
    return "".join(
        f'<div class="nb-remark">{escape(name)}: {escape(entry.others[name])}</div>'
        for name in entry.fragile
    )


def _rank(verdict: Verdict | None) -> int | None:
    """Where a verdict stands in the order of the words."""
    return WORDS.index(verdict.word) if verdict else None


def _controls(entries: Sequence[Judged], real: Recorded | None) -> str:
    """Choices by verdict, section and text; hidden until the script is there to answer them."""
    words = sorted({t for e in entries for t in tokens(e)}, key=lambda t: (t not in WORDS, t))
    sections = dict.fromkeys(e.claim.section for e in entries)
    sorts = [name for name, kind, _ in header(real) if kind]
    return (
        '<form class="nb-ledger-controls" role="search" aria-label="Filter the claims" hidden>'
        f"{_select('Verdict', 'words', words)}{_select('Section', 'section', list(sections))}"
        '<label>Text<input type="search" name="text" placeholder="fractals, margin ..."></label>'
        f'<span class="nb-ledger-sort">{_select("Sort by", "sort", sorts, first="")}</span>'
        '<button type="reset">Show all</button>'
        '<output class="nb-quiet" aria-live="polite"></output></form>'
    )


def _select(label: str, name: str, values: Sequence[str], first: str = "all") -> str:
    start = [f'<option value="">{escape(first)}</option>'] if first else []
    options = "".join([*start, *(f"<option>{escape(v)}</option>" for v in values)])
    return f'<label>{escape(label)}<select name="{name}">{options}</select></label>'
