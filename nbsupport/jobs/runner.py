"""Having jobs done: order, retries, failures and what is told of them, whatever does the work.

`on_event` is called with dictionaries. Each has `kind`; those about a job also `job` (its key),
`label`, `stage`, `cost`:

    planned   jobs, found, to_train, cost (seconds of a thread or GPU), workers, where (a line on
              the devices chosen, "" where nothing is trained): once, at the start
    found     the job is in the store; `waited` if another process did it meanwhile
    added     one more to train: a parent that turned out to be missing or damaged
    started   `resumed` if a former attempt left something
    epoch     what the stage reports: epoch, epochs, ...
    done      seconds (wall time)
    failed    error, log (path, "" where the message says it all)
    skipped   because: the key of the failed job that it needs
    retried   why: its worker died or lost its GPU, the job begins again (once)
    waiting   another process is at it
    warning   text; a StoreWarning follows
    tick      about once a second while jobs run
    finished  trained, found, failed, skipped, seconds, interrupted: once, at the end, always
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.jobs.engines import Engine, Factory, engine_named, workers_asked
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import Interrupted, JobsFailed, StoreError
from nbsupport.jobs.request import Request
from nbsupport.jobs.schedule import Schedule, in_order, schedule
from nbsupport.jobs.store import Store
from nbsupport.jobs.sweep import Told
from nbsupport.jobs.work import Emit, Message

__all__ = ["Interrupted", "JobsFailed", "run"]

Results = dict[str, dict[str, Any]]

# How often a job may lose its worker, or find its parent gone, before it counts as failed.
_ATTEMPTS = 2
_POLL = 0.3
_LONGEST = 10.0  # seconds between two looks at a job that another process has, once it has it long


def run(
    jobs: Iterable[Job],
    store: Store,
    *,
    engine: str | None = None,
    workers: int | None = None,
    turns: Mapping[str, int] | None = None,
    on_event: Emit | None = None,
) -> Results:
    """Do what is not done yet, and return what the stages returned, by key.

    `engine` names what does it; None: NBSUPPORT_ENGINE, else "local" (see `engine_named`).
    `workers`; None: NBSUPPORT_WORKERS, else as many as fit. `turns` order jobs (see `in_order`).
    The results of their parents come too, where those are in the store or were needed. Raises
    JobsFailed when jobs failed (after the others are done), StoreError when the store cannot be
    written, Interrupted on Ctrl-C. Whatever is done by then is kept.
    """
    factory = engine_named(engine)
    if workers is not None and (isinstance(workers, bool) or workers < 1):
        raise UserError(f"workers is {workers!r}: give the number of workers, 1 or more")
    workers = workers or workers_asked()
    work = schedule(jobs, store, turns)
    told = Told(store)

    def tell(event: Message) -> None:
        told(event)
        if on_event:
            on_event(event)

    return _Run(work, store, turns, tell).work(factory, workers)


class _Run:
    """The state of one call of `run`."""

    def __init__(
        self, work: Schedule, store: Store, turns: Mapping[str, int] | None, on_event: Emit
    ) -> None:
        self.schedule, self.store, self.on_event = work, store, on_event
        self.turns = turns
        self.known = {job.key: job for job in work.jobs}
        self.waiting = {job.key: job for job in work.to_train}
        self.not_before: dict[str, float] = {}
        self.running: set[str] = set()
        self.found = {job.key for job in work.found}
        self.trained: set[str] = set()
        self.failed: dict[str, tuple[str, str, str, str]] = {}
        self.skipped: dict[str, tuple[str, str]] = {}
        self.troubles: Counter[tuple[str, str]] = Counter()
        self.began = time.monotonic()
        self.last_tick = self.began

    def work(self, factory: Factory, workers: int | None) -> Results:
        """Everything, from the plan to the results."""
        interrupted = False
        try:
            self._train(factory, workers)
        except KeyboardInterrupt:
            interrupted = True
            raise Interrupted(
                f"interrupted: {len(self.trained | self.found)} of {len(self.known)} jobs are done "
                f"and kept in {self.store.root}; the same command goes on from there"
            ) from None
        finally:
            counts = {name: len(getattr(self, name)) for name in ("trained", "failed", "skipped")}
            found = len(self.found - self.trained)
            seconds = time.monotonic() - self.began
            end = {"kind": "finished", **counts, "found": found, "seconds": seconds}
            self.on_event({**end, "interrupted": interrupted})
        done = self.trained | self.found
        results = {key: self.store.result(job) for key, job in self.known.items() if key in done}
        if self.failed:
            failed, skipped = list(self.failed.values()), list(self.skipped.values())
            raise JobsFailed(len(self.known), failed, skipped, results)
        return results

    def _train(self, factory: Factory, workers: int | None) -> None:
        engine = None
        if self.waiting:
            self.store.require_writable()
            engine = factory(workers, list(self.waiting.values()), self._news)
        try:
            self._announce(engine.slots if engine else 0, getattr(engine, "where", ""))
            while engine and (self.waiting or self.running):
                self._step(engine)
        finally:
            if engine:
                engine.cancel()

    def _announce(self, slots: int, where: str) -> None:
        counts = {"found": len(self.found), "to_train": len(self.waiting)}
        total = {"kind": "planned", "jobs": len(self.known), "cost": self.schedule.cost}
        self.on_event({**total, **counts, "workers": slots, "where": where})
        for job in self.schedule.found:
            self._tell("found", job, waited=False)

    def _tell(self, kind: str, job: Job, **more: Any) -> None:
        about = {"job": job.key, "label": job.title, "stage": job.stage, "cost": job.cost}
        self.on_event({"kind": kind, **more, **about})

    def _step(self, engine: Engine) -> None:
        """Hand out what can begin, and take in one message."""
        takes = getattr(engine, "takes", None)
        while len(self.running) < engine.slots and (job := self._next(takes)):
            del self.waiting[job.key]
            self.running.add(job.key)
            engine.submit(Request.of(job, self.store.root))
        if self.running:
            message = engine.result(_POLL)
            if message:
                self._ended(message)
        else:
            time.sleep(_POLL)
        if time.monotonic() - self.last_tick >= 1:
            self.last_tick = time.monotonic()
            self.on_event({"kind": "tick"})

    def _next(self, takes: Callable[[Job], bool] | None = None) -> Job | None:
        """The first waiting job whose parent is done, that is not being waited with, and that the
        engine takes."""
        now = time.monotonic()
        for key, job in self.waiting.items():
            parent = job.parent.key if job.parent else None
            free = parent not in self.waiting and parent not in self.running
            ready = free and self.not_before.get(key, now) <= now
            if ready and (takes is None or takes(job)):
                return job
        return None

    def _news(self, message: Message) -> None:
        """Pass on what a job tells on its way."""
        job = self.known[message["job"]]
        more = {name: value for name, value in message.items() if name not in ("kind", "job")}
        self._tell(message["kind"], job, **more)
        if message["kind"] == "warning":
            self.store.warn(message["text"])

    def _ended(self, message: Message) -> None:
        kind, key = message["kind"], message["job"]
        if not key:
            return  # an idle worker died: the next job gets a new one
        self.running.discard(key)
        job = self.known[key]
        if kind == "done":
            self.trained.add(key)
            self._tell("done", job, seconds=message["seconds"])
        elif kind == "found":
            self.found.add(key)
            self._tell("found", job, waited=True)
        elif kind == "failed":
            if message.get("fatal"):
                raise StoreError(message["error"])
            self._fail(job, message["error"], message.get("log", ""))
        elif kind == "busy":
            self._wait(job)
        elif kind == "orphan":
            self._adopt(job)
        else:
            self._retry(job, message["how"], free=message.get("again", False))

    def _fail(self, job: Job, error: str, log: str) -> None:
        log = log if Path(log).is_file() else ""  # a job may fail before it has one
        self.failed[job.key] = (job.key, job.title, error, log)
        self._tell("failed", job, error=error, log=log)
        for other in list(self.waiting.values()):
            if job in other.ancestors():
                self._skip(other, job)

    def _skip(self, job: Job, cause: Job) -> None:
        self.waiting.pop(job.key, None)
        self.skipped[job.key] = (job.key, job.title)
        self._tell("skipped", job, because=cause.key)

    def _wait(self, job: Job) -> None:
        """Another process has the job: look again soon, then less often, others go first."""
        self.troubles[job.key, "busy"] += 1
        pause = min(_LONGEST, _POLL * 1.3 ** self.troubles[job.key, "busy"])
        self.not_before[job.key] = time.monotonic() + pause
        self.waiting[job.key] = job
        if self.troubles[job.key, "busy"] == 1:
            self._tell("waiting", job)

    def _retry(self, job: Job, how: str, *, free: bool = False) -> None:
        """A job whose worker died begins again where it was, once; `free`: this time for nothing,
        as there is now one worker less."""
        self.troubles[job.key, "died"] += not free
        if self.troubles[job.key, "died"] < _ATTEMPTS:
            self._tell("retried", job, why=how)
            self.waiting = {job.key: job, **self.waiting}
            return
        log = str(self.store.folder(job) / "log.txt")
        self._fail(job, f"{how}, {_ATTEMPTS} times", log)

    def _adopt(self, job: Job) -> None:
        """The weights that a job starts from are not there: have them made first."""
        parent = job.parent
        assert parent is not None
        self.troubles[job.key, "orphan"] += 1
        if parent.key in self.failed:
            self._skip(job, parent)
        elif self.troubles[job.key, "orphan"] > _ATTEMPTS:
            log = str(self.store.folder(parent) / "log.txt")
            self._fail(job, "the weights that it starts from are damaged again and again", log)
        else:
            self.waiting[job.key] = job
            if parent.key not in self.waiting and parent.key not in self.running:
                self.known[parent.key] = self.waiting[parent.key] = parent
                self.found.discard(parent.key)
                self._tell("added", parent)
            self.waiting = {job.key: job for job in in_order(self.waiting.values(), self.turns)}
