"""Toy jobs, and the environment in which a process can do them."""

import os
from pathlib import Path
from typing import Any

from nbsupport.jobs.job import Job
from nbsupport.paths import root


def toy(name: str, parent: Job | None = None, cost: float = 1.0, **spec: Any) -> Job:
    """A job of the toy stage."""
    return Job("toy", 1, {"name": name, **spec}, "toy-data", parent, f"toy {name}", cost)


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that imports the toy stages, and this very nbsupport."""
    places = [str(Path(__file__).parent), str(root())]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), **more}
