"""What stands at the head of a page that is built on real images: what its words mean there."""

from collections.abc import Mapping
from typing import Any

from nbsupport.analysis.roles import LABELLED, SOURCES, NamedSource
from nbsupport.display.where_possible import MISSING
from nbsupport.study.profiles import PROFILES

CELL = "on-real-images"
DIFFERS = "What differs here", "What differs in the demo"


def real_note(profile: str, world: int) -> str:
    """The note in Markdown, for a profile's world; nothing for a profile that is simulated.

    The pages are written once, for the simulated world, and are the same on all profiles.
    """
    found = PROFILES.get(profile)
    if found is None or found.simulated:
        return ""
    meant = [f"{_subject(SOURCES[kind])} {_data(found, kind, world)}" for kind in LABELLED]
    meant.append(f"the camera traps are {found.shifts.get(world, f'those of shift {world}')}")
    return "\n".join(
        [
            ":::{admonition} This build is on real images",
            ":class: important",
            f"Profile `{profile}`: {found.meaning}. The text is written for the simulated world. "
            f"Here {', '.join(meant[:-1])}, and {meant[-1]}. [From two cores to the full study]"
            "(scale.ipynb) gives the numbers, [Get the data](../data.md) the data sets.",
            ":::",
        ]
    )


def _subject(source: NamedSource) -> str:
    return f"the {source.stand_in} is" if source.natural else f"{source.label} are"


def _data(profile: Any, kind: str, world: int) -> str:
    return f"`{profile.source_spec(kind, world)['name']}`" if profile.has(kind) else MISSING


def add_real_note(notebook: Any, parameters: Mapping[str, object]) -> None:
    """Put the note, if there is one, below the first cell of an executed notebook, in place.

    Where the page tells what differs from the paper, it then says: in the demo.
    """
    from nbformat.v4 import new_markdown_cell

    world = parameters.get("world", 1)
    text = real_note(str(parameters.get("profile", "")), world if isinstance(world, int) else 1)
    if text:
        for cell in (cell for cell in notebook.cells if cell["cell_type"] == "markdown"):
            cell["source"] = cell["source"].replace(*DIFFERS)
        notebook.cells.insert(1, new_markdown_cell(text, id=CELL))
