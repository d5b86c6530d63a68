"""Small drawings inside a line of text or a card: plain SVG in the page's own colours."""

import base64
from collections.abc import Sequence
from html import escape

import numpy as np

from nbsupport.display.widgets import contact_sheet, png

WIDTH, HEIGHT, EDGE = 180, 92, 6


def picture(images: np.ndarray, alt: str, columns: int = 4) -> str:
    """Images uint8 [N, 3, H, W] as one picture, `columns` to a row."""
    pixels = images.transpose(0, 2, 3, 1)
    times = max(1, 64 // pixels.shape[1])
    sheet = contact_sheet(pixels.repeat(times, axis=1).repeat(times, axis=2), columns)
    data = base64.b64encode(png(sheet)).decode()
    return (
        f'<img class="nb-spark-picture" alt="{escape(alt, quote=True)}" '
        f'src="data:image/png;base64,{data}" width="{sheet.shape[1]}" height="{sheet.shape[0]}">'
    )


def curve(values: Sequence[float], alt: str) -> str:
    """A line through values at equal steps, first to last, on its own scale."""
    y = np.asarray(values, dtype=float)
    x = _spread(np.arange(len(y), dtype=float), EDGE, WIDTH - EDGE)
    down = _spread(-y, EDGE, HEIGHT - EDGE)
    return _svg(f'<path class="nb-spark-line" d="{_path(x, down)}"/>{_dot(x[-1], down[-1])}', alt)


def bars(values: Sequence[float], alt: str) -> str:
    """Upright bars from zero, in the given order."""
    y = np.asarray(values, dtype=float)
    step = (WIDTH - 2 * EDGE) / max(len(y), 1)
    tall = (HEIGHT - 2 * EDGE) * y / max(float(y.max(initial=0)), 1e-9)
    marks = [
        f'<rect class="nb-spark-bar" x="{EDGE + i * step:.1f}" y="{HEIGHT - EDGE - h:.1f}" '
        f'width="{step * 0.72:.1f}" height="{max(h, 1):.1f}"/>'
        for i, h in enumerate(tall)
    ]
    return _svg("".join(marks), alt)


def lift(
    groups: Sequence[tuple[np.ndarray, np.ndarray, str]],
    line: Sequence[tuple[float, float]] | None,
    point: tuple[float, float],
    expected: float | None,
    alt: str,
) -> str:
    """A scatter of groups (x, y, class of their marks), a line, and how far a point lies above it.

    line: its two ends; expected: its height below the point; None where there is none.
    """
    ends = [*(line or ()), point, *([(point[0], expected)] if expected is not None else [])]
    xs = np.concatenate([*(g[0] for g in groups), [e[0] for e in ends]]).astype(float)
    ys = np.concatenate([*(g[1] for g in groups), [e[1] for e in ends]]).astype(float)
    across, down = _spread(xs, EDGE, WIDTH - EDGE), _spread(-ys, EDGE, HEIGHT - EDGE)
    marks, start = [], 0
    for x, _, kind in groups:
        own = slice(start, start := start + len(x))
        marks += [_dot(a, d, kind, 2) for a, d in zip(across[own], down[own], strict=True)]
    places = list(zip(across[start:], down[start:], strict=True))
    if line:
        (x0, y0), (x1, y1) = places[:2]
        marks.append(f'<path class="nb-spark-base" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"/>')
        places = places[2:]
    if expected is not None:
        (x, top), (_, foot) = places
        marks.append(f'<path class="nb-spark-lift" d="M{x:.1f} {foot:.1f}V{top:.1f}"/>')
    return _svg("".join([*marks, _dot(*places[0], radius=4)]), alt)


def _spread(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values moved to [low, high]; to the middle where all are the same."""
    reach = float(np.ptp(values)) if len(values) else 0.0
    if not reach > 0:
        return np.full(len(values), (low + high) / 2)
    return low + (values - values.min()) / reach * (high - low)


def _path(x: np.ndarray, y: np.ndarray) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _dot(x: float, y: float, kind: str = "nb-spark-dot", radius: float = 3) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _svg(inner: str, alt: str) -> str:
    return (
        f'<svg class="nb-spark" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(alt, quote=True)}">{inner}</svg>'
    )
