"""What Section 6 concludes: sentences chosen by the recorded verdicts and effects."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from nbsupport.analysis import effects
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.display import found
from nbsupport.display.html import Html, note, signed, span
from nbsupport.display.sides import FAILS, HOLDS, side
from nbsupport.evidence.judged import Judged, judge_some

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.evidence.recorded import Recorded

LARGER = ("quantity-over-granularity", "quantity-over-semantics")
ALIKE, EXPLOIT, NO_GAP = "natural-sources-equal", "quantity-imagenet", "no-gap-task"
STRONG, WEAK = 0.7, 0.3  # rank correlations at which the words change
OF_GROUPS = {
    "one": "What makes a model robust here mostly makes it good as well: the score at known "
    "cameras alone orders the groups in much the same way. The paper warns that the two may part; "
    "on these groups they do so little.",
    "loose": "The two go together loosely: some groups are better than they are robust, or the "
    "other way round, as the paper warns.",
    "two": "The two are different matters, as the paper warns: the score at known cameras does not "
    "tell which group is robust.",
}
Ends = tuple[float, float, float]


def conclusion(own: "Recorded", correlations: Mapping[str, float], axis: str = "linear") -> Html:
    """The order of the factors, the advice, whether robust is good, and what makes the gap.

    correlations: of robustness and place along the line, over groups, by world.
    """
    table = effects.effect_table(own.points(own.leading.number), axis)
    if table.empty:
        return note("No runs of the two reference groups are recorded yet: no conclusion.")
    judged = {e.claim.id: e for e in judge_some(own, [*LARGER, ALIKE, EXPLOIT, NO_GAP])}
    parts = {
        "The order of the factors": order(table, judged, own.leading.name),
        "The advice": advice(judged, table),
        "Robust or good": robust_or_good(correlations),
        "What makes the gap": cause(judged[NO_GAP]),
    }
    kept = {head: text for head, text in parts.items() if text}
    html = "".join(
        f"<li><strong>{escape(head)}.</strong> {escape(text)}</li>" for head, text in kept.items()
    )
    plain = "\n".join(f"{head}. {text}" for head, text in kept.items())
    return Html(f'<ul class="nb-conclusion">{html}</ul>', plain)


def order(table: "pd.DataFrame", judged: Mapping[str, Judged], where: str) -> str:
    """The factors by their leading effects, which are inside the margin, and what was claimed."""
    ranked = effects.ranking(table)
    if not ranked:
        return ""
    told = ", ".join(f"{factor} ({value:.2f})" for factor, value in ranked)
    text = f"By the size of its leading step, in gaps on {where}: {told}."
    first = ranked[0][0]
    text += (
        " The number of images comes first, as in the paper."
        if first == "quantity"
        else f" The paper puts the number of images first; here {first} comes before it."
    )
    inside = [factor for factor, ends in _leading(table).items() if _inside(ends)]
    if inside:
        text += f" Too small to count, inside the margin: {', '.join(inside)}."
    said = [found.sentence(judged[key].claim, judged[key].headline) for key in LARGER]
    return " ".join([text, *said])


def _leading(table: "pd.DataFrame") -> dict[str, Ends]:
    """Value and interval of each factor's leading effect."""
    own = table[table["leads"].astype(bool)]
    ends = own[["value", "low", "high"]].to_numpy(float)
    return {f: (v, a, b) for f, (v, a, b) in zip(own["factor"], ends, strict=True)}


def _inside(ends: Ends) -> bool:
    return ends[1] > -MARGIN and ends[2] < MARGIN


def advice(judged: Mapping[str, Judged], table: "pd.DataFrame") -> str:
    """Whether "explore a little, then exploit" follows here: from both of its halves."""
    more, alike = side(judged[EXPLOIT].headline), side(judged[ALIKE].headline)
    leading = _leading(table)
    told = {f: f"{signed(v, 2)} gaps, {_span(leading[f])}" for f, (v, _, _) in leading.items()}
    exploit = f"More images of one source help ({told.get('quantity', 'not measured')})"
    if more != HOLDS:
        return "That more images of one source help is not shown here: the advice does not follow."
    if alike == HOLDS:
        return (
            f"{exploit}, and one natural source is as good as the other at equal size "
            f"({told.get('source', 'not measured')}). So the paper's advice follows here: explore "
            "a little, then exploit."
        )
    if alike == FAILS:
        return f"{exploit}, but natural sources differ at equal size: exploring pays as well."
    return f"{exploit}. Whether exploring pays is open: the natural sources may differ or not."


def _span(ends: Ends) -> str:
    return span(ends[1], ends[2], ends[0])


def robust_or_good(correlations: Mapping[str, float]) -> str:
    """What the rank correlations say; the weakest of them chooses the words."""
    held = {name: r for name, r in correlations.items() if r == r}
    if not held:
        return ""
    told = ", ".join(f"{signed(r, 2)} on {name}" for name, r in held.items())
    least = min(held.values())
    kind = "one" if least >= STRONG else "loose" if least >= WEAK else "two"
    return f"Rank correlation of robustness and score over the groups: {told}. {OF_GROUPS[kind]}"


def cause(entry: Judged) -> str:
    """What the task without a bias of place says on where the gap comes from."""
    text, said = found.sentence(entry.claim, entry.headline), side(entry.headline)
    if said == HOLDS:
        return f"{text} That fits the suspicion that the gap comes from the bias of places."
    if said == FAILS:
        return f"{text} So the bias of places is not all that the gap comes from."
    return text
