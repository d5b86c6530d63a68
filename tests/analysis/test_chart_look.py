"""The figures' colours: they stand out from the page, and from one another to all eyes."""

import itertools

import numpy as np
import pytest

from nbsupport.analysis.charts import look

each_theme = pytest.mark.parametrize("theme", look.THEMES)


def channel(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def linear(colour: str) -> np.ndarray:
    return np.array([channel(int(colour[i : i + 2], 16)) for i in (1, 3, 5)])


def contrast_ratio(a: str, b: str) -> float:
    """WCAG 2 contrast."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted((weights @ linear(a), weights @ linear(b)))
    return float((light + 0.05) / (dark + 0.05))


@each_theme
def test_all_colours_stand_out_from_the_page(theme):
    k = look.THEMES.index(theme)
    inks = look.INKS[theme]
    ramp = look.ramp(7, look.RAMP_LIGHT if k == 0 else look.RAMP_DARK)
    pairs = [look.SCRATCH, look.FULL, look.INATURALIST, *look.NOMINAL]
    for colour in [*(pair[k] for pair in pairs), *ramp]:
        assert contrast_ratio(colour, inks["@paper"]) >= 3, colour
    assert contrast_ratio(inks["@ink"], inks["@paper"]) >= 7
    assert contrast_ratio(inks["@muted"], inks["@paper"]) >= 4.5


# How red-blind and green-blind eyes see linear RGB (Machado, Oliveira and Fernandes, 2009).
BLIND = {
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
}


def lab(rgb: np.ndarray) -> np.ndarray:
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.clip(np.array(matrix) @ rgb, 0, None) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", ["usual", *BLIND])
@each_theme
def test_neighbouring_lines_differ_to_colour_blind_eyes_too(theme, eyes):
    roles = ["imagenet/full", *(f"imagenet/{s}" for s in ("150K", "50K", "25K", "5K")), "scratch"]
    colours = look.group_colours(roles, "scratch", "imagenet/full")
    k = look.THEMES.index(theme)
    seen = [np.array(BLIND.get(eyes, np.eye(3))) @ linear(colours[r][k]) for r in roles]
    for (a, first), (b, second) in itertools.pairwise(zip(roles, seen, strict=True)):
        assert np.linalg.norm(lab(first) - lab(second)) > 10, (a, b)


def test_the_two_reference_lines_keep_their_colours():
    ordered = look.group_colours(
        ["scratch", "imagenet/full", "imagenet/5K"], "scratch", "imagenet/full"
    )
    nominal = look.group_colours(["imagenet/full", "a", "b", "scratch"], "scratch", "imagenet/full")
    for role in ("scratch", "imagenet/full"):
        assert ordered[role] == nominal[role]
    assert len(set(nominal.values())) == 4


def test_ordered_groups_get_the_ramp_from_many_to_few():
    roles = [f"imagenet/{s}" for s in ("150K", "50K", "5K")]
    colours = look.group_colours(roles, "scratch", "imagenet/full")
    assert [colours[r][0] for r in roles] == look.ramp(3, look.RAMP_LIGHT)[::-1]
