"""The tables of data sets in the book are those of the catalogue."""

from nbsupport.building.sphinx.catalogue_tables import data_sets, squares
from nbsupport.data.catalogue import entries
from nbsupport.paths import root

PICTURES = {name: entry for name, entry in entries().items() if entry.images}


def cells(text: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines()]


def test_each_set_of_pictures_has_a_row() -> None:
    header, _, *rows = cells(data_sets())
    assert [row[0].strip("`") for row in rows] == list(PICTURES)
    for row in rows:
        assert len(row) == len(header)
        entry = PICTURES[row[0].strip("`")]
        assert row[2:4] == [f"{entry.images:,}", f"{entry.classes:,}"]


def test_squares_take_three_bytes_a_pixel() -> None:
    rows = {row[0].strip("`"): row[1:] for row in cells(squares([100, 1000]))[2:]}
    assert rows["pacs"] == ["0.3 GB", "30 GB"]  # 9,991 pictures of 30,000 bytes, and of 3,000,000


def test_the_page_on_data_has_no_table_of_its_own() -> None:
    text = (root() / "book" / "data.md").read_text(encoding="utf-8")
    assert "```{data-sets}" in text
    assert "1,281,167" not in text
