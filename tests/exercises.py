"""The exercises of the notebooks: what each asks, its solution, and what its code gives."""

import contextlib
import io
import re
from functools import cache, cached_property
from typing import Any

import pandas as pd
from whole_pages import execute

import nbsupport as nb
from nbsupport.pages.exercises import PageExercise, all_exercises
from nbsupport.pages.open_page import OpenPage, open_page

CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@cache
def opened(page_id: str) -> OpenPage:
    """A page at its defaults; its groups are drawn once for all tests."""
    return open_page(page_id, {})


class Exercise(PageExercise):
    """An exercise with its solution, as the notebook has it, and what its code gives."""

    @property
    def page(self) -> OpenPage:
        """The page at its defaults."""
        return opened(self.page_id)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The recorded runs of world 1 of the page's groups."""
        return self.page.recorded(world=1)

    @property
    def prose(self) -> str:
        """The solution without its code, each run of white space one blank."""
        return " ".join(CODE.sub("", self.solution).split())

    def says(self, *phrases: str) -> None:
        """Fails unless the solution says each of these."""
        for phrase in phrases:
            assert phrase in self.prose, f"{self.page_id} {self.number} does not say {phrase!r}"

    @cached_property
    def result(self) -> tuple[Any, str, dict[str, Any]]:
        """What the solution's code gives on the recorded runs: its value, its print, its names."""
        names = {"nb": nb, "runs": self.runs, "page": self.page, "study": self.page.study}
        printed, value = io.StringIO(), None
        for block in CODE.findall(self.solution):
            with contextlib.redirect_stdout(printed):
                value = execute(block, names)
        return value, printed.getvalue(), names

    @property
    def value(self) -> Any:
        return self.result[0]

    @property
    def printed(self) -> str:
        return self.result[1]

    @property
    def names(self) -> dict[str, Any]:
        return self.result[2]


def exercises() -> list[Exercise]:
    """Every exercise of every notebook, in order."""
    return [Exercise(**vars(each)) for each in all_exercises()]
