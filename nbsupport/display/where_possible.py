"""What a page shows where its profile lacks a source or a world: a sentence, not an error."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from nbsupport.display.html import note
from nbsupport.errors import NotHereError
from nbsupport.study.study import Study

MISSING = "(not in this profile)"

P = ParamSpec("P")
T = TypeVar("T")
Numbers = dict[str, str]


def shown_where_possible(function: Callable[P, T]) -> Callable[P, Any]:
    """The function's table or figure, or a note that says what the profile lacks for it."""

    @wraps(function)
    def show(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return function(*args, **kwargs)
        except NotHereError as error:
            return note(f"Nothing to show here: {error}.")

    return show


def numbers_where_possible(
    function: Callable[Concatenate[Study, P], Numbers],
) -> Callable[Concatenate[Study, P], Numbers]:
    """The function's numbers for a study.

    A number that its profile cannot have is said to be missing; the smoke profile, which has every
    source, tells which numbers there should be.
    """

    @wraps(function)
    def numbers(study: Study, *args: P.args, **kwargs: P.kwargs) -> Numbers:
        try:
            found = function(study, *args, **kwargs)
        except NotHereError:
            found = {}
        if study.profile.simulated:
            return found
        usual = function(Study("smoke"), *args, **kwargs)
        return dict.fromkeys(usual, MISSING) | found

    return numbers
