"""How far a run is: a redrawn line in a terminal, a display in Jupyter, lines in a log.

Whatever it is, it ends as one plain line, which is all that a rendered page shows.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterable
from html import escape
from typing import Any, TextIO

from nbsupport.jobs.schedule import WORKER_SECONDS

# The planned costs count as if they had proved right for so long: one short job settles nothing.
_PRIOR_SECONDS = 5.0
_PATIENCE = 1.25  # a job is late that takes so much longer than foreseen
_NAMED = 3  # running jobs whose labels are shown; how many more there are is told


def duration(seconds: float) -> str:
    """Seconds for people: "45 s", "3 min 12 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Watch:
    """A running job: what it was expected to take, and how its epochs come in.

    `starting` are seconds that its worker needs first, over the job's own `cost`.
    """

    def __init__(self, label: str, cost: float, starting: float) -> None:
        self.label, self.cost, self.starting = label, cost, starting
        self.began = self.first = self.last = time.monotonic()
        self.epoch = self.epochs = self.seen = 0
        self.loss: float | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Note an epoch. A resumed job's first is not its epoch 1."""
        self.loss = event.get("loss")
        self.epoch, self.epochs = event.get("epoch", 0), event.get("epochs", 0)
        self.last = time.monotonic()
        self.first = self.first if self.seen else self.last
        self.seen += 1

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    @property
    def expected(self) -> float:
        """Planned seconds."""
        return self.cost + self.starting

    @property
    def pace(self) -> float:
        """Seconds for each epoch; of the first, without the worker's start."""
        if self.seen > 1:
            return (self.last - self.first) / (self.seen - 1)
        took, epoch = self.last - self.began, self.cost / self.epochs
        return max(took - self.starting, took * epoch / (self.expected or 1.0))

    def ends(self, rate: float) -> float:
        """Seconds it takes in all: by its own epochs once there are some, else `rate` times the
        plan."""
        if self.epochs:
            return self.last - self.began + (self.epochs - self.epoch) * self.pace
        return self.expected * rate

    def left(self, rate: float) -> float:
        """Seconds to its end; 0 where it should have ended."""
        return max(0.0, self.ends(rate) - self.elapsed)

    def late(self, rate: float) -> bool:
        """Whether nothing tells when it ends: all the time that was foreseen for it is over."""
        return self.elapsed > _PATIENCE * self.ends(rate) + _PRIOR_SECONDS

    def done(self) -> tuple[float, float]:
        """True and planned seconds of the epochs so far; without any, of all that was planned."""
        if self.epochs:
            share = self.seen / (self.seen + self.epochs - self.epoch)
            return self.last - self.began, self.starting + self.cost * share
        return self.elapsed, self.expected

    def __str__(self) -> str:
        return f"{self.label} ({self.epoch} of {self.epochs})" if self.epochs else self.label


class Tally:
    """What the events of a run (see `engines`) add up to."""

    def __init__(self, total: int | None = None, noun: str = "job") -> None:
        self.total, self.noun = total or 0, noun
        self.states: dict[str, str] = {}
        self.running: dict[str, _Watch] = {}
        # Planned costs of what is not begun yet; planned and true seconds of what was.
        self.ahead = self.planned = self.spent = 0.0
        self.workers, self.unready = 1, 0
        self.costed = False
        self.began = time.monotonic()
        self.end: dict[str, Any] | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Count an event."""
        kind, key = event["kind"], event.get("job")
        if kind == "planned":
            self.total, self.ahead = event["jobs"], event["cost"]
            self.workers = self.unready = max(1, event["workers"])
            self.costed = bool(self.ahead)
            self.began = time.monotonic()
        elif kind == "finished":
            self.end = event
        elif kind == "epoch" and key in self.running:
            self.running[key].take(event)
        elif key and kind in ("found", "done", "failed", "skipped", "started", "retried"):
            self._move(key, kind, event)
        elif kind == "added":
            # It was counted as found, where the run did not know of its damage.
            self.total += self.states.pop(event["job"], None) is None
            self.ahead += event.get("cost", 0.0)

    def _move(self, key: str, kind: str, event: dict[str, Any]) -> None:
        """A job goes from one state to another, and its planned cost with it."""
        cost, watch = event.get("cost", 0.0), self.running.pop(key, None)
        if kind == "started":
            starting = WORKER_SECONDS if self.unready else 0.0
            self.unready = max(0, self.unready - 1)
            self.running[key] = _Watch(event.get("label", ""), cost, starting)
            self.ahead -= cost
        elif kind == "done" and watch:
            self.planned += watch.expected
            self.spent += event.get("seconds", watch.elapsed)
        elif kind == "retried":
            self.ahead += cost
        elif not watch and (kind != "found" or event.get("waited")):
            self.ahead -= cost  # it will not begin any more
        self.states[key] = kind

    def count(self, *kinds: str) -> int:
        """How many jobs are in one of the states."""
        return sum(state in kinds for state in self.states.values())

    @property
    def settled(self) -> int:
        """Jobs with which nothing will happen any more."""
        return self.count("found", "done", "failed", "skipped")

    def _rate(self, watches: Iterable[_Watch] = ()) -> float:
        """True seconds for each that was planned, of what has ended and of these running jobs."""
        prior = self.workers * _PRIOR_SECONDS
        spent, planned = self.spent + prior, self.planned + prior
        done = [watch.done() for watch in watches]
        return (spent + sum(true for true, _ in done)) / (planned + sum(plan for _, plan in done))

    def _known(self) -> float:
        """The rate by the jobs that have told how far they are."""
        return self._rate(watch for watch in self.running.values() if watch.epochs)

    def left(self) -> float | None:
        """Estimated seconds to the end, None where the jobs have no costs."""
        if not self.costed:
            return None
        rate, watches = self._known(), self.running.values()
        running = [watch.left(rate) for watch in watches]
        # What has taken longer than foreseen, the jobs that wait will take at least.
        slower = self._rate(watch for watch in watches if watch.epochs or not watch.left(rate))
        work = sum(running) + max(0.0, self.ahead) * max(rate, slower)
        starting = WORKER_SECONDS if self.unready == self.workers else 0.0
        return max([work / self.workers + starting, *running])

    def now(self) -> str:
        """Where the run is, and what runs, in one line."""
        parts = [f"{self.settled}/{self._named(self.total)}", f"{len(self.running)} running"]
        parts.append(f"{self.count('found')} from the store")
        if failed := self.count("failed", "skipped"):
            parts.append(f"{failed} failed or skipped")
        if (left := self.left()) is not None:
            parts.append(self._time(left))
        names = [str(watch) for watch in self.running.values()]
        names[_NAMED:] = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        return ", ".join(parts) + (": " + "; ".join(names) if any(names) else "")

    def _time(self, left: float) -> str:
        rate = self._known()
        if not any(watch.late(rate) for watch in self.running.values()):
            return f"about {duration(left)} left"
        return "longer than planned" + (f", about {duration(left)} left" if left >= 1 else "")

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

    def note(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    def show(self, tally: Tally) -> None:
        self.note(tally.now())

    def clear(self) -> None:
        """A log keeps its lines."""

    def close(self, text: str) -> None:
        self.note(text)


class _Terminal:
    """One line, drawn again and again."""

    every = 0.1

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        encoding = (stream.encoding or "ascii").lower()
        self.signs = "█░" if encoding.startswith("utf") else "#-"

    def note(self, text: str) -> None:
        self.stream.write(f"{text}\n")
        self.stream.flush()

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

    def note(self, text: str) -> None:
        """Until the first epoch: a page shows the final line alone."""
        self._put(_Shown(text))

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

    def clear(self) -> None:
        """Make room for a line that somebody else is about to print."""
        self._view.clear()

    def __call__(self, event: dict[str, Any]) -> None:
        """Take an event of the run, and show it when it is time."""
        self.tally.take(event)
        if event["kind"] == "planned" and event.get("where"):
            self._view.note(f"training {event['where']}")
        elif event["kind"] == "finished":
            self.text = self.tally.final()
            self._view.close(self.text)
        elif event["kind"] == "warning":
            self._view.clear()
        elif time.monotonic() - self._last >= self._view.every:
            self._last = time.monotonic()
            self._view.show(self.tally)
