"""Which jobs are to be done, and in which order."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice

from nbsupport.jobs.job import Job
from nbsupport.jobs.store import Store

WORKER_SECONDS = 5.0  # until a worker has imported torch and begins its first job


@dataclass(frozen=True)
class Schedule:
    """What a list of jobs asks for, each job once.

    `found` is in the store; `to_train` is in the order to begin (parents first, then the
    longest), and holds the parents that others need; `shared` are the parents in it that several
    jobs of it start from.
    """

    found: tuple[Job, ...]
    to_train: tuple[Job, ...]
    shared: tuple[Job, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them."""
        return self.found + self.to_train

    @property
    def cost(self) -> float:
        """Estimated seconds of computing: of a thread, or of a GPU."""
        return sum(job.cost for job in self.to_train)


def schedule(jobs: Iterable[Job], store: Store, turns: Mapping[str, int] | None = None) -> Schedule:
    """Sort jobs into found and to be trained, these in the order of `in_order`.

    A parent that nobody asks for, and that is not in the store, is trained only where a job that
    is itself to be trained starts from it. Reads the store, writes nothing.
    """
    found: dict[str, Job] = {}
    missing: dict[str, Job] = {}
    for asked in jobs:
        needed = True
        for job in (asked, *asked.ancestors()):
            if job.key not in found and job.key not in missing:
                if store.check(job):
                    found[job.key] = job
                elif needed:
                    missing[job.key] = job
            # What a finished job started from has done its part, and may be gone.
            needed = job.key in missing
    children = _children(missing)
    shared = tuple(job for job in missing.values() if len(children[job.key]) > 1)
    return Schedule(tuple(found.values()), tuple(in_order(missing.values(), turns)), shared)


def _children(jobs: dict[str, Job]) -> dict[str, list[Job]]:
    """For each job those of the others that start from it."""
    children: dict[str, list[Job]] = {key: [] for key in jobs}
    for job in jobs.values():
        if job.parent and job.parent.key in children:
            children[job.parent.key].append(job)
    return children


def in_order(jobs: Iterable[Job], turns: Mapping[str, int] | None = None) -> list[Job]:
    """Those that others wait for first, with the most work behind them; then the longest.

    `turns` say by key which part of the work a job belongs to (0): parts come one after the other,
    as far as there are workers; a later one begins where an earlier has no job left to begin.
    """
    by_key = {job.key: job for job in jobs}
    children = _children(by_key)
    behind = {key: job.cost for key, job in by_key.items()}
    turn = {key: (turns or {}).get(key, 0) for key in by_key}
    for job in by_key.values():
        for ancestor in job.ancestors():
            if ancestor.key in behind:
                behind[ancestor.key] += job.cost
                turn[ancestor.key] = min(turn[ancestor.key], turn[job.key])

    def rank(job: Job) -> tuple[int, bool, int, float]:
        waited_for, depth = bool(children[job.key]), len(list(job.ancestors()))
        return turn[job.key], not waited_for, depth, -behind[job.key]

    return sorted(by_key.values(), key=rank)


def makespan(jobs: Sequence[Job], workers: int) -> float:
    """Estimated seconds until jobs are done that are given in the order to begin (`in_order`).

    As the runner does it: a worker that is free begins the first job whose parent is done.
    """
    undone = {job.key for job in jobs}
    waiting = {job.key: job for job in jobs}
    running: list[tuple[float, str]] = []
    free, now = max(1, min(workers, len(jobs))), WORKER_SECONDS if jobs else 0.0
    while undone:
        for job in list(islice(_ready(waiting, undone), free)):
            del waiting[job.key]
            heappush(running, (now + job.cost, job.key))
            free -= 1
        now, key = heappop(running)
        undone.remove(key)
        free += 1
    return now


def _ready(waiting: Mapping[str, Job], undone: Collection[str]) -> Iterator[Job]:
    """The jobs that could begin, in their order."""
    return (j for j in waiting.values() if j.parent is None or j.parent.key not in undone)
