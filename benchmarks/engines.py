"""What the engine of a cluster costs on one machine: the same trainings by `local` and by `ray`.

python benchmarks/engines.py [--rounds N] [--seeds N]

Trains runs of the profile smoke into new stores, in turns, and compares the weights. Needs Ray.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from nbsupport.jobs import runner
from nbsupport.jobs.job import Job
from nbsupport.jobs.store import Store, weights_seal
from nbsupport.study.study import Study


def work(seeds: int) -> list[Job]:
    """Trainings of two families from scratch and from pre-training."""
    study = Study("smoke", families=["alexnet", "resnet"], seeds=list(range(seeds)))
    runs = study.runs({"from scratch": None, "all images": study.imagenet})
    return list(dict.fromkeys(job for run in runs for job in run.jobs))


def timed(engine: str, jobs: list[Job], store: Store) -> tuple[float, float]:
    """Seconds of the whole call, and those from the first begin to the last end of a job."""
    marks: list[float] = []

    def note(event: dict[str, Any]) -> None:
        if event["kind"] in ("started", "done"):
            marks.append(time.monotonic())

    began = time.monotonic()
    runner.run(jobs, store, engine=engine, on_event=note)
    return time.monotonic() - began, marks[-1] - marks[0]


def main() -> None:
    """Print seconds of each, their ratios, and whether the weights are the same to the last bit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NBSUPPORT_STORE"] = os.environ["NBSUPPORT_SCRATCH"] = f"{folder}/images"
        jobs = work(options.seeds)
        timed("local", jobs[:2], Store(Path(folder, "warm")))
        taken: dict[str, list[tuple[float, float]]] = {"local": [], "ray": []}
        seals: list[dict[str, Any]] = []
        for number in range(options.rounds):
            for engine, times in taken.items():
                store = Store(Path(folder, f"{engine}-{number}"))
                times.append(timed(engine, jobs, store))
                seals.append({job.key: weights_seal(store.folder(job)) for job in jobs})
        print(f"{len(jobs)} jobs, {options.rounds} rounds each, the least seconds of them")
        for place, what in enumerate(("whole call", "first begin to last end")):
            local, ray = (min(times[place] for times in taken[name]) for name in ("local", "ray"))
            print(f"{what}: local {local:.1f} s, ray {ray:.1f} s: {ray / local:.2f} x")
        same = all(seal == seals[0] for seal in seals)
        print(f"weights are {'the same to the last bit' if same else 'not the same'}")


if __name__ == "__main__":
    main()
