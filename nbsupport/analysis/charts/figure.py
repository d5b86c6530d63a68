"""A figure as a page shows it: drawn by Vega where scripts run, a PNG everywhere else."""

import base64
import html
import json
import struct
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from nbsupport.analysis.charts import look, stills
from nbsupport.analysis.charts.packing import packed
from nbsupport.errors import UserError, said

PNG_SCALE = 2.0
TITLE_CHARACTERS = {"wide": 78, "narrow": 38}


@dataclass(frozen=True)
class Words:
    """The words around a figure; `name` is its anchor on the page and names its CSV.

    explore: the address of the explorer with the figure's choice, where there is one.
    """

    title: str
    subtitle: str = ""
    number: str = "Figure"
    caption: str = ""
    name: str = "figure"
    explore: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure(Words):
    """One numbered figure.

    wide, narrow: Vega-Lite specifications with colour tokens, for a page and for a phone; both
    read `datasets`. data: what the CSV holds. table: what the figure amounts to, in numbers.
    description: the same in words, for someone who cannot see it.
    """

    description: str
    wide: dict[str, Any]
    narrow: dict[str, Any]
    datasets: dict[str, list[dict[str, Any]]]
    palettes: dict[str, dict[str, str]]
    data: pd.DataFrame
    table: pd.DataFrame
    size: tuple[int, int] = field(default=(720, 440))

    def spec(
        self, theme: str = "light", layout: str = "wide", *, titled: bool = True
    ) -> dict[str, Any]:
        """A complete Vega-Lite specification, its title and a page-coloured background included."""
        chosen = {"wide": self.wide, "narrow": self.narrow}[layout]
        datasets = {**chosen.get("datasets", {}), **self.datasets}
        whole = {**chosen, "datasets": datasets, "description": self.description}
        if titled:
            whole["padding"] = 14
            whole["background"] = "@paper"
            whole["title"] = {
                "text": textwrap.wrap(self.title, TITLE_CHARACTERS[layout]),
                "subtitle": textwrap.wrap(self.subtitle, round(TITLE_CHARACTERS[layout] * 1.4)),
            }
        return look.paint(whole, self.palettes[theme])

    def png(
        self,
        theme: str = "light",
        layout: str = "wide",
        *,
        titled: bool = True,
        scale: float = PNG_SCALE,
    ) -> bytes:
        """The figure as a PNG. Nothing is fetched: no address is allowed to the renderer."""
        return stills.drawn(self.spec(theme, layout, titled=titled), scale)

    def svg(self, theme: str = "light", layout: str = "wide") -> str:
        """The figure as an SVG with its title."""
        import vl_convert

        spec = self.spec(theme, layout)
        return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])

    def standalone(self, theme: str = "light") -> str:
        """An HTML document that draws the figure by itself, all scripts included."""
        import vl_convert

        return _DOCUMENT.format(
            title=html.escape(self.title),
            description=html.escape(self.description),
            paper=self.palettes[theme]["@paper"],
            scripts=vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
            spec=_as_script(self.spec(theme)),
        )

    def save(self, path: "str | Path") -> Path:
        """Write the figure to a file, whose ending says as what: .html, .png, .svg or .csv (data).

        Returns the path. Raises UserError for another ending, or where nothing can be written.
        """
        if not isinstance(path, str | Path):
            raise UserError(f"save({said(path)}): give the path of a file")
        target = Path(path)
        made: dict[str, Callable[[], str | bytes]] = {
            ".html": self.standalone,
            ".png": self.png,
            ".svg": self.svg,
            ".csv": self.csv,
        }
        if target.suffix.lower() not in made:
            endings = ", ".join(made)
            raise UserError(f"save({said(str(path))}): give a file name that ends in {endings}")
        content = made[target.suffix.lower()]()
        try:
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        except OSError as error:
            raise UserError(f"{target} cannot be written: {error.strerror or error}") from error
        return target

    def csv(self) -> str:
        """The figure's data, a header line and a line for each point."""
        return self.data.to_csv(index=False, lineterminator="\n")

    def html(self) -> str:
        """The figure for a page of the book: `book/_static/nbsupport.js` draws it."""
        still = fewer_colours(self.png(titled=False, scale=1.6))
        picture = base64.b64encode(still).decode()
        payload = {
            "wide": {**self.wide, "description": self.description},
            "narrow": {**self.narrow, "description": self.description},
            "datasets": {name: packed(rows) for name, rows in self.datasets.items()},
            "palettes": self.palettes,
        }
        data = _as_script(payload)
        esc = html.escape
        label = esc(f"{self.number}. {self.title}", quote=True)
        return f"""<figure class="nb-figure" id="{esc(self.name, quote=True)}" aria-label="{label}">
<div class="nb-figure-title">{esc(self.title)}</div>
<div class="nb-figure-subtitle">{esc(self.subtitle)}</div>
<div class="nb-chart" style="max-width:{self.size[0]}px">
<img class="nb-chart-still" src="data:image/png;base64,{picture}" width="{self.size[0]}" \
height="{self._height(still)}" style="max-width:100%;height:auto" \
alt="{esc(self.description, quote=True)}">
<div class="nb-chart-live" hidden></div>
<script type="application/json" class="nb-chart-data">{data}</script>
</div>
<div class="nb-figure-command" hidden aria-live="polite"></div>
<figcaption><span class="nb-figure-number">{esc(self.number)}.</span> {esc(self.caption)}
<a class="nb-download" download="{esc(self.name, quote=True)}.csv" \
href="data:text/csv;charset=utf-8,{quote(self.csv(), safe=",/ ():=.-").replace(" ", "%20")}">\
Data (CSV)</a>{self._explore_html()}</figcaption>
<details class="nb-description"><summary>This figure in words and numbers</summary>
<p>{esc(self.description)}</p>
<div class="nb-scroll">{self._table_html()}</div></details>
</figure>"""

    def _height(self, picture: bytes) -> int:
        """How high a PNG is where it is as wide as the figure: its place is kept until it is read.

        The two numbers stand at fixed bytes of every PNG.
        """
        width, height = struct.unpack(">II", picture[16:24])
        return round(self.size[0] * height / width)

    def _explore_html(self) -> str:
        """The link that opens the explorer with this figure's choice."""
        if not self.explore:
            return ""
        target = html.escape(self.explore, quote=True)
        return f' <a class="nb-download nb-explore" href="{target}">Explore</a>'

    def _table_html(self) -> str:
        """`table` with a header for each column and each row."""
        esc = html.escape
        head = "".join(f'<th scope="col">{esc(str(c))}</th>' for c in self.table.columns)
        rows = []
        for row in self.table.itertuples(index=False):
            first, *rest = (esc(str(v)) for v in row)
            cells = "".join(f"<td>{v}</td>" for v in rest)
            rows.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
        body = "".join(rows)
        return (
            f'<table class="nb-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What Jupyter shows and Jupyter Book renders: the HTML, and a titled PNG beside it."""
        plain = f"{self.number}. {self.title}\n{self.description}"
        return {"text/html": self.html(), **self.still(exclude), "text/plain": plain}

    def still(self, exclude: Any = None) -> dict[str, str]:
        """A titled PNG for what shows no HTML, unless who asks excludes it."""
        kind = "image/png"
        if kind in (exclude or ()):
            return {}
        return {kind: base64.b64encode(self.png()).decode()}


def _as_script(content: dict[str, Any]) -> str:
    """JSON for a script element: "<" is escaped so that no text in the data can end it."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


_DOCUMENT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;background:{paper}">
<div id="figure" role="img" aria-label="{description}"></div>
<script>{scripts}</script>
<script>vegaEmbed("#figure", {spec}, {{renderer: "svg", actions: false}});</script>
</body>
</html>
"""


def fewer_colours(png: bytes) -> bytes:
    """The same picture with at most 160 colours: a third of the bytes, no difference to the eye."""
    import io

    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    flat.quantize(160, method=Image.Quantize.MEDIANCUT).save(out, format="PNG", optimize=True)
    return out.getvalue()
