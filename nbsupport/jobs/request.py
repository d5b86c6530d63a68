"""A job as it is sent to who does it, and what it needs of the machine."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbsupport import registry
from nbsupport.jobs.job import ON_CPU, Job, stage_path


@dataclass(frozen=True)
class Request:
    """A job as it is sent to a worker: `job` is its key, `function` its stage's "module:function".

    `record` is what spec.json will hold, `parent` the (stage, key) of the parent. What it needs of
    the machine: `gpus`, where jobs train on GPUs at all, and the `data` set that it reads
    (see `data_of`).
    """

    job: str
    root: str
    function: str
    record: dict[str, Any]
    parent: tuple[str, str] | None = None
    gpus: int = 0
    data: dict[str, Any] | None = None

    @classmethod
    def of(cls, job: Job, root: Path) -> "Request":
        """The request for a job of the store under `root`."""
        parent = (job.parent.stage, job.parent.key) if job.parent else None
        record = {
            "key": job.key,
            "stage": job.stage,
            "version": job.version,
            "spec": job.spec,
            "data": job.data,
            "parent": job.parent.key if job.parent else None,
            "label": job.title,
            "cost": job.cost,
            "about": job.about,
        }
        place, gpus = str(Path(root).absolute()), int(job.stage not in ON_CPU)
        return cls(
            job.key, place, stage_path(job.stage), record, parent, gpus=gpus, data=data_of(job)
        )

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Request":
        """The request behind `to_json`'s line."""
        content = json.loads(line)
        parent = tuple(content.pop("parent") or ())
        return cls(**content, parent=parent or None)

    @property
    def folder(self) -> Path:
        """The job's folder."""
        return Path(self.root) / self.record["stage"] / self.job

    @property
    def parent_folder(self) -> Path | None:
        """The parent's folder."""
        return Path(self.root, *self.parent) if self.parent else None


def data_of(job: Job) -> dict[str, Any] | None:
    """The data set that a job reads from the disk of its machine: `source` or `task`, as it is
    opened, and the `fingerprint` that it must have. None where it reads none: it is simulated, or
    made by a job."""
    task, subset = job.spec.get("task"), job.spec.get("subset")
    opened = {"task": task} if task else {"source": subset["source"]} if subset else {}
    if not any(named.get("name") in _on_disk() for named in opened.values()):
        return None
    return {**opened, "fingerprint": job.data}


@cache
def _on_disk() -> frozenset[str]:
    """The names of all sources and tasks that have a place in the data folder."""
    return frozenset(name for kind in registry.DATA_SETS for name in kind.names())
