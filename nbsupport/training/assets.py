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
    "generator.safetensors", "5ab1751db441b7167defdb420a1b6648b86686d9d9167c8b261224b7fa8034c0"
)
