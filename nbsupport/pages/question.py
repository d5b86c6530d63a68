"""A question of one's own: what a page claims that is no page of the paper."""

from dataclasses import dataclass

from nbsupport import arguments
from nbsupport.study.compare import KINDS


@dataclass(frozen=True)
class Question:
    """A statement that runs can contradict: group `a` lies higher than `over`, or as high.

    kind: "higher" or "same". Raises UserError for another kind, and for a blank text.
    """

    statement: str
    a: str
    over: str
    kind: str = "higher"

    def __post_init__(self) -> None:
        for name in ("statement", "a", "over"):
            arguments.text(name, getattr(self, name), "a text")
        arguments.chosen("kind", self.kind, KINDS)
