"""The loop learns, counts its updates, and resumes to the same bits."""

import json
from pathlib import Path

import pytest
import torch
from toy_lab import PX, toy

from nbsupport.errors import UserError
from nbsupport.study.profiles.recipes import Recipe
from nbsupport.training import checkpoint, loop
from nbsupport.training.loop import learning_rates, make_optimizer, train
from nbsupport.training.models import build


class Stopped(Exception):  # noqa: N818
    """The process is taken away."""


def recipe(**change) -> Recipe:
    return Recipe(**({"epochs": 4, "batch_size": 16, "lr": 3e-3} | change))


def trained(folder: Path, family: str = "resnet", *, stop_after: int | None = None, **change):
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
        toy(100, 7, 0),
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
    monkeypatch.setattr(loop, "CHECKPOINT_UPDATES", 1)
    whole, expected = trained(tmp_path / "whole", family, **change)
    for epoch in (1, 3):
        with pytest.raises(Stopped):
            trained(tmp_path / "cut", family, stop_after=epoch, **change)
    resumed, found = trained(tmp_path / "cut", family, **change)
    assert found.rows == expected.rows
    assert rows(tmp_path / "cut") == rows(tmp_path / "whole")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_epochs_after_the_last_checkpoint_are_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_UPDATES", 12)  # an epoch has 6
    whole, expected = trained(tmp_path / "whole")
    with pytest.raises(Stopped):
        trained(tmp_path / "cut", stop_after=3)
    assert len(rows(tmp_path / "cut")) == 3
    resumed, found = trained(tmp_path / "cut")
    assert found.rows == expected.rows
    assert torch.equal(resumed.head.weight, whole.head.weight)


def test_short_epochs_are_not_all_checkpointed(tmp_path, monkeypatch):
    saved = []
    plain = checkpoint.save

    def counted(folder, model, optimizer, state) -> None:
        saved.append(state["epoch"])
        plain(folder, model, optimizer, state)

    monkeypatch.setattr(checkpoint, "save", counted)
    trained(tmp_path, epochs=12)
    assert saved == [5, 10, 12]  # every 30 updates of 6 an epoch, and at the end


def test_a_training_that_diverges_says_so(tmp_path):
    with pytest.raises(UserError, match=r"diverged in epoch \d .* below 1e\+30"):
        trained(tmp_path, "alexnet", optimizer="sgd", lr=1e30)


def test_a_finished_training_is_not_done_again(tmp_path):
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
