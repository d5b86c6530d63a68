"""The exercises of the notebooks: what each asks, its solution, and what its code gives."""

from functools import cached_property
from typing import Any

import pandas as pd

from nbsupport.pages.exercises import PageExercise, all_exercises
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.solutions import CODE, Solved, opened


class Exercise(PageExercise):
    """An exercise with its solution, as the notebook has it, and what its code gives."""

    @property
    def name(self) -> str:
        """Its name on its page."""
        return self.label.removeprefix(f"{self.page_id}-")

    @property
    def page(self) -> OpenPage:
        """The page at its defaults."""
        return opened(self.page_id)

    @property
    def runs(self) -> pd.DataFrame:
        """The recorded runs of world 1 of the page's groups."""
        return self.solved.names["runs"]

    @property
    def prose(self) -> str:
        """The solution without its code, each run of white space one blank."""
        return " ".join(CODE.sub("", self.solution).split())

    def says(self, *phrases: str) -> None:
        """Fails unless the solution says each of these."""
        for phrase in phrases:
            assert phrase in self.prose, f"{self.label} does not say {phrase!r}"

    @cached_property
    def solved(self) -> Solved:
        """The solution, whose code is run once."""
        return Solved(self)

    @property
    def value(self) -> Any:
        """The value of its code's last line."""
        given = self.solved.given
        return given[-1].value if given else None

    @property
    def printed(self) -> str:
        """What its code prints."""
        return "".join(each.printed for each in self.solved.given)

    @property
    def names(self) -> dict[str, Any]:
        """What is defined once its code has run."""
        _ = self.solved.given  # which runs it
        return self.solved.names


def exercises() -> list[Exercise]:
    """Every exercise of every notebook, in order."""
    return [Exercise(**vars(each)) for each in all_exercises()]
