"""Drawing pictures of cameras that are never twice at the same place (see `roaming`)."""

import numpy as np
import torch
from torch import Tensor

from nbsupport import rng
from nbsupport.savanna import scenery
from nbsupport.savanna.ecology import PLACE_LATENT, SPLITS
from nbsupport.savanna.roaming import FIRST_PLACE, drift, is_later
from nbsupport.savanna.world import World, place_keys

LATER_BLOCKS = [i + 1 for i, split in enumerate(SPLITS) if is_later(split)]


class RoamingWorld(World):
    """A world whose places are drawn where they are asked for; `traps` as in World.

    A location's number says whether it is one of the shifted year.
    """

    def _night_rates(self, location: np.ndarray) -> np.ndarray:
        return np.full(len(location), self.settings.night_rate, dtype=np.float32)

    def _scene(self, where: Tensor) -> scenery.Scene:
        key = place_keys(self.draws, where)
        latents = rng.normal(key, "roaming-place", PLACE_LATENT)
        blocks = torch.tensor(LATER_BLOCKS, device=where.device)
        later = torch.isin(where // FIRST_PLACE, blocks).float()[:, None]
        latents += later * torch.from_numpy(drift(PLACE_LATENT)).to(where.device)
        return scenery.draw(key, latents, self.x, self.y, self.px, self.settings.grass)
