"""A Sphinx extension: `{digits}`, which processors train to the same digits, and how.

It has the rows of records/digits.toml, as `nbsupport doctor --write` noted them.
"""

from collections.abc import Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nbsupport.building.sphinx.markdown import parsed
from nbsupport.evidence.digits import Digits, digits_path, read_digits


def digits_table(noted: Sequence[Digits]) -> str:
    """A row for each place in Markdown, with a letter for each network: one letter, one result."""
    networks = list(dict.fromkeys(name for digits in noted for name in digits.found))
    seen: dict[str, list[str]] = {name: [] for name in networks}
    rows = []
    for digits in noted:
        letters = " ".join(_letter(seen[name], digits.found.get(name)) for name in networks)
        rows.append(f"| {digits.processor} | {digits.torch} | {letters} |")
    header = "| processor | PyTorch | results |\n|---|---|---|"
    order = f"The networks are, in this order: {', '.join(networks)}."
    return "\n".join([header, *rows, "", order])


def _letter(seen: list[str], found: str | None) -> str:
    """The letter of a result, by the order in which results of its network come."""
    if found is None:
        return "-"
    if found not in seen:
        seen.append(found)
    return chr(ord("A") + seen.index(found))


class DigitsDirective(SphinxDirective):
    """`{digits}`: see `digits_table`."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        path = digits_path()
        self.env.note_dependency(str(path))
        return parsed(self, digits_table(read_digits(path)), str(path))


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive."""
    app.add_directive("digits", DigitsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
