"""Engines: where jobs are done. Each is one file here with `open_it(workers, jobs, on_message)`."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from nbsupport import registry
from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.jobs.job import Job
from nbsupport.jobs.request import Request
from nbsupport.jobs.work import Emit, Message

VARIABLE = "NBSUPPORT_ENGINE"
WORKERS = "NBSUPPORT_WORKERS"
ADDRESS = "NBSUPPORT_ADDRESS"  # of the cluster, for an engine that has one

# What `result` hands over; all else is news on the way and goes to `on_message`.
ENDS = {"done", "found", "busy", "orphan", "failed", "died"}


class Engine(Protocol):
    """What does jobs. `slots` is how many at a time; `submit` no more than that.

    One that has chosen its devices says in `where`, a line for people, which and why. One whose
    slots are not all alike has `takes(job)`: whether one that is free now can do this job.
    """

    slots: int

    def submit(self, request: Request) -> None:
        """Begin a job."""

    def result(self, timeout: float) -> Message | None:
        """The message that ends a job (see `perform`; or "died"), None after `timeout` seconds."""

    def cancel(self) -> None:
        """End all work, and free what the engine holds; also called after the last job."""


Factory = Callable[[int | None, Sequence[Job], Emit], Engine]


def engine_named(name: str | None) -> Factory:
    """What makes the engine of a name, of `workers` (None: as many as fit), jobs and `on_message`.

    Without a name it is that of NBSUPPORT_ENGINE, else "local". UserError for an unknown one.
    """
    factory: Factory = registry.ENGINES.load(name or os.environ.get(VARIABLE) or "local").open_it
    return factory


def workers_asked() -> int | None:
    """How many workers NBSUPPORT_WORKERS asks for, None where it is not set. UserError for what is
    no number of them."""
    given = os.environ.get(WORKERS, "")
    if not given:
        return None
    if given.isascii() and given.isdigit() and 0 < len(given) < 5 and int(given):
        return int(given)
    raise UserError(f"workers {given!r}: give a whole number from 1 to 9999")


@contextmanager
def chosen(
    engine: str | None = None,
    workers: str | None = None,
    device: str | None = None,
    address: str | None = None,
) -> Iterator[None]:
    """For as long as it lasts the engine, its workers, their device and the address of its cluster
    are those given, here and in processes begun here.

    None leaves each as it is. UserError, at once, for what there is not.
    """
    given = {VARIABLE: engine, WORKERS: workers, devices.VARIABLE: device, ADDRESS: address}
    told = {name: value for name, value in given.items() if value is not None}
    with devices.variables(told):
        if told:
            engine_named(None), workers_asked(), devices.asked()
        yield
