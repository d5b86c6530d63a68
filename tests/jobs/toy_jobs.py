"""Toy jobs."""

from typing import Any

from nbsupport.jobs.spec import Job


def toy(name: str, parent: Job | None = None, cost: float = 1.0, **spec: Any) -> Job:
    """A job of the toy stage."""
    return Job("toy", 1, {"name": name, **spec}, "toy-data", parent, f"toy {name}", cost)
