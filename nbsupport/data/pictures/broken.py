"""Pictures that cannot be read and that the user has said to do without.

They are left out only where a list says so: `python -m nbsupport data check NAME --skip-broken`
writes it, and so does a source that meets one while NBSUPPORT_SKIP_BROKEN=1 is set. The list
belongs to these very files, by their fingerprint: other files have a list of their own, or none.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from nbsupport import sharing
from nbsupport.data.pictures.files import Pictures, reason
from nbsupport.data.pictures.listings import write_text
from nbsupport.errors import UserError
from nbsupport.paths import store_dir

VARIABLE = "NBSUPPORT_SKIP_BROKEN"


def skipping() -> bool:
    """Whether broken pictures are put on the list where they are met: NBSUPPORT_SKIP_BROKEN=1."""
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "0", "1"):
        raise UserError(f"{VARIABLE}={value!r}: 1 leaves broken pictures out, 0 stops at them")
    return value == "1"


def left_out(pictures: Pictures) -> frozenset[str]:
    """The names of these pictures that are not to be used. UserError for a damaged list."""
    path = list_file(pictures)
    if not path.exists():
        return frozenset()
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("no JSON list of names")
    except Exception as error:
        raise UserError(
            f"{path} is no list of broken pictures ({reason(error)}): remove it, and write it "
            "again with python -m nbsupport data check NAME --skip-broken"
        ) from error
    return frozenset(names)


def leave_out(pictures: Pictures, names: Iterable[str], afresh: bool = False) -> Path:
    """Put names on the list, or make it anew of these alone; no name, no list. Where it is.

    UserError where the store cannot be written.
    """
    path = list_file(pictures)
    try:
        with (
            sharing.filling(path.parent, store_dir()),
            sharing.file_lock(path.with_suffix(".lock"), store_dir()),
        ):
            listed = sorted({*names, *(() if afresh else left_out(pictures))})
            if listed:
                write_text(path, json.dumps(listed, indent=1))
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write {path} ({sharing.said(error)}): "
            "free some space or set NBSUPPORT_STORE to a folder that can be written"
        ) from error
    return path


def list_file(pictures: Pictures) -> Path:
    """Where the list of these pictures is kept."""
    return store_dir() / "listings" / f"broken-{pictures.fingerprint}.json"


def no_way_out(task: str) -> UserError:
    """The error for who would have a task do without its broken pictures."""
    return UserError(
        f"{task} is a task: every picture of a test set counts, none can be left out; restore the "
        "broken ones (without --skip-broken they are named)"
    )
