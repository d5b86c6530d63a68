"""Streamed images against resident ones: the same to the last bit, and nothing left behind."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nbsupport.data.loading import memory, streaming
from nbsupport.data.loading.batches import LabelledImages, batches
from nbsupport.data.loading.memory import load_images
from nbsupport.data.loading.streaming import THREADS, StreamedImages
from nbsupport.data.sources import open_source
from nbsupport.data.subsets.subset import Subset
from nbsupport.data.tasks import open_task
from nbsupport.errors import UserError
from nbsupport.training.evaluation import predict
from nbsupport.training.loop import train
from nbsupport.training.recipe import Recipe

SIDE, CLASSES = 8, 5
DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
NOISY = {"name": "savanna", "kind": "imagenet", "world": 0, "px": 16, "images_per_class": 2}
TASK = {"name": "savanna", "world": 0, "px": 16, "limit": 30}


def pixels(n: int, channels_last: bool = True, side: int = SIDE) -> np.ndarray:
    """uint8 [n, 3, side, side] in the memory order of a prepared file, or of a drawn one."""
    found = np.random.default_rng(n).integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    turned = found.transpose(0, 3, 1, 2)
    return turned if channels_last else np.ascontiguousarray(turned)


def pair(n: int, device: str = "cpu", **options: Any) -> tuple[LabelledImages, StreamedImages]:
    """The same images resident and streamed."""
    images, labels = pixels(n, **options), torch.arange(n) % CLASSES
    resident = LabelledImages(torch.from_numpy(images.copy()), labels, CLASSES).to(device)
    streamed = StreamedImages(lambda rows: torch.from_numpy(images[rows]), labels, CLASSES)
    return resident, streamed.to(device)


def reading() -> list[str]:
    """The threads that read."""
    return [t.name for t in threading.enumerate() if t.name.startswith(THREADS)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert reading() == []


# the same to the last bit -------------------------------------------------------------------------
@pytest.mark.parametrize("device", DEVICES)
@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 40),
    size=st.integers(1, 50),
    seed=st.integers(0, 2**40),
    epoch=st.integers(0, 300),
    channels_last=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "augmented": st.booleans(),
            "flip": st.booleans(),
            "shift": st.integers(0, 3),
            "colour": st.sampled_from([0.0, 0.2]),
            "area": st.sampled_from([0.1, 1.0]),
            "crop": st.sampled_from([None, 5]),
        }
    ),
)
def test_streamed_batches_are_the_resident_ones(
    device: str, n: int, size: int, seed: int, epoch: int, channels_last: bool, options: Any
) -> None:
    resident, streamed = pair(n, device, channels_last=channels_last)
    which = {"seed": seed, "epoch": epoch, **options}
    for (x, y), (own, label) in zip(
        batches(resident, size, **which), batches(streamed, size, **which), strict=True
    ):
        assert torch.equal(x, own)
        assert x.stride() == own.stride()
        assert torch.equal(y, label)


@pytest.mark.parametrize("device", DEVICES)
@given(n=st.integers(1, 30), size=st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_in_turn_every_image_comes_once_as_it_lies(device: str, n: int, size: int) -> None:
    resident, streamed = pair(n, device)
    for expected, found in zip(resident.in_turn(size), streamed.in_turn(size), strict=True):
        assert torch.equal(expected, found)
    assert torch.equal(torch.cat(list(streamed.in_turn(size))), resident.images)
    rows = np.array([n - 1, 0])
    assert torch.equal(streamed.pixels(rows), resident.pixels(rows))


def test_their_faces_are_alike() -> None:
    for data in pair(7):
        assert (len(data), data.num_classes, data.names) == (7, CLASSES, ())
        assert data.device == torch.device("cpu")
        assert data.labels.tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_a_training_and_its_predictions_are_the_same(tmp_path: Path) -> None:
    recipe = Recipe(epochs=3, batch_size=8, lr=1e-2)
    found = []
    for number, data in enumerate(pair(45)):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, CLASSES))
        folder = tmp_path / str(number)
        folder.mkdir()
        done = train(model, data, recipe, seed=1, folder=folder)
        found.append((done.rows, predict(model, data).tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("noise", [False, True])
def test_subsets_and_tasks_are_the_same_either_way(
    noise: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBSUPPORT_STORE", str(tmp_path))
    subset = Subset(open_source(NOISY)).choose_classes(17).per_class(2)
    task, loaded = open_task(TASK), {}
    for loader in ("resident", "streaming"):
        monkeypatch.setenv("NBSUPPORT_LOADER", loader)
        data = subset.noise().load() if noise else subset.load()
        loaded[loader] = [data, task.load("id_test")]
    kinds = [[type(data) for data in side] for side in loaded.values()]
    assert kinds == [[LabelledImages] * 2, [StreamedImages] * 2]
    for resident, streamed in zip(*loaded.values(), strict=True):
        assert (resident.num_classes, resident.names) == (streamed.num_classes, streamed.names)
        for (x, y), (own, label) in zip(
            *(batches(data, 16, seed=3, epoch=1) for data in (resident, streamed)), strict=True
        ):
            assert torch.equal(x, own)
            assert torch.equal(y, label)


# reading ahead ------------------------------------------------------------------------------------
class Reads:
    """A reader that counts what it was asked for, and fails at a row."""

    def __init__(self, n: int, bad: int = -1, error: Exception | None = None) -> None:
        self.images, self.bad, self.error, self.calls = pixels(n), bad, error, 0

    def __call__(self, rows: np.ndarray) -> torch.Tensor:
        self.calls += 1
        if self.error and self.bad in rows:
            raise self.error
        return torch.from_numpy(self.images[rows])

    def data(self) -> StreamedImages:
        n = len(self.images)
        return StreamedImages(self, torch.arange(n), n)


def settled(reads: Reads) -> int:
    """How many batches were read once nothing more is."""
    calls = -1
    while calls != reads.calls:
        calls = reads.calls
        time.sleep(0.05)
    return calls


@pytest.mark.parametrize(("room", "ahead"), [(0, 1), (3, 3), (1000, streaming.MOST_AHEAD)])
def test_no_more_is_read_ahead_than_stated(
    room: int, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "READ_AHEAD", room * 2 * 3 * SIDE * SIDE)
    reads = Reads(80)
    found = reads.data().in_turn(2)
    for given_out in range(1, 6):
        next(found)
        most = 2 if given_out == 1 else given_out + ahead
        assert settled(reads) == most
    found.close()  # type: ignore[attr-defined]


def test_reading_goes_on_while_a_batch_is_used() -> None:
    reads = Reads(80)
    for number, _ in enumerate(reads.data().in_turn(2)):
        if number == 1:
            assert settled(reads) == 2 + streaming.MOST_AHEAD
            assert reading()


def test_an_epoch_that_is_left_early_leaves_no_thread() -> None:
    for number, _ in enumerate(batches(Reads(80).data(), 2, seed=0, epoch=1)):
        if number == 3:
            assert reading()
            break
    assert reading() == []


def test_an_error_in_the_training_leaves_no_thread() -> None:
    def used() -> None:
        for _ in batches(Reads(80).data(), 2, seed=0, epoch=1):
            assert reading()
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        used()
    assert reading() == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(5, "Input/output error"), r"among rows 6 to 7 of 20 .*\(Input/output error\)"),
        (MemoryError(), r"cannot be read \(out of memory\)"),
        (UserError("a.jpg cannot be read as a picture: restore the file"), "a.jpg"),
    ],
)
def test_what_cannot_be_read_is_a_one_line_error_after_what_can(
    error: Exception, told: str
) -> None:
    found = Reads(20, bad=7, error=error).data().in_turn(2)
    for _ in range(3):
        next(found)
    with pytest.raises(UserError, match=told) as caught:
        next(found)
    assert "\n" not in str(caught.value)
    assert reading() == []


def test_a_mistake_of_ours_is_not_called_the_users() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Reads(20, bad=7, error=ZeroDivisionError()).data().in_turn(2))


# which of the two ---------------------------------------------------------------------------------
def chosen(n: int = 10) -> type:
    data = load_images(Reads(n), torch.arange(n), n)
    return type(data)


@pytest.mark.parametrize(
    ("free", "kind"), [(1500, StreamedImages), (1000 + 10 * 192, LabelledImages)]
)
def test_images_are_resident_where_half_of_the_memory_stays_free(
    free: int, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SMALL", 100)
    monkeypatch.setattr(memory, "memory", lambda device: (free, 2000))
    assert chosen() is kind


def test_small_data_are_resident_however_little_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory", lambda device: (0, 2000))
    assert chosen() is LabelledImages


def test_the_user_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory", lambda device: (0, 2000))
    for name, kind in (("resident", LabelledImages), ("streaming", StreamedImages)):
        monkeypatch.setenv("NBSUPPORT_LOADER", name)
        assert chosen() is kind


def test_another_loader_is_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBSUPPORT_LOADER", "stream")
    with pytest.raises(UserError, match=r"NBSUPPORT_LOADER 'stream'.*did you mean 'streaming'"):
        chosen()


def test_resident_images_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CHUNK", 4 * 3 * SIDE * SIDE)
    reads = Reads(10)
    data = load_images(reads, torch.arange(10), 10)
    assert isinstance(data, LabelledImages)
    assert reads.calls == 1 + 3  # one to know their size
    assert torch.equal(data.images, torch.from_numpy(reads.images.copy()))
    assert data.images.is_contiguous(memory_format=torch.channels_last)


def test_memory_is_that_of_the_machine() -> None:
    free, total = memory.memory(torch.device("cpu"))
    assert 0 < free <= total


def test_memory_is_what_the_batch_job_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job's control group limits it; files that the kernel caches are not in its way."""
    job = tmp_path / "job" / "step"
    job.mkdir(parents=True)
    (tmp_path / "own").write_text("1:cpu:/other\n0::/job/step\n")
    (job / "memory.max").write_text("max\n")
    (job.parent / "memory.max").write_text("5000\n")
    (job.parent / "memory.current").write_text("3000\n")
    (job.parent / "memory.stat").write_text("anon 1000\ninactive_file 1500\nactive_file 100\n")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    monkeypatch.setattr(memory, "OWN_GROUP", tmp_path / "own")
    assert memory.memory(torch.device("cpu")) == (5000 - 1400, 5000)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_memory_of_a_gpu_is_its_own() -> None:
    free, total = memory.memory(torch.device("cuda"))
    assert (free, total) == torch.cuda.mem_get_info()
