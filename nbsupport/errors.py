"""What a user can get wrong, said in one line."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake of the user: one line that says what was given, what is allowed, what to do."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback (IPython asks the exception for this)."""
        return [f"UserError: {self}"]


class StoreWarning(UserWarning):
    """Something in the store was damaged; it is made again."""


class NotHereError(UserError):
    """What was asked for is right, but this profile, or this machine, does not have it."""


def short(text: str, most: int = 80) -> str:
    """A text on one line, and cut off where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


def said(value: object) -> str:
    """A value as a message quotes it."""
    return short(repr(value))


def unknown(kind: str, given: object, allowed: Iterable[str]) -> UserError:
    """The error for a name that is not among the allowed ones, with the nearest known name."""
    names = sorted(map(str, allowed))
    near = get_close_matches(str(given), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UserError(f"unknown {kind} {said(given)}: allowed are {', '.join(names)}{hint}")
