"""The ledger: every claim and control of the book against all recorded runs, as data and as files.

`records/claims-<profile>.csv` and `.json` are written after the runs are recorded, or from the
records at hand by `python -m nbsupport judge`. A row of the CSV is a claim:

    id, section, kind                      as in claims.toml
    headline, over, q                      the verdict that stands first, what it is about, and the
                                           p value behind it among those of all claims
    statistic, low, high, cells, verdict   of world 1 (of real images: of shift 1), by these rules
    rules_1, why                           the word of version 1 of the rules, and why it changed
    alike ... alike_verdict                families with the same sign; for architectures like these
    ..._2                                  of world 2; against_1: by a test of the difference
    worlds ... worlds_verdict              over worlds: how many count, how many support the claim,
                                           mean and interval, tau, the range for a new world
    ..._3 and so on                        of the profile's further worlds
    real_statistic ... real_why            of shift 1 of the first profile that is shown beside it
    ..._2, and _3 and so on                of its other shifts
    real_first_..., real_confirming_...    of a shift's first cells, and of those alone that were
                                           planned to confirm them, where any of these is recorded

Columns of real images are left out where nothing is shown beside the profile.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.verdicts import SETTLED, Verdict
from nbsupport.errors import UserError
from nbsupport.evidence import provenance, recorded
from nbsupport.evidence.judged import TESTED, WORLDS, Judged, judge_all
from nbsupport.evidence.ledger_rows import (
    COLUMNS,
    CONFIRMED_COLUMNS,
    REAL_COLUMNS,
    about_families,
    about_worlds,
    as_csv,
    as_dict,
    ledger_table,
    numbers,
    over,
    unit,
)
from nbsupport.evidence.recorded import Recorded
from nbsupport.evidence.records import (
    locked,
    read_records,
    read_with_digest,
    records_path,
    replace_file,
)
from nbsupport.jobs.store import Store
from nbsupport.reading import RESTORE, read_json, shown
from nbsupport.study.profiles import PROFILES, profile_named

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "CONFIRMED_COLUMNS",
    "REAL_COLUMNS",
    "SETTLED",
    "TESTED",
    "WORLDS",
    "Judged",
    "about_families",
    "about_worlds",
    "as_csv",
    "as_dict",
    "judge_all",
    "ledger_table",
    "numbers",
    "over",
    "unit",
]


def judge_profile(profile: str, live: "pd.DataFrame | None" = None) -> list[Judged]:
    """`judge_all` on what is recorded for a profile and beside it."""
    own = Recorded(profile_named(profile), read_records(profile))
    return judge_all(own, live, real=beside_of(profile))


def beside_of(profile: str) -> Recorded | None:
    """What the ledger sets beside a profile's own worlds: the first that the profile names."""
    return next(iter(recorded.beside(profile_named(profile))), None)


# files --------------------------------------------------------------------------------------------
def ledger_paths(profile: str) -> tuple[Path, Path]:
    """Where a profile's ledger lies: CSV and JSON."""
    folder = records_path(profile).parent
    return folder / f"claims-{profile}.csv", folder / f"claims-{profile}.json"


def write_ledgers(profile: str, store: Store) -> list[str]:
    """A profile's ledger, and those of the profiles that show its records beside their own."""
    showing = [p.name for p in PROFILES.values() if profile in p.beside]
    others = [name for name in showing if records_path(name).exists()]
    return [write_ledger(name, store) for name in (profile, *others)]


def write_ledger(profile: str, store: Store) -> str:
    """Judge all claims by the records at hand and write both files; a closing line.

    Under a lock: of two processes that record, the later one judges what both recorded. Where the
    profile is no evidence, the files say so in place of every verdict. Raises UserError where the
    profile has no records.
    """
    path = records_path(profile)
    if not path.exists():
        raise UserError(f"profile {profile} has no records: make record PROFILE={profile} first")
    csv, document = ledger_paths(profile)
    with locked(csv):
        (records, digest), real = read_with_digest(profile), beside_of(profile)
        judged = judge_all(Recorded(profile_named(profile), records), real=real)
        judged = _masked(profile, judged)
        whole = {
            "profile": profile,
            "records": {"file": path.name, "sha256": digest, "rows": len(records)},
            "same runs": [list(roles) for roles in recorded.same_runs(records)],
            "made": _account(profile, records, digest, store),
            **({"real images": _beside(real)} if real else {}),
            "claims": [as_dict(entry) for entry in judged],
        }
        replace_file(csv, as_csv(ledger_table(judged)))
        replace_file(document, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    settled = sum(entry.first.word in SETTLED for entry in judged)
    told = masked(profile) or f"{settled} settled on world 1"
    return f"{csv.name} and {document.name}: {len(judged)} claims, {told}"


def masked(profile: str) -> str:
    """What stands in place of verdicts where runs are no evidence, else nothing."""
    return "" if profile_named(profile).evidence else f"{profile}: not evidence"


def _masked(profile: str, judged: Sequence[Judged]) -> list[Judged]:
    """The entries, their verdicts masked where runs of the profile are no evidence."""
    if not (text := masked(profile)):
        return list(judged)

    def mask(verdict: Verdict) -> Verdict:
        return Verdict(text, contrast=verdict.contrast)

    return [
        replace(
            entry,
            first=mask(entry.first),
            second=mask(entry.second),
            others={},
            further={world: mask(verdict) for world, verdict in entry.further.items()},
            confirmed={},
            before={},
            compared={},
            counted=(),
            summary=None,
            q=float("nan"),
        )
        for entry in judged
    ]


def _beside(real: Recorded) -> dict[str, Any]:
    """Which records on real images were judged, and what their shifts are."""
    digest = read_with_digest(real.profile.name)[1] or None
    told = {
        "file": records_path(real.profile.name).name,
        "sha256": digest,
        "rows": len(real.records),
    }
    shifts = {f"shift {number}": setting.name for number, setting in real.settings.items()}
    return {"profile": real.profile.name, "records": told, "shifts": shifts}


def _account(profile: str, records: "pd.DataFrame", digest: str, store: Store) -> dict[str, Any]:
    """How the records were made, from this store or as noted before, whichever knows more."""
    now = provenance.made(records, store)
    before = read_ledger(profile)
    same = before.get("records", {}).get("sha256") == digest
    fuller = provenance.fuller([now, before["made"]] if same else [now])
    return fuller | {"runs": now["runs"]}


def read_ledger(profile: str) -> dict[str, Any]:
    """The ledger's JSON; empty where it was not written yet.

    Raises UserError where the file is damaged: it may hold the only account of how the records
    were made, so it is not written over.
    """
    path = ledger_paths(profile)[1]
    if not path.exists():
        return {}
    found = read_json(path)
    shapes: dict[str, type] = {"records": dict, "made": dict, "claims": list}
    for name, kind in shapes.items():
        if not isinstance(found.get(name), kind):
            raise UserError(
                f"{shown(path)}: {name!r} is {found.get(name)!r:.60}, not a JSON "
                f"{'object' if kind is dict else 'list'}: {RESTORE}"
            )
    if problem := provenance.problem(found["made"]):
        raise UserError(f"{shown(path)}: {problem} in 'made': {RESTORE}")
    return found
