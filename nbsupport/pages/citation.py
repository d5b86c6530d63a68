"""How to cite the book and its paper: what CITATION.cff says, as BibTeX."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from nbsupport.errors import UserError
from nbsupport.paths import root
from nbsupport.reading import read_text

FILE = "CITATION.cff"
PAPER = "2307.12532"  # at arXiv
ADDRESSES = ("repository-code", "url")  # where the project may say that it lies; none is made up


@dataclass(frozen=True)
class Citation:
    """The book's title, version, licence and date; its authors, its addresses, and the paper."""

    title: str
    authors: str
    version: str
    license: str
    date: str
    at: tuple[str, ...]
    paper: Mapping[str, str]

    def bibtex(self, arxiv: str, page: str = "") -> str:
        """The paper's entry, then the book's. arxiv: the paper's number there. page: the title of
        the page of the book that is meant."""
        book = {
            "author": self.authors,
            "title": self.title,
            "year": self.date[:4],
            "version": self.version,
            **({"note": f"Page: {page}"} if page else {}),
            **({"url": self.at[0]} if self.at else {}),
        }
        paper = {**self.paper, "eprint": arxiv, "archiveprefix": "arXiv"}
        return "\n\n".join(
            [
                _entry("inproceedings", "ramanujan2023connection", paper),
                _entry("misc", "book", book),
            ]
        )


def _entry(kind: str, key: str, values: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in values.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


@cache
def citation() -> Citation:
    """What CITATION.cff says. UserError where it lacks a field."""
    import yaml

    told = yaml.safe_load(read_text(root() / FILE))
    try:
        paper = told["references"][0]
        return Citation(
            told["title"],
            _names(told["authors"]),
            str(told["version"]),
            told["license"],
            str(told["date-released"]),
            tuple(dict.fromkeys(told[name] for name in ADDRESSES if name in told)),
            {
                "author": _names(paper["authors"]),
                "title": paper["title"],
                "booktitle": paper["collection-title"],
                "year": str(paper["year"]),
            },
        )
    except (KeyError, TypeError, IndexError) as error:
        raise UserError(f"{FILE} lacks {error}: add it, or restore the file") from None


def _names(authors: Sequence[Mapping[str, Any]]) -> str:
    return " and ".join(
        a.get("name") or f"{a['family-names']}, {a['given-names']}" for a in authors
    )
