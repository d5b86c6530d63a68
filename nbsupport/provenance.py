"""How the recorded runs were made: when, on what, with which versions, for how many hours."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.jobs.store import Store

if TYPE_CHECKING:
    import pandas as pd

STAGES = {"pretrain": "parent_key", "finetune": "key"}  # the column that holds a stage's jobs
LISTS = ("python", "torch", "platform", "threads")


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
    the rest are the values that occur: python, torch, platform, threads.
    """
    notes: list[dict[str, Any]] = []
    jobs = {}
    for stage, keys in job_keys(records).items():
        own = [_note(store, key) for key in keys if store.done(key)]
        seconds = round(sum(note["seconds"] for note in own), 1)
        jobs[stage] = {"jobs": len(keys), "noted": len(own), "seconds": seconds}
        notes += own
    finished = sorted(note["finished"] for note in notes) or [""]
    values = {name: sorted({note[name] for note in notes}) for name in LISTS}
    return {"jobs": jobs, "first": finished[0], "last": finished[-1], **values}


def _note(store: Store, key: str) -> dict[str, Any]:
    """One job's own account."""
    record = store.record(key)
    path: Path = store.folder(key) / "environment.json"
    environment = json.loads(path.read_text(encoding="utf-8"))
    return {
        "finished": record["finished"],
        "seconds": record["result"]["seconds"],
        "python": environment["python"],
        "torch": environment["versions"].get("torch", "unknown"),
        "platform": environment["platform"],
        "threads": environment["threads"],
    }


def noted(account: Mapping[str, Any]) -> int:
    """How many jobs an account rests on."""
    return sum(stage["noted"] for stage in account.get("jobs", {}).values())


def fuller(accounts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Of several accounts of the same records the one that rests on the most jobs."""
    return max(accounts, key=noted)
