"""Text of an exercise for a place that is not its page: numbers resolved, roles and links plain.

`{glue:text}` becomes its number. Where Sphinx does not read the text, `{ref}` becomes the name of
an exercise, `{term}` its word, `{cite}` authors and year.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from nbsupport.errors import UserError
from nbsupport.pages.exercises import all_exercises, title_of
from nbsupport.paths import root

Link = Callable[[str, str], str]  # of a link's words and its target, what stands there instead
ROLE = re.compile(r"\{([\w:-]+)\}`([^`]+)`")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s:]+)\)")
EXPLICIT = re.compile(r"(.+?)\s*<([^>]+)>", re.DOTALL)
# A fenced block, a role, or a name in code: a role is no code, though it has backquotes.
CODE_OR_ROLE = re.compile(
    r"^(?P<fence>`{3,}).*?^(?P=fence)`*$|(?P<role>\{[\w:-]+\}`[^`]+`)|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)
GLUED = "glue:text"


def quoted_names(*texts: str) -> set[str]:
    """The names of the numbers that texts quote."""
    return {name for text in texts for role, name in ROLE.findall(text) if role == GLUED}


def with_numbers(text: str, numbers: Mapping[str, str], link: Link) -> str:
    """The text with the numbers that it quotes, and with other links; its other roles stay.

    Raises UserError for a number that is not among these.
    """

    def number(found: re.Match[str]) -> str:
        if found[1] != GLUED:
            return found[0]
        if found[2] not in numbers:
            raise UserError(f"an exercise quotes {found[2]!r}, which its page does not glue")
        return numbers[found[2]]

    def change(prose: str) -> str:
        return LINK.sub(lambda found: link(found[1], found[2]), ROLE.sub(number, prose))

    return _in_prose(text, change)


def plain_text(text: str, numbers: Mapping[str, str], link: Link) -> str:
    """The text without any role. Raises UserError for a role that no notebook can show."""
    return _in_prose(with_numbers(text, numbers, link), lambda prose: ROLE.sub(_without, prose))


def _in_prose(text: str, change: Callable[[str], str]) -> str:
    """The text, changed where it is neither code nor a name in code."""
    parts, end = [], 0
    for code in CODE_OR_ROLE.finditer(text):
        if code["role"]:
            continue
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(text[end:])])


def _without(found: re.Match[str]) -> str:
    role, content = found.groups()
    explicit = EXPLICIT.fullmatch(content)
    words, target = explicit.groups() if explicit else ("", content)
    if role == "ref":
        return words or f"exercise {_places()[target]}" if target in _places() else words or target
    if role in ("term", "doc"):
        return words or target
    if role == "figure":
        page_id, _, number = target.partition(": ")
        return words or f'{number} of "{title_of(page_id)}"'
    if role == "cite:t":
        return "; ".join(_cited(key, "{} ({})") for key in target.split(","))
    if role == "cite:p":
        return f"({'; '.join(_cited(key, '{}, {}') for key in target.split(','))})"
    raise UserError(f"{found[0]} in an exercise: a notebook has no role {role}; say it in words")


@cache
def _places() -> dict[str, int]:
    """Which exercise of its page a label is of."""
    return {each.label: each.number for each in all_exercises()}


@cache
def _references() -> dict[str, tuple[list[str], str]]:
    """Family names and year of each reference, by its key."""
    from pybtex.database import parse_file

    entries = parse_file(str(root() / "book" / "references.bib"), "bibtex").entries
    return {
        key: ([" ".join(p.last_names) for p in entry.persons["author"]], entry.fields["year"])
        for key, entry in entries.items()
    }


def _cited(key: str, form: str) -> str:
    if key.strip() not in _references():
        raise UserError(f"an exercise cites {key.strip()!r}, which references.bib does not have")
    names, year = _references()[key.strip()]
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return form.format(who, year)
