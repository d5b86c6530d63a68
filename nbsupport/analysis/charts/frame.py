"""The plotting frame: domains, axes, and where in it free room is left for a legend or a label."""

import math
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from nbsupport.analysis.charts import look

SCALE_NOTE = {"linear": "", "logit": ", logit scale", "probit": ", probit scale"}


@dataclass(frozen=True)
class Frame:
    """A scatter's frame in pixels and the part of the (transformed) axes that it shows."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    axis: str
    x_title: str
    y_title: str

    def encode_x(self, field: str = "x") -> alt.X:
        """The horizontal channel for a field in axis units."""
        ticks = look.score_ticks(*self.x, self.width, self.axis, 48)
        title = self.x_title + SCALE_NOTE[self.axis]
        return alt.X(f"{field}:Q", scale=_scale(self.x), axis=_axis(ticks, self.axis, title))

    def encode_y(self, field: str = "y") -> alt.Y:
        """The vertical channel for a field in axis units."""
        ticks = look.score_ticks(*self.y, self.height, self.axis, 40)
        title = self.y_title + SCALE_NOTE[self.axis]
        return alt.Y(f"{field}:Q", scale=_scale(self.y), axis=_axis(ticks, self.axis, title))

    def pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where values lie, in pixels from the top left."""
        across = (np.asarray(x) - self.x[0]) / (self.x[1] - self.x[0]) * self.width
        down = (self.y[1] - np.asarray(y)) / (self.y[1] - self.y[0]) * self.height
        return across, down

    def diagonal(self) -> tuple[float, float] | None:
        """The part of y = x inside the frame, or None."""
        low, high = max(self.x[0], self.y[0]), min(self.x[1], self.y[1])
        return (low, high) if high > low else None

    def diagonal_angle(self) -> float:
        """The angle of y = x on the screen, in degrees as Vega counts them (clockwise)."""
        across = self.width / (self.x[1] - self.x[0])
        down = self.height / (self.y[1] - self.y[0])
        return 360 - math.degrees(math.atan2(down, across))

    def roomiest_corner(
        self, x: np.ndarray, y: np.ndarray, width: float, height: float
    ) -> tuple[float, float] | None:
        """Top left pixel of a box of that size in the corner where it hides the fewest points.

        None where it would hide more than two in each.
        """
        across, down = self.pixels(x, y)
        best, fewest = None, 2.9
        right, bottom = self.width - width - 6, self.height - height - 6
        for left, top in ((right, bottom), (6.0, 6.0), (6.0, bottom), (right, 6.0)):
            inside = (across > left - 8) & (across < left + width + 8)
            inside &= (down > top - 8) & (down < top + height + 8)
            covered = int(inside.sum()) + (0.5 if self._crossed(left, top, width, height) else 0)
            if covered < fewest:
                best, fewest = (left, top), covered
        return best

    def _crossed(self, left: float, top: float, width: float, height: float) -> bool:
        """Whether y = x runs through a box."""
        ends = self.diagonal()
        if ends is None:
            return False
        at = np.linspace(*ends, 50)
        across, down = self.pixels(at, at)
        inside = (across > left) & (across < left + width) & (down > top) & (down < top + height)
        return bool(inside.any())


def _scale(domain: tuple[float, float]) -> alt.Scale:
    return alt.Scale(domain=list(domain), nice=False, zero=False)


def _axis(ticks: list[float], axis: str, title: str) -> alt.Axis:
    return alt.Axis(values=ticks, title=title, **look.tick_format(ticks, axis))


def domain(values: np.ndarray, axis: str, pad: float = 0.06) -> tuple[float, float]:
    """The values' range with some room around it; scores never go below 0 on linear axes."""
    kept = np.asarray(values, dtype=float)
    kept = kept[np.isfinite(kept)]
    if kept.size == 0:
        return (0.0, 1.0)
    low, high = float(kept.min()), float(kept.max())
    room = max((high - low) * pad, 0.01)
    low -= room
    if axis == "linear" and low < 0.2 * high:
        low = 0.0
    return (low, high + room)


def scatter_frame(
    x: np.ndarray, y: np.ndarray, axis: str, size: tuple[int, int], titles: tuple[str, str]
) -> Frame:
    """A frame around points in axis units, wide enough to the left that y = x is seen in it."""
    horizontal, vertical = domain(x, axis), domain(y, axis)
    seen = vertical[1] - 0.3 * (vertical[1] - vertical[0])
    horizontal = (min(horizontal[0], seen), horizontal[1])
    return Frame(*size, horizontal, vertical, axis, *titles)


def params(*views: str) -> list[dict[str, Any]]:
    """The selection behind hovering: the group under the pointer, in any of the named views."""
    select = {"type": "point", "fields": ["group"], "on": "pointerover", "clear": "pointerout"}
    return [{"name": "pick", "select": select, "views": list(views)}]


def faded(shown: float, otherwise: float) -> alt.OpacityValue:
    """An opacity that drops while another group is under the pointer."""
    return alt.OpacityValue(otherwise, condition={"param": "pick", "value": shown})
