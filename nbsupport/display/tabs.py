"""The same from several sets of runs, in tabs that need no script (see `book/_static/tabs.css`)."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from nbsupport.display.html import Html

if TYPE_CHECKING:
    from nbsupport.analysis.charts import Figure

    Display: TypeAlias = Figure | Html


def html_of(shown: "Display") -> str:
    """The HTML of a figure or of a piece of HTML."""
    return shown.html if isinstance(shown, Html) else shown.html()


def text_of(shown: "Display") -> str:
    """The same in plain text."""
    return shown.text if isinstance(shown, Html) else f"{shown.number}. {shown.title}"


class Tabs(Html):
    """Panels of which a reader sees one: the first, until another is chosen. All of them print.

    key: unlike that of any other tabs on the page. `panels` are what is shown, by title.
    """

    def __init__(self, key: str, panels: "Mapping[str, Display]") -> None:
        self.panels = dict(panels)
        parts = "".join(
            _panel(key, place, title, shown) for place, (title, shown) in enumerate(panels.items())
        )
        plain = "\n".join(f"{title}: {text_of(shown)}" for title, shown in panels.items())
        html = f'<div class="nb-tabs" role="group">{parts}</div>'
        super().__init__(html, plain, self.panels.values())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """With the picture of the first panel, for what shows no HTML."""
        first = next(iter(self.panels.values()))
        if isinstance(first, Html):
            still = first._repr_mimebundle_(include, exclude)
        else:  # its HTML stands in the panel already, and takes a second to draw again
            still = first.still(exclude)
        return still | super()._repr_mimebundle_()


def _panel(key: str, place: int, title: str, shown: "Display") -> str:
    name = escape(f"tabs-{key}", quote=True)
    checked = " checked" if place == 0 else ""
    return (
        f'<input type="radio" name="{name}" id="{name}-{place}"{checked}>'
        f'<label for="{name}-{place}">{escape(title)}</label>'
        f'<div class="nb-panel">{html_of(shown)}</div>'
    )


def together(*parts: "Display") -> Html:
    """Several things, one below the other."""
    return Html("".join(map(html_of, parts)), "\n".join(map(text_of, parts)), parts)
