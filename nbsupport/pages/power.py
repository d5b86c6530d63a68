"""What the cells that a page asks for would settle, by the spread between recorded ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from statistics import median

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import contrast
from nbsupport.analysis.intervals import Contrast
from nbsupport.analysis.power import CellSpread, Power, power, spread_of
from nbsupport.analysis.statistics import ENOUGH
from nbsupport.errors import UserError
from nbsupport.evidence import recorded
from nbsupport.evidence.recorded import Recorded
from nbsupport.pages.question import Question
from nbsupport.pages.registering import families_by_seeds
from nbsupport.pages.request import PageRequest
from nbsupport.text import aligned

ER, TYPICAL = "er", "a typical comparison"


@dataclass(frozen=True)
class Settled:
    """A comparison of a page: its claim, its name, and what its cells would settle."""

    claim: str
    name: str
    power: Power


def settled(request: PageRequest) -> list[Settled]:
    """What the families and seeds of a request would settle, for each comparison of its page.

    The spread is that of the recorded runs of the page's world, else of the leading one; of groups
    that are not recorded, that of a typical comparison. Raises UserError where the page compares
    nothing, or nothing is recorded.
    """
    study, question = request.study, request.page.question
    runs = recorded.own(study.profile)
    world = study.world if study.world in runs.settings else runs.leading.number
    found = list(_compared(request, runs, world))
    if question is not None:
        found = [_asked(question, runs, world)]
    if not found:
        raise UserError(
            f"--power: page {request.page.id} compares nothing that is recorded; name another page"
        )
    cells = len(study.families), len(study.seeds)
    return [Settled(claim, name, power(spread, *cells, m)) for claim, name, spread, m in found]


Comparable = tuple[str, str, CellSpread, float]  # claim, comparison, spread, margin


def _compared(request: PageRequest, runs: Recorded, world: int) -> Iterator[Comparable]:
    """The parts of the page's claims, as recorded."""
    for claim_id, (found, _) in runs.judged(request.page.claims, world).items():
        yield from _parts(claim_id, found.contrasts)


def _parts(claim_id: str, contrasts: tuple[Contrast, ...]) -> Iterator[Comparable]:
    for c in contrasts:
        spread = spread_of(c)
        if spread is not None and isfinite(c.margin):
            yield claim_id, c.name, spread, c.margin


def _asked(question: Question, runs: Recorded, world: int) -> Comparable:
    """A page's own question: by runs of its two groups where there are any."""
    cells = runs.cells(world)
    if cells.has(question.a) and cells.has(question.over):
        own = tuple(_parts("", (contrast(cells, question.a, question.over),)))
        if own:
            return own[0]
    return _typical(question, runs, world)


def _typical(question: Question, runs: Recorded, world: int) -> Comparable:
    """As spread out as the median of all recorded comparisons in effective robustness."""
    ids = [claim.id for claim in claims.load().values() if claim.statistic == ER]
    judged = runs.judged(ids, world)
    every = [part for key, (found, _) in judged.items() for part in _parts(key, found.contrasts)]
    if not every:
        raise UserError("--power: nothing is recorded whose spread could be taken")
    spreads = [spread for _, _, spread, _ in every]
    middle = CellSpread(
        median(s.family for s in spreads),
        median(s.seed for s in spreads),
        median(s.rest for s in spreads),
        median(s.ratio for s in spreads),
    )
    name = f"{question.a} - {question.over} (as {TYPICAL})"
    return "", name, middle, median(margin for *_, margin in every)


# in words -----------------------------------------------------------------------------------------
def power_table(request: PageRequest) -> str:
    """What would be settled as a text table, with a sentence on how to read it."""
    found, study = settled(request), request.study
    header = ["claim", "comparison", "interval", "found from", "same up to", "margin"]
    rows = [[each.claim, each.name, *_numbers(each.power)] for each in found]
    cells = families_by_seeds(study)
    notes = [
        f"What {cells} would settle, in macro F1, by the spread between the recorded cells of "
        f"{recorded.own(study.profile).profile.name}:",
        aligned([header, *rows], numeric=range(2, 6)),
        "interval: the half width to expect. found from: the true difference that 8 of 10 such "
        "studies tell from 0.",
        'same up to: the true difference that 8 of 10 call "the same"; never: fewer do even where '
        "there is none.",
    ]
    if not found[0].power.settles:
        notes.append(
            f"With less than {ENOUGH} families of {ENOUGH} seeds each a verdict only leans."
        )
    return "\n".join(notes)


def _numbers(p: Power) -> list[str]:
    same = f"{p.same:.4f}" if isfinite(p.same) else "never"
    if not isfinite(p.half):
        return ["none", "none", "none", f"{p.margin:.4f}"]
    return [f"±{p.half:.4f}", f"{p.found:.4f}", same, f"{p.margin:.4f}"]
