"""Jobs and their store, beside joblib: trainings side by side, and looking up what is done.

*Trainings*: the pre-trainings of a few cells of the profile smoke, by our local engine, and by
joblib's processes that call the same function of the stage, one thread each. Ours also checks,
locks, logs and keeps each job. *Looking up*: 16 processes read the results of finished jobs, from
our store and from joblib's Memory.
"""

import argparse
import multiprocessing
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import joblib

from benchmarks.entry import Entry, clock_rate, compared
from nbsupport.jobs import runner
from nbsupport.jobs.job import Job, canonical, stage_path
from nbsupport.jobs.store import Store
from nbsupport.machine import cpu_count
from nbsupport.study.study import Study

PROCESSES, LOOKS = 16, 20


def jobs_to_do(cells: int) -> list[Job]:
    """Pre-trainings of one group, a cell each."""
    study = Study("smoke", families=["resnet"], seeds=range(cells))
    return [run.jobs[0] for run in study.runs([study.full])]


def by_hand(stage: str, spec: str, folder: str) -> dict[str, Any]:
    """What a worker of joblib does: call the function of a stage."""
    import importlib
    import json

    import torch

    torch.set_num_threads(1)
    module, _, name = stage_path(stage).partition(":")
    own = Path(folder)
    own.mkdir(parents=True, exist_ok=True)
    function = getattr(importlib.import_module(module), name)
    found: dict[str, Any] = function(json.loads(spec), own, None, lambda _: None)
    return found


def entries(options: argparse.Namespace) -> Iterator[Entry]:
    """Trainings, then looking up."""
    jobs = jobs_to_do(8 if options.quick else 24)
    with tempfile.TemporaryDirectory() as folder:
        number = count()

        def engine() -> None:
            runner.run(jobs, Store(Path(folder) / f"store-{next(number)}"), workers=cpu_count())

        def processes() -> None:
            own = Path(folder) / f"by-joblib-{next(number)}"
            calls = [
                joblib.delayed(by_hand)(job.stage, canonical(job.spec), str(own / job.key))
                for job in jobs
            ]
            joblib.Parallel(n_jobs=cpu_count())(calls)
            joblib.externals.loky.get_reusable_executor().shutdown()

        yield from compared(
            "trainings side by side",
            "jobs a second",
            clock_rate(len(jobs), engine),
            {"joblib.Parallel, nothing kept": clock_rate(len(jobs), processes)},
            rounds=options.rounds,
            target=0.95,
            remark=f"{len(jobs)} trainings on {cpu_count()} cores, workers started anew",
        )
        yield from _looking_up(jobs, Path(folder), options.rounds)


def _looking_up(jobs: list[Job], folder: Path, rounds: int) -> Iterator[Entry]:
    store = folder / "store-0"
    kept = Store(store)
    results = {job.key: kept.result(job) for job in jobs}
    for key, result in results.items():
        remembered(str(folder / "memory"), key, result)
    looks = LOOKS * len(jobs) * PROCESSES
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:

        def ours() -> None:
            pool.starmap(look_in_store, [(str(store), jobs)] * PROCESSES, chunksize=1)

        def theirs() -> None:
            pool.starmap(look_in_memory, [(str(folder / "memory"), results)] * PROCESSES, 1)

        yield from compared(
            f"looking up, {PROCESSES} processes",
            "results a second",
            clock_rate(looks, ours),
            {"joblib.Memory": clock_rate(looks, theirs)},
            rounds=rounds,
            target=1.0,
            remark="ours checks that a result is whole",
        )


def look_in_store(root: str, jobs: list[Job]) -> None:
    """Read every result a few times, each with a store that has kept nothing."""
    for _ in range(LOOKS):
        store = Store(Path(root))
        for job in jobs:
            store.result(job)


def remembered(folder: str, key: str, result: dict[str, Any]) -> Any:
    """The result as joblib's Memory has it, kept at the first call."""
    memory = joblib.Memory(folder, verbose=0)
    return memory.cache(same, ignore=["result"])(key, result)


def same(key: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result that takes no time to find."""
    return result


def look_in_memory(folder: str, results: dict[str, Any]) -> None:
    """The same from joblib's Memory."""
    for _ in range(LOOKS):
        cached = joblib.Memory(folder, verbose=0).cache(same, ignore=["result"])
        for key in results:
            cached(key, results[key])
