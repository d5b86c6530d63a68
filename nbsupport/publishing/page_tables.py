"""Tables and small boxes of a page, as HTML that reads without a script and in both themes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from nbsupport.parameters import Parameter
from nbsupport.study import Group, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.jobs.spec import Job

MINUS = "\N{MINUS SIGN}"


class Html:
    """A piece of HTML with its plain-text form, shown by Jupyter and by the book alike."""

    def __init__(self, html: str, text: str = "") -> None:
        self.html, self.text = html, text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text or self.html}


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    caption: str = "",
    numeric: Iterable[int] = (),
) -> Html:
    """A table: the first cell of a row heads it; columns in `numeric` are set flush right.

    A cell that is Html is taken as it is, all others are escaped.
    """
    right, rows = set(numeric), [list(row) for row in rows]

    def cell(tag: str, index: int, value: Any, scope: str = "") -> str:
        style = ' class="nb-number"' if index in right else ""
        inner = value.html if isinstance(value, Html) else escape(str(value))
        return f"<{tag}{scope}{style}>{inner}</{tag}>"

    head = "".join(cell("th", i, name, ' scope="col"') for i, name in enumerate(header))
    body = "".join(
        "<tr>"
        + cell("th", 0, row[0], ' scope="row"')
        + "".join(cell("td", i, value) for i, value in enumerate(row[1:], start=1))
        + "</tr>"
        for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    html = (
        f'<div class="nb-scroll"><table class="nb-table">{title}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    lines = [header, *rows]
    plain = "\n".join(
        " | ".join(c.text if isinstance(c, Html) else str(c) for c in r) for r in lines
    )
    return Html(html, plain)


def note(text: str) -> Html:
    """A sentence in a quiet box, where something is missing or has to be kept in mind."""
    return Html(f'<p class="nb-note">{escape(text)}</p>', text)


def command(line: str) -> Html:
    """A command to copy (the markup is Pygments', so that the book adds its copy button)."""
    inner = f'<div class="highlight"><pre>{escape(line)}</pre></div>'
    return Html(f'<div class="highlight-shell notranslate">{inner}</div>', line)


def code(value: Any) -> Html:
    """A value as it is written in a notebook or on the command line."""
    text = value if isinstance(value, str) else json.dumps(value)
    return Html(f"<code>{escape(text)}</code>", text)


def parameter_table(declared: Iterable[Parameter], values: Mapping[str, Any]) -> Html:
    """A page's parameters: name, type, value (with the default where it differs), meaning."""
    rows = []
    for p in declared:
        value = values[p.name]
        shown = code(value)
        if value != p.default:
            default = f" (default {code(p.default).html})"
            shown = Html(shown.html + default, f"{shown.text} (default {p.default})")
        rows.append((code(p.name), p.type, shown, p.meaning))
    return table(("parameter", "type", "value", "meaning"), rows)


def training_table(study: Study, groups: Sequence[Group]) -> Html:
    """What each group is pre-trained on: images, classes, images per class, epochs, updates."""
    rows = []
    for run in study.runs(groups):
        if run.family != study.families[0] or run.seed != study.seeds[0]:
            continue  # the subsets differ by draw only; the first family stands for all
        rows.append(_training_row(run.group, run.finetune.parent))
    header = ("group", "images", "classes", "images per class", "epochs", "updates")
    return table(header, rows, numeric=range(1, 6))


def _training_row(group: Group, pretraining: "Job | None") -> tuple[str, ...]:
    if group.subset is None or pretraining is None:
        return (group.role, "0", "0", "none", "0", "0")
    from nbsupport.training.recipes import Recipe

    counts, recipe = group.subset.drawn.counts(), Recipe.from_spec(pretraining.spec["recipe"])
    low, high = int(counts.min()), int(counts.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    images = len(group.subset)
    if group.objective == "captions":
        classes, each = "captions", "none"
    else:
        classes = f"{group.subset.num_classes:,}"
    return (
        group.role,
        f"{images:,}",
        classes,
        each,
        f"{recipe.epochs_for(images):,}",
        f"{recipe.updates_for(images):,}",
    )


def fractal_table(category: int) -> Html:
    """The maps of a category of FractalDB: a ... f, and how often each is taken."""
    from nbsupport.data.fractals.systems import NAMES, categories

    system = categories(category + 1)[category]
    rows = [
        (f"map {i}", *(signed(v, 2) for v in row[:6]), f"{row[6]:.0%}")
        for i, row in enumerate(system, start=1)
    ]
    return table(("", *NAMES, "taken"), rows, numeric=range(1, 8))


def signed(value: float, digits: int = 3) -> str:
    """+0.031 or −0.004, with a real minus sign; a number that is missing in words."""
    if not isfinite(value):
        return "not measurable"
    text = f"{value:+.{digits}f}".replace("-", MINUS)
    return text[1:] if not any(c in "123456789" for c in text) else text


def sensitivity_table(claim_id: str, points: "pd.DataFrame") -> Html:
    """A claim's verdict on each axis, then at each other margin."""
    from nbsupport.analysis import claims

    rows = []
    for axis, margin, word, value, low, high in claims.sensitivity(claim_id, points).to_numpy():
        rows.append((axis, f"{margin:g} of the gap", word, signed(value), span(low, high, value)))
    header = ("axes", "margin", "verdict", "estimate", "95 % interval")
    return table(header, rows, numeric=(3, 4))


def span(low: float, high: float, value: float = 0.0) -> str:
    """A 95 % interval, or why there is none; value: the estimate that it belongs to."""
    if not isfinite(value):
        return "none: nothing to measure"
    if not (isfinite(low) and isfinite(high)):
        return "none: too few runs"
    return f"{signed(low)} to {signed(high)}"
