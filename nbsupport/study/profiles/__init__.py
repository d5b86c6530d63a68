"""Profiles by name: what the paper's roles mean in one setting, simulated or real."""

from nbsupport.arguments import chosen
from nbsupport.study.profiles.profile import Granularity, Profile, Trade, WithinClass
from nbsupport.study.profiles.real import REAL
from nbsupport.study.profiles.simulated import SIMULATED

__all__ = ["PROFILES", "Granularity", "Profile", "Trade", "WithinClass", "profile_named"]

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (*SIMULATED, *REAL)}


def profile_named(name: str) -> Profile:
    """The profile of that name; UserError naming the known ones."""
    return PROFILES[chosen("profile", name, PROFILES)]
