"""The page of all claims: every verdict, a summary, downloads, how the records were made."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nbsupport.analysis.verdicts import WORDS
from nbsupport.display.html import Html, note, table
from nbsupport.evidence import ledger, provenance, recorded
from nbsupport.evidence.ledger import Judged
from nbsupport.evidence.published.verdicts import PublishedVerdict, published_verdicts
from nbsupport.evidence.records import evidence_profile, read_records
from nbsupport.pages.claims_table import ledger_table
from nbsupport.pages.page import Page
from nbsupport.study.profiles import profile_named

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.evidence.recorded import Recorded
    from nbsupport.pages.open_page import OpenPage


class BookLedger:
    """All claims judged once, for the pages that show them."""

    def __init__(self, page: "OpenPage", runs: "pd.DataFrame | None" = None) -> None:
        self.profile = evidence_profile(page.study.profile.name)
        self.mask = page.mask()
        self.records = read_records(self.profile)
        self.real = ledger.beside_of(self.profile)
        self.entries = ledger.judge_profile(self.profile, page.live(runs))

    @property
    def trained(self) -> bool:
        """Whether this build has live verdicts to show."""
        return any(entry.live is not None for entry in self.entries)

    @cached_property
    def published(self) -> dict[str, PublishedVerdict]:
        """What published models say, by claim; nothing beside records on real images."""
        return published_verdicts() if self.real else {}

    @property
    def claims(self) -> list[Judged]:
        """The paper's claims, without the controls."""
        return [entry for entry in self.entries if not entry.claim.control]

    @property
    def over_worlds(self) -> bool:
        """Whether any claim has enough worlds for a verdict over them."""
        return any(entry.over_worlds for entry in self.entries)

    def of(self, claim_id: str) -> Judged:
        """One claim's entry."""
        return next(entry for entry in self.entries if entry.claim.id == claim_id)

    def table(self) -> Html:
        """Every claim and control, a row each; the reader's browser sorts and filters it."""
        return ledger_table(self.entries, self.mask, self.real, self.published)

    def summary(self) -> Html:
        """How many claims are testable, settled, supported, contradicted, and which differ."""
        own = recorded.own(profile_named(self.profile))
        return summary(self.claims, self.real, own.worlds_left)

    def numbers(self) -> dict[str, str]:
        """The summary's counts, as text to glue."""
        return {name: f"{value}" for name, value in counts(self.claims).items()}

    def downloads(self) -> Html:
        """Links to the same as CSV and as JSON."""
        return downloads(self.entries, self.mask)

    def made(self) -> Html:
        """How the records were made."""
        return made(self.records, ledger.read_ledger(self.profile).get("made"))


SHARES = {"nearly all": 7 / 8, "about three quarters": 5 / 8, "about half": 3 / 8, "fewer": 0.0}


def right_option(numbers: Mapping[str, str]) -> str:
    """Which share of the settled claims is supported, as one of the reader's options.

    Each option ends halfway to the next quarter. Nothing where no claim is settled.
    """
    supported, settled = int(numbers["supported"]), int(numbers["settled"])
    if not settled:
        return ""
    return next(name for name, least in SHARES.items() if supported >= least * settled)


# the summary --------------------------------------------------------------------------------------
def counts(entries: Sequence[Judged]) -> dict[str, int]:
    """How many claims there are, by their headline verdicts, and how they hold up."""
    words = [entry.headline.word for entry in entries]
    total = {
        "claims": len(entries),
        "run": sum(word != "not run" for word in words),
        "testable": sum(word in ledger.TESTED for word in words),
        "settled": sum(word in ledger.SETTLED for word in words),
    }
    total |= {word.replace(" ", "-"): words.count(word) for word in WORDS}
    held = [entry.replication for entry in entries]
    for name in COMPARED:
        total[name.replace(" ", "-")] = held.count(name)
    total["over-worlds"] = sum(entry.over_worlds for entry in entries)
    total["changed"] = sum(entry.before[1].why != "" for entry in entries if 1 in entry.before)
    return total | {"fragile": sum(bool(entry.fragile) for entry in entries)}


COMPARED = ("alike", "differs in size", "reversed")  # what a test between two worlds can say
# (name in counts, what it says, the filter that shows these rows)
_TILES = (
    ("claims", "claims of the paper", ""),
    ("run", "with recorded runs", ""),
    ("testable", "testable", ""),
    ("settled", "settled", ""),
    ("supported", "supported", "supported"),
    ("contradicted", "contradicted", "contradicted"),
    ("alike", "alike on world 2", "alike on world 2"),
    ("differs-in-size", "differ in size on world 2", "differs in size on world 2"),
    ("reversed", "reversed on world 2", "reversed on world 2"),
)


def summary(
    entries: Sequence[Judged], real: "Recorded | None" = None, worlds_left: str = ""
) -> Html:
    """The counts as a row of numbers, a sentence on what does not replicate, one on the worlds that
    are still to be recorded, and one on real images."""
    found = counts(entries)
    tiles = "".join(_tile(found[name], text, word) for name, text, word in _TILES)
    left = [escape(worlds_left)] if worlds_left else []
    sentences = [*_held_up(entries), *_rest(found), *left, *_on_real(entries, real)]
    told = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    plain = ", ".join(f"{found[name]} {text}" for name, text, _ in _TILES)
    return Html(f'<ul class="nb-tiles">{tiles}</ul>{told}', plain)


def _tile(value: int, text: str, word: str) -> str:
    inner = f"<strong>{value}</strong><span>{escape(text)}</span>"
    if word and value:
        inner = f'<a href="#ledger" data-ledger-filter="{escape(word, quote=True)}">{inner}</a>'
    return f"<li>{inner}</li>"


def _held_up(entries: Sequence[Judged]) -> list[str]:
    if not any(e.headline.word in ledger.SETTLED for e in entries):
        return ["No claim is settled by the recorded runs yet."]
    lists = {
        name: [e.claim.id for e in entries if e.replication == name]
        for name in ("reversed", "differs in size")
    }
    changed = [e.claim.id for e in entries if 1 in e.before and e.before[1].why]
    says = {
        "reversed": "Reversed on world 2, by a test of the difference: ",
        "differs in size": "Of another size on world 2, by a test of the difference: ",
    }
    told = [says[name] + _anchors(ids) + "." for name, ids in lists.items() if ids]
    if not told and any(e.replication for e in entries):
        told = ["No claim differs between world 1 and world 2 by a test of the difference."]
    rules = "With another word on world 1 than version 1 of the rules gave: "
    return [*told, *([rules + _anchors(changed) + "."] if changed else [])]


def _rest(found: dict[str, int]) -> list[str]:
    """What the tiles leave out."""
    words = [word for word in WORDS if word not in ("supported", "contradicted")]
    parts = [f"{found[w.replace(' ', '-')]} {w}" for w in words if found[w.replace(" ", "-")]]
    return [f"The other claims: {', '.join(parts)}."] if parts else []


def _on_real(entries: Sequence[Judged], real: "Recorded | None") -> list[str]:
    """How many claims real images support and contradict, beside the simulated world."""
    if real is None:
        return []
    told = "; ".join(f"{s.short} {_counted(entries, w)}" for w, s in real.settings.items())
    state = [text] if (text := real.state()) else []
    if real.records.empty:
        return [f"{escape(real.title)}: {escape(text)}" for text in state]
    kept = [_kept(entries, n, real.settings[n].short) for n in real.waves]
    return [escape(text) for text in (f"{real.title}: {told}.", *kept, *state)]


def _kept(entries: Sequence[Judged], number: int, shift: str) -> str:
    """On how many claims the cells that confirm say the same as the first ones, on a shift."""
    both = [e.confirmed[number] for e in entries if e.confirmed]
    both = [each for each in both if "not run" not in (each.first.word, each.confirming.word)]
    same = sum(each.first.text == each.confirming.text for each in both)
    return (
        f"{shift.capitalize()}, cells planned to confirm what the first ones say "
        f"have the same word on {same} of {len(both)} claims."
    )


def _counted(entries: Sequence[Judged], shift: int) -> str:
    """Claims by their word on one shift between real images."""
    words = [entry.real[shift].word for entry in entries if entry.real]
    return ", ".join(f"{words.count(w)} {w}" for w in WORDS if w in words)


def _anchors(ids: Sequence[str]) -> str:
    return ", ".join(f'<a href="#claim-{escape(i, quote=True)}">{escape(i)}</a>' for i in ids)


# downloads ----------------------------------------------------------------------------------------
def downloads(entries: Sequence[Judged], mask: str = "") -> Html:
    """The whole ledger as CSV and JSON, inside the page: no server is asked for them."""
    told = [ledger.as_dict(entry) for entry in entries]
    if mask:
        told = [{k: v for k, v in entry.items() if k != "live"} for entry in told]
    files = {
        "claims.csv": ("text/csv", ledger.as_csv(ledger.ledger_table(entries))),
        "claims.json": ("application/json", json.dumps(told, indent=1, ensure_ascii=False)),
    }
    links = " ".join(
        f'<a class="nb-download" download="{name}" href="data:{kind};charset=utf-8,'
        f'{quote(text, safe="")}">{name}</a>'
        for name, (kind, text) in files.items()
    )
    return Html(f'<p class="nb-quiet">Download: {links}</p>', "claims.csv, claims.json")


# how the records were made ------------------------------------------------------------------------
def made(records: "pd.DataFrame", account: dict[str, Any] | None) -> Html:
    """Runs, cells, worlds, devices, versions, dates and compute-hours behind the verdicts."""
    if records.empty:
        return note("No runs are recorded yet. The command make record trains them.")
    runs = records.drop_duplicates(["world", "role", "key"])
    jobs = {stage: len(keys) for stage, keys in provenance.job_keys(records).items()}
    rows = [
        ("runs", f"{len(runs):,} in {runs['role'].nunique()} groups"),
        ("models trained", f"{jobs['pretrain']:,} pre-trained, {jobs['finetune']:,} fine-tuned"),
        ("worlds", "; ".join(_world(number, part) for number, part in runs.groupby("world"))),
        ("device", _values(records, "device")),
        ("precision", _values(records, "precision")),
        ("versions of the stages", _values(records, "versions")),
        *_from_store(records, account or {}),
    ]
    return table(("how the records were made", ""), rows)


def _world(number: Any, runs: "pd.DataFrame") -> str:
    families, seeds = runs["family"].nunique(), runs["seed"].nunique()
    return f"world {number}: {len(runs):,} runs of {families} families x {seeds} seeds"


def _values(records: "pd.DataFrame", column: str) -> str:
    return ", ".join(str(value) for value in sorted(records[column].unique()))


def _from_store(records: "pd.DataFrame", account: dict[str, Any]) -> list[tuple[str, str]]:
    """Where and when the runs were made, as their rows and the account written beside them say."""
    tuned = records.drop_duplicates("key")["seconds"].sum()
    rows = [*_places(records), ("compute-hours of fine-tuning", f"{tuned / 3600:.1f}")]
    if not provenance.noted(account):
        return rows
    stage = account["jobs"]["pretrain"]
    part = "" if stage["noted"] == stage["jobs"] else f" ({stage['noted']} of {stage['jobs']} jobs)"
    listed = {n: ", ".join(str(v) for v in account.get(n, [])) for n in provenance.LISTS}
    return [
        *rows,
        ("compute-hours of pre-training", f"{stage['seconds'] / 3600:.1f}{part}"),
        ("jobs finished (UTC)", f"{account['first'][:10]} to {account['last'][:10]}"),
        ("Python", listed["python"]),
        ("machine", f"{listed['platform']}; threads a job: {listed['threads']}"),
    ]


def _places(records: "pd.DataFrame") -> list[tuple[str, str]]:
    """Processor, PyTorch and days of the recorded runs; of how many of them this is lost."""
    found = provenance.places(records)
    if not found["noted"]:
        lost = "lost: it was not noted when these runs were made"
        return [(name, lost) for name in ("processor", "PyTorch", "when (UTC)")]
    part = f" ({found['noted']:,} of {found['runs']:,} runs; of the others it is lost)"
    part = "" if found["noted"] == found["runs"] else part
    return [
        ("processor", f"{'; '.join(found['processor'])}{part}"),
        ("PyTorch", f"{', '.join(found['torch'])}{part}"),
        ("when (UTC)", f"{found['first']} to {found['last']}{part}"),
    ]


PAGE = Page("claims", "All claims", gathers=list, whole_book=True)
