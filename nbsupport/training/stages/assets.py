"""Small weights that are kept with the code, in assets/, and what their files must hold."""

from dataclasses import dataclass
from pathlib import Path

from nbsupport.paths import root


@dataclass(frozen=True)
class Asset:
    """A file in assets/ and its SHA-256, which enters the key of every job that uses it."""

    file: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return root() / "assets" / self.file


# Of the generative model (assets/train_generator.py makes it): the stand-in for Stable Diffusion.
GENERATOR = Asset(
    "generator.safetensors", "58a1a5ac5ab7e5b4b80c7b6d0890ed9ba71198778834a64fb064478176707d51"
)
