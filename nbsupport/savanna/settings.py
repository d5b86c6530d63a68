"""The few knobs of the world that a calibration may move; part of every fingerprint."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Settings:
    """How varied and how hard a world is. The defaults are the frozen world's."""

    # trees: standard deviation of the Gaussian step into depths 1 to 6
    steps: tuple[float, ...] = (0.9, 0.85, 0.8, 0.75, 0.7, 0.65)
    # individuals: standard deviation of an image around its class, in latent units
    within_class: float = 0.16
    # traps
    mix_concentration: float = 0.04  # Dirichlet: smaller means fewer species at each location
    subject_scale: tuple[float, float] = (0.45, 0.9)  # of the frame, nearest and farthest camera
    camouflage: float = 0.12  # share of the ground's colour in a subject's coat
    night_rate: float = 0.3  # mean over locations
    grass: float = 0.6  # mean height of grass before the camera, 0 to 1
    background_similarity: float = 0.0  # 0: locations look unrelated; 1: all alike
    sensor_noise: float = 0.028  # standard deviation, of the full range
    # photographs
    photo_scale: tuple[float, float] = (0.5, 1.05)
    photo_variety: float = 1.0  # spread of the colours and structure behind the subject

    def spec(self) -> dict[str, Any]:
        """The settings as JSON-able values."""
        return asdict(self)


DEFAULT = Settings()
