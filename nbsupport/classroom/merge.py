"""The files of a class, checked one by one and against one another; what is refused says why."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from nbsupport.classroom.agree import Agreement, compare, largest_group
from nbsupport.classroom.hand_in import OWN, read_hand_in
from nbsupport.classroom.plan import ClassCell, ClassPlan
from nbsupport.errors import UserError
from nbsupport.evidence.provenance import PLACE
from nbsupport.evidence.records import COLUMNS, read_records

if TYPE_CHECKING:
    import pandas as pd

MERGED = "merged.csv"  # what `merge` writes into the folder of the files
CELL = ["world", "family", "seed"]
COUNTS = {"id_accuracy": "n_id", "ood_accuracy": "n_ood"}
ROUNDED = 0.01  # accuracies have six digits: times so many images they are this near to a number


@dataclass(frozen=True)
class Accepted:
    """A file that was accepted: its name, its student, its rows."""

    file: str
    student: str
    table: "pd.DataFrame"


@dataclass(frozen=True, eq=False)
class Merged:
    """What came of the files: those accepted, why others were refused, how shared cells compare.

    `pairs` are by cell. Of a cell that several students trained, the rows of the first of them in
    the plan count; the others' confirm them.
    """

    plan: ClassPlan
    accepted: list[Accepted]
    refused: dict[str, str]
    pairs: dict[ClassCell, list[Agreement]] = field(default_factory=dict)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """The rows that count, with the columns of records and of hand-ins; each cell once."""
        import pandas as pd

        by_name = {each.student: each.table for each in self.accepted}
        rows = []
        for cell in self.plan.cells:
            held = (_of(by_name[name], cell) for name in cell.students if name in by_name)
            rows += [next((own for own in held if len(own)), pd.DataFrame())]
        rows = [own for own in rows if len(own)]
        columns = [*COLUMNS, *OWN]
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)

    @property
    def done(self) -> list[ClassCell]:
        """The cells that are in."""
        held = set(map(tuple, self.table[CELL].drop_duplicates().to_numpy().tolist()))
        return [cell for cell in self.plan.cells if cell.place in held]

    @property
    def lines(self) -> list[str]:
        """What to say of it on a terminal."""
        told = [f"accepted: {each.file} ({each.student})" for each in self.accepted]
        told += [f"refused: {name}: {why}" for name, why in self.refused.items()]
        for cell, pairs in self.pairs.items():
            told += [f"shared: {cell}: {p.one} and {p.other} {p.told}" for p in pairs]
        return [*told, f"{len(self.done)} of {self.plan.counted} are in"]


def merge(plan: ClassPlan, folder: Path) -> Merged:
    """Check every CSV of a folder against the plan. UserError where there is no such folder."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: give the one that the files were handed in to")
    found: list[Accepted] = []
    refused: dict[str, str] = {}
    for path in sorted(folder.glob("*.csv")):
        if path.name == MERGED:
            continue
        try:
            table = read_hand_in(path)
            check(plan, table)
        except UserError as error:
            refused[path.name] = str(error).removeprefix(f"{path.name} ")
        else:
            found.append(Accepted(path.name, str(table["student"].iloc[0]), table))
    found = _without_duplicates(found, refused)
    pairs = _shared(plan, found)
    return Merged(plan, _agreeing(plan, found, pairs, refused), refused, pairs)


# one file -----------------------------------------------------------------------------------------
def check(plan: ClassPlan, table: "pd.DataFrame") -> None:
    """UserError for the first way in which rows are not what the plan asks of their student."""
    if table["plan"].iloc[0] != plan.hash:
        raise UserError("it was made for another plan")
    name = str(table["student"].iloc[0])
    if name not in plan.students:
        raise UserError(f"the plan has no student {name}")
    own = {cell.place: cell for cell in plan.cells_of(name)}
    for place, rows in table.groupby(CELL):
        if place not in own:
            known = [cell for cell in plan.cells if cell.place == place]
            whose = f"given to {', '.join(known[0].students)}" if known else "given to nobody"
            world, family, seed = place
            raise UserError(f"the cell world {world}, {family}, seed {seed} was {whose}")
        _check_cell(plan, own[place], rows)


def _check_cell(plan: ClassPlan, cell: ClassCell, rows: "pd.DataFrame") -> None:
    if wrong := next(_wrong(plan, cell, rows), None):
        raise UserError(f"{cell}: {wrong}")


def _wrong(plan: ClassPlan, cell: ClassCell, rows: "pd.DataFrame") -> Iterator[str]:
    """What is wrong with the rows of a cell."""
    if set(rows["profile"]) != {plan.profile}:
        yield f"runs of the profile {rows['profile'].iloc[0]}, not of {plan.profile}"
    held = {str(role): own for role, own in rows.groupby("role")}
    if unasked := sorted(held.keys() - cell.runs.keys()):
        yield f"runs of {', '.join(unasked)}, which the plan does not ask for"
    for role, expected in cell.runs.items():
        if role not in held:
            yield f"no run of {role}"
            continue
        own = held[role]
        if other := sorted(set(own["versions"]) - {expected.versions}):
            yield f"{role} is of another version, {other[0]}: the plan has {expected.versions}"
        if set(own["key"]) != {expected.key}:
            yield f"{role} has the key of another run than this cell's"
        yield from _wrong_epochs(role, own["epoch"].tolist(), expected.epochs)
    yield from _impossible(rows)


def _wrong_epochs(role: str, held: Sequence[int], expected: Sequence[int]) -> Iterator[str]:
    counts = Counter(held)
    if twice := [epoch for epoch, count in counts.items() if count > 1]:
        yield f"{role} has epoch {twice[0]} twice"
    if missing := sorted(set(expected) - counts.keys()):
        yield f"{role} lacks epoch{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}"
    if extra := sorted(counts.keys() - set(expected)):
        yield f"{role} has epoch {extra[0]}, at which nothing is evaluated"


def _impossible(rows: "pd.DataFrame") -> Iterator[str]:
    """Accuracies that are no share of the images, and test sets of several sizes."""
    for accuracy, count in COUNTS.items():
        right = rows[accuracy] * rows[count]
        wrong = rows[(right - right.round()).abs() > ROUNDED]
        if len(wrong):
            row = wrong.iloc[0]
            yield (
                f"{row['role']} at epoch {row['epoch']}: {accuracy} {row[accuracy]:g} is no share "
                f"of {row[count]:.0f} images"
            )


# several files ------------------------------------------------------------------------------------
def _without_duplicates(found: Sequence[Accepted], refused: dict[str, str]) -> list[Accepted]:
    """One file a student: of equal ones the first by name, of different ones none."""
    kept = []
    for name in dict.fromkeys(each.student for each in found):
        own = [each for each in found if each.student == name]
        files = [each.file for each in own]
        if all(each.table.equals(own[0].table) for each in own):
            kept.append(own[0])
            refused.update(dict.fromkeys(files[1:], f"a duplicate of {files[0]}"))
        else:
            why = f"{name} handed in {len(own)} different files ({', '.join(files)}): leave one"
            refused.update(dict.fromkeys(files, why))
    return kept


def _of(table: "pd.DataFrame", cell: ClassCell) -> "pd.DataFrame":
    """The rows of a cell."""
    world, family, seed = cell.place
    of_cell = (table["world"] == world) & (table["family"] == family) & (table["seed"] == seed)
    return table[of_cell]


def _shared(plan: ClassPlan, found: Sequence[Accepted]) -> dict[ClassCell, list[Agreement]]:
    """How the runs of each cell that several students trained compare, two by two."""
    pairs = {}
    for cell in plan.cells:
        held = [own for each in found if len(own := _of(each.table, cell))]
        if len(held) > 1:
            spread = _spread(plan, cell, found)
            pairs[cell] = [compare(one, other, spread) for one, other in combinations(held, 2)]
    return pairs


def _spread(plan: ClassPlan, cell: ClassCell, found: Sequence[Accepted]) -> "pd.DataFrame":
    """Runs of the cell's groups with other seeds: recorded ones, else those of the class, one
    student a cell."""
    import pandas as pd

    recorded = read_records(plan.profile)
    table = recorded if len(recorded) else pd.concat([each.table for each in found])
    of_cell = table["role"].isin(cell.runs) & (table["world"] == cell.world)
    others = table[of_cell & (table["seed"] != cell.seed)]
    return others.drop_duplicates(["role", "family", "seed", "epoch"])[[*COLUMNS]]


def _agreeing(
    plan: ClassPlan,
    found: Sequence[Accepted],
    pairs: dict[ClassCell, list[Agreement]],
    refused: dict[str, str],
) -> list[Accepted]:
    """The files less those that contradict others on a shared cell."""
    files = {each.student: each.file for each in found}
    for cell, own in pairs.items():
        names = [name for name in cell.students if name in files]
        believed = largest_group(names, own)
        for name in (name for name in names if name not in believed):
            against = next(p for p in own if name in (p.one, p.other) and not p.agree)
            other = against.other if against.one == name else against.one
            refused.setdefault(files[name], f"{cell}: {name} and {other} {against.told}")
    return [each for each in found if each.file not in refused]


def write_merged(merged: Merged, folder: Path) -> Path:
    """Write the rows that count, as records that `read_records` reads."""
    from nbsupport.evidence.records import ORDER, csv_text, replace_file

    path = folder / MERGED
    replace_file(path, csv_text(merged.table.sort_values(ORDER)))
    return path


def places(merged: Merged) -> dict[str, int]:
    """How many runs were made on each processor with each PyTorch, the most first."""
    runs = merged.table.drop_duplicates(["role", "key"])[PLACE[:2]].astype(object).fillna("")
    named = Counter(", PyTorch ".join(row) if all(row) else "not known" for row in runs.to_numpy())
    return dict(named.most_common())
