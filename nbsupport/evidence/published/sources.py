"""Which pre-training data a published model saw: by its tag, from a table that names every tag."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError, said
from nbsupport.reading import parsed_toml, read_text, shown

TABLE = Path(__file__).with_name("sources.toml")
SUPERVISION = ("labels", "hashtags", "captions", "pseudo-labels", "none", "mixed")


@dataclass(frozen=True)
class PublishedSource:
    """A set of pre-training images, in the words of the book.

    `images`: in the whole set, or as `counts` says. `apart`: why models of it stand in no contrast.
    """

    id: str
    label: str
    images: int
    supervision: str
    reference: str
    counts: str = "images"
    apart: str = ""

    @property
    def short(self) -> str:
        """The label up to its comma: the set without its labels."""
        return self.label.partition(",")[0]


@cache
def sources() -> dict[str, PublishedSource]:
    """Every source by its id, in the order of the table."""
    return {entry["id"]: PublishedSource(**entry) for entry in _table()["source"]}


def source_of(publication: str, tag: str, architecture: str = "") -> PublishedSource:
    """The source of a tag. UserError for one that the table does not name."""
    own = _exceptions(publication).get((tag, architecture)) or _tags(publication).get(tag)
    if own is None:
        raise UserError(
            f"{publication} has a model of tag {said(tag)}, which {shown(TABLE)} does not name: "
            f"add it under the source that its publisher states"
        )
    return sources()[own]


def via(publication: str, tag: str) -> str:
    """A second set that was trained on before ImageNet-1K, or nothing."""
    steps: Mapping[str, list[str]] = _table()[publication].get("via", {})
    return next((name for name, tags in steps.items() if tag in tags), "")


def standard_models() -> tuple[str, ...]:
    """The testbed's standard trainings on all of ImageNet-1K."""
    return tuple(_table()["testbed"]["standard"])


def shares() -> dict[str, str]:
    """The testbed's models of one recipe, and the share of ImageNet-1K that each was trained on."""
    return dict(_table()["testbed"]["shares"])


@cache
def _table() -> dict[str, Any]:
    return parsed_toml(read_text(TABLE), shown(TABLE))


@cache
def _tags(publication: str) -> dict[str, str]:
    """Tag -> source. UserError where a tag stands twice."""
    found: dict[str, str] = {}
    for source, tags in _table()[publication]["tags"].items():
        for tag in tags:
            if tag in found:
                raise UserError(f"{shown(TABLE)} names the tag {tag} twice: leave one of them")
            found[tag] = source
    return found


@cache
def _exceptions(publication: str) -> dict[tuple[str, str], str]:
    """(tag, architecture) -> source, where it is not that of the tag."""
    return {
        (entry["tag"], architecture): entry["source"]
        for entry in _table()[publication].get("exception", [])
        for architecture in entry["architectures"]
    }
