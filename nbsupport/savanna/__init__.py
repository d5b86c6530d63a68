"""Savanna: a simulated world of animals, plants and objects, photographed and camera-trapped.

Every image is a pure function of (VERSION, settings, world number, px, stream, index). World 0 is
the pilot on which recipes are calibrated; claims are read on worlds 1 and 2.
"""

import hashlib
import json
from functools import lru_cache

from nbsupport.savanna.settings import DEFAULT, Settings

VERSION = 1
STYLES = ("photo", "sketch", "painting", "infrared", "silhouette")  # drawn by `styles`
STYLES_VERSION = 1  # goes up whenever a picture of `styles` would change
CAPTIONS_VERSION = 1  # goes up whenever a caption would change

__all__ = [
    "CAPTIONS_VERSION",
    "DEFAULT",
    "STYLES",
    "STYLES_VERSION",
    "VERSION",
    "Settings",
    "fingerprint",
]


@lru_cache(maxsize=64)  # asked for once a job
def fingerprint(number: int, px: int, settings: Settings = DEFAULT) -> str:
    """What a world's images depend on, as a short text; it enters the keys of jobs."""
    text = json.dumps(settings.spec(), sort_keys=True)
    return f"savanna-{VERSION}-{number}-{px}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
