"""A study whose runs are the recorded ones: it trains nothing, and takes no PyTorch."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from nbsupport import arguments
from nbsupport.errors import UserError
from nbsupport.evidence.records import read_records
from nbsupport.study.group import Group, as_groups
from nbsupport.study.study import Run, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.subsets.subset import Subset


class RecordedStudy(Study):
    """A study of committed records: `run` looks up what a `Study` would train.

    It gives the runs of all recorded families and seeds where none are named. UserError for a
    profile, a world, families, seeds or a budget that nothing is recorded of.
    """

    def __init__(self, profile: str = "demo", **options: Any) -> None:
        super().__init__(profile, **options)
        self.recorded = read_records(self.profile.name)
        self._asked = {
            column: arguments.listed(name, options.get(name, ()), "a list")
            for name, column in (("families", "family"), ("seeds", "seed"))
        }
        self._check()

    def _check(self) -> None:
        name = f"results 'recorded' of the profile {self.profile.name}"
        if self.recorded.empty:
            raise UserError(f"{name}: nothing is recorded; give -p results live, or profile demo")
        if self.budget != "epochs":
            raise UserError(f"{name}: budget {self.budget!r} is not recorded; give 'epochs'")
        self._check_held(name, "world", [self.world])
        for column, values in self._asked.items():
            self._check_held(name, column, values)

    def _check_held(self, name: str, column: str, values: Iterable[Any]) -> None:
        held = sorted(self.recorded[column].unique().tolist())
        for value in values:
            if value not in held:
                told = ", ".join(map(str, held))
                raise UserError(f"{name}: no runs of {column} {value}; recorded are {told}")

    def run(
        self,
        groups: "Iterable[Group] | Mapping[str, Subset | None]",
        *,
        progress: bool = True,
    ) -> "pd.DataFrame":
        """The recorded runs of these groups, by role: a row for each run and evaluated epoch.

        A group that nothing is recorded of has no rows. Nothing is trained.
        """
        table, roles = self.recorded, {group.role for group in as_groups(groups)}
        own = (table["world"] == self.world) & table["role"].isin(roles)
        for column, values in self._asked.items():
            own &= table[column].isin(values) if values else True
        return table[own].reset_index(drop=True)

    def train(self, runs: Iterable[Run], *, progress: bool = True) -> NoReturn:
        """Refused with a UserError: this study only looks up what is recorded."""
        raise UserError("results 'recorded' train nothing: give -p results live, or make book")
