"""Random streams: each a function of the run's seed, what it is for, and the epoch."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def mix(seed: int, purpose: str, *numbers: int) -> int:
    """63 bits that are unrelated for any two different (seed, purpose, numbers)."""
    text = "|".join(str(part) for part in (seed, purpose, *numbers))
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, purpose: str, *numbers: int) -> "torch.Generator":
    """A CPU generator for the stream: draws do not depend on the device that trains."""
    import torch

    return torch.Generator().manual_seed(mix(seed, purpose, *numbers))


@contextmanager
def seeded(seed: int, purpose: str, *numbers: int) -> Iterator[None]:
    """PyTorch's global state (initialisation, dropout) set for the stream, and put back after."""
    import torch

    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(mix(seed, purpose, *numbers))
        yield
