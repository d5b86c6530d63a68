"""What a caller gives for an argument, checked: plain Python values, or a UserError.

Values of NumPy and pandas count as Python's: both ask for the same jobs, under the same keys.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nbsupport.errors import UserError, said, unknown

MOST = 2**53 - 1  # the last whole number that JSON, floats and tables of int64 all hold exactly


def plain(value: Any) -> Any:
    """The value in Python's own types: numbers of NumPy as numbers, arrays and tuples as lists."""
    if isinstance(value, np.floating):
        return float(str(value))  # the float32 written 0.33 is meant as 0.33
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return [plain(item) for item in array] if array.ndim else plain(array[()])
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    return value


def whole(name: str, value: Any, *, least: int = 1) -> int:
    """A whole number of at least `least`."""
    number = plain(value)
    if not _is_whole(number, least):
        raise UserError(f"{name}={said(value)}: give a whole number of {_range(number, least)}")
    return int(number)


def wholes(name: str, values: Any, *, least: int = 1) -> list[int]:
    """Whole numbers of at least `least`, each once."""
    given = listed(name, values, "whole numbers")
    for number in given:
        if not _is_whole(number, least):
            raise UserError(f"{name}={said(given)}: give whole numbers of {_range(number, least)}")
    return different(name, given)


def _is_whole(number: Any, least: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and least <= number <= MOST


def _range(number: Any, least: int) -> str:
    """The limit that a number breaks; of what is no number, the lower one."""
    above = isinstance(number, int) and number > MOST
    return f"at most {MOST:,}" if above else f"at least {least}"


def share(name: str, value: Any) -> float:
    """A share above 0 and at most 1."""
    number = plain(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number <= 1:
        raise UserError(f"{name}={said(value)}: give a share above 0, at most 1")
    return float(number)


def text(name: str, value: Any, meaning: str = "a name") -> str:
    """A text that is not blank."""
    given = plain(value)
    if not isinstance(given, str) or not given.strip():
        raise UserError(f"{name}={said(value)}: give {meaning}")
    return str(given)


def chosen(kind: str, value: Any, allowed: Iterable[str]) -> str:
    """One of the allowed names."""
    names, given = tuple(allowed), plain(value)
    if not isinstance(given, str) or given not in names:
        raise unknown(kind, value, names)
    return str(given)


def listed(name: str, values: Any, meaning: str = "values") -> list[Any]:
    """The items of a list, or of whatever else holds several in an order."""
    given = plain(values)
    single = isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable)
    if single:
        raise UserError(f"{name}={said(values)}: give a list of {meaning}")
    return [plain(item) for item in given]


def different(name: str, values: list[Any]) -> list[Any]:
    """The values, none of which may stand twice."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise UserError(f"{name}={said(values)}: {said(value)} stands twice; give it once")
    return values
