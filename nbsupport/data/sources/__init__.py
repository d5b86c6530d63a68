"""Sources by name: each is one file here with a function `open_it(**options) -> Source`."""

from nbsupport.data.sources.base import (
    Source,
    open_nominal,
    open_source,
    source_names,
)

__all__ = ["Source", "open_nominal", "open_source", "source_names"]
