"""A registration: what a page claims, and which runs it is to be judged by, written down first.

It lies in `records/registered/`, or in the store where a profile's runs are no evidence.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.evidence.records import records_path
from nbsupport.evidence.sealed import read_sealed, write_sealed
from nbsupport.reading import RESTORE, shown

KIND = "nbsupport registration"


@dataclass(frozen=True)
class Registration:
    """What was fixed, and when (UTC).

    `statements` are the texts claimed, `rule` how they are judged, `groups` the roles compared,
    `runs` the keys of all runs. `done` and `recorded`: how many of these were in the store, and in
    the records, when it was made.
    """

    page: str
    profile: str
    made: str
    statements: tuple[str, ...]
    rule: str
    parameters: dict[str, Any]
    groups: tuple[str, ...]
    runs: tuple[str, ...]
    done: int = 0
    recorded: int = 0

    @property
    def first(self) -> bool:
        """Whether none of its runs was there when it was made."""
        return not self.done and not self.recorded

    def write(self) -> Path:
        """Write it. UserError where the page has one already."""
        return write_sealed(
            registration_path(self.profile, self.page), {"kind": KIND, **asdict(self)}
        )


def registration_path(profile: str, page: str) -> Path:
    """Where the registration of a page under a profile lies."""
    return records_path(profile).parent / "registered" / f"{page}-{profile}.json"


def read_registration(profile: str, page: str) -> Registration | None:
    """The registration of a page, None where there is none. UserError where it was edited."""
    path = registration_path(profile, page)
    if not path.exists():
        return None
    content = read_sealed(path, KIND, "registration")
    del content["kind"]
    try:
        for name in ("statements", "groups", "runs"):
            content[name] = tuple(content[name])
        return Registration(**content)
    except (KeyError, TypeError) as error:
        raise UserError(f"{shown(path)} is not whole ({error!r}): {RESTORE}") from None


def compared(registered: Registration, keys: Iterable[str], finished: Iterable[str]) -> str:
    """In sentences: when it was made, and whether runs are the ones that it names.

    keys: of the runs at hand. finished: when those were done that the store knows (UTC, as text).
    """
    held, named = set(keys), set(registered.runs)
    told = [f"on {registered.made[:16].replace('T', ' ')} UTC, {_order(registered, finished)}."]
    if held == named:
        told.append(f"These are the {len(named)} runs that it names.")
        return " ".join(told)
    if other := len(held - named):
        told.append(f"{other} of these {len(held)} runs are not among the {len(named)} registered.")
    if missing := len(named - held):
        told.append(f"{missing} of the {len(named)} registered runs are not among these.")
    return " ".join(told)


def _order(registered: Registration, finished: Iterable[str]) -> str:
    """Whether it was made before its runs."""
    count = len(registered.runs)
    if registered.recorded:
        return f"after its runs: {registered.recorded} of {count} were recorded by then"
    if registered.done:
        return f"after its runs: {registered.done} of {count} were trained by then"
    if early := sum(when < registered.made for when in finished):
        return f"after its runs: {early} of them were done earlier, as the store says"
    return "before its runs"
