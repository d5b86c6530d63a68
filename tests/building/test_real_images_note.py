"""Pages built on real images say at their head what the words of the simulated world mean there."""

import nbformat
import pytest

from nbsupport.building.real_images_note import add_real_note, real_note
from nbsupport.paths import root
from nbsupport.study.profiles import PROFILES

REAL = [name for name, profile in PROFILES.items() if not profile.simulated]


@pytest.mark.parametrize("profile", REAL)
def test_the_note_names_each_source_and_the_shift(profile):
    for world in PROFILES[profile].worlds:
        text = real_note(profile, world)
        assert f"`{PROFILES[profile].source_spec('imagenet', world)['name']}`" in text
        assert PROFILES[profile].shifts[world] in text
        assert ("iNaturalist stand-in is (not in this profile)" in text) == (
            not PROFILES[profile].has("inaturalist")
        )


@pytest.mark.parametrize("profile", ["demo", "smoke", "no such profile"])
def test_a_simulated_page_stays_as_it_is(profile):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    add_real_note(notebook, {"profile": profile})
    assert len(notebook.cells) == 1


def test_every_page_that_tells_what_differs_is_read_of_the_demo():
    for path in sorted((root() / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        told = any("What differs here" in cell["source"] for cell in notebook.cells)
        add_real_note(notebook, {"profile": "paper"})
        now = any("What differs in the demo" in cell["source"] for cell in notebook.cells)
        assert now == told, path.name
        assert not any("What differs here" in cell["source"] for cell in notebook.cells)


def test_it_stands_below_the_first_cell_and_is_the_same_each_time():
    cells = [nbformat.v4.new_markdown_cell(text, id=text[2:]) for text in ("# Title", "# More")]
    notebooks = [nbformat.v4.new_notebook(cells=list(cells)) for _ in range(2)]
    for notebook in notebooks:
        add_real_note(notebook, {"profile": "pacs-32", "world": 2})
    assert [cell["source"][:7] for cell in notebooks[0].cells] == ["# Title", ":::{adm", "# More"]
    assert "to cartoon" in notebooks[0].cells[1]["source"]
    assert nbformat.writes(notebooks[0]) == nbformat.writes(notebooks[1])
