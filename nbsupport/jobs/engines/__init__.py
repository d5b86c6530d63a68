"""Engines: where jobs are done. Each is one file here with `open_it(workers, jobs, on_message)`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from nbsupport import registry
from nbsupport.jobs.work import Emit, Message, Request

VARIABLE = "NBSUPPORT_ENGINE"

# What `result` hands over; all else is news on the way and goes to `on_message`.
ENDS = {"done", "found", "busy", "orphan", "failed", "died"}


class Engine(Protocol):
    """What does jobs. `slots` is how many at a time; `submit` no more than that."""

    slots: int

    def submit(self, request: Request) -> None:
        """Begin a job."""

    def result(self, timeout: float) -> Message | None:
        """The message that ends a job (see `perform`; or "died"), None after `timeout` seconds."""

    def cancel(self) -> None:
        """End all work at once, and free what the engine holds; also called after the last job."""


Factory = Callable[[int | None, int, Emit], Engine]


def engine_named(name: str | None) -> Factory:
    """What makes the engine of a name, of `workers` (None: as many as fit), jobs and `on_message`.

    Without a name it is that of NBSUPPORT_ENGINE, else "local". UserError for an unknown one.
    """
    factory: Factory = registry.ENGINES.load(name or os.environ.get(VARIABLE) or "local").open_it
    return factory


@contextmanager
def chosen(name: str | None) -> Iterator[None]:
    """For as long as it lasts the engine is that of the name, here and in processes begun here.

    None leaves it as it is. UserError, at once, for an unknown one.
    """
    before = os.environ.get(VARIABLE)
    if name is not None:
        engine_named(name)
        os.environ[VARIABLE] = name
    try:
        yield
    finally:
        if before is not None:
            os.environ[VARIABLE] = before
        elif name is not None:
            del os.environ[VARIABLE]
