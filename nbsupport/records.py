"""Recorded results: one CSV a profile in `records/`, committed, so that verdicts rest on many runs."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nbsupport.errors import UserError
from nbsupport.paths import root

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.study import Run, Study

COLUMNS = (
    "profile,world,role,source,images,classes,family,architecture,seed,epoch,"
    "id_macro_f1,ood_macro_f1,id_accuracy,ood_accuracy,n_id,n_ood,"
    "key,parent_key,versions,device,precision,seconds,images_per_second"
).split(",")
_ORDER = ["world", "seed", "family", "role", "epoch"]


def records_path(profile: str) -> Path:
    """Where a profile's records lie."""
    return root() / "records" / f"{profile}.csv"


def read_records(profile: str) -> "pd.DataFrame":
    """A profile's recorded runs, one row per run and evaluated epoch; empty where there are none.

    Raises UserError where the file lacks a column.
    """
    import pandas as pd

    path = records_path(profile)
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise UserError(
            f"{path.name} lacks the columns {', '.join(missing)}: restore it from version control"
        )
    return table.fillna({"parent_key": "", "source": "none"})


def write_records(profile: str, table: "pd.DataFrame") -> Path:
    """Replace a profile's records by this table, in a fixed order, whole or not at all."""
    path = records_path(profile)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    ordered = table[COLUMNS].drop_duplicates(["role", "key", "epoch"]).sort_values(_ORDER)
    ordered.to_csv(partial, index=False, float_format="%.6g", lineterminator="\n")
    return partial.replace(path)


def missing_runs(runs: Iterable["Run"], recorded: "pd.DataFrame") -> list["Run"]:
    """The runs that the records do not hold yet, by role and key."""
    held = set(zip(recorded["role"], recorded["key"], strict=True))
    return [run for run in runs if (run.group.role, run.finetune.key) not in held]


def record(study: "Study", runs: list["Run"], tell: Callable[[str], None]) -> int:
    """Train the runs that the records lack, cell by cell, writing the CSV after each; their number.

    A run that is stopped loses at most the cell under way, and of that only what the store lacks.
    """
    import pandas as pd

    name = study.profile.name
    todo = missing_runs(runs, read_records(name))
    for cell in dict.fromkeys((run.seed, run.family) for run in todo):
        part = [run for run in todo if (run.seed, run.family) == cell]
        new = study.execute(part)
        write_records(name, pd.concat([read_records(name), new], ignore_index=True))
        tell(f"world {study.world}, seed {cell[0]}, {cell[1]}: {len(part)} runs recorded")
    return len(todo)
