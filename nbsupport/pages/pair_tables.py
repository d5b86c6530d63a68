"""Appendix G on a page: the panels of the domain pairs, and what became of each pair."""

from math import isfinite
from typing import TYPE_CHECKING

from nbsupport.display.figures import names
from nbsupport.display.html import Html, note, signed, span, table
from nbsupport.pages.domain_pairs import pair_groups
from nbsupport.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.verdicts import Verdict

CLAIM = "some-shifts-only"
CAPTION = "Margin (a quarter of the main task's gap)"
LEVEL = 0.025  # one-sided, as the 95 % intervals are read


def pair_table(points: "pd.DataFrame", study: Study, axis: str = "linear") -> Html:
    """A row for each pair: contrast, interval, Holm-adjusted p values, verdict, OOD scores.

    A sentence where a role has no runs.
    """
    from nbsupport.analysis import claims, verdicts

    whole = claims.verdict(CLAIM, points, axis=axis) if not points.empty else None
    if whole is None or not whole.parts:
        return note("Some of these groups have no runs yet, so there is no table.")
    contrasts = [part.contrast for part in whole.parts if part.contrast]
    adjusted = verdicts.adjusted_pairs(contrasts)
    rows = []
    for i, (name, c) in enumerate(zip(names(study), contrasts, strict=True)):
        p_higher, p_same = (float(adjusted[kind][i]) for kind in ("higher", "same"))
        both = verdicts.judge("higher", c), verdicts.judge("same", c)
        word = pair_word(*both, p_higher, p_same)
        scores = (
            signed(c.estimate.value),
            span(c.low, c.high, c.estimate.value),
            _p(p_higher),
            _p(p_same),
        )
        rows.append((name, *scores, word, _ood_range(points, i + 1)))
    found = contrasts[0].margin
    margin = f"{found:.3f}" if isfinite(found) else "not measurable"
    header = ("pair", "over scratch", "95 % interval", "p, higher", "p, same", "verdict", "OOD F1")
    return table(header, rows, numeric=(1, 2, 3, 4), caption=f"{CAPTION}: {margin}")


def pair_word(higher: "Verdict", same: "Verdict", p_higher: float, p_same: float) -> str:
    """What is found about one pair among all of them, p values adjusted for their number."""
    if higher.word == "not testable":
        return higher.word
    if higher.word == "leans":
        if same.direction == "towards":
            return "leans to the same"
        return "leans to " + ("higher" if higher.direction == "towards" else "lower")
    if p_same < LEVEL:
        return "the same"
    return "higher" if p_higher < LEVEL else "not settled"


def _p(value: float) -> str:
    """A p value as it is printed."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _ood_range(points: "pd.DataFrame", number: int) -> str:
    """The OOD scores of both groups of a pair: near chance, no two lines can differ."""
    own = points[points["role"].isin((f"pair-{number}/full", f"pair-{number}/scratch"))]
    return f"{own['ood_macro_f1'].min():.2f} to {own['ood_macro_f1'].max():.2f}"


def pair_numbers(study: Study) -> dict[str, str]:
    """Sizes of the domain pairs' task, by the name under which prose quotes them."""
    task = study.task_of(pair_groups(study, {})[-1])
    tests = [task.table(split) for split in ("id_test", "ood_test")]
    return {
        "pairs": f"{len(study.profile.pairs)}",
        "domain-classes": f"{task.num_classes}",
        "domain-train": f"{len(task.table('train')):,}",
        "domain-test": f"{len(tests[0]):,}",
        "domain-each": f"{min(int(t['label'].value_counts().min()) for t in tests)}",
    }
