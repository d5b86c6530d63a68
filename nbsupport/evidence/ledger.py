"""The ledger: every claim and control of the book against all recorded runs, as data and as files.

`records/claims-<profile>.csv` and `.json` are written after the runs are recorded, or from the
records at hand by `python -m nbsupport records --ledger-only`. A row of the CSV is a claim:

    id, section, kind                      as in claims.toml
    statistic, low, high, cells, verdict   of world 1 (of real images: of shift 1)
    ..._2, and _3 and so on                of the profile's other worlds
    real_statistic ... real_verdict        of shift 1 of the first profile that is shown beside it
    ..._2, and _3 and so on                of its other shifts

Columns of real images are left out where nothing is shown beside the profile.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.verdicts import Verdict
from nbsupport.errors import UserError
from nbsupport.evidence import provenance, recorded
from nbsupport.evidence.recorded import Recorded, verdicts
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

    from nbsupport.analysis.claims import Claim

WORLDS = (1, 2)
SETTLED = ("supported", "contradicted")
TESTED = (*SETTLED, "inconclusive", "leans")
_NUMBERS = ("statistic", "low", "high", "cells", "verdict")
COLUMNS = ("id", "section", "kind", *_NUMBERS, *(f"{name}_2" for name in _NUMBERS))
REAL_COLUMNS = tuple(f"real_{name}" for name in _NUMBERS)


@dataclass(frozen=True)
class Judged:
    """A claim and what runs say of it: recorded on worlds 1 and 2, and live where there are any.

    `others` are the verdicts on world 1 on other axes and at other margins, by setting. `further`
    are those of the profile's worlds from 3 on, `real` those on real images by shift, the leading
    one first; empty where nothing is shown beside the profile.
    """

    claim: "Claim"
    first: Verdict
    second: Verdict
    others: Mapping[str, str] = field(default_factory=dict)
    live: Verdict | None = None
    further: Mapping[int, Verdict] = field(default_factory=dict)
    real: Mapping[int, Verdict] = field(default_factory=dict)

    @property
    def on_real(self) -> Verdict | None:
        """The verdict on the leading shift between real images."""
        return next(iter(self.real.values()), None)

    @property
    def alike_on_real(self) -> bool:
        """Whether all shifts between real images have the same verdict."""
        return len({v.text for v in self.real.values()}) <= 1

    @property
    def replication(self) -> str:
        """Of a claim settled on world 1: "replicated", "reversed" or "left open" on world 2."""
        if self.first.word not in SETTLED:
            return ""
        if self.second.word not in SETTLED:
            return "left open"
        return "replicated" if self.second.word == self.first.word else "reversed"

    @property
    def fragile(self) -> list[str]:
        """The settings under which the verdict on world 1 reads differently."""
        return [name for name, word in self.others.items() if word != self.first.text]


def judge_all(
    own: Recorded, live: "pd.DataFrame | None" = None, *, real: Recorded | None = None
) -> list[Judged]:
    """Every claim, then every control, against recorded runs (and live ones, and those on real
    images, if given)."""
    known, simulated = claims.load(), own.profile.simulated
    further = sorted(set(map(int, own.records["world"])).difference(WORLDS))
    found = {world: own.verdicts(known, world) for world in (*WORLDS, *further)}
    others = _others(own.points(WORLDS[0]), found[WORLDS[0]], simulated)
    now = {} if live is None else verdicts(live, known, simulated=simulated)
    shifts = {n: real.verdicts(known, n) for n in real.settings} if real else {}
    return [
        Judged(
            claim,
            found[1][key],
            found[2][key],
            others.get(key, {}),
            now.get(key),
            {world: found[world][key] for world in further},
            {shift: judged[key] for shift, judged in shifts.items()},
        )
        for key, claim in known.items()
    ]


def judge_profile(profile: str, live: "pd.DataFrame | None" = None) -> list[Judged]:
    """`judge_all` on what is recorded for a profile and beside it."""
    own = Recorded(profile_named(profile), read_records(profile))
    return judge_all(own, live, real=beside_of(profile))


def beside_of(profile: str) -> Recorded | None:
    """What the ledger sets beside a profile's own worlds: the first that the profile names."""
    return next(iter(recorded.beside(profile_named(profile))), None)


def _others(
    points: "pd.DataFrame", judged: Mapping[str, Verdict], simulated: bool
) -> dict[str, dict[str, str]]:
    """The sensitivity table of each claim that has runs: verdict by "logit" ... "margin 0.33"."""
    tables = {}
    for key, verdict in judged.items():
        if verdict.word == "not run":
            continue
        table = claims.sensitivity(key, points, simulated=simulated)
        tables[key] = {
            (axis if axis != "linear" else f"margin {margin:g}"): word
            for axis, margin, word in table[["axis", "margin", "verdict"]].to_numpy()
            if (axis, margin) != ("linear", MARGIN)
        }
    return tables


def numbers(verdict: Verdict | None) -> dict[str, Any]:
    """statistic, low, high (NaN where there is none), cells, and the verdict as it is printed."""
    found = verdict.contrast if verdict else None
    estimate = (math.nan, math.nan, math.nan, 0)
    if found is not None:
        estimate = (found.estimate.value, found.low, found.high, found.cells)
    return dict(zip(_NUMBERS, (*estimate, verdict.text if verdict else "not run"), strict=True))


def ledger_table(judged: Sequence[Judged]) -> "pd.DataFrame":
    """A row for each claim: COLUMNS, those of further worlds, and REAL_COLUMNS of each shift."""
    import pandas as pd

    rows = []
    for entry in judged:
        row = {"id": entry.claim.id, "section": entry.claim.section, "kind": entry.claim.kind}
        row |= numbers(entry.first)
        for world, verdict in {2: entry.second, **entry.further}.items():
            row |= {f"{name}_{world}": value for name, value in numbers(verdict).items()}
        for place, (shift, verdict) in enumerate(entry.real.items()):
            end = f"_{shift}" if place else ""
            row |= {f"real_{name}{end}": value for name, value in numbers(verdict).items()}
        rows.append(row)
    return pd.DataFrame(rows)


def as_csv(table: "pd.DataFrame") -> str:
    """A table as the project writes it."""
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def as_dict(entry: Judged) -> dict[str, Any]:
    """All of an entry, JSON-able: null where there is no number."""
    claim = entry.claim
    told = {
        "id": claim.id,
        "section": claim.section,
        "figure": claim.figure,
        "kind": claim.kind,
        "control": claim.control,
        "claim": claim.text,
        "paper": claim.paper,
        "page": claim.page,
        "unit": unit(claim),
        "world 1": _told(entry.first) | {"otherwise": dict(entry.others)},
        "world 2": _told(entry.second),
        **{f"world {world}": _told(verdict) for world, verdict in entry.further.items()},
        "replication": entry.replication,
    }
    if entry.real:
        told["real images"] = {f"shift {w}": _told(verdict) for w, verdict in entry.real.items()}
    return told | ({"live": _told(entry.live)} if entry.live else {})


def _told(verdict: Verdict) -> dict[str, Any]:
    values = {
        name: (None if isinstance(v, float) and not math.isfinite(v) else v)
        for name, v in numbers(verdict).items()
    }
    rounded = {n: float(f"{v:.6g}") if isinstance(v, float) else v for n, v in values.items()}
    return rounded | {"remark": verdict.remark, "more_cells": verdict.more_cells}


def unit(claim: "Claim") -> str:
    """What the claim's statistic counts."""
    return {
        "effects": "gaps",
        "id-position": "ID macro F1",
        "epoch-trend": "OOD macro F1 over all epochs",
    }.get(claim.statistic, "OOD macro F1")


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
        raise UserError(f"profile {profile} has no records: make records PROFILE={profile} first")
    csv, document = ledger_paths(profile)
    with locked(csv):
        (records, digest), real = read_with_digest(profile), beside_of(profile)
        judged = judge_all(Recorded(profile_named(profile), records), real=real)
        judged = _masked(profile, judged)
        whole = {
            "profile": profile,
            "records": {"file": path.name, "sha256": digest, "rows": len(records)},
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
