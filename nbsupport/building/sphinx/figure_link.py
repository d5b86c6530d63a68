"""A Sphinx extension: a role, figure, links to a figure of a page.

It is written {figure}`04_1_quantity: Figure 4 (left)`, with the page's id and the figure's number.
A page or figure that the book does not have is a warning, and so ends the build.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from nbsupport.display.figure_request import anchor
from nbsupport.errors import UserError, unknown
from nbsupport.pages.figures_of import numbers

FOLDER = "book/sections"


def target(text: str) -> tuple[str, str, str]:
    """Page, number and anchor of "04_1_quantity: Figure 4 (left)". UserError where it has none."""
    page, _, number = (part.strip() for part in text.partition(":"))
    if number not in (found := numbers(page)):
        raise unknown(f"figure of {page}", number, found)
    return page, number, anchor(number)


class FigureRole(SphinxRole):
    """The role `{figure}`: see `target`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """A link with the figure's number, or a warning."""
        try:
            page, number, name = target(self.text)
        except UserError as error:
            message = self.inliner.reporter.warning(str(error), line=self.lineno)
            return [nodes.Text(self.text)], [message]
        uri = self.env.app.builder.get_relative_uri(self.env.docname, f"{FOLDER}/{page}")
        return [nodes.reference("", number, refuri=f"{uri}#{name}", internal=True)], []


def setup(app: Sphinx) -> dict[str, object]:
    """Register the role."""
    app.add_role("figure", FigureRole())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
