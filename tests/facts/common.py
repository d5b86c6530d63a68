"""What checks of solutions share: the register of them, and made-up contrasts."""

import re
from collections.abc import Callable

from exercises import Exercise

from nbsupport.analysis.contrasts import Contrast, Interval
from nbsupport.analysis.verdicts import Verdict, judge
from nbsupport.pages.open_page import open_page

FULL, SCRATCH = "imagenet/full", "scratch"
Check = Callable[[Exercise], None]
FACTS: dict[tuple[str, str], Check] = {}
FAMILIES = ("resnet", "resnext", "densenet", "alexnet", "mobilenetv3")


def fact(page_id: str, name: str) -> Callable[[Check], Check]:
    """Registers what checks the solution of PAGE-name."""

    def register(check: Check) -> Check:
        FACTS[page_id, name] = check
        return check

    return register


def numbers(text: str) -> list[float]:
    """All numbers of a text."""
    return [float(n.replace(",", "")) for n in re.findall(r"[-+]?\d[\d,]*\.?\d*", text)]


def argues(e: Exercise) -> None:
    """A solution that only argues has no code, and no number but the question's or a section's."""
    assert "```" not in e.solution
    own = re.sub(r"(Section|Figure|Appendix) [\d.A-Z]+", "", e.prose)
    assert set(numbers(own)) <= set(numbers(e.question))


def judged(kind: str, value: float, half: float, *, settled: bool = True) -> Verdict:
    """The verdict on a contrast with this estimate and half-width; the margin is 0.0125."""
    return judge(kind, made(value, half, settled=settled))


def made(value: float, half: float, cells: int = 25, *, settled: bool = True) -> Contrast:
    """A contrast with this estimate and half-width; the margin is 0.0125, its gap certain."""
    margin, dof = 0.0125, cells - 5
    se = half / Interval(0.0, 1.0, dof).half

    def about(v: float) -> Interval:
        return Interval(v, se, dof)

    gap = Interval(4 * margin, 1e-6, dof)
    ends = about(value), about(value - margin), about(value + margin)
    return Contrast("made up", *ends, margin, gap, cells, 5, settled, 0, 0, "linear")


def opened_with(page_id: str, **values: object) -> dict:
    """The subsets of a page's groups by role, under other parameters."""
    return {group.role: group.subset for group in open_page(page_id, values).groups}
