"""One user's work in a store after the other's: a program that becomes each of them in turn.

`python toy_shared.py STEPS FOLDER`: STEPS is JSON, a list of [store, uid, gid, further group,
umask, stop]. Everything is imported and done once beforehand, in FOLDER: another user need not be
able to read this Python. Prints JSON: for each step "" or what went wrong.
"""

import json
import os
import shutil
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nbsupport.data.loading.batches import LabelledImages
from nbsupport.data.pictures.cache import cached_images
from nbsupport.data.pictures.decode_once import BrokenPicturesError, decode_once
from nbsupport.data.pictures.files import Pictures, place
from nbsupport.data.pictures.listings import remembered
from nbsupport.data.rehearsal_pictures import encoded
from nbsupport.jobs import job
from nbsupport.jobs.engines import serial, worker
from nbsupport.jobs.job import Job
from nbsupport.jobs.problems import JobsFailed
from nbsupport.jobs.runner import run
from nbsupport.jobs.store import Store
from nbsupport.paths import store_dir
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import checkpoint, loop
from nbsupport.training.models import build, load_weights, save_weights

PX, WEIGHTS = 16, "weights.safetensors"
STOP = {"epoch": 0}


def learn(job: dict, folder: Path, parent: Path | None, report: Any) -> dict:
    """Two epochs, or as many as are left; stopped after one where that is asked."""
    resumed = (folder / checkpoint.NAME).exists()
    model = load_weights("resnet", PX, parent / WEIGHTS) if parent else build("resnet", 2, PX, 1)
    images = torch.zeros(16, 3, PX, PX, dtype=torch.uint8)
    data = LabelledImages(images, torch.arange(16) % 2, 2)

    def told(row: dict) -> None:
        if parent and row["epoch"] == STOP["epoch"]:
            raise RuntimeError("stopped")

    recipe = Recipe(epochs=2, batch_size=8, lr=1e-3)
    loop.train(model, data, recipe, seed=1, folder=folder, report=told)
    save_weights(model, folder / WEIGHTS)
    checkpoint.remove(folder)
    return {"resumed": resumed}


def pictures(folder: Path) -> Pictures:
    """Three pictures, the last of which is broken: who begins stops there, who goes on skips it."""
    where = place(folder)
    return Pictures(where, where.below(""))


def work(stop: int) -> None:
    """What a user does: images, a list, a preparation, a training and one that starts from it."""
    STOP["epoch"] = stop
    draw = lambda rows: torch.zeros(len(rows), 3, 4, 4, dtype=torch.uint8)  # noqa: E731
    for name in ("images of all", f"images of {os.getuid()}"):
        cached_images(name, 5, 4, draw)
    remembered("a list", lambda kept: False, lambda: os.getuid())
    with suppress(BrokenPicturesError):
        decode_once(pictures(store_dir().with_name("pictures")), 8, skip_broken=not stop)
    parent = Job("toy", 1, {"name": "parent"}, "")
    shared = Job("toy", 1, {"name": "shared"}, "", parent)
    store = Store(store_dir())
    if stop:
        with suppress(JobsFailed):
            run([shared], store, engine="serial")
        return
    results = run([shared], store, engine="serial")
    assert results[shared.key] == {"resumed": True}, results
    store.remove(parent)


def become(uid: int, gid: int, group: int, umask: int) -> None:
    os.setgroups([group] if group else [])
    os.setgid(gid)
    os.setuid(uid)
    os.umask(umask)


def step(store: str, uid: int, gid: int, group: int, umask: int, stop: int) -> str:
    """Done in a process of its own: what went wrong there."""
    out, into = os.pipe()
    child = os.fork()
    if not child:
        said = ""
        try:
            become(uid, gid, group, umask)
            os.environ["NBSUPPORT_STORE"] = store
            work(stop)
            found = os.umask(0)
            assert found == umask, f"the umask is {found:o}"
        except BaseException:
            said = traceback.format_exc()
        os.write(into, said[-3000:].encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def draw_pictures(folder: Path) -> None:
    folder.mkdir()
    content = encoded(np.zeros((PX, PX, 3), dtype=np.uint8), ".png")
    for name, data in {"a": content, "b": content, "c": content[:-30]}.items():
        (folder / f"{name}.png").write_bytes(data)


def main() -> None:
    steps, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
    job.STAGES["toy"] = "toy_shared:learn"
    sys.modules["toy_shared"] = sys.modules["__main__"]
    serial.copy_to = worker.log_to  # as worker processes do it
    loop.CHECKPOINT_SECONDS = 0.0
    torch.set_num_threads(1)
    os.environ["NBSUPPORT_STORE"] = str(folder / "warm" / "store")
    (folder / "warm").mkdir()
    for place_of in {str(Path(store).parent) for store, *_ in steps} | {str(folder / "warm")}:
        draw_pictures(Path(place_of) / "pictures")
    work(1)
    work(0)
    shutil.rmtree(folder / "warm")
    said = []
    for store, *who in steps:
        said.append(step(store, *who))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
