"""What the engine of a cluster costs on one machine: the same trainings by `ray` and by `local`.

Runs of the profile smoke, trained into new stores, in turns. Counted from the first job's begin to
the last one's end: starting a cluster takes about ten seconds more, once for a sweep. Weights are
compared to the last bit. Needs Ray (`make ray`); without it there is no row.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.entry import Entry, Rate, compared
from nbsupport.jobs import runner
from nbsupport.jobs.job import Job
from nbsupport.jobs.store import Store, weights_seal
from nbsupport.study.study import Study


def work(seeds: int) -> list[Job]:
    """Trainings of two families from scratch and from pre-training."""
    study = Study("smoke", families=["alexnet", "resnet"], seeds=list(range(seeds)))
    runs = study.runs({"from scratch": None, "all images": study.imagenet})
    return list(dict.fromkeys(job for run in runs for job in run.jobs))


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """One row, where Ray is installed."""
    if find_spec("ray") is None:
        return
    jobs, number = work(4 if options.quick else 8), count()
    seals: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NBSUPPORT_STORE"] = os.environ["NBSUPPORT_SCRATCH"] = f"{folder}/images"

        def rate(engine: str) -> Rate:
            def trained() -> float:
                store = Store(Path(folder, f"{engine}-{next(number)}"))
                seconds = _seconds(engine, jobs, store)
                seals.append({job.key: weights_seal(store.folder(job)) for job in jobs})
                return len(jobs) / seconds

            return trained

        yield from compared(
            "a cluster of one machine",
            "jobs a second",
            rate("ray"),
            {"our own engine without a cluster": rate("local")},
            rounds=options.rounds,
            target=0.9,
            remark=f"{len(jobs)} trainings, the same weights to the last bit",
        )
        if any(seal != seals[0] for seal in seals):
            raise RuntimeError("engines: the weights are not the same")


def _seconds(engine: str, jobs: list[Job], store: Store) -> float:
    """From the first begin to the last end of a job."""
    marks: list[float] = []

    def note(event: dict[str, Any]) -> None:
        if event["kind"] in ("started", "done"):
            marks.append(time.monotonic())

    runner.run(jobs, store, engine=engine, on_event=note)
    return marks[-1] - marks[0]
