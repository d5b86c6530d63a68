"""A figure as a page asks for it, and as it is drawn from one set of runs."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure, Words
    from nbsupport.analysis.verdicts import Verdict

RECORDED = "recorded"
MARKS = "A mark is one fine-tuned model at one epoch."
DOMAINS = ("ID macro F1 (domains trained on)", "OOD macro F1 (a domain never trained on)")


@dataclass(frozen=True)
class Drawn:
    """What a figure draws: runs of one world or shift, its roles, and the words around it."""

    points: "pd.DataFrame"
    roles: list[str]
    labels: dict[str, str]
    words: "Words"
    margin: float | None  # half the width of the zone of no difference
    simulated: bool = True

    @property
    def axis_titles(self) -> tuple[str, str]:
        """What ID and OOD are."""
        from nbsupport.analysis.charts.trend import TITLES

        return TITLES if self.simulated else DOMAINS


@dataclass(frozen=True)
class Asked:
    """A figure as a page asks for it. `lines` are the roles without which there is none."""

    claim: str
    number: str
    caption: str
    origin: str
    roles: list[str]
    lines: tuple[str, ...]
    draw: "Callable[[Drawn], Figure]"
    by_source: bool = False  # groups are named by their source


def margin_of(verdict: "Verdict | None") -> float | None:
    """Half the width of the zone of no difference; None without a gap to take it from."""
    margin = verdict.contrast.margin if verdict and verdict.contrast else None
    return margin if margin and margin > 0 else None


def anchor(number: str) -> str:
    """The id of a figure on its page, and the name of its CSV: "figure-4-left"."""
    return re.sub(r"[^a-z0-9]+", "-", number.lower()).strip("-")
