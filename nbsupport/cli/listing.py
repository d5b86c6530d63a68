"""The store as text: a table of its jobs, and one job with its spec, epochs, result and log."""

import ast
import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from nbsupport.jobs.store import Entry, Store
from nbsupport.text import aligned

LOG_LINES = 20
EPOCHS = 40  # the last ones, of a job under way
METRICS = "metrics.jsonl"


def jobs_table(store: Store) -> str:
    """Every job of the store, newest last, and a line with their number and size."""
    entries = sorted(store.jobs(), key=lambda entry: entry.when)
    header = ["key", "stage", "state", "seconds", "MB", "when", "what"]
    rows = [_row(entry) for entry in entries]
    states = {state: sum(e.state == state for e in entries) for state in ("done", "broken")}
    total = f"{len(entries)} jobs ({states['done']} done), {store.size() / 1e6:,.1f} MB in all"
    return "\n".join([aligned([header, *rows], numeric=(3, 4)), total]) if rows else total


def _row(entry: Entry) -> list[str]:
    when = _time(entry.when)
    seconds = "" if entry.seconds is None else f"{entry.seconds:.1f}"
    key = entry.key[:12] + entry.key[64:]
    return [key, entry.stage, entry.state, seconds, f"{entry.size / 1e6:.2f}", when, entry.label]


def job_details(store: Store, prefix: str) -> str:
    """One job: where it lies, its spec, its epochs so far or its result, the end of its log.

    UserError if unknown.
    """
    key = store.find(prefix)
    folder = store.folder(key)
    parts = [f"{key}\n{folder}"]
    for name in ("spec.json", "result.json", "environment.json"):
        path = folder / name
        if path.exists():
            parts.append(f"{name}\n{_pretty(path)}")
    if not store.done(key):
        parts.append(_epochs(folder / METRICS, running=store.locked(key)))
    log = folder / "log.txt"
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
        parts.append("log.txt (the end)\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _epochs(path: Path, *, running: bool) -> str:
    """How far a job is that is not done, with what each epoch gave."""
    rows = _rows(path)
    last = rows[-1] if rows else {}
    far = f"epoch {last.get('epoch')} of {last.get('epochs')}" if rows else "no epoch yet"
    state = f"{'running' if running else 'not done, nobody works on it'}: {far}"
    if not rows:
        return state
    names = [name for name in dict.fromkeys(n for row in rows for n in row) if name != "epochs"]
    cells = [[_number(row.get(name)) for name in names] for row in rows[-EPOCHS:]]
    return f"{state}\n{aligned([names, *cells], numeric=range(len(names)))}"


def _rows(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that may be written at this moment."""
    rows = []
    with suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                rows.append(json.loads(line))
    return [row for row in rows if isinstance(row, dict)]


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _time(when: float) -> str:
    return datetime.fromtimestamp(when).strftime("%Y-%m-%d %H:%M")


def reruns_table(folder: Path) -> str:
    """The pages that were rerun below a folder, newest last, each with its parameters; "" if none.

    An executed page keeps its parameters in a cell of their own, which no rendering shows.
    """
    pages = [path for path in _folders(folder) if "-" in path.name]
    rows = [
        [path.name, _time(path.stat().st_mtime), _parameters(path)]
        for path in sorted(pages, key=lambda path: path.stat().st_mtime)
    ]
    return aligned([["rerun page", "when", "parameters"], *rows], numeric=()) if rows else ""


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _parameters(folder: Path) -> str:
    """The parameters that a rerun page was given, as they are given on the command line."""
    notebook = folder / f"{folder.name.rpartition('-')[0]}.ipynb"
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        own = next(cell for cell in cells if cell.get("id") == "injected-parameters")
        lines = ast.parse("".join(own["source"])).body
        given = [
            f"{ast.unparse(line.targets[0])} {ast.unparse(line.value)}"
            for line in lines
            if isinstance(line, ast.Assign)
        ]
    except FileNotFoundError:
        return "(not executed)"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SyntaxError, StopIteration):
        return "(cannot be read)"
    return ", ".join(given)


def _pretty(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return json.dumps(json.loads(text), indent=2)
    except ValueError:
        return text
