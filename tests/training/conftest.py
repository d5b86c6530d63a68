"""The toys importable, and in the place of the real subset and task; one thread."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    import toy_lab

    from nbsupport.training.stages import labels

    monkeypatch.setattr(labels, "Subset", toy_lab.ToySubset)
    monkeypatch.setattr(labels, "open_task", lambda spec: toy_lab.ToyTask())
