"""Recorded results: one CSV a profile in `records/`, committed; verdicts rest on these runs."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nbsupport.errors import UserError, said, unknown
from nbsupport.pages import all_groups
from nbsupport.paths import root
from nbsupport.profiles import PROFILES, profile_named
from nbsupport.study import Run, Study

if TYPE_CHECKING:
    import pandas as pd

_GROUP_COLUMNS = ["profile", "world", "role", "source", "images", "classes"]
_RUN_COLUMNS = ["family", "architecture", "seed", "epoch"]
_SCORES = ["id_macro_f1", "ood_macro_f1", "id_accuracy", "ood_accuracy", "n_id", "n_ood"]
_ORIGIN = ["key", "parent_key", "versions", "device", "precision", "seconds", "images_per_second"]
COLUMNS = [*_GROUP_COLUMNS, *_RUN_COLUMNS, *_SCORES, *_ORIGIN]
ORDER = ["world", "seed", "family", "role", "epoch"]


EVIDENCE = "demo"  # the profile whose records are shown where a profile has none of its own


def evidence_profile(profile: str) -> str:
    """The profile itself where runs of it are recorded, else the one that the book rests on."""
    return profile if PROFILES[profile].recorded else EVIDENCE


def records_path(profile: str) -> Path:
    """Where a profile's records lie."""
    return root() / "records" / f"{profile}.csv"


def read_records(profile: "str | Path") -> "pd.DataFrame":
    """A profile's recorded runs, one row per run and evaluated epoch; empty where there are none.

    In place of a profile's name, the path of a CSV that `nbsupport export` wrote. Raises UserError
    for a name or a path that does not exist, and where the file lacks a column.
    """
    import pandas as pd

    path = _path_of(profile)
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    text = dict.fromkeys(["role", "source", "key", "parent_key"], str)
    table = pd.read_csv(
        path, keep_default_na=False, na_values={n: [""] for n in _SCORES}, dtype=text
    )
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise UserError(
            f"{path.name} lacks the columns {', '.join(missing)}: restore it from version control"
        )
    return table


def _path_of(profile: "str | Path") -> Path:
    """The file that a profile's name or a path stands for; only a profile's may be missing."""
    if not isinstance(profile, str | Path):
        raise UserError(f"records of {said(profile)}: give a profile or the path of a CSV file")
    if isinstance(profile, str) and (profile in PROFILES or records_path(profile).is_file()):
        return records_path(profile)
    if Path(profile).is_file():
        return Path(profile)
    if isinstance(profile, str) and not profile.endswith(".csv"):
        raise unknown("profile, and no file of records,", profile, PROFILES)
    raise UserError(f"no file of records at {profile}: `nbsupport export > {profile}` writes one")


def write_records(profile: str, table: "pd.DataFrame") -> Path:
    """Replace a profile's records by this table, in a fixed order, whole or not at all."""
    path = records_path(profile)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial")
    ordered = table[COLUMNS].drop_duplicates(["world", "role", "key", "epoch"]).sort_values(ORDER)
    partial.write_text(csv_text(ordered), encoding="utf-8")
    return partial.replace(path)


def csv_text(table: "pd.DataFrame") -> str:
    """Records as CSV: a header line, and a line for each row."""
    return table[COLUMNS].to_csv(index=False, float_format="%.6g", lineterminator="\n")


def missing_runs(runs: Iterable[Run], recorded: "pd.DataFrame", world: int) -> list[Run]:
    """The runs that the records do not hold yet of a world, by role and key."""
    own = recorded[recorded["world"] == world]
    held = set(zip(own["role"], own["key"], strict=True))
    return [run for run in runs if (run.group.role, run.finetune.key) not in held]


def without_stale(runs: Iterable[Run], recorded: "pd.DataFrame", world: int) -> "pd.DataFrame":
    """The records less those of these very cells of a world that were made otherwise.

    A cell has one run of a role: where its key has moved, the older one stands for nothing now.
    """
    keys = {(run.group.role, run.family, run.seed): run.finetune.key for run in runs}
    columns = (recorded[name] for name in ("role", "family", "seed", "key", "world"))
    kept = [
        number != world or keys.get((role, family, seed), key) == key
        for role, family, seed, key, number in zip(*columns, strict=True)
    ]
    return recorded[kept]


def record_profile(profile: str, world: int | None = None) -> Iterator[str]:
    """Train and record what the pages' verdicts rest on; yields a line after each part.

    A part is one cell (seed and family) of one world. A seed is recorded in every world before the
    next one, so that verdicts on all worlds rest on as much. The CSV is written after each part, so
    that who stops loses at most the one under way, and of that only what the store lacks.
    Raises UserError where the profile records nothing, or not this world.
    """
    recorded = profile_named(profile).recorded
    if not recorded:
        recording = ", ".join(p.name for p in PROFILES.values() if p.recorded)
        raise UserError(f"profile {profile} records nothing: give one of {recording}")
    if world is not None and world not in recorded:
        worlds = ", ".join(str(w) for w in recorded)
        raise UserError(f"profile {profile} records no world {world}: give one of {worlds}")
    for number, seed, family in _cells(recorded, [world] if world is not None else [*recorded]):
        count = _record_cell(Study(profile, world=number, families=[family], seeds=[seed]))
        yield f"world {number}, seed {seed}, {family}: {count} runs recorded now"


def _cells(
    recorded: dict[int, tuple[tuple[str, ...], tuple[int, ...]]], worlds: Iterable[int]
) -> list[tuple[int, int, str]]:
    """(world, seed, family) of every cell, seed by seed."""
    cells = [(w, seed, f) for w in worlds for seed in recorded[w][1] for f in recorded[w][0]]
    return sorted(cells, key=lambda cell: cell[1])  # stable: worlds and families keep their order


def _record_cell(study: Study) -> int:
    """Train and record what the records lack of a study's runs; how many that was."""
    import pandas as pd

    profile, runs = study.profile.name, study.runs(all_groups(study))
    todo = missing_runs(runs, read_records(profile), study.world)
    if todo:
        new = study.execute(todo)
        kept = without_stale(runs, read_records(profile), study.world)
        write_records(profile, pd.concat([kept, new], ignore_index=True))
    return len(todo)
