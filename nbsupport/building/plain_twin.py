"""The book in plain text for language models: `llms.txt` beside its first page.

Titles of pages, claims and what is found on them, with links: what a program needs to answer a
question on the book, or to choose a page. The form is that of llmstxt.org.
"""

from collections.abc import Iterable

from nbsupport.building.editions import FOR_LECTURERS, FULL
from nbsupport.evidence.judged import Judged
from nbsupport.evidence.ledger import judge_profile
from nbsupport.evidence.records import evidence_profile
from nbsupport.pages import pages
from nbsupport.pages.exercises import listed, title_of
from nbsupport.pages.page import Page
from nbsupport.study.profiles import profile_named

TWIN = "llms.txt"
ABOUT = (
    "An executable book of one paper: On the Connection between Pre-training Data Diversity and "
    "Fine-tuning Robustness (Ramanujan, Nguyen, Oh, Schmidt and Farhadi, NeurIPS 2023). The models "
    "are small and trained in a simulated world, so a verdict says whether a finding of the paper "
    "appears there. It is no second measurement of the paper's numbers."
)
WORDS = (
    "A verdict is what recorded runs say on a claim, by rules whose present version was written "
    "when the simulated worlds 1 and 2 were known; later worlds test it. "
    '"Inconclusive" and "leans" settle nothing, and "not testable" is no evidence either way.'
)


def twin(profile: str, edition: str = FULL) -> str:
    """The text, by the records that the book of a profile is judged from."""
    profile = evidence_profile(profile)
    judged = judge_profile(profile)
    real = next((name for name in profile_named(profile).beside), "")
    lines = ["# Data diversity and robustness", "", f"> {ABOUT}", "", WORDS, "", "## Pages", ""]
    lines += [*map(_page, pages().values()), *_written(edition)]
    lines += ["", f"## Claims and verdicts (records of the profile {profile})", ""]
    lines += _claims((each for each in judged if not each.claim.control), real)
    lines += ["", "## Controls of the machinery", ""]
    lines += _claims((each for each in judged if each.claim.control), real)
    return "\n".join([*lines, ""])


def _page(page: Page) -> str:
    section = f" (Section {page.section})" if page.section[:1].isdigit() else ""
    count = len(page.claims)
    tested = f": {count} claim{'s' * (count > 1)}" if count else ""
    return f"- [{page.title}{section}]({_address(page.id)}){tested}"


def _written(edition: str) -> list[str]:
    """The pages of an edition that are written by hand, by their headings."""
    names = [name for name, path in listed().items() if path.suffix == ".md"]
    own = [name for name in names if edition == FULL or name not in FOR_LECTURERS]
    return [f"- [{title_of(name.rpartition('/')[2])}]({name}.html)" for name in own]


def _address(page_id: str) -> str:
    return "index.html" if page_id == "index" else f"book/sections/{page_id}.html"


def _claims(judged: Iterable[Judged], real: str) -> list[str]:
    """Two to four lines for each claim: it, what the paper says, what is found, where it stands."""
    lines = []
    for each in judged:
        claim = each.claim
        lines.append(f"- {claim.text} [{claim.id}]({_address(claim.page)})")
        lines += [f"  - the paper: {claim.paper}"] if claim.paper else []
        lines.append(f"  - verdict: {each.headline.text}")
        lines += [f"  - real images ({real}): {_of(each)}"] if each.real else []
    return lines


def _of(each: Judged) -> str:
    apart = {number: f" ({found.text})" for number, found in each.confirmed.items()}
    told = each.real.items()
    return "; ".join(f"shift {n}: {verdict.text}{apart.get(n, '')}" for n, verdict in told)
