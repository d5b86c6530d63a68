"""Updates done by a recording: the same bits, or none.

A recorder of the CPU stands for the GPU's here: it does the step again, into the same places. What
a real one does is tried where a GPU is.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from nbsupport.data.loading.batches import LabelledImages
from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import graphs, loop
from nbsupport.training.graphs import Replayed, Step, Tensors
from nbsupport.training.loop import make_optimizer, train
from nbsupport.training.models import build

PX, CLASSES = 16, 5
RECIPE = Recipe(epochs=2, batch_size=8, lr=1e-2, warmup=0.2, colour=0.2, clip=1.0)


class ToyRecorder:
    """Keeps the step and its places, as a graph keeps kernels and addresses."""

    def __init__(self, fault: str = "") -> None:
        self.fault, self.apart_count, self.replays = fault, 0, 0

    def apart(self, step: Step, inputs: Tensors) -> Tensors:
        self.apart_count += 1
        return step(*inputs)

    def record(self, step: Step, inputs: Tensors) -> tuple[Callable[[], None], Tensors]:
        if self.fault == "refused":
            raise RuntimeError("operation not permitted when stream is capturing\nmore")
        outputs = (torch.zeros(()), torch.zeros((), dtype=torch.int64))

        def replay() -> None:
            self.replays += 1
            given = [value.flip(0) if self.fault == "other" else value for value in inputs]
            for place, value in zip(outputs, step(given[0], inputs[1]), strict=True):
                place.copy_(value)

        return replay, outputs


def images(n: int = 44) -> LabelledImages:
    drawn = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (n, 3, PX, PX), generator=drawn, dtype=torch.uint8)
    return LabelledImages(pixels, torch.randint(0, CLASSES, (n,), generator=drawn), CLASSES)


def trained(folder: Path, family: str, recipe: Recipe) -> tuple[dict[str, torch.Tensor], list]:
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    model = build(family, CLASSES, PX)
    progress = train(model, images(), recipe, seed=3, folder=folder)
    return model.state_dict(), progress.rows


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ToyRecorder]:
    """Trainings of the CPU are recorded by the toy from then on."""

    def use(fault: str = "") -> ToyRecorder:
        recorder = ToyRecorder(fault)
        monkeypatch.setattr(graphs, "CudaRecorder", lambda: recorder)
        monkeypatch.setattr(loop, "with_graphs", lambda device: True)
        # The CPU's kernels count and read rates where the GPU's do; they refuse the word alone.
        made = loop.make_optimizer
        monkeypatch.setattr(loop, "make_optimizer", lambda m, r, recorded: made(m, r))
        return recorder

    return use


@pytest.mark.parametrize("family", ["resnet", "alexnet"])  # one has running means, one dropout
@pytest.mark.parametrize("optimizer", [{}, {"optimizer": "sgd", "momentum": 0.9}], ids=str)
def test_a_recorded_training_has_the_same_bits(
    tmp_path: Path, toy: Callable, family: str, optimizer: dict
) -> None:
    recipe = replace(RECIPE, **optimizer)
    expected, rows = trained(tmp_path / "plain", family, recipe)
    recorder = toy()
    found, told = trained(tmp_path / "recorded", family, recipe)
    updates = 2 * (44 // 8)
    assert recorder.apart_count == graphs.WARM_UP + 1  # one is done to compare with
    assert recorder.replays == updates - graphs.WARM_UP + 1
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert told == rows


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("refused", "operation not permitted when stream is capturing"),
        ("other", "an update from the graph does not give the bits of one without"),
    ],
)
def test_a_recording_that_does_something_else_is_left(
    tmp_path: Path, toy: Callable, capsys: pytest.CaptureFixture[str], fault: str, why: str
) -> None:
    expected, rows = trained(tmp_path / "plain", "alexnet", RECIPE)
    recorder = toy(fault)
    found, told = trained(tmp_path / "left", "alexnet", RECIPE)
    assert capsys.readouterr().out == f"no CUDA graph: {why}\n"
    assert recorder.replays == (fault == "other")
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert told == rows


def test_a_recorded_training_goes_on_from_its_checkpoint(
    tmp_path: Path, toy: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, rows = trained(tmp_path / "whole", "alexnet", RECIPE)
    toy()
    folder = tmp_path / "halved"
    folder.mkdir()
    torch.manual_seed(0)

    def stop(row: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    model = build("alexnet", CLASSES, PX)
    with pytest.raises(KeyboardInterrupt):
        train(model, images(), RECIPE, seed=3, folder=folder, report=stop)
    found, told = trained(folder, "alexnet", RECIPE)
    assert told[0]["epoch"] == 1
    assert all(torch.equal(found[name], value) for name, value in whole.items())
    assert told == rows


def test_results_stay_what_they_are() -> None:
    total = torch.zeros(())

    def step(value: torch.Tensor, count: torch.Tensor) -> Tensors:
        total.add_(value.sum())
        return total.clone(), count + 1

    told: list[str] = []
    replayed = Replayed(step, lambda: [total], told.append, ToyRecorder())
    given = [(torch.full((2,), float(i)), torch.tensor(i)) for i in range(8)]
    results = [replayed(*inputs) for inputs in given]
    assert replayed.recorded
    assert not told
    assert [value.item() for value, _ in results] == [0, 2, 6, 12, 20, 30, 42, 56]
    assert [count.item() for _, count in results] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_word_is_checked_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for word, meant in (("", False), ("0", False), ("1", True)):
        monkeypatch.setenv(devices.GRAPHS, word)
        assert devices.graphs_asked() is meant
    monkeypatch.setenv(devices.GRAPHS, "yes")
    with pytest.raises(UserError, match=r"NBSUPPORT_GRAPHS=yes: give 1 for CUDA graphs, 0 for"):
        devices.choose([])


def test_the_rate_that_a_recording_reads_lies_on_the_gpu() -> None:
    """One on the CPU would stay what it was when the recording was made."""
    with FakeTensorMode(allow_non_fake_inputs=True), torch.device("cuda"):
        adamw = make_optimizer(torch.nn.Linear(3, 2), RECIPE, recorded=True)
        sgd = make_optimizer(torch.nn.Linear(3, 2), replace(RECIPE, optimizer="sgd"), recorded=True)
    for optimizer in (adamw, sgd):
        assert {group["lr"].device.type for group in optimizer.param_groups} == {"cuda"}
    assert all(group["capturable"] for group in adamw.param_groups)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
@pytest.mark.parametrize("family", ["resnet", "densenet", "alexnet"])
def test_a_gpu_gives_the_same_bits_from_a_graph(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    family: str,
) -> None:
    def on_gpu(name: str) -> dict[str, torch.Tensor]:
        (tmp_path / name).mkdir()
        torch.manual_seed(0)
        model = build(family, CLASSES, PX)
        train(model, images().to("cuda"), RECIPE, seed=3, folder=tmp_path / name)
        return model.state_dict()

    def refuse(*given: Any) -> None:
        raise RuntimeError("refused")

    monkeypatch.setenv(devices.GRAPHS, "1")
    found = on_gpu("recorded")
    assert capsys.readouterr().out == ""  # there is a recording
    monkeypatch.setattr(graphs.CudaRecorder, "record", refuse)
    expected = on_gpu("eager")
    assert all(torch.equal(found[name], value) for name, value in expected.items())
