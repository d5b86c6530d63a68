"""A report of one page in the form of the ML Reproducibility Challenge, from the ledger of claims.

Every number is counted in the ledger and in the records when the report is made.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.verdicts import WORDS
from nbsupport.display.html import signed, span
from nbsupport.errors import UserError
from nbsupport.evidence.ledger import ledger_paths, masked, read_ledger
from nbsupport.evidence.records import read_with_digest
from nbsupport.pages.citation import citation
from nbsupport.study.profiles import Profile, profile_named
from nbsupport.training.families import NAMES, family_named

if TYPE_CHECKING:
    import pandas as pd

FIRST, SECOND = "world 1", "world 2"
UNSETTLED = ("inconclusive", "leans", "at the floor", "not testable", "not run")
Entry = dict[str, Any]  # a claim of the ledger


@dataclass(frozen=True)
class Evidence:
    """What a report rests on: a profile, its ledger, and the runs that this was judged by."""

    profile: Profile
    ledger: dict[str, Any]
    records: "pd.DataFrame"
    digest: str

    @cached_property
    def claims(self) -> list[Entry]:
        """The paper's claims, without the controls of the machinery."""
        return [entry for entry in self.ledger["claims"] if not entry["control"]]

    @cached_property
    def runs(self) -> "pd.DataFrame":
        """Each fine-tuning once: two roles may share it, and it has several epochs."""
        return self.records.drop_duplicates("key")

    def by_word(self, word: str) -> list[Entry]:
        """The claims whose first verdict is this word."""
        return [entry for entry in self.claims if _word(entry) == word]


def report(profile: str = "demo") -> str:
    """The report in Markdown. UserError where the profile has no ledger, or is no evidence."""
    known = profile_named(profile)
    if not known.evidence:
        raise UserError(f"{masked(profile)}: report another profile, such as demo")
    ledger = read_ledger(profile)
    if not ledger:
        place = ledger_paths(profile)[1].name
        raise UserError(f"profile {profile} has no ledger ({place}): make judge PROFILE={profile}")
    found = Evidence(known, ledger, *read_with_digest(profile))
    parts = (_scope, _claims, _methodology, _results, _easy, _difficult, _communication)
    return "\n\n".join([_head(found), *(part(found) for part in parts)]) + "\n"


def _head(found: Evidence) -> str:
    paper = citation().paper
    stale = found.ledger["records"].get("sha256") != found.digest
    warning = "\n\n**The records have changed since the ledger was written: `make judge`.**"
    return (
        f"## What was reproduced\n\n*{paper['title']}* "
        f"({paper['author'].replace(' and ', '; ')}; {paper['year']}). The evidence is that of the "
        f"profile *{found.profile.name}*, {found.profile.meaning}.{warning if stale else ''}"
    )


# sections -----------------------------------------------------------------------------------------
def _scope(found: Evidence) -> str:
    sections = dict.fromkeys(entry["section"] for entry in found.claims)
    kind = (
        "in a simulated world. It asks whether the paper's findings appear there. It measures none "
        "of the paper's numbers again"
        if found.profile.simulated
        else "on real images, smaller than the paper's"
    )
    return (
        "## Scope of reproducibility\n\n"
        f"{len(found.claims)} claims of {len(sections)} sections were tested, {kind}. A claim is a "
        "statement that runs can support or contradict. The first version of the rules was fixed "
        "before any run, the second when worlds 1 and 2 were known: later worlds test it. "
        f"{_controls(found)} stand beside them, which test the machinery itself."
    )


def _controls(found: Evidence) -> str:
    count = len(found.ledger["claims"]) - len(found.claims)
    return f"{count} control{'' if count == 1 else 's'}"


def _claims(found: Evidence) -> str:
    rows = [[word, len(own), _sections(own)] for word in WORDS if (own := found.by_word(word))]
    told = (
        '"Calibrated": the world was tuned to show it, so it is no evidence. "Measured": a number '
        'without a statement. "Negligible": smaller than the margin, a quarter of the gap.'
    )
    return f"## Claims\n\n{_table(['verdict', 'claims', 'of sections'], rows)}\n\n{told}"


def _methodology(found: Evidence) -> str:
    runs, made = found.runs, found.ledger["made"]
    families = [family_named(name).title for name in NAMES if name in set(runs["family"])]
    cells = runs[["world", "family", "seed"]].drop_duplicates()
    hours = runs["seconds"].sum() / 3600
    return (
        "## Methodology\n\n"
        "The code was written anew from the paper; none of the authors' was used. "
        f"{len(runs):,} fine-tunings of {made['jobs'].get('pretrain', {}).get('jobs', 0):,} "
        f"pre-trained models are recorded, in {len(cells):,} cells (a family with a seed) of "
        f"{runs['world'].nunique()} {found.profile.setting}s, at {found.profile.px} pixels, with "
        f"{len(families)} families: {', '.join(families)}. The fine-tunings took {hours:,.1f} "
        f"hours in all. {_machines(made)} Groups are compared within cells, above the line of "
        "models that were never pre-trained; intervals are 95 %, by a jackknife over cells."
    )


def _machines(made: dict[str, Any]) -> str:
    told = made.get("runs", {})
    if not told.get("noted"):
        return "On which machine was not noted."
    where = "; ".join((*told["processor"], *(f"PyTorch {name}" for name in told["torch"])))
    return f"Of {told['noted']:,} of {told['runs']:,} runs the machine is known: {where}."


def _results(found: Evidence) -> str:
    held = [entry for entry in found.claims if _word(entry) == "supported"]
    again = [entry for entry in held if entry[SECOND]["verdict"] == "supported"]
    failed = [_told(entry) for entry in found.by_word("contradicted")]
    small = [_told(entry) for entry in found.by_word("negligible")]
    return "\n".join(
        [
            "## Results",
            "",
            f"{len(held)} of {len(found.claims)} claims are supported; {len(again)} of these are "
            f"supported on world 2 as well, by runs of their own.{_on_real(found)}",
            "",
            *_listed("Contradicted:", failed),
            *_listed("Too small to count, where the paper sees a difference:", small),
        ]
    )


def _on_real(found: Evidence) -> str:
    """How the first shift between real images speaks, where any was run."""
    first = [entry["real images"]["shift 1"]["verdict"] for entry in found.claims if _real(entry)]
    tested = [word for word in first if word != "not run"]
    if not tested:
        return ""
    said = Counter(tested)
    parts = [f"{said[word]} {word}" for word in WORDS if said[word]]
    return f" On real images (first shift) {len(tested)} could be judged: {', '.join(parts)}."


def _easy(found: Evidence) -> str:
    settled = [entry for entry in found.claims if _word(entry) not in UNSETTLED]
    mean = found.runs["seconds"].mean()
    stable = sum(not _otherwise(entry) for entry in settled)
    return (
        "## What was easy\n\n"
        f"A fine-tuning takes {mean:,.1f} seconds on average, so each comparison could be repeated "
        f"with further seeds. {len(settled)} claims have a settled verdict, and {stable} of them "
        "keep it on all other axes and at all other margins."
    )


def _difficult(found: Evidence) -> str:
    unsettled = [entry for entry in found.claims if _word(entry) in UNSETTLED]
    more = sorted(n for entry in unsettled if (n := entry[FIRST].get("more_cells")))
    told = f" For {len(more)} there is an estimate of the cells that might settle them: {{}}."
    need = told.format(f"the median is {median(more):,.0f}") if more else ""
    apart = [e for e in found.claims if len({_word(e), e[SECOND]["verdict"]} - {"not run"}) > 1]
    choices = len(profile_named("paper").notes)
    return (
        "## What was difficult\n\n"
        f"{len(unsettled)} claims are not settled.{need} {len(apart)} have another verdict on "
        f"world 2 than on world 1. In {choices} places the paper is silent, or what it says could "
        "not be done as it stands, and the choice is ours; the page on scale gives each with its "
        "reason. The paper's appendices were not at hand."
    )


def _communication(_: Evidence) -> str:
    return (
        "## Communication with original authors\n\n"
        "None. The authors were not asked, and have not seen this report."
    )


# the ledger's entries -----------------------------------------------------------------------------
def _word(entry: Entry) -> str:
    """The verdict that stands first: a word of the rules, without what is said beside it."""
    told = str(entry["headline"]["verdict"])
    return next((word for word in WORDS if told.startswith(word)), told)


def _otherwise(entry: Entry) -> bool:
    first = entry[FIRST]
    return any(word != first["verdict"] for word in first.get("otherwise", {}).values())


def _real(entry: Entry) -> bool:
    return "shift 1" in entry.get("real images", {})


def _told(entry: Entry) -> str:
    first = entry[FIRST]
    if first["statistic"] is None:
        return f"{entry['claim']} (Section {entry['section']})"
    value = first["statistic"]
    ends = "" if first["low"] is None else f", {span(first['low'], first['high'], value)}"
    return f"{entry['claim']} (Section {entry['section']}; on world 1 {signed(value)}{ends})"


def _sections(entries: Sequence[Entry]) -> str:
    """The sections that claims are of, in order, each with their number where it is not one."""
    counts = Counter(entry["section"] for entry in entries)
    order = sorted(counts, key=lambda name: (name[:1].isdigit(), name))
    return ", ".join(f"{name} ({counts[name]})" if counts[name] > 1 else name for name in order)


def _listed(head: str, items: Sequence[str]) -> list[str]:
    return [head, "", *(f"- {item}" for item in items), ""] if items else []


def _table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines)
