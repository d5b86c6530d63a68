"""FractalDB-1k in files, in the published layout: fractaldb/<category>/."""

import re
from typing import TYPE_CHECKING, Any

from nbsupport.data.pictures.layout import empty, number, several, strange
from nbsupport.data.sources.files import FilesSource, evenly

if TYPE_CHECKING:
    import pandas as pd

CATEGORY = re.compile(r"\d{5}")  # of the search; numbers need not follow on one another
# weight vector, repeat with other patches, flip (the public code's names)
INSTANCE = re.compile(r"(\d{5})/\1_\d{2}_count_\d+_flip[0-3]\.png")


class FractalDBFilesSource(FilesSource):
    """1000 images of each of 1000 categories, which have no tree above them."""

    name = "fractaldb_files"
    entry_name = "fractaldb"

    def is_class(self, folder: str) -> bool:
        return CATEGORY.fullmatch(folder) is not None

    def class_table(self, folders: tuple[str, ...]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame({"name": [f"fractal {f}" for f in folders], "tree": "fractal"})

    def problems(self) -> list[str]:
        there = [folder for folder in self.found if self.is_class(folder)]
        others = strange(folder for folder in self.found if not self.is_class(folder))
        return [*others, *number(len(there), self.entry.classes), *empty(there, self.counts)]

    def count_problems(self) -> list[str]:
        as_published = "not named as published (00001/00001_00_count_0_flip0.png)"
        others = (name for name in self.every_picture.names if not INSTANCE.fullmatch(name))
        lines = {name: f"{name} is {as_published}" for name in others}
        return several(lines, f"pictures are {as_published}")

    def nominal_counts(self) -> dict[str, int]:
        folders = [f"{category:05d}" for category in range(self.entry.classes)]
        return dict(zip(folders, evenly(self.entry.images, len(folders)), strict=True))


def open_it(**options: Any) -> FilesSource:
    """Open FractalDB with these options (see FilesSource)."""
    return FractalDBFilesSource(**options)
