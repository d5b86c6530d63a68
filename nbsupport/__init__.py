"""The lab behind the book: the few names that a notebook uses.

Importing this costs nothing: each name is fetched from its module when it is first used.
"""

from importlib import import_module
from typing import Any

from nbsupport.errors import UserError

_HOMES = {
    "Group": "nbsupport.study",
    "Study": "nbsupport.study",
    "bootstrap_band": "nbsupport.analysis.trends",
    "contrast": "nbsupport.analysis.verdicts",
    "effective_robustness": "nbsupport.analysis.trends",
    "fit_line": "nbsupport.analysis.trends",
    "glue": "nbsupport.publishing.widgets",
    "groups_of": "nbsupport.pages",
    "open_page": "nbsupport.publishing.page",
    "predict_first": "nbsupport.publishing.widgets",
    "read_records": "nbsupport.records",
    "role_line": "nbsupport.analysis.trends",
    "study_for": "nbsupport.pages",
}

__all__ = ["UserError", *sorted(_HOMES)]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
