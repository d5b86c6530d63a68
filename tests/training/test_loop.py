"""The loop learns, counts its updates, and resumes to the same bits."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from toy_lab import PX, toy

from nbsupport.data.loading.batches import ImageSet
from nbsupport.data.loading.streaming import StreamedImages
from nbsupport.errors import UserError
from nbsupport.stopping import stopping
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import checkpoint, loop
from nbsupport.training.loop import learning_rates, make_optimizer, train
from nbsupport.training.models import build


class Stopped(Exception):  # noqa: N818
    """The process is taken away."""


def recipe(**change) -> Recipe:
    return Recipe(**({"epochs": 4, "batch_size": 16, "lr": 3e-3} | change))


def trained(
    folder: Path,
    family: str = "resnet",
    *,
    stop_after: int | None = None,
    data: ImageSet | None = None,
    **change,
):
    """A model trained on 100 toys into `folder`; a stop comes as an error in the report."""
    folder.mkdir(exist_ok=True)
    model = build(family, 7, PX, 2)

    def report(row: dict) -> None:
        if row["epoch"] == stop_after:
            raise Stopped

    def after_epoch(epoch: int, epochs: int) -> dict:
        return {"score": epoch / epochs}

    done = train(
        model,
        data or toy(100, 7, 0),
        recipe(**change),
        seed=5,
        folder=folder,
        after_epoch=after_epoch,
        report=report,
    )
    return model, done


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_it_learns_the_toys(tmp_path):
    model, done = trained(tmp_path, epochs=12, shift=0, flip=False)
    assert done.rows[-1]["train_accuracy"] > 0.9
    assert done.rows[-1]["loss"] < done.rows[0]["loss"]
    assert next(model.parameters()).grad is not None


def test_the_model_is_given_crops_of_the_size_that_the_recipe_says(tmp_path):
    seen = set()

    def objective(model, images, labels, smoothing):
        seen.add(tuple(images.shape[1:]))
        return loop.classification(model, images, labels, smoothing)

    how = recipe(epochs=1, area=0.5, crop=PX - 4, shift=0)
    train(
        build("resnet", 7, PX - 4), toy(32, 7, 0), how, seed=0, folder=tmp_path, objective=objective
    )
    assert seen == {(3, PX - 4, PX - 4)}


def test_it_counts_and_writes_what_it_did(tmp_path):
    _, done = trained(tmp_path)
    assert (done.epoch, done.updates, done.images) == (4, 24, 384)
    assert rows(tmp_path) == done.rows
    assert [row["epoch"] for row in done.rows] == [1, 2, 3, 4]
    assert {row["epochs"] for row in done.rows} == {4}
    assert [row["score"] for row in done.rows] == [0.25, 0.5, 0.75, 1]
    assert done.seconds >= done.training_seconds > 0
    assert done.images_per_second == pytest.approx(done.images / done.training_seconds)


def test_evaluations_count_as_seconds_and_not_as_training(tmp_path):
    def evaluate(epoch: int, epochs: int) -> dict:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        return {}

    data, model = toy(100, 7, 0), build("resnet", 7, PX, 2)
    done = train(model, data, recipe(epochs=2), seed=5, folder=tmp_path, after_epoch=evaluate)
    assert done.seconds - done.training_seconds >= 0.2


def test_a_number_of_updates_is_kept_exactly(tmp_path):
    _, done = trained(tmp_path, updates=8)
    assert (done.updates, done.epoch, done.images) == (8, 2, 128)


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("resnet", {}),
        ("alexnet", {}),  # dropout: the global random state
        ("densenet", {"optimizer": "sgd", "lr": 0.1, "clip": 1.0}),
        ("mobilenetv3", {"min_updates": 31}),  # a last epoch cut short
    ],
)
def test_a_resumed_training_is_the_uninterrupted_one_bit_for_bit(
    tmp_path, monkeypatch, family, change
):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    whole, expected = trained(tmp_path / "whole", family, **change)
    for epoch in (1, 3):
        with pytest.raises(Stopped):
            trained(tmp_path / "cut", family, stop_after=epoch, **change)
    resumed, found = trained(tmp_path / "cut", family, **change)
    assert found.rows == expected.rows
    assert rows(tmp_path / "cut") == rows(tmp_path / "whole")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


CHANGES = [
    ("alexnet", {"colour": 0.2}),  # dropout: the global random state
    ("densenet", {"optimizer": "sgd", "lr": 0.1, "clip": 1.0, "area": 0.4}),
    ("mobilenetv3", {"min_updates": 31}),  # a last epoch cut short
]


@pytest.mark.parametrize(("family", "change"), CHANGES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_training_that_ends_within_an_epoch_goes_on_there_bit_for_bit(
    tmp_path, monkeypatch, family, change, streamed
):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 3600.0)
    change = change | {"data": streamed_toy() if streamed else toy(100, 7, 0)}
    whole, expected = trained(tmp_path / "whole", family, **change)
    done = []
    for update in (1, 9, 12, 23):  # of 6 an epoch: within one, after its last, just before the end
        with pytest.raises(KeyboardInterrupt), told_to_end_after(update - sum(done), done):
            trained(tmp_path / "cut", family, **change)
    resumed, found = trained(tmp_path / "cut", family, **change)
    assert found.rows == expected.rows
    assert (found.updates, found.images) == (expected.updates, expected.images)
    assert rows(tmp_path / "cut") == rows(tmp_path / "whole")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def streamed_toy() -> StreamedImages:
    data = toy(100, 7, 0)
    return StreamedImages(lambda rows: data.images[torch.from_numpy(rows)], data.labels, 7)


@contextmanager
def told_to_end_after(updates: int, done: list[int]) -> Iterator[None]:
    """TERM comes within that update of this process, in which it would raise KeyboardInterrupt."""
    count, plain = [0], loop._Training._update

    def counted(self, *batch) -> None:
        count[0] += 1
        if count[0] == updates:
            signal.raise_signal(signal.SIGTERM)
        plain(self, *batch)

    with pytest.MonkeyPatch.context() as patch, stopping():
        patch.setattr(loop._Training, "_update", counted)
        try:
            yield
        finally:
            done.append(count[0])
    assert count[0] == updates  # the update was finished, and none was begun after it


def test_what_came_after_the_last_checkpoint_is_done_again(tmp_path, monkeypatch):
    now = clock(monkeypatch)
    whole, expected = trained(tmp_path / "whole")
    now.update(seconds=0.0, a_look=7.0)  # a look after each of an epoch's 6 updates, and after it
    with pytest.raises(Stopped):
        trained(tmp_path / "cut", stop_after=3)
    assert len(rows(tmp_path / "cut")) == 3
    now.update(a_look=0.0)
    resumed, found = trained(tmp_path / "cut")
    assert found.rows == expected.rows
    assert torch.equal(resumed.head.weight, whole.head.weight)


def clock(monkeypatch) -> dict[str, float]:
    """A clock that only moves when it is looked at."""
    now = {"seconds": 0.0, "a_look": 0.0}

    def look() -> float:
        now["seconds"] += now["a_look"]
        return now["seconds"]

    monkeypatch.setattr(loop.time, "monotonic", look)
    return now


def saved_at(monkeypatch) -> list[int]:
    """The updates after which checkpoints are written, as they are."""
    updates, plain = [], checkpoint.save

    def counted(folder, model, optimizer, state, loose) -> None:
        updates.append(state["updates"])
        plain(folder, model, optimizer, state, loose)

    monkeypatch.setattr(checkpoint, "save", counted)
    return updates


def test_a_training_of_seconds_writes_no_checkpoint(tmp_path, monkeypatch):
    saved = saved_at(monkeypatch)
    trained(tmp_path, epochs=12)
    assert saved == []


def test_a_long_one_writes_one_a_minute_also_within_an_epoch(tmp_path, monkeypatch):
    saved, now = saved_at(monkeypatch), clock(monkeypatch)
    now["a_look"] = 10.0
    trained(tmp_path, epochs=4, batch_size=5)  # of 20 updates
    assert len(saved) >= 8
    gaps = {later - earlier for earlier, later in pairwise(saved)}
    assert 4 <= min(gaps) <= max(gaps) <= 6  # writing it is a look, too
    assert any(update % 20 for update in saved)


def test_an_older_checkpoint_is_gone_on_with(tmp_path, monkeypatch):
    """Of before a training could be put down within an epoch."""
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    whole, _ = trained(tmp_path / "whole")
    with pytest.raises(Stopped):
        trained(tmp_path / "cut", stop_after=2)
    plain = checkpoint.load

    def older(*given):
        state, loose = plain(*given)
        assert loose == {}
        return {name: value for name, value in state.items() if name != "scaler"}, loose

    monkeypatch.setattr(checkpoint, "load", older)
    resumed, _ = trained(tmp_path / "cut")
    assert torch.equal(resumed.head.weight, whole.head.weight)


def test_a_training_that_diverges_says_so(tmp_path):
    with pytest.raises(UserError, match=r"diverged in epoch \d .* below 1e\+30"):
        trained(tmp_path, "alexnet", optimizer="sgd", lr=1e30)


def test_a_finished_training_is_not_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    _, expected = trained(tmp_path)
    _, found = trained(tmp_path, stop_after=4)  # no epoch is reported
    assert found == expected


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_the_rate_rises_then_follows_its_schedule(schedule):
    rates = learning_rates(recipe(lr=2.0, warmup=0.2, schedule=schedule), 50)
    assert len(rates) == 50
    assert rates[:10] == pytest.approx([0.2 * k for k in range(1, 11)])
    falling = rates[9:]
    if schedule == "constant":
        assert set(falling) == {2.0}
    else:
        assert falling == sorted(falling, reverse=True)
        assert 0 < falling[-1] < 0.1


@pytest.mark.parametrize("updates", [1, 2, 3])
def test_a_very_short_training_has_a_rate_for_each_update(updates):
    rates = learning_rates(recipe(), updates)
    assert len(rates) == updates
    assert all(rate > 0 for rate in rates)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_only_matrices_and_kernels_decay(optimizer):
    model = build("resnet", 7, PX)
    decayed, plain = make_optimizer(model, recipe(optimizer=optimizer)).param_groups
    assert {p.ndim for p in decayed["params"]} == {2, 4}
    assert {p.ndim for p in plain["params"]} == {1}
    assert plain["weight_decay"] == 0 < decayed["weight_decay"]
    assert len(decayed["params"]) + len(plain["params"]) == len(list(model.parameters()))
