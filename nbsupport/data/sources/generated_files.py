"""Images of ImageNet's classes that a diffusion model made, in files: generated/<wnid>/."""

from typing import Any

from nbsupport.data.catalogue import PRE_TRAINING, CatalogueEntry
from nbsupport.data.rehearsal_pictures import EACH, Batch, DataSet, imagenet_wnids
from nbsupport.data.sources.files import FileSource, evenly
from nbsupport.data.sources.wordnet import WordNetSource

ENTRY = CatalogueEntry(
    name="generated",
    role=PRE_TRAINING,
    what="images of ImageNet's classes from Stable Diffusion",
    licence="yours, under the terms of the model that you generate them with",
    download="nothing: generated here",
    on_disk="as large as you make them",
    page="https://github.com/openai/CLIP (the 80 prompt templates)",
    get="generate them with python -m nbsupport data generate, into generated/<wnid>/",
    places=("generated",),
    classes=1000,
    images=1_000_000,
    exact=False,
    module=__name__,
)


class GeneratedFileSource(WordNetSource):
    """As many images of each of ImageNet's classes as were generated (Section 4.5).

    A nominal source has the paper's larger number, a million, of which its 150,000 are a part.
    """

    name = "generated_files"
    entry_name = "generated"

    def nominal_counts(self) -> dict[str, int]:
        return dict(zip(self.wnids(), evenly(self.entry.images, len(self.wnids())), strict=True))


def open_it(**options: Any) -> FileSource:
    """Open generated images with these options (see FileSource)."""
    return GeneratedFileSource(**options)


# rehearsing -----------------------------------------------------------------------------------
def rehearsal(classes: int | None) -> DataSet:
    """generated/<wnid>/<number>.png: what ImageNet's classes look like, in a style of its own."""
    batches = (
        Batch(tuple(f"generated/{wnid}/{i:05d}.png" for i in range(EACH)), wnid, "generated")
        for wnid in imagenet_wnids()[:classes]
    )
    return DataSet(batches, {})
