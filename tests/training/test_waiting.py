"""No update waits for a GPU: operations are counted on "meta", where tensors have no values.

What this cannot see is how a GPU's kernels follow one another; nothing here ran on one.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from toy_lab import toy

from nbsupport.data.loading import batches as loading
from nbsupport.data.loading import memory
from nbsupport.data.loading.batches import LabelledImages, batches, draw, sent
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import device, evaluation, loop
from nbsupport.training.loop import Progress, _Training, classification
from nbsupport.training.models import build, replace_head
from nbsupport.training.stages.captions import contrastive, two_towers

PX, IMAGES, SIZE = 16, 40, 8
LOOKS = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "_unique2")
RECIPES = {
    "plain": {},
    "colours": {"colour": 0.3, "clip": 1.0},
    "crops": {"area": 0.3},
    "nothing": {"flip": False, "shift": 0},
}


def devices_of(tree: Any) -> set[str]:
    """Where the tensors in a structure are; numbers that are passed with a kernel are nowhere."""
    tensors = [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
    return {tensor.device.type for tensor in tensors if tensor.ndim}


class Waits(TorchDispatchMode):
    """Notes the operations that the host waits for: copies between devices, looks at values."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.name().removeprefix("aten::")
        between = devices_of((args, kwargs or {})) | devices_of(out)
        by_mask = name.startswith("index.") and any(
            isinstance(leaf, torch.Tensor) and leaf.dtype == torch.bool
            for leaf in tree_leaves(args[1:])
        )
        if len(between) > 1 or by_mask or name.partition(".")[0] in LOOKS:
            self.seen.append(name)
        return out


@pytest.fixture(autouse=True)
def no_constant_is_made_yet() -> Iterator[None]:
    loading._scale.cache_clear()
    yield
    loading._scale.cache_clear()


def nowhere(n: int = IMAGES) -> LabelledImages:
    images = torch.empty(n, 3, PX, PX, dtype=torch.uint8, device="meta")
    return LabelledImages(images, torch.empty(n, dtype=torch.int64, device="meta"), 7).to("meta")


@pytest.fixture
def fused_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fused optimizers refuse "meta" by name, and have kernels for it."""
    module = import_module("torch.optim.optimizer")
    known = "_get_fused_kernels_supported_devices"
    monkeypatch.setattr(module, known, lambda: ["cpu", "cuda", "meta"])


@pytest.mark.usefixtures("fused_anywhere")
@pytest.mark.parametrize("name", RECIPES)
def test_no_update_waits(tmp_path: Path, name: str) -> None:
    recipe = Recipe(epochs=1, batch_size=SIZE, lr=1e-3, **RECIPES[name])
    with torch.device("meta"):
        model = build("resnet", 7, PX)
    training = _Training(model, nowhere(), recipe, 0, tmp_path, classification, None, None)
    training.progress = Progress()
    found = training._batches(1, first=0)
    counts = []
    for _ in range(IMAGES // SIZE):
        with Waits() as waits:
            training._update(*next(found))
        counts.append(waits.seen)
    assert counts[1:] == [[]] * (IMAGES // SIZE - 1)
    # The epoch's order, for images and labels, and what it draws: each from pinned memory.
    assert len([name for name in counts[0] if "copy" in name]) <= 3, counts[0]


def test_counting_sees_a_copy_and_a_look() -> None:
    there = torch.empty(4, device="meta")
    with Waits() as waits:
        torch.ones(4).to("meta") + there
        torch.tensor(1.0).to("meta") + there
    assert len(waits.seen) == 1
    mask = torch.tensor([True, False])
    with Waits() as waits:
        torch.ones(2)[mask]
        mask.nonzero()
        torch.ones(()).item()
    assert len(waits.seen) >= 3


def test_no_batch_of_an_evaluation_waits() -> None:
    with torch.device("meta"):
        model = build("resnet", 7, PX)
    evaluation.normalise(nowhere().images)  # makes the constants
    with Waits() as waits, torch.inference_mode():
        for images in nowhere().in_turn(SIZE):
            model(evaluation.normalise(images)).argmax(1)
    assert waits.seen == []


def test_constants_of_an_evaluation_serve_a_training() -> None:
    data, model = toy(16, 7, 0), build("resnet", 7, PX)
    evaluation.predict(model, data)
    for images, labels in batches(data, 8, seed=0, epoch=1, colour=0.1):
        loss, _ = classification(model, images, labels, 0.0)
        loss.backward()


class Recorded:
    """A tensor of the CPU that notes how it was sent."""

    def __init__(self) -> None:
        self.how: list[Any] = []

    def pin_memory(self) -> "Recorded":
        self.how.append("pinned")
        return self

    def to(self, device: torch.device, **how: Any) -> "Recorded":
        self.how.append((device.type, how))
        return self


def test_a_gpu_is_sent_to_from_pinned_memory() -> None:
    tensor: Any = Recorded()
    sent(tensor, torch.device("cuda"))
    assert tensor.how == ["pinned", ("cuda", {"non_blocking": True})]
    tensor = Recorded()
    sent(tensor, torch.device("cpu"))
    assert tensor.how == [("cpu", {})]


@pytest.mark.parametrize("cropped", [False, True])
@pytest.mark.parametrize("size", [1, 7, 64])
def test_an_epoch_s_numbers_are_those_of_its_batches(cropped: bool, size: int) -> None:
    streams = [torch.Generator().manual_seed(5) for _ in range(2)]
    found = draw(streams[0], 6, size, cropped=cropped)
    for row in found:
        boxes = torch.rand(size, 4, generator=streams[1]) if cropped else torch.empty(0)
        rest = torch.rand(size, 5, generator=streams[1])
        assert torch.equal(row, torch.cat([boxes.view(-1), rest.view(-1)]))


@pytest.mark.parametrize("area", [1.0, 0.4])
def test_an_epoch_can_begin_at_any_batch(area: float) -> None:
    data, how = toy(50, 7, 0), {"seed": 1, "epoch": 3, "colour": 0.2, "area": area}
    whole = list(batches(data, 8, **how))
    for first in range(len(whole) + 2):
        rest = list(batches(data, 8, first=first, **how))
        assert len(rest) == len(whole[first:])
        for (x, y), (other, label) in zip(rest, whole[first:], strict=True):
            assert torch.equal(x, other)
            assert torch.equal(y, label)


# what is not done in bfloat16 ---------------------------------------------------------------------
def test_logits_are_float32_and_exact_where_all_else_is_not() -> None:
    model = replace_head(build("resnet", 7, PX), 9, 0).eval()
    images = torch.randn(5, 3, PX, PX)
    with torch.autocast("cpu", torch.bfloat16):
        features = model.features(images)
        logits = model(images)
    assert features.dtype == torch.bfloat16
    assert logits.dtype == torch.float32
    assert torch.equal(logits, features.float() @ model.head.weight.T + model.head.bias)


@pytest.mark.parametrize("family", ["alexnet", "mobilenetv3", "vit"])
def test_every_family_ends_in_such_a_head(family: str) -> None:
    model = build(family, 7, 32).eval()
    with torch.autocast("cpu", torch.bfloat16):
        assert model(torch.randn(2, 3, 32, 32)).dtype == torch.float32


def test_similarities_near_the_largest_scale_are_told_apart() -> None:
    towers = two_towers("resnet", PX, 20, 0).eval()
    with torch.no_grad():
        towers.log_scale.fill_(4.6)
    images, tokens = torch.randn(6, 3, PX, PX), torch.randint(1, 20, (6, 4))
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        logits = towers(images, tokens)
        loss, _ = contrastive(towers, images, tokens, 0.0)
        pictures, texts = towers.vectors(images).float(), towers.vectors(tokens).float()
    assert logits.dtype == loss.dtype == torch.float32
    torch.testing.assert_close(logits, towers.log_scale.exp() * pictures @ texts.T)


# precision and memory -----------------------------------------------------------------------------
def test_float16_is_trained_with_a_scaler_that_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (device, loop):
        monkeypatch.setattr(module, "precision", lambda device: "float16")
    recipe = Recipe(epochs=2, batch_size=SIZE, lr=1e-3, clip=1.0)

    def training() -> _Training:
        model = build("resnet", 7, PX, 1)
        return _Training(model, toy(40, 7, 0), recipe, 0, tmp_path, classification, None, None)

    first = training()
    first.scaler.load_state_dict(first.scaler.state_dict() | {"scale": 2.0**40})
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    first.run()
    scale = first.scaler.get_scale()
    assert 0 < scale < 2.0**40  # too large for the gradients: it came down, and no weight is lost
    assert all(value.isfinite().all() for value in first.model.state_dict().values())
    second = training()
    second.progress = second._resume()
    assert second.scaler.get_scale() == scale


def test_what_pytorch_keeps_of_a_gpu_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "mem_get_info": (10, 100),
        "memory_reserved": 60,
        "memory_allocated": 20,
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, value=value: value)
    assert memory.memory(torch.device("cuda")) == (50, 100)
