"""The lab behind the book: the few names that a notebook uses.

Importing this costs nothing: each name is fetched from its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nbsupport.errors import UserError

if TYPE_CHECKING:  # for editors and type checkers; `_HOMES` says the same to Python
    from nbsupport.analysis.trends import (
        bootstrap_band,
        effective_robustness,
        fit_line,
        role_line,
    )
    from nbsupport.analysis.verdicts import contrast
    from nbsupport.display.widgets import compare_prediction, glue, predict_first, rank_first
    from nbsupport.evidence.records import read_records
    from nbsupport.pages.open_page import open_page
    from nbsupport.pages.request import groups_of, study_for
    from nbsupport.study.compare import Comparison
    from nbsupport.study.group import Group
    from nbsupport.study.study import Study

_HOMES = {
    "Comparison": "nbsupport.study.compare",
    "Group": "nbsupport.study.group",
    "Study": "nbsupport.study.study",
    "bootstrap_band": "nbsupport.analysis.trends",
    "compare_prediction": "nbsupport.display.widgets",
    "contrast": "nbsupport.analysis.verdicts",
    "effective_robustness": "nbsupport.analysis.trends",
    "fit_line": "nbsupport.analysis.trends",
    "glue": "nbsupport.display.widgets",
    "groups_of": "nbsupport.pages.request",
    "open_page": "nbsupport.pages.open_page",
    "predict_first": "nbsupport.display.widgets",
    "rank_first": "nbsupport.display.widgets",
    "read_records": "nbsupport.evidence.records",
    "role_line": "nbsupport.analysis.trends",
    "study_for": "nbsupport.pages.request",
}

__all__ = [
    "Comparison",
    "Group",
    "Study",
    "UserError",
    "bootstrap_band",
    "compare_prediction",
    "contrast",
    "effective_robustness",
    "fit_line",
    "glue",
    "groups_of",
    "open_page",
    "predict_first",
    "rank_first",
    "read_records",
    "role_line",
    "study_for",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
