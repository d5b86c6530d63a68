"""Images of ImageNet's classes that a diffusion model made, in files: generated/<wnid>/."""

from typing import Any

from nbsupport.data.sources.files import FilesSource, evenly
from nbsupport.data.sources.wordnet import WordNetSource


class GeneratedFilesSource(WordNetSource):
    """As many images of each of ImageNet's classes as were generated (Section 4.5).

    A nominal source has the paper's larger number, a million, of which its 150,000 are a part.
    """

    name = "generated_files"
    entry_name = "generated"

    def nominal_counts(self) -> dict[str, int]:
        return dict(zip(self.wnids(), evenly(self.entry.images, len(self.wnids())), strict=True))


def open_it(**options: Any) -> FilesSource:
    """Open generated images with these options (see FilesSource)."""
    return GeneratedFilesSource(**options)
