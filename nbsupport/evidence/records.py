"""Recorded results: one CSV a profile in `records/`, committed; verdicts rest on these runs.

Each row says on which processor, with which PyTorch and when (UTC) its run was made; rows from
before that was noted have nothing there. Runs of a profile that is no evidence are recorded too, so
that the way can be tried, but in the store: they are never committed.

Beside each CSV lies a checksum for every cell of it (`sums`), which the same functions write. Rows
that are not what they wrote are refused when the file is read, by name.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from nbsupport.errors import UserError, said, unknown
from nbsupport.evidence import provenance
from nbsupport.evidence.sums import (
    Cell,
    Sums,
    cell_sums,
    edits,
    parsed_sums,
    sums_path,
    sums_text,
)
from nbsupport.paths import root, store_dir
from nbsupport.reading import (
    RESTORE,
    Lines,
    Rule,
    checked,
    csv_lines,
    number,
    one_of,
    read_bytes,
    shown,
    text,
    whole,
)
from nbsupport.registry import is_module
from nbsupport.sharing import file_lock
from nbsupport.study.profiles import PROFILES
from nbsupport.study.study import Run
from nbsupport.training.families import NAMES

if TYPE_CHECKING:
    import pandas as pd

_GROUP_COLUMNS = ["profile", "world", "role", "source", "images", "classes"]
_RUN_COLUMNS = ["family", "architecture", "seed", "epoch"]
_SCORES = ["id_macro_f1", "ood_macro_f1", "id_accuracy", "ood_accuracy"]
_COUNTS = ["n_id", "n_ood"]
_ORIGIN = ["key", "parent_key", "versions", "device", "precision", "seconds", "images_per_second"]
PLACE = provenance.PLACE
COLUMNS = [*_GROUP_COLUMNS, *_RUN_COLUMNS, *_SCORES, *_COUNTS, *_ORIGIN, *PLACE]
ORDER = ["world", "seed", "family", "role", "epoch"]
_POINT = ["world", "role", "family", "seed", "epoch"]


EVIDENCE = "demo"  # the profile whose records are shown where a profile has none of its own


def evidence_profile(profile: str) -> str:
    """The profile itself where runs of it are recorded, else the one that the book rests on."""
    return profile if PROFILES[profile].recorded else EVIDENCE


def records_path(profile: str) -> Path:
    """Where a profile's records lie: in the project, or in the store where they are no evidence."""
    evidence = profile not in PROFILES or PROFILES[profile].evidence
    return (root() if evidence else store_dir()) / "records" / f"{profile}.csv"


# reading ------------------------------------------------------------------------------------------
def read_records(profile: "str | Path") -> "pd.DataFrame":
    """A profile's recorded runs, one row per run and evaluated epoch; empty where there are none.

    In place of a profile's name, the path of a CSV that `nbsupport export` wrote. Raises UserError
    for a name or a path that does not exist, and with line and column where the file is damaged,
    holds what no run gives, or was edited since it was recorded.
    """
    return read_with_digest(profile)[0]


def read_with_digest(profile: "str | Path") -> tuple["pd.DataFrame", str]:
    """A profile's recorded runs, and the SHA-256 of the file that held them."""
    import pandas as pd

    path = _path_of(profile)
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS), ""
    own = profile if isinstance(profile, str) and path == records_path(profile) else ""
    table, content = _read(path, own)
    return table.copy(), sha256(content).hexdigest()


def _read(path: Path, profile: str) -> tuple["pd.DataFrame", bytes]:
    """The records in a file, and its content. UserError as in `read_records`."""
    held = _contents(path)
    while True:
        try:
            return _parsed(*held, shown(path), profile), held[0]
        except UserError:
            # Another process may have replaced one of the two files after the other was read.
            if (now := _contents(path)) == held:
                raise
            held = now


def _contents(path: Path) -> tuple[bytes, bytes | None]:
    """A file of records and its checksums, None where it has none."""
    noted = sums_path(path)
    return read_bytes(path), read_bytes(noted) if noted.exists() else None


@lru_cache(maxsize=4)
def _parsed(content: bytes, noted: bytes | None, name: str, profile: str) -> "pd.DataFrame":
    lines = csv_lines(content, name)
    table = checked(lines, _rules(profile), optional=PLACE)
    if profile:  # what a store exports may be of several profiles and recipes
        _check_points(lines, table)
        _check_sums(lines, noted, profile)
    return table


def _check_sums(lines: Lines, noted: bytes | None, profile: str) -> None:
    """UserError where rows are not those that were recorded; nothing without checksums."""
    if noted is None:
        return
    name = str(sums_path(Path(lines.name)))
    if found := list(edits(lines, COLUMNS, _noted(noted, name, profile))):
        more = f" (and {len(found) - 1} more cells)" if len(found) > 1 else ""
        in_git = profile not in PROFILES or PROFILES[profile].evidence
        back = f"`git checkout {lines.name} {name}` takes" if in_git else "to remove both takes"
        raise UserError(
            f"{lines.name}, {found[0]}, since it was recorded{more}: {back} that back; where it is "
            f"meant, {_accept(profile)} makes it count"
        )


def _accept(profile: str) -> str:
    return f"`nbsupport judge --profile {profile} --accept`"


def _noted(content: bytes, name: str, profile: str) -> list[tuple[Cell, Sums]]:
    """The checksums in a file. UserError where it is damaged, with what makes it anew."""
    try:
        return parsed_sums(content, name)
    except UserError as error:
        raise UserError(f"{error}, or make it anew by {_accept(profile)}") from None


def _rules(profile: str) -> dict[str, Rule]:
    """What each column may hold."""
    shifts = PROFILES[profile].shifts if profile in PROFILES else ()  # a world may be any number
    rules: dict[str, Rule] = dict.fromkeys(COLUMNS, text())
    rules |= dict.fromkeys(["images", "classes", "seed", "epoch"], whole())
    rules |= dict.fromkeys(_SCORES, number(0, 1, blank=True))
    rules |= dict.fromkeys(_COUNTS, whole(blank=True))
    rules |= dict.fromkeys(["seconds", "images_per_second"], number(0))
    rules |= dict.fromkeys(["parent_key", *PLACE], text(blank=True))
    named = {"family": one_of(NAMES, or_else=is_module)}
    if profile in PROFILES:
        named["profile"] = one_of([profile])
    return rules | named | {"world": whole(shifts)}


def _check_points(lines: Lines, table: "pd.DataFrame") -> None:
    """UserError where a point stands twice, or two rows contradict each other about a run."""
    run = ["world", "role", "family", "seed"]
    _agree(lines, table, _POINT, None, "the same point twice")
    _agree(lines, table, run, ["key"], "two keys of one run")
    _agree(lines, table, ["key"], ["family", "seed"], "two cells of one key")
    epochs = table.groupby(["world", "key", "role"], sort=False)["epoch"].transform("size")
    whole_runs = table.assign(epochs=epochs)
    _agree(lines, whole_runs, ["world", "key"], ["epochs"], "roles of one key with unlike epochs")


def _agree(
    lines: Lines, table: "pd.DataFrame", same: list[str], values: list[str] | None, what: str
) -> None:
    """UserError for the first row that has `same` in common with an earlier one, but not `values`.

    values None: no two rows may have it in common.
    """
    rows = table if values is None else table.drop_duplicates([*same, *values])
    wrong = rows.index[rows.duplicated(same)]
    if not len(wrong):
        return
    row = table.loc[wrong[0]]
    first = (table[same] == row[same]).all(axis=1).idxmax()
    told = ", ".join(f"{name} {row[name]}" for name in same)
    raise UserError(
        f"{lines.name}, lines {lines.numbers[first]} and {lines.numbers[wrong[0]]}: {what} "
        f"({told}): {RESTORE}"
    )


# writing ------------------------------------------------------------------------------------------
@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds others off a file of records while it is read, merged and replaced.

    The lock file beside it is empty and ignored by git. UserError where nothing can be locked.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = file_lock(path.with_name(f"{path.name}.lock"), path.parent)
        lock.acquire()
    except (OSError, NotImplementedError) as problem:
        raise UserError(
            f"{shown(path)} cannot be locked ({problem}): the folder must be on a disk that can be "
            "written and knows file locks"
        ) from None
    try:
        yield
    finally:
        lock.release()


def replace_file(path: Path, content: str) -> None:
    """Put a file in its place, whole or not at all. UserError where it cannot be written."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as problem:
        raise UserError(
            f"{shown(path)} cannot be written ({problem.strerror}): make room, or allow it"
        ) from None
    finally:
        partial.unlink(missing_ok=True)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    noted = table.reindex(columns=COLUMNS)
    noted[PLACE] = noted[PLACE].astype(object).fillna("")
    ordered = noted.drop_duplicates(["world", "role", "key", "epoch"]).sort_values(ORDER)
    _replace_both(path, csv_text(ordered))
    return path


def _replace_both(path: Path, content: str) -> None:
    """Put records and their checksums in their places, so that who stops between the two steps
    leaves a pair that is in order: the checksums of before stand beside the new ones until then.

    Where there are none yet, the records come first: without checksums nothing is compared.
    """
    noted, new = sums_path(path), _sums_of(content.encode(), shown(path))
    if noted.exists():
        old = _noted(read_bytes(noted), shown(noted), path.stem)
        replace_file(noted, sums_text([*old, *new]))
    replace_file(path, content)
    replace_file(noted, sums_text(new))


def _sums_of(content: bytes, name: str) -> list[tuple[Cell, Sums]]:
    return list(cell_sums(csv_lines(content, name), COLUMNS).items())


def accept_records(profile: str) -> list[str]:
    """Let a profile's records count as they are, whatever was edited; a text for each cell changed.

    Raises UserError where there are none, or they hold what no run gives.
    """
    path = records_path(profile)
    with locked(path):
        content, noted = _contents(path)
        _parsed(content, None, shown(path), profile)  # in order but for the checksums
        lines = csv_lines(content, shown(path))
        known = _known_if_whole(noted)
        replace_file(sums_path(path), sums_text(_sums_of(content, shown(path))))
    return list(edits(lines, COLUMNS, known))


def _known_if_whole(noted: bytes | None) -> list[tuple[Cell, Sums]]:
    """The checksums in a file, none where there are none or it is damaged."""
    try:
        return parsed_sums(noted or b"", "")
    except UserError:
        return []


def add_records(
    profile: str, runs: Sequence[Run], new: "pd.DataFrame", world: int
) -> "pd.DataFrame":
    """Add new rows of a cell to the records, in place of those made otherwise; all rows then.

    Two processes may do so at once: the file is read anew and replaced under a lock.
    """
    import pandas as pd

    with locked(records_path(profile)):
        kept = without_stale(runs, read_records(profile), world)
        table = pd.concat([kept, new], ignore_index=True) if len(kept) else new
        write_records(profile, table)
    return table


def csv_text(table: "pd.DataFrame") -> str:
    """Records as CSV: a header line, and a line for each row."""
    return table.reindex(columns=COLUMNS).to_csv(
        index=False, float_format="%.6g", lineterminator="\n"
    )


# what is to be recorded ---------------------------------------------------------------------------
def missing_runs(runs: Iterable[Run], recorded: "pd.DataFrame", world: int) -> list[Run]:
    """The runs that the records do not hold yet of a world, by role and key."""
    own = recorded[recorded["world"] == world]
    held = set(zip(own["role"], own["key"], strict=True))
    return [run for run in runs if (run.group.role, run.finetune.key) not in held]


def under_other_names(runs: Iterable[Run], recorded: "pd.DataFrame", world: int) -> "pd.DataFrame":
    """Rows of runs that the records hold under the role of another group alone: two groups of the
    same subset have the same key, and are trained once."""
    own = recorded[recorded["world"] == world]
    first = own.drop_duplicates("key").set_index("key")["role"].to_dict()
    known = [run for run in missing_runs(runs, recorded, world) if run.finetune.key in first]
    named = {(first[run.finetune.key], run.finetune.key): run.group.role for run in known}
    pairs = list(zip(own["role"], own["key"], strict=True))
    rows = own[[pair in named for pair in pairs]]
    return rows.assign(role=[named[pair] for pair in pairs if pair in named])


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
