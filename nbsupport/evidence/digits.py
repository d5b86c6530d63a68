"""What a training of some seconds gives, to the last digit, on each kind of processor.

Three small networks are trained from scratch and from a pre-training of the smoke profile, by the
very jobs that everything else is trained by. `records/digits.toml` holds what that gives, a table
for each processor, version of PyTorch and set of jobs; `nbsupport doctor --write` adds one.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.evidence.provenance import RunOrigin, place
from nbsupport.evidence.records import locked, replace_file
from nbsupport.paths import root
from nbsupport.reading import RESTORE, parsed_toml, read_text, shown
from nbsupport.study.profiles.profile import THREE_FAMILIES
from nbsupport.study.study import Run, Study

HEADING = """# What `nbsupport doctor` trained in some seconds, on each kind of processor: of each
# network its last loss, and the first digits of the SHA-256 of its weights.
"""
_TEXTS = ("processor", "torch", "jobs")


@dataclass(frozen=True)
class Digits:
    """Where trainings were made, which they were (a hash of their keys), and what they gave."""

    processor: str
    torch: str
    jobs: str
    found: dict[str, str]

    @property
    def place(self) -> RunOrigin:
        """Where they were made."""
        return RunOrigin(self.processor, self.torch)

    def equal(self, other: "Digits") -> int:
        """How many of the trainings gave the same in another place."""
        return sum(self.found[name] == other.found.get(name) for name in self.found)


def digits_path() -> Path:
    """Where the digits lie that are committed."""
    return root() / "records" / "digits.toml"


# training -----------------------------------------------------------------------------------------
def trainings(store: Path | str | None = None) -> tuple[Study, list[Run]]:
    """What is trained, by one process: its study and its runs. Nothing is trained yet."""
    study = Study("smoke", families=THREE_FAMILIES, seeds=[0], store=store, engine="serial")
    return study, study.runs([study.scratch, study.full])


def jobs_of(runs: list[Run]) -> str:
    """Which trainings these are: other code or other recipes have other keys."""
    return sha256("".join(run.finetune.key for run in runs).encode()).hexdigest()[:16]


def train_digits() -> Digits:
    """Train them here, in a store that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        study, runs = trainings(folder)
        results = study.train(runs, progress=False)
        made = place(study.store, runs[0].finetune.key)
        found = {
            f"{run.family} {run.group.role}": _digits(
                results[run.finetune.key], study.store.folder(run.finetune.key)
            )
            for run in runs
        }
        return Digits(made.processor, made.torch, jobs_of(runs), found)


def _digits(result: dict[str, Any], folder: Path) -> str:
    weights = sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    return f"{result['loss']:.9g} {weights[:12]}"


# the file -----------------------------------------------------------------------------------------
def read_digits(path: Path | None = None) -> list[Digits]:
    """All that were noted; none where there is no file. UserError where it is damaged."""
    path = path or digits_path()
    if not path.exists():
        return []
    tables = parsed_toml(read_text(path), shown(path)).get("digits", [])
    if not isinstance(tables, list):
        raise UserError(f"{shown(path)}: 'digits' is no list of tables: {RESTORE}")
    return [_checked(table, shown(path)) for table in tables]


def _checked(table: Any, name: str) -> Digits:
    found = table.get("found") if isinstance(table, dict) else None
    texts = {key: table.get(key) for key in _TEXTS} if isinstance(table, dict) else {"": None}
    every = [*texts.values(), *found.values()] if isinstance(found, dict) else [None]
    if isinstance(found, dict) and all(isinstance(value, str) for value in every):
        return Digits(**texts, found=found)
    raise UserError(
        f"{name}: a table of digits needs {', '.join(_TEXTS)} and found, all text: {RESTORE}"
    )


def write_digits(new: Digits, path: Path | None = None) -> Path:
    """Note digits in place of those of the same place, and of other jobs; the others stay.

    UserError where the processor is not known, or the file cannot be written.
    """
    path = path or digits_path()
    if not new.place.known:
        raise UserError("this system does not name its processor, so its digits cannot be noted")
    with locked(path):
        kept = [d for d in read_digits(path) if d.jobs == new.jobs and d.place != new.place]
        tables = sorted([*kept, new], key=lambda d: (d.processor, d.torch))
        replace_file(path, "\n".join([HEADING, *map(_toml, tables)]))
    return path


def _toml(digits: Digits) -> str:
    lines = ["[[digits]]", *(f"{name} = {_quoted(getattr(digits, name))}" for name in _TEXTS)]
    lines += ["[digits.found]"]
    lines += [f"{_quoted(name)} = {_quoted(value)}" for name, value in digits.found.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML string: names of processors are printable, and may hold quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# comparing ----------------------------------------------------------------------------------------
def compared(own: Digits, noted: list[Digits]) -> Iterator[tuple[Digits, int]]:
    """The noted digits of the same jobs, each with how many of its trainings gave the same here."""
    for digits in noted:
        if digits.jobs == own.jobs:
            yield digits, own.equal(digits)
