"""How far a run is: a redrawn line in a terminal, a display in Jupyter, lines in a log.

Whatever it is, it ends as one plain line, which is all that a rendered page shows.
"""

import os
import shutil
import sys
import time
from html import escape
from typing import Any, TextIO

# An estimate of the time left needs a while to beat the planned costs: it counts for this long.
_PRIOR_SECONDS = 10.0


def duration(seconds: float) -> str:
    """Seconds for people: "45 s", "3 min 12 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Tally:
    """What the events of a run (see `engines`) add up to."""

    def __init__(self, total: int | None = None, noun: str = "job") -> None:
        self.total, self.noun = total or 0, noun
        self.states: dict[str, str] = {}
        self.costs: dict[str, float] = {}
        self.shares: dict[str, float] = {}
        self.cost, self.workers = 0.0, 1
        self.began = time.monotonic()
        self.end: dict[str, Any] | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Count an event."""
        kind, key = event["kind"], event.get("job")
        if kind == "planned":
            self.total, self.cost = event["jobs"], event["cost"]
            self.workers = max(1, event["workers"])
            self.began = time.monotonic()
        elif kind == "finished":
            self.end = event
        elif kind == "epoch":
            self.shares[event["job"]] = event.get("epoch", 0) / max(1, event.get("epochs", 1))
        elif key and kind in ("found", "done", "failed", "skipped", "started", "retried"):
            self.states[key] = kind
            self.costs[key] = event.get("cost", 0.0)
        elif kind == "added":
            # It was counted as found, where the run did not know of its damage.
            self.total += self.states.pop(event["job"], None) is None
            self.cost += event.get("cost", 0.0)

    def count(self, *kinds: str) -> int:
        """How many jobs are in one of the states."""
        return sum(state in kinds for state in self.states.values())

    @property
    def settled(self) -> int:
        """Jobs with which nothing will happen any more."""
        return self.count("found", "done", "failed", "skipped")

    def left(self) -> float | None:
        """Estimated seconds to the end, None where the jobs have no costs."""
        if not self.cost:
            return None
        spent = ahead = 0.0
        for key, state in self.states.items():
            if state in ("started", "done"):
                spent += self.costs[key] * (self.shares.get(key, 0.0) if state != "done" else 1.0)
            elif state in ("failed", "skipped"):
                ahead -= self.costs[key]
        elapsed = time.monotonic() - self.began
        rate = (spent + self.workers * _PRIOR_SECONDS) / (elapsed + _PRIOR_SECONDS)
        return max(0.0, self.cost + ahead - spent) / rate

    def now(self) -> str:
        """Where the run is, in one line."""
        parts = [f"{self.settled}/{self._named(self.total)}", f"{self.count('started')} running"]
        parts.append(f"{self.count('found')} from the store")
        if failed := self.count("failed", "skipped"):
            parts.append(f"{failed} failed or skipped")
        if (left := self.left()) is not None:
            parts.append(f"about {duration(left)} left")
        return ", ".join(parts)

    def final(self) -> str:
        """The line that stays: "39 jobs: 25 trained, 14 from the store, 3 min 12 s"."""
        end = self.end or {"interrupted": True, "seconds": time.monotonic() - self.began}
        trained, found = self.count("done"), self.count("found")
        parts = [f"{trained} trained", f"{found} from the store"]
        for kind in ("failed", "skipped"):
            if self.count(kind):
                parts.append(f"{self.count(kind)} {kind}")
        if end["interrupted"]:
            parts.append("interrupted")
        return f"{self._named(self.total)}: {', '.join(parts)}, {duration(end['seconds'])}"

    def _named(self, number: int) -> str:
        return f"{number} {self.noun}{'' if number == 1 else 's'}"


class _Plain:
    """A line now and then, for logs."""

    def __init__(self, stream: TextIO, every: float) -> None:
        self.stream, self.every = stream, every

    def show(self, tally: Tally) -> None:
        print(tally.now(), file=self.stream, flush=True)

    def clear(self) -> None:
        """A log keeps its lines."""

    def close(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


class _Terminal:
    """One line, drawn again and again."""

    every = 0.1

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        encoding = (stream.encoding or "ascii").lower()
        self.signs = "█░" if encoding.startswith("utf") else "#-"

    def show(self, tally: Tally) -> None:
        full = round(20 * tally.settled / max(1, tally.total))
        bar = self.signs[0] * full + self.signs[1] * (20 - full)
        # A line that wraps would not be erased.
        text = f"{bar} {tally.now()}"[: shutil.get_terminal_size().columns - 1]
        self.stream.write(f"\r\x1b[K{text}")
        self.stream.flush()

    def clear(self) -> None:
        self.stream.write("\r\x1b[K")
        self.stream.flush()

    def close(self, text: str) -> None:
        self.stream.write(f"\r\x1b[K{text}\n")
        self.stream.flush()


class _Shown:
    """A display's content: HTML for Jupyter, text for everything else."""

    def __init__(self, text: str, bar: str = "") -> None:
        self.text, self.bar = text, bar

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        html = f'<p class="nb-progress">{self.bar}{escape(self.text)}</p>'
        return {"text/plain": self.text, "text/html": html}

    def __repr__(self) -> str:
        return self.text


class _Notebook:
    """A display that is updated: the notebook file keeps its last content only."""

    every = 0.5

    def __init__(self) -> None:
        self.handle: Any = None

    def _put(self, content: _Shown) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(content, display_id=True)
        else:
            self.handle.update(content)

    def show(self, tally: Tally) -> None:
        bar = f'<progress value="{tally.settled}" max="{max(1, tally.total)}"></progress> '
        self._put(_Shown(tally.now(), bar))

    def clear(self) -> None:
        """A warning has its own place in the output."""

    def close(self, text: str) -> None:
        self._put(_Shown(text))


def in_notebook() -> bool:
    """Whether this process is a Jupyter kernel (papermill's, too)."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _view(stream: TextIO | None, every: float) -> "_Plain | _Terminal | _Notebook":
    if stream is None and in_notebook():
        return _Notebook()
    stream = stream or sys.stderr
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return _Terminal(stream)
    return _Plain(stream, every)


class Progress:
    """Shows a run: `run(jobs, store, on_event=Progress())`.

    `total` jobs (the run's own plan corrects it), called `noun` in the text; `stream`: standard
    error by default, a display in Jupyter; `every`: seconds between the lines of a log. One object
    a run. `text` is the final line, "" until the end.
    """

    def __init__(
        self,
        total: int | None = None,
        *,
        noun: str = "job",
        stream: TextIO | None = None,
        every: float = 15.0,
    ) -> None:
        self.tally = Tally(total, noun)
        self.text = ""
        self._view = _view(stream, every)
        self._last = time.monotonic()

    def __call__(self, event: dict[str, Any]) -> None:
        """Take an event of the run, and show it when it is time."""
        self.tally.take(event)
        if event["kind"] == "finished":
            self.text = self.tally.final()
            self._view.close(self.text)
        elif event["kind"] == "warning":
            self._view.clear()
        elif time.monotonic() - self._last >= self._view.every:
            self._last = time.monotonic()
            self._view.show(self.tally)
