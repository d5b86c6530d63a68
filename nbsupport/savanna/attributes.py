"""What the coordinates of a latent vector mean: one row an attribute, with its range.

A coordinate z is squashed to [-1, 1] by z / sqrt(1 + z^2) and then mapped to the range: only
correctly rounded operations, so that every device and batch size computes the same value.
"""

import numpy as np

LATENT = 32
BIRD_FROM = 0.45  # an animal whose attribute `bird` is above this is one

# name: (coordinate, low, high)
ANIMAL = {
    "length": (0, 0.26, 0.52),
    "height": (1, 0.13, 0.29),
    "leg": (2, 0.05, 0.50),
    "leg_width": (3, 0.020, 0.060),
    "neck": (4, 0.0, 0.46),
    "neck_up": (5, 0.15, 1.0),
    "head": (6, 0.085, 0.16),
    "muzzle": (7, 0.02, 0.20),
    "ear": (8, -0.04, 0.20),
    "ear_width": (9, 0.02, 0.075),
    "horn": (10, -0.28, 0.34),
    "horn_curve": (11, -0.8, 1.0),
    "tail": (12, 0.0, 0.52),
    "tail_width": (13, 0.012, 0.07),
    "tail_up": (14, -0.9, 1.0),
    "mane": (15, -0.22, 0.20),
    "hump": (16, -0.16, 0.20),
    "stripes": (17, -1.0, 1.0),
    "spots": (18, -1.0, 1.0),
    "patches": (19, -1.0, 1.0),
    "saddle": (20, -1.15, 0.85),
    "plain": (21, -1.0, 1.0),
    "frequency": (22, 0.0, 1.0),
    "coat": (23, 0.0, 1.0),
    "light": (24, 0.72, 1.2),
    "second": (25, 0.0, 1.0),
    "belly": (26, -0.4, 1.0),
    "socks": (27, -1.0, 1.0),
    "face": (28, -1.0, 1.0),
    "tail_tip": (29, -1.0, 1.0),
    "bird": (30, -1.0, 1.0),
    "size": (31, 0.62, 1.0),
}
PLANT = {
    "height": (0, 0.35, 0.95),
    "trunk": (1, 0.02, 0.10),
    "crown_width": (2, 0.15, 0.62),
    "crown_height": (3, 0.12, 0.55),
    "kind": (4, -1.0, 1.0),
    "kind_b": (5, -1.0, 1.0),
    "petals": (6, 0.0, 1.0),
    "petal_size": (7, 0.14, 0.34),
    "bloom": (8, -1.0, 1.0),
    "green": (9, 0.0, 1.0),
    "flower": (10, 0.0, 1.0),
    "light": (11, 0.7, 1.2),
    "arms": (12, -1.0, 1.0),
    "lean": (13, -0.25, 0.25),
    "texture": (14, 0.0, 1.0),
    "leaflets": (15, 0.0, 1.0),
    "heart": (16, 0.05, 0.16),
    "bark": (17, 0.0, 1.0),
    "tiers": (18, 0.0, 1.0),
    "fruit": (19, -1.0, 1.0),
}
THING = {
    "width": (0, 0.24, 0.66),
    "height": (1, 0.14, 0.52),
    "square": (2, 0.0, 1.0),
    "taper": (3, -0.45, 0.55),
    "wheels": (4, -0.24, 0.21),
    "wheel_x": (5, 0.25, 0.8),
    "top_width": (6, 0.1, 0.85),
    "top_height": (7, -0.28, 0.42),
    "top_x": (8, -0.5, 0.5),
    "handle": (9, -0.26, 0.26),
    "pole": (10, -0.7, 0.5),
    "hole": (11, -0.55, 0.20),
    "legs": (12, -0.42, 0.40),
    "spout": (13, -0.32, 0.36),
    "windows": (14, -1.0, 1.0),
    "panel": (15, -1.0, 1.0),
    "grid": (16, -1.2, 0.9),
    "paint": (17, 0.0, 1.0),
    "light": (18, 0.65, 1.25),
    "accent": (19, 0.0, 1.0),
    "gloss": (20, 0.0, 0.5),
    "frequency": (21, 0.0, 1.0),
    "roof": (22, -1.0, 1.0),
    "band_at": (23, -0.6, 0.6),
}
# of an object in the control with textures of their own: coordinates that `THING` leaves free
OWN_TEXTURE = {
    "ink": (24, 0.0, 1.0),
    "paper": (25, 0.0, 1.0),
    "check": (26, -1.0, 1.0),
    "chevron": (27, -1.0, 1.0),
    "diamond": (28, -1.0, 1.0),
    "lattice": (29, -1.0, 1.0),
    "pitch": (30, 2.4, 5.2),
}
SCHEMES = {"animal": ANIMAL, "plant": PLANT, "object": THING, "own texture": OWN_TEXTURE}
FIXED = {"animal": (30,), "plant": (4, 5), "object": ()}  # what decides the body plan never varies

# natural coats in an order in which neighbours blend well
COATS = np.array(
    [
        (0.93, 0.90, 0.83),  # white
        (0.87, 0.76, 0.56),  # cream
        (0.80, 0.60, 0.34),  # tawny
        (0.70, 0.40, 0.19),  # russet
        (0.45, 0.24, 0.13),  # chestnut
        (0.22, 0.15, 0.11),  # dark brown
        (0.10, 0.10, 0.11),  # black
        (0.30, 0.32, 0.36),  # slate
        (0.52, 0.53, 0.54),  # grey
        (0.62, 0.58, 0.50),  # dun
        (0.50, 0.48, 0.28),  # olive
        (0.72, 0.66, 0.36),  # straw
    ]
)
COAT_WORDS = (
    "white cream tawny russet chestnut brown black slate grey dun olive straw".split()  # noqa: SIM905
)
DARK = np.array([(0.07, 0.06, 0.06), (0.20, 0.11, 0.07), (0.34, 0.15, 0.08)])
PALE = np.array([(0.96, 0.94, 0.90), (0.92, 0.83, 0.64), (0.83, 0.80, 0.74)])
GREENS = np.array(
    [
        (0.16, 0.30, 0.12),
        (0.28, 0.46, 0.16),
        (0.46, 0.56, 0.22),
        (0.40, 0.50, 0.38),
        (0.22, 0.38, 0.30),
    ]
)
FLOWERS = np.array(
    [
        (0.93, 0.90, 0.86),
        (0.95, 0.78, 0.25),
        (0.90, 0.45, 0.20),
        (0.80, 0.20, 0.24),
        (0.85, 0.45, 0.62),
        (0.55, 0.36, 0.66),
        (0.36, 0.46, 0.78),
    ]
)
PAINTS = np.array(
    [
        (0.78, 0.16, 0.14),
        (0.90, 0.50, 0.12),
        (0.95, 0.80, 0.25),
        (0.30, 0.58, 0.30),
        (0.12, 0.48, 0.52),
        (0.16, 0.32, 0.62),
        (0.42, 0.26, 0.50),
        (0.60, 0.40, 0.26),
        (0.88, 0.87, 0.84),
        (0.50, 0.53, 0.56),
        (0.16, 0.17, 0.20),
    ]
)
# full hues from lime to pink: none has the hue of a coat, and coats in other hues are almost grey
DYES = np.array(
    [
        (0.60, 0.95, 0.10),  # lime
        (0.10, 0.85, 0.35),  # spring green
        (0.05, 0.80, 0.85),  # cyan
        (0.10, 0.45, 0.95),  # azure
        (0.25, 0.15, 0.90),  # ultramarine
        (0.60, 0.12, 0.90),  # violet
        (0.90, 0.10, 0.75),  # magenta
        (0.98, 0.25, 0.62),  # pink
    ]
)


def squash(z: np.ndarray) -> np.ndarray:
    """Map real coordinates to (-1, 1)."""
    return z / np.sqrt(1.0 + z * z)


def values(latents: np.ndarray, scheme: str) -> dict[str, np.ndarray]:
    """Attributes of latents [N, LATENT] by name, each [N], in the units of the scheme's table."""
    unit = (squash(latents) + 1) / 2
    return {k: low + (high - low) * unit[:, i] for k, (i, low, high) in SCHEMES[scheme].items()}
