"""How runs were made: when, on which processor, with which versions, for how many hours."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbsupport.jobs.store import Store

if TYPE_CHECKING:
    import pandas as pd

STAGES = {"pretrain": "parent_key", "finetune": "key"}  # the column that holds a stage's jobs
LISTS = ("python", "torch", "platform", "processor", "threads")
PLACE = ["processor", "torch", "finished"]  # columns of the records: where and when, "" where lost


@dataclass(frozen=True)
class RunOrigin:
    """Where a run was made: processor and PyTorch, "" where that is not known."""

    processor: str = ""
    torch: str = ""

    @property
    def known(self) -> bool:
        """Whether both are."""
        return bool(self.processor and self.torch)

    def __str__(self) -> str:
        return f"{self.processor}, PyTorch {self.torch}" if self.known else "not known"


def job_keys(records: "pd.DataFrame") -> dict[str, list[str]]:
    """The jobs behind the records, by stage."""
    return {
        stage: sorted({str(key) for key in records[column].dropna().unique()} - {""})
        for stage, column in STAGES.items()
    }


def made(records: "pd.DataFrame", store: Store) -> dict[str, Any]:
    """What the store still knows of the recorded jobs; JSON-able.

    `jobs` by stage: how many there are, how many of them the store noted, and the seconds these
    took on one thread. `first` and `last` are when they were finished (UTC), "" where unknown;
    the rest are the values that occur: python, torch, platform, processor, threads. `runs` is
    what the records themselves say (see `places`).
    """
    notes: list[dict[str, Any]] = []
    jobs = {}
    for stage, keys in job_keys(records).items():
        own = [note for key in keys if (note := _note(store, key))]
        seconds = round(sum(note["seconds"] for note in own), 1)
        jobs[stage] = {"jobs": len(keys), "noted": len(own), "seconds": seconds}
        notes += own
    finished = sorted(note["finished"] for note in notes) or [""]
    values = {name: sorted({note[name] for note in notes} - {""}) for name in LISTS}
    runs = places(records)
    return {"jobs": jobs, "first": finished[0], "last": finished[-1], **values, "runs": runs}


def places(records: "pd.DataFrame") -> dict[str, Any]:
    """What the records themselves say: how many runs there are, how many name their place, and
    which processors, versions of PyTorch and days these are."""
    columns = [*records.columns, *(name for name in PLACE if name not in records.columns)]
    runs = records.reindex(columns=columns).drop_duplicates("key")[PLACE].astype(object).fillna("")
    named = runs[(runs != "").all(axis=1)]
    days = sorted(named["finished"].str[:10]) or [""]
    return {
        "runs": len(runs),
        "noted": len(named),
        "processor": sorted(set(named["processor"])),
        "torch": sorted(set(named["torch"])),
        "first": days[0],
        "last": days[-1],
    }


def _note(store: Store, key: str) -> dict[str, Any] | None:
    """One job's own account; None where the store has none, or a damaged one."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        if not store.done(key):
            return None
        record = store.record(key)
        environment, spec = (_content(store, key, name) for name in ("environment", "spec"))
        return {
            "finished": record["finished"],
            "seconds": record["result"]["seconds"],
            "python": environment["python"],
            "torch": environment["versions"].get("torch", "unknown"),
            "platform": environment["platform"],
            "processor": environment.get("processor", ""),
            "threads": environment["threads"],
            "parent": spec.get("parent"),
        }
    return None


def _content(store: Store, key: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((store.folder(key) / f"{name}.json").read_bytes())
    return found


# where one run was made ---------------------------------------------------------------------------
def place(store: Store, key: str) -> RunOrigin:
    """Where a run and all that it rests on were made; not known where places differ or are lost."""
    found = {(note["processor"], note["torch"], note["threads"]) for note in _chain(store, key)}
    if len(found) != 1:
        return RunOrigin()
    processor, torch, threads = found.pop()
    if not processor or torch == "unknown":
        return RunOrigin()
    return RunOrigin(processor if threads == 1 else f"{processor}, {threads} threads", torch)


def _chain(store: Store, key: str) -> Iterator[dict[str, Any]]:
    """The accounts of a fine-tuning and of all that it rests on; an empty one where it is lost."""
    lost = dict.fromkeys(("processor", "torch", "threads"), "")
    parent: str | None = key
    while parent:
        note = _note(store, parent) or lost
        yield note
        parent = note.get("parent")


def with_places(runs: "pd.DataFrame", store: Store) -> "pd.DataFrame":
    """The runs with the columns PLACE, from the store that holds their jobs."""
    found = {}
    for key in dict.fromkeys(runs["key"]):
        where, note = place(store, key), _note(store, key)
        found[key] = (where.processor, where.torch, note["finished"] if note else "")
    values = {name: [found[key][i] for key in runs["key"]] for i, name in enumerate(PLACE)}
    return runs.assign(**values)


# accounts -----------------------------------------------------------------------------------------
def problem(account: Mapping[str, Any]) -> str:
    """What is wrong with an account that was read from a file, "" where nothing is."""
    jobs = account.get("jobs")
    if not isinstance(jobs, dict) or not set(STAGES) <= set(jobs):
        return f"no jobs of {' and '.join(STAGES)}"
    for stage, counts in jobs.items():
        for name in ("jobs", "noted", "seconds"):
            if not isinstance(counts, dict) or not isinstance(counts.get(name), int | float):
                return f"no number of {name} of {stage}"
    wrong = [name for name in ("first", "last") if not isinstance(account.get(name), str)]
    wrong += [name for name in LISTS if not isinstance(account.get(name, []), list)]
    return f"no {wrong[0]}" if wrong else ""


def noted(account: Mapping[str, Any]) -> int:
    """How many jobs an account rests on."""
    return sum(stage["noted"] for stage in account.get("jobs", {}).values())


def fuller(accounts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Of several accounts of the same records the one that rests on the most jobs."""
    return max(accounts, key=noted)
