"""The store as text: a table of its jobs, and one job with its spec, result and log."""

import json
from datetime import datetime
from pathlib import Path

from nbsupport.jobs.store import Entry, Store
from nbsupport.plan import aligned

LOG_LINES = 20


def jobs_table(store: Store) -> str:
    """Every job of the store, newest last, and a line with their number and size."""
    entries = sorted(store.jobs(), key=lambda entry: entry.when)
    header = ["key", "stage", "state", "seconds", "MB", "when", "what"]
    rows = [_row(entry) for entry in entries]
    states = {state: sum(e.state == state for e in entries) for state in ("done", "broken")}
    total = f"{len(entries)} jobs ({states['done']} done), {store.size() / 1e6:,.1f} MB in all"
    return "\n".join([aligned([header, *rows], numeric=(3, 4)), total]) if rows else total


def _row(entry: Entry) -> list[str]:
    when = datetime.fromtimestamp(entry.when).strftime("%Y-%m-%d %H:%M")
    seconds = "" if entry.seconds is None else f"{entry.seconds:.1f}"
    key = entry.key[:12] + entry.key[64:]
    return [key, entry.stage, entry.state, seconds, f"{entry.size / 1e6:.2f}", when, entry.label]


def job_details(store: Store, prefix: str) -> str:
    """One job: where it lies, its spec, its result, the end of its log. UserError if unknown."""
    key = store.find(prefix)
    folder = store.folder(key)
    parts = [f"{key}\n{folder}"]
    for name in ("spec.json", "result.json", "environment.json"):
        path = folder / name
        if path.exists():
            parts.append(f"{name}\n{_pretty(path)}")
    log = folder / "log.txt"
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        parts.append("log.txt (the end)\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _pretty(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2)
    except ValueError:
        return text
