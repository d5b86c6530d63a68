"""What the code of a solution gives on the recorded runs."""

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import nbsupport as nb
from nbsupport.pages.cells import run_cell
from nbsupport.pages.exercises import PageExercise
from nbsupport.pages.open_page import OpenPage, open_page

CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
WIDTH = 96  # characters of a line that is shown
DIGITS = 4  # of the numbers in a table


@cache
def opened(page_id: str) -> OpenPage:
    """A page at its defaults, on its recorded runs."""
    return open_page(page_id, {"results": "recorded"})


@dataclass(frozen=True)
class Given:
    """What one block of code gave: the value of its last line, and what it printed."""

    value: Any
    printed: str

    @property
    def shown(self) -> str:
        """As a terminal shows it."""
        import pandas as pd

        if self.value is None:
            return self.printed.rstrip()
        told: Any = ("display.width", WIDTH, "display.max_columns", None)
        with pd.option_context(*told, "display.float_format", f"{{:.{DIGITS}f}}".format):
            return f"{self.printed}{self.value!r}".rstrip()


@dataclass(frozen=True)
class Solved:
    """An exercise whose solution's code is run when it is asked for."""

    exercise: PageExercise

    @cached_property
    def names(self) -> dict[str, Any]:
        """What the code finds: `nb`, `page`, `study`, and `runs`, those of world 1."""
        page = opened(self.exercise.page_id)
        return {"nb": nb, "page": page, "study": page.study, "runs": page.recorded(world=1)}

    @cached_property
    def given(self) -> list[Given]:
        """What each block of the solution's Python gives, one after the other."""
        return list(self._run())

    def _run(self) -> Iterator[Given]:
        for block in CODE.findall(self.exercise.solution):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                value = run_cell(block, self.names)
            yield Given(value, printed.getvalue())
