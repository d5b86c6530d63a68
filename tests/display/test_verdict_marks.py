"""The marks of the verdicts: told apart without colour, legible, the same everywhere."""

import re

import pytest

from nbsupport.analysis.room import Room
from nbsupport.analysis.verdicts import WORDS, Verdict
from nbsupport.building.sphinx.verdict_marks import verdict_role
from nbsupport.display.verdict_table import badge, verdict_html, verdict_table
from nbsupport.paths import root

STYLES = root() / "book" / "_static"
PRINTED = [word for word in WORDS if word != "leans"] + ["leans towards", "leans against"]
# What the theme gives: the page's ground, the grey of boxes, its muted and its plain text.
THEME = {
    "light": {"ground": "#ffffff", "grey": "#f3f4f5", "muted": "#48566b", "ink": "#222832"},
    "dark": {"ground": "#121212", "grey": "#29313d", "muted": "#9ca4af", "ink": "#ced6dd"},
}
READABLE = 4.5  # to one, as WCAG asks of text


def colours(theme: str) -> dict[str, str]:
    """The colours of the sides in a theme, as the style sheet has them."""
    text = (STYLES / "nbsupport.css").read_text()
    start = 'html[data-theme="dark"] {' if theme == "dark" else ":root {"
    block = text[text.index(start) :].split("}")[0]
    return dict(re.findall(r"--nb-(good|bad|open|calm): (#[0-9a-f]{6})", block))


def light(colour: str) -> float:
    """Relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, ground: str, share: float) -> str:
    """A colour over a ground, as the cells of the grid have it."""
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


@pytest.mark.parametrize("theme", THEME)
def test_each_side_is_legible_on_the_page_and_on_grey(theme):
    known = THEME[theme]
    for name, colour in {**colours(theme), "muted": known["muted"]}.items():
        for ground in ("ground", "grey"):
            assert contrast(colour, known[ground]) >= READABLE, (name, ground)


@pytest.mark.parametrize("theme", THEME)
def test_the_grid_is_legible_in_each_of_its_colours(theme):
    share = float(re.search(r"var\(--nb-cell\) (\d+)%", (STYLES / "overview.css").read_text())[1])
    known = THEME[theme]
    for name, colour in {**colours(theme), "muted": known["muted"]}.items():
        ground = mixed(colour, known["ground"], share / 100)
        assert contrast(colour, ground) >= READABLE, name
        assert contrast(known["ink"], ground) >= READABLE, name


def test_each_word_has_its_own_mark_and_its_side_a_colour():
    shown = {word: badge("leans" if "leans" in word else word, word) for word in PRINTED}
    marks = {re.search(r"<svg.*?</svg>", html)[0] for html in shown.values()}
    assert len(marks) == len(PRINTED)
    rules = (STYLES / "tables.css").read_text()
    of = {w: re.search(r'class="nb-badge (\S+)"', html)[1] for w, html in shown.items()}
    side = {
        w: re.search(rf"\.{name}\b[^{{]*{{\s*color: var\((\S+)\)", rules) for w, name in of.items()
    }
    said = {word: found[1] if found else "--nb-calm" for word, found in side.items()}
    assert said["supported"] == said["leans towards"] == "--nb-good"
    assert said["contradicted"] == said["leans against"] == "--nb-bad"
    assert said["inconclusive"] == "--nb-open"
    assert said["at the floor"] == said["not testable"] == said["not run"] == "--nb-muted"
    assert said["negligible"] == "--nb-calm"  # too small to count, which is not the opposite


@pytest.mark.parametrize("word", PRINTED)
def test_the_text_of_the_book_shows_the_same_marks(word):
    (shown,), problems = verdict_role("verdict", word, word, 1, None)
    assert not problems
    assert shown.astext() == badge("leans" if "leans" in word else word, word)
    assert f"{{verdict}}`{word}`" in (root() / "book" / "how_to_read.md").read_text()


def test_what_the_same_leaves_room_for_stands_beside_it_and_beside_nothing_else():
    plain = Verdict("supported")
    told = Verdict("supported", room=Room(0.0123))
    assert "0.0123 is excluded" in verdict_html(told, 1.0)
    assert "excluded" not in verdict_html(plain, 1.0)
    table = verdict_table(["classes-or-images"], {"here": {"classes-or-images": told}})
    assert "0.0123 is excluded" in table.html
    assert "0.0123 is excluded" in table.text
