"""A Sphinx extension: `{goals}`, what a page is good for, and `{goals-table}`, of all pages."""

import posixpath
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.building.sphinx.markdown import parsed
from nbsupport.errors import UserError
from nbsupport.pages.exercises import (
    LEVELS,
    Goals,
    PageExercise,
    exercises_in,
    goals_in,
    goals_of,
    listed,
    listed_as,
    title_of,
    written,
)

HEADER = "| page | minutes | read before | goals | exercises |\n|---|--:|---|---|---|"
FENCE = "::::::::"


def link(page_id: str, from_page: str) -> str:
    """A link to a page, in Markdown, as the page `from_page` (its path) has to write it."""
    name = listed_as(page_id)
    ending = listed()[name].suffix
    path = posixpath.relpath(f"{name}{ending}", posixpath.dirname(from_page))
    return f"[{title_of(page_id)}]({path})"


def box(goals: Goals, from_page: str) -> str:
    """The goals of a page as a closed box, in Markdown."""
    told = ["What you can do after this page", f"{goals.minutes} minutes"]
    if goals.needs:
        told.append(f"needs {', '.join(map(title_of, goals.needs))}")
    lines = [f"{FENCE}{{dropdown}} {' · '.join(told)}", ":class-container: nb-goals", ""]
    lines += [f"- {goal}" for goal in goals.goals]
    if goals.needs:
        lines += ["", f"Read before: {', '.join(link(n, from_page) for n in goals.needs)}."]
    return "\n".join([*lines, FENCE])


def goals_table(from_page: str) -> str:
    """A table in Markdown: a row for each page that has goals or exercises, in the book's order."""
    rows = []
    for name, path in listed().items():
        page_id, text = posixpath.basename(name), written(path)
        goals, exercises = goals_in(page_id, text), exercises_in(page_id, text)
        if goals or exercises:
            rows.append(_row(link(page_id, from_page), goals, exercises, from_page))
    return "\n".join([HEADER, *rows])


def _row(page: str, goals: Goals | None, exercises: Iterable[PageExercise], where: str) -> str:
    counted = Counter(each.level for each in exercises)
    levels = ", ".join(f"{counted[level]} {level}" for level in LEVELS if counted[level])
    told = (
        (str(goals.minutes), [link(n, where) for n in goals.needs], "; ".join(goals.goals))
        if goals
        else ("", [], "")
    )
    cells = (page, told[0], ", ".join(told[1]), told[2].replace("|", r"\|"), levels)
    return f"| {' | '.join(cells)} |"


class GoalsDirective(SphinxDirective):
    """`{goals}` with `:minutes:`, `:needs:` and a list: see `box`."""

    has_content = True
    option_spec: ClassVar = {"minutes": directives.unchanged, "needs": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """The box."""
        try:
            goals = goals_of(self.options, "\n".join(self.content))
            return parsed(self, box(goals, self.env.docname), self.get_source_info()[0])
        except UserError as error:
            raise self.error(str(error)) from error


class GoalsTableDirective(SphinxDirective):
    """`{goals-table}`: see `goals_table`."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        for path in listed().values():
            self.env.note_dependency(str(path))
        try:
            found = parsed(self, goals_table(self.env.docname), self.get_source_info()[0])
        except UserError as error:
            raise self.error(str(error)) from error
        for table in found:
            table["classes"].append("nb-goals-table")
        return found


def setup(app: Sphinx) -> dict[str, object]:
    """Register both directives."""
    app.add_directive("goals", GoalsDirective)
    app.add_directive("goals-table", GoalsTableDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
