"""A Sphinx extension: `{answer-key}`, and `{edition}`, which holds text of one edition alone."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.building.answer_key import answer_key
from nbsupport.building.editions import FULL, STUDENT, edition_named
from nbsupport.errors import UserError
from nbsupport.evidence.records import records_path
from nbsupport.pages import pages

PROFILE = "demo"  # the one whose records the project brings along
EXECUTED = "book/sections"


class AnswerKeyDirective(SphinxDirective):
    """`{answer-key}`: see `nbsupport.building.answer_key`."""

    def run(self) -> list[nodes.Node]:
        """A section for each page that has exercises."""
        for page in pages().values():
            self.env.note_dependency(str(page.notebook))
            self.env.note_dependency(f"{EXECUTED}/{page.id}.ipynb")
        self.env.note_dependency(str(records_path(PROFILE)))
        try:
            text = answer_key(self.env.docname)
        except UserError as error:
            raise self.error(str(error)) from error
        holder = nodes.section()
        lines = StringList(text.splitlines(), source="nbsupport/building/answer_key.py")
        self.state.nested_parse(lines, self.content_offset, holder, match_titles=True)
        return list(holder.children)


class EditionDirective(SphinxDirective):
    """`{edition} full`: what it holds is read in that edition alone, links and all."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Its text, or nothing."""
        try:
            wanted = edition_named(self.arguments[0])
        except UserError as error:
            raise self.error(str(error)) from error
        if wanted != (STUDENT if self.config.hide_solutions else FULL):
            return []
        holder = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        return list(holder.children)


def setup(app: Sphinx) -> dict[str, object]:
    """Register both directives."""
    app.setup_extension("sphinx_exercise")  # whose setting says which edition this is
    app.add_directive("answer-key", AnswerKeyDirective)
    app.add_directive("edition", EditionDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
