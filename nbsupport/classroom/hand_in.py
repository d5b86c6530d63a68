"""What a student hands in: the rows of a cell in a CSV that notices when it is edited.

The columns are those of the records, then who handed it in, for which plan, with which version of
this project and of Python on which system, a checksum of each run's scores at full precision, and
the seal, a checksum of all that stands in the file.
"""

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport import __version__
from nbsupport.classroom.assign import runs_in
from nbsupport.classroom.plan import ClassCell, ClassPlan, slug
from nbsupport.errors import UserError
from nbsupport.evidence.provenance import with_places
from nbsupport.evidence.records import COLUMNS, read_records, replace_file
from nbsupport.evidence.sealed import digest
from nbsupport.jobs.store import Store
from nbsupport.reading import Lines, csv_lines, read_bytes
from nbsupport.study.study import Run, Study

if TYPE_CHECKING:
    import pandas as pd

OWN = ["student", "plan", "project", "python", "platform", "result_sha256"]
SEAL = "seal"
HEADER = [*COLUMNS, *OWN, SEAL]
NO_PROOF = "The seal shows an edit; it does not prove that a training gave these rows."


# training -----------------------------------------------------------------------------------------
def planned_runs(plan: ClassPlan, cell: ClassCell) -> tuple[Study, list[Run]]:
    """The study and the runs of a cell. UserError where this copy of the project trains others."""
    study, runs = runs_in(plan.profile, cell.place, list(cell.runs))
    for run in runs:
        expected, here = cell.runs[run.group.role], run.finetune
        if here.key != expected.key:
            versions = here.about["versions"]
            raise UserError(
                f"this copy of the project would train another run of {run.group.role} ({cell}) "
                f"than the plan names ({versions} here, {expected.versions} in the plan): use the "
                "version that made the plan"
            )
    return study, runs


def train(plan: ClassPlan, name: str) -> int:
    """Train what the store lacks of a student's cells; how many runs they have."""
    parts = [planned_runs(plan, cell) for cell in plan.cells_of(name)]
    runs = [run for _, own in parts for run in own]
    parts[0][0].train(runs)
    return len(runs)


# writing ------------------------------------------------------------------------------------------
def hand_in(plan: ClassPlan, name: str, store: Store, folder: Path) -> Path:
    """Write a student's file, of all their cells. UserError where a run is not trained yet."""
    import pandas as pd

    rows = [_rows(plan, name, cell, store) for cell in plan.cells_of(name)]
    path = folder / f"hand-in-{slug(name)}.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} is no folder to write to: {error.strerror}") from None
    replace_file(path, sealed(pd.concat(rows, ignore_index=True)))
    return path


def _rows(plan: ClassPlan, name: str, cell: ClassCell, store: Store) -> "pd.DataFrame":
    study, runs = planned_runs(plan, cell)
    if missing := [run for run in runs if not store.done(run.finetune)]:
        raise UserError(
            f"{len(missing)} of the {len(runs)} runs of {cell} are not in the store {store.root}: "
            f"`nbsupport class train PLAN --name {name!r}` first"
        )
    results = {run.finetune.key: store.result(run.finetune) for run in runs}
    table = with_places(study.records(runs, results), store)
    sums = {key: digest(result["records"]) for key, result in results.items()}
    return table.assign(
        student=name,
        plan=plan.hash,
        project=__version__,
        **_system(store, runs[0].finetune.key),
        result_sha256=table["key"].map(sums),
    )


def _system(store: Store, key: str) -> dict[str, str]:
    """Python and system that a job was done with; nothing where the store does not say."""
    with suppress(OSError, ValueError, AttributeError):
        noted = json.loads((store.folder(key) / "environment.json").read_bytes())
        return {name: str(noted.get(name, "")) for name in ("python", "platform")}
    return {"python": "", "platform": ""}


def sealed(table: "pd.DataFrame") -> str:
    """Rows as CSV, each with the seal of all."""
    text = table.reindex(columns=HEADER[:-1]).to_csv(
        index=False, float_format="%.6g", lineterminator="\n"
    )
    lines = csv_lines(text.encode(), "the hand-in")
    seal = seal_of(lines.header, lines.rows)
    return csv_of([HEADER, *([*row, seal] for row in lines.rows)])


def seal_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The checksum of a header and rows, without that of the seal itself."""
    return digest([list(header), *map(list, rows)])


def csv_of(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of texts as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


# reading ------------------------------------------------------------------------------------------
def read_hand_in(path: Path) -> "pd.DataFrame":
    """The rows of a file that was handed in, with the columns OWN.

    Raises UserError where it is no such file, holds what no run gives, or was edited.
    """
    lines = csv_lines(read_bytes(path), path.name)
    if lines.header != HEADER:
        raise UserError(f"{path.name} has not the columns of a hand-in: `class hand-in` writes one")
    table = read_records(path)  # checks each value
    own = {name: lines.column(name) for name in OWN}
    if not len(table):
        raise UserError(f"{path.name} holds no rows")
    _check_seal(lines)
    for name in ("student", "plan"):
        if len(set(own[name])) > 1:
            raise UserError(f"{path.name} is of more than one {name}: hand in a file for each")
    return table.assign(**own)


def _check_seal(lines: Lines) -> None:
    """UserError where rows are not those that were written."""
    seals = set(lines.column(SEAL))
    if seals != {seal_of(lines.header[:-1], [row[:-1] for row in lines.rows])}:
        raise UserError(f"{lines.name} was edited after it was written: hand in the original file")
