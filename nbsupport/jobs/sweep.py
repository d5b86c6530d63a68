"""What a run tells of itself in the store, so that any process and machine that sees it can watch.

A file a run, `sweeps/<machine>-<process>-<start>.json`, replaced every few seconds.
"""

import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from nbsupport.jobs.depot import read_json
from nbsupport.jobs.progress import Tally
from nbsupport.jobs.store import Store
from nbsupport.sharing import filling

FOLDER = "sweeps"
EVERY = 2.0  # seconds between two writings
KEPT = 30 * 86400.0  # seconds for which a run that has ended is remembered
SILENT = 60.0  # seconds without a word after which a run may have been killed
_RECENT = 20  # finished trainings by whose speed a run's is told


class Told:
    """Takes a run's events, and keeps its file. A run that trains nothing has none, and neither has
    one whose store cannot be written just now: nobody's training waits for a watcher."""

    def __init__(self, store: Store) -> None:
        self.store, self.tally = store, Tally()
        self.began = time.time()
        name = f"{socket.gethostname()}-{os.getpid()}-{self.began:.0f}.json"
        self.path = store.root / FOLDER / name
        self.where = ""
        self.training = False
        self.failures: dict[str, dict[str, Any]] = {}
        self.speeds: list[float] = []
        self._written = 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        """Take an event; write when it is time."""
        self.tally.take(event)
        if event["kind"] == "planned":
            self.where, self.training = event["where"], bool(event["to_train"])
        elif event["kind"] == "failed":
            names = ("job", "label", "stage", "error")
            self.failures[event["job"]] = {name: event[name] for name in names}
        elif event["kind"] == "done":
            self._note_speed(event)
        ended = event["kind"] == "finished"
        if self.training and (ended or time.monotonic() - self._written >= EVERY):
            self._written = time.monotonic()
            self._write(ended=ended)

    def _note_speed(self, event: dict[str, Any]) -> None:
        with suppress(OSError, ValueError, KeyError):
            record = read_json(self.store.root / event["stage"] / event["job"] / "result.json")
            self.speeds.append(float(record["result"]["images_per_second"]))

    def _write(self, *, ended: bool) -> None:
        content = json.dumps(self.state() | {"ended": ended})
        draft = self.path.with_name(f"{self.path.name}.tmp")
        with suppress(OSError), filling(self.path.parent, self.store.root):
            draft.write_text(content, encoding="utf-8")
            draft.replace(self.path)
            if ended:
                _forget(self.path.parent)

    def state(self) -> dict[str, Any]:
        """What the file holds, but for whether the run has ended."""
        tally = self.tally
        running = [
            {
                "job": key,
                "label": watch.label,
                "epoch": watch.epoch,
                "epochs": watch.epochs,
                "loss": watch.loss,
                "seconds": round(watch.elapsed, 1),
            }
            for key, watch in tally.running.items()
        ]
        counts = {kind: tally.count(kind) for kind in ("done", "found", "failed", "skipped")}
        return {
            "machine": socket.gethostname(),
            "process": os.getpid(),
            "began": self.began,
            "told": time.time(),
            "where": self.where,
            "total": tally.total,
            **counts,
            "left_seconds": tally.left(),
            "images_per_second": median(self.speeds[-_RECENT:]) if self.speeds else None,
            "running": running,
            "failures": list(self.failures.values()),
        }


def _forget(folder: Path) -> None:
    for path in folder.glob("*.json"):
        if time.time() - path.stat().st_mtime > KEPT:
            path.unlink(missing_ok=True)


def sweeps(store: Store) -> list[dict[str, Any]]:
    """What runs have told in this store, the last first; damaged files are left out."""
    found = []
    for path in (store.root / FOLDER).glob("*.json"):
        with suppress(OSError, ValueError):
            found.append(read_json(path))
    return sorted(found, key=lambda told: -told.get("began", 0.0))


def last_line(store: Store, failure: dict[str, Any]) -> str:
    """The last line of a failed job's log, "" where it has none."""
    with suppress(OSError):
        log = store.root / failure["stage"] / failure["job"] / "log.txt"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
    return ""
