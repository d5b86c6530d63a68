"""Who trains which cell of a claim, and when the claim is judged: a file made before any run."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from nbsupport.analysis import claims
from nbsupport.analysis.claims import Claim
from nbsupport.errors import UserError, unknown
from nbsupport.evidence.sealed import SEAL, digest, read_sealed, write_sealed
from nbsupport.reading import RESTORE, read_json, shown

KIND = "nbsupport class plan"


@dataclass(frozen=True)
class Expected:
    """What one run has to be: its key, its stages' versions, the epochs that it is evaluated at."""

    key: str
    versions: str
    epochs: tuple[int, ...]


@dataclass(frozen=True)
class ClassCell:
    """A family with a seed in a world, the students who train it, and its runs by role."""

    world: int
    family: str
    seed: int
    students: tuple[str, ...]
    runs: Mapping[str, Expected] = field(hash=False)

    @property
    def place(self) -> tuple[int, str, int]:
        """World, family, seed."""
        return self.world, self.family, self.seed

    def __str__(self) -> str:
        return f"world {self.world}, {self.family}, seed {self.seed}"


@dataclass(frozen=True)
class ClassPlan:
    """A claim, its cells with their students, and when it is judged.

    `judged_at` is the number of cells that have to be in; from the day `until` on, where there is
    one, the claim is judged with what there is. `statement` is the claim's text and `rule` a hash
    of all that it asks.
    """

    claim: str
    statement: str
    rule: str
    profile: str
    made: str
    share: int
    judged_at: int
    until: str
    cells: tuple[ClassCell, ...]

    @property
    def students(self) -> tuple[str, ...]:
        """Every name, in the order in which they were given cells."""
        return tuple(dict.fromkeys(name for cell in self.cells for name in cell.students))

    @property
    def worlds(self) -> tuple[int, ...]:
        """The worlds of its cells."""
        return tuple(dict.fromkeys(cell.world for cell in self.cells))

    @property
    def stopping(self) -> str:
        """The stopping rule, as a sentence."""
        count = len(self.cells)
        out = f"{self.counted} {'was' if count == 1 else 'were'} given out"
        needed = "all" if self.judged_at == count else f"{self.judged_at} of them"
        day = f", or on {self.until} with those that are in by then" if self.until else ""
        return f"{out}. The claim is judged once: when {needed} are in{day}."

    @property
    def counted(self) -> str:
        """ "8 cells"."""
        return f"{len(self.cells)} cell{'s' * (len(self.cells) != 1)}"

    @property
    def hash(self) -> str:
        """The checksum that its file holds."""
        return digest(self.document())

    def may_judge(self, cells: int, today: date) -> bool:
        """Whether the stopping rule lets a verdict count, with so many cells in on a day."""
        return cells >= self.judged_at or bool(
            self.until and today >= date.fromisoformat(self.until)
        )

    def cells_of(self, name: str) -> list[ClassCell]:
        """A student's cells. UserError for a name that was given none."""
        if name not in self.students:
            raise unknown("student", name, self.students)
        return [cell for cell in self.cells if name in cell.students]

    def document(self) -> dict[str, Any]:
        """JSON-able, without the checksum."""
        return {"kind": KIND, **asdict(self), "cells": [asdict(cell) for cell in self.cells]}

    def write(self, path: Path) -> Path:
        """Write it. UserError where the file is there already."""
        return write_sealed(path, self.document())


def rule_of(claim: Claim) -> str:
    """A hash of all that a claim compares and asks, whatever its words are."""
    parts = [[p.kind, list(p.compared), p.reference, p.require] for p in claim.parts]
    return digest([claim.kind, claim.statistic, claim.rule, list(claim.gap), parts])


def slug(name: str) -> str:
    """A name as part of a file's name: letters and digits of any script, joined by hyphens."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")


# reading ------------------------------------------------------------------------------------------
def read_plan(path: Path) -> ClassPlan:
    """A plan from its file. UserError for another file, an edited one, or one of another claim."""
    content = read_sealed(path, KIND, "plan of a class")
    try:
        cells = tuple(_cell(cell) for cell in content.pop("cells"))
        del content["kind"]
        plan = ClassPlan(**content, cells=cells)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{shown(path)} is not whole ({error!r}): {RESTORE}") from None
    claim = claims.named(plan.claim)
    if rule_of(claim) != plan.rule:
        raise UserError(
            f"{shown(path)}: the claim {plan.claim} compares something else in this copy of the "
            "project: use the version that made the plan"
        )
    return plan


def _cell(given: dict[str, Any]) -> ClassCell:
    runs = {
        role: Expected(own["key"], own["versions"], tuple(own["epochs"]))
        for role, own in given["runs"].items()
    }
    place = given["world"], given["family"], given["seed"]
    return ClassCell(*place, tuple(given["students"]), runs)


def plan_in(folder: Path, given: Path | None = None) -> Path:
    """The plan that is given, or the one that lies in a folder. UserError where there is not one.

    Other JSON files may lie beside it.
    """
    if given is not None:
        return given
    found = [path for path in sorted(folder.glob("*.json")) if _is_plan(path)]
    if len(found) == 1:
        return found[0]
    what = "holds no plan" if not found else f"holds {len(found)} plans"
    raise UserError(f"{folder} {what} of a class: name one with --plan FILE")


def _is_plan(path: Path) -> bool:
    try:
        content = read_json(path)
    except UserError:
        return False
    return content.get("kind") == KIND and SEAL in content


def read_names(path: Path) -> list[str]:
    """The names in a file, one a line; blank lines and those that begin with # are passed over.

    Raises UserError where there are none, and where two are alike.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UserError(
            f"names in {path}: {why}; give a text file with a name on each line"
        ) from None
    names = [" ".join(line.split()) for line in lines if line.strip() and line.strip()[0] != "#"]
    if not names:
        raise UserError(f"{path} holds no names: write one on each line")
    return different(names, str(path))


def different(names: Iterable[str], where: str) -> list[str]:
    """The names, of which no two may give files the same name. UserError else."""
    held: dict[str, str] = {}
    for name in names:
        if not slug(name):
            raise UserError(f"{where}: {name!r} has no letter and no digit: give another name")
        if slug(name) in held:
            raise UserError(
                f"{where}: {held[slug(name)]!r} and {name!r} would give files the same name: "
                "tell them apart by a letter or a number"
            )
        held[slug(name)] = name
    return list(held.values())
