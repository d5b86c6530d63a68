"""A Sphinx extension: tables of the data sets, from the catalogue that the commands use.

`{data-sets}` has a row for each: what it is, images, classes, licence. `{squares} 32 64 224` says
how much disk its pictures take once they are decoded to squares of so many pixels.
`{study-clock} 8 32` says how long the paper's study trains on so many GPUs.
"""

import sys

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.building.sphinx.markdown import parsed
from nbsupport.data.catalogue import CatalogueEntry, entries
from nbsupport.jobs import schedule
from nbsupport.jobs.progress import duration
from nbsupport.jobs.store import Store
from nbsupport.pages import plan
from nbsupport.paths import store_dir
from nbsupport.training import costs

HEADER = "| name | what it is | images | classes | licence |\n|---|---|---|---|---|"


def data_sets() -> str:
    """The data sets as a Markdown table."""
    return "\n".join([HEADER, *(_row(entry) for entry in entries().values() if entry.images)])


def _row(entry: CatalogueEntry) -> str:
    counts = f"{entry.images:,} | {entry.classes:,}"
    return f"| `{entry.name}` | {entry.what} | {counts} | {entry.licence} |"


def squares(sides: list[int]) -> str:
    """Gigabytes of each data set as squares of these sides in pixels, as a Markdown table."""
    header = f"| name | {' | '.join(f'{side} px' for side in sides)} |\n|---{'|---' * len(sides)}|"
    rows = [
        f"| `{entry.name}` | {' | '.join(_gigabytes(entry.images, side) for side in sides)} |"
        for entry in entries().values()
        if entry.images
    ]
    return "\n".join([header, *rows])


def _gigabytes(images: int, side: int) -> str:
    size = images * 3 * side**2 / 1e9
    return f"{size:,.0f} GB" if size >= 10 else f"{size:.2g} GB"


def study_clock(slots: list[int]) -> str:
    """What the whole study of the profile `paper` takes, as a Markdown table with its basis."""
    whole = plan.plan_book("paper", Store(store_dir()), slots)[-1]
    rows = [
        f"| {on.slots} | {duration(3600 * on.hours)} | {on.hours / 24:,.1f} | {on.used:.0%} |"
        for on in whole.clock
    ]
    header = "| GPUs | on the clock | days | of their time at work |\n|--:|--:|--:|--:|"
    told = (
        f"{whole.to_train:,} jobs, {whole.compute_seconds / 3600:,.0f} GPU-hours and "
        f"{whole.disk_gb:,.0f} GB of weights; {plan.basis_note([whole])}"
    )
    return "\n".join([header, *rows, "", told])


class _TableDirective(SphinxDirective):
    def parsed(self, text: str) -> list[nodes.Node]:
        """The nodes of a Markdown table."""
        for entry in entries().values():
            self.env.note_dependency(str(sys.modules[entry.module].__file__))
        return parsed(self, text, "nbsupport/data/catalogue.py")


class DataSetsDirective(_TableDirective):
    """`{data-sets}`: see `data_sets`."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        return self.parsed(data_sets())


class SquaresDirective(_TableDirective):
    """`{squares} SIDE ...`: see `squares`."""

    required_arguments, optional_arguments = 1, 9

    def run(self) -> list[nodes.Node]:
        """The table."""
        return self.parsed(squares([int(side) for side in self.arguments]))


class StudyClockDirective(_TableDirective):
    """`{study-clock} GPUS ...`: see `study_clock`."""

    required_arguments, optional_arguments = 1, 9

    def run(self) -> list[nodes.Node]:
        """The table."""
        for module in (plan, schedule, costs):
            self.env.note_dependency(str(module.__file__))
        return self.parsed(study_clock([int(count) for count in self.arguments]))


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directives."""
    app.add_directive("data-sets", DataSetsDirective)
    app.add_directive("squares", SquaresDirective)
    app.add_directive("study-clock", StudyClockDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
