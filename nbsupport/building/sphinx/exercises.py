"""A Sphinx extension: exercises that are numbered page by page, and their folded solutions.

The form is that of sphinx-exercise, whose directives these are. It would number exercises over the
whole book, and figures with them, and fold solutions by a script. Here a page counts its own, level
and minutes stand beside a title, and a solution is a box that opens without any script.
"""

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx_exercise.directive import ExerciseDirective, SolutionDirective
from sphinx_exercise.nodes import solution_node

from nbsupport.errors import UserError
from nbsupport.pages.exercises import heading, level_and_minutes

COUNT = "nb_exercises"  # of the page that is read
FENCE = "::::::::"


class PageExerciseDirective(ExerciseDirective):
    """`{exercise} TITLE`, with `:label:` and `:class: LEVEL minutes-N`."""

    def run(self) -> list[nodes.Node]:
        """The exercise with its number, level and minutes in its title."""
        if not self.arguments or "label" not in self.options:
            raise self.error("an exercise has a title and a :label:")
        try:
            level, minutes = level_and_minutes(self.options.get("class", []))
        except UserError as error:
            raise self.error(str(error)) from error
        number = self.env.temp_data[COUNT] = self.env.temp_data.get(COUNT, 0) + 1
        self.options["nonumber"] = None
        found = super().run()
        for node in found:
            title = nodes.title()
            words, _ = self.state.inline_text(heading(number, self.arguments[0]), self.lineno)
            chip = nodes.inline("", f"{level} · {minutes} min", classes=["nb-chip"])
            chip["classes"].append(f"nb-level-{level}")
            title.extend([*words, nodes.Text(" "), chip])
            node["title"] = f"exercise {number}"  # what a reference to it says
            _, section = node.children
            node.children = []
            node.extend([title, *section.children])
        return found


class FoldedSolutionDirective(SolutionDirective):
    """`{solution} LABEL`: a closed box with a solution; nothing, where solutions are hidden."""

    def run(self) -> list[nodes.Node]:
        """The box, as sphinx-design folds."""
        lines = [f"{FENCE}{{dropdown}} Solution", *self.content, FENCE]
        self.content: StringList = StringList(lines, source=self.get_source_info()[0])
        self.options.setdefault("label", f"{self.arguments[0]}-solution")
        found = super().run()
        for node in found:
            _, section = node.children
            node.children, node["classes"] = [], []
            node.extend(section.children)
        return found


def open_box(writer: Any, node: nodes.Element) -> None:
    """Begin a solution: sphinx-exercise would make an admonition of it."""
    writer.body.append(writer.starttag(node, "div", CLASS="nb-solution"))


def close_box(writer: Any, _: nodes.Element) -> None:
    """End a solution."""
    writer.body.append("</div>\n")


def keep_figures_unnumbered(app: Sphinx, config: Config) -> None:
    """sphinx-exercise numbers every figure of a book; here figures have the paper's numbers."""
    config.numfig = False


def setup(app: Sphinx) -> dict[str, object]:
    """Register both directives in place of those of sphinx-exercise."""
    app.setup_extension("sphinx_exercise")
    app.connect("config-inited", keep_figures_unnumbered, priority=900)
    app.add_directive("exercise", PageExerciseDirective, override=True)
    app.add_directive("solution", FoldedSolutionDirective, override=True)
    app.add_node(solution_node, override=True, html=(open_box, close_box))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
