"""A Sphinx extension: `{report}`, the reproducibility report, counted when the book is rendered."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.evidence.ledger import ledger_paths
from nbsupport.evidence.records import records_path
from nbsupport.pages.report import report

PROFILE = "demo"  # the one whose records the project brings along


class ReportDirective(SphinxDirective):
    """`{report}`: see `nbsupport.pages.report`."""

    def run(self) -> list[nodes.Node]:
        """The report's sections."""
        for path in (ledger_paths(PROFILE)[1], records_path(PROFILE)):
            self.env.note_dependency(str(path))
        holder = nodes.section()
        lines = StringList(report(PROFILE).splitlines(), source="nbsupport/pages/report.py")
        self.state.nested_parse(lines, self.content_offset, holder, match_titles=True)
        return list(holder.children)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive."""
    app.add_directive("report", ReportDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
