"""A group: runs that differ only in family and seed; and what can be known of it beforehand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbsupport import arguments
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import UserError, said
from nbsupport.registry import is_module
from nbsupport.training.families import NAMES, family_named
from nbsupport.training.stages.weights import published

if TYPE_CHECKING:
    from nbsupport.data.tasks import Task
    from nbsupport.study.profiles import Profile

BUDGETS = ("epochs", "steps")  # of pre-training: equal passes over a subset, or equal updates
# What pre-training learns to predict: the stage that does it, and the name of its recipe.
OBJECTIVES = {"labels": "pretrain", "captions": "contrast"}


@dataclass(frozen=True)
class Group:
    """Runs that differ only in family and seed: role, text in figures, data of pre-training.

    `subset` is None for training from scratch. `task` are options of the downstream task that
    differ from the profile's. `families` are run besides the study's. `seed_shift` is added to each
    cell's seed: the same group, with other draws throughout. `objective` is what pre-training
    learns to predict: "labels", or "captions" of a source that has them. `budget` replaces the
    study's: "steps" gives as many updates as the whole source has. `weights` are models that others
    have pre-trained, by family, in place of a subset; only these families are run (see
    training.stages.weights for what they may be called). Raises UserError for a value that is none
    of these.
    """

    role: str
    label: str
    subset: Subset | None
    task: Mapping[str, Any] = field(default_factory=dict)
    families: tuple[str, ...] = ()
    seed_shift: int = 0
    objective: str = "labels"
    budget: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arguments.text("role", self.role, "the group a name")
        arguments.text(f"label of {self.role}", self.label, "the group's text in figures")
        self._check_subset()
        arguments.chosen("objective", self.objective, OBJECTIVES)
        arguments.chosen("budget", self.budget, ("", *BUDGETS))
        checked = {
            "families": known_families(self.families, NAMES),
            "seed_shift": arguments.whole("seed_shift", self.seed_shift, least=0),
            "task": _named(f"task of group {self.role}", self.task),
            "weights": {
                family: arguments.text(f"weights of group {self.role}", name)
                for family, name in _named(f"weights of group {self.role}", self.weights).items()
            },
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._check_weights()

    def _check_subset(self) -> None:
        if self.subset is not None and not isinstance(self.subset, Subset):
            raise UserError(
                f"group {self.role}: {said(self.subset)} is no subset; give one, such as "
                "study.imagenet.per_class(5), or None for training from scratch"
            )

    def _check_weights(self) -> None:
        if self.weights and self.subset is not None:
            raise UserError(f"group {self.role}: give a subset or weights, not both")
        for family, name in self.weights.items():
            if published(name).family != family:
                raise UserError(f"weights {name} of group {self.role} are of no {family}")


def known_families(families: Any, known: Iterable[str]) -> tuple[str, ...]:
    """Names of architecture families, each once: known ones, or users' own. UserError else."""
    names = arguments.listed("families", families, "names of architecture families")
    for name in names:
        if is_module(name):
            family_named(name)
        else:
            arguments.chosen("architecture family", name, known)
    return tuple(arguments.different("families", names))


def _named(what: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise UserError(f"{what}: {said(values)} is no mapping from names to values")
    return {arguments.text(what, name): arguments.plain(v) for name, v in values.items()}


# several of them ----------------------------------------------------------------------------------
def as_groups(groups: Iterable[Group] | Mapping[str, Subset | None]) -> list[Group]:
    """Groups as they are, or one group per entry of a mapping from a name to a subset.

    Raises UserError for anything else, where two groups have one name, and where two names of a
    mapping stand for the same subset.
    """
    if isinstance(groups, Mapping):
        _check_same_data(groups)
        return [Group(name, name, subset) for name, subset in groups.items()]
    listed = arguments.listed("groups", groups, _GROUPS)
    for group in listed:
        if not isinstance(group, Group):
            raise UserError(f"groups={said(listed)}: give a list of {_GROUPS}")
    _check_roles([group.role for group in listed])
    return listed


_GROUPS = "Groups, or a mapping from a name to a Subset (None: from scratch)"


def _check_roles(roles: list[str]) -> None:
    twice = next((role for place, role in enumerate(roles) if role in roles[:place]), None)
    if twice is not None:
        raise UserError(
            f"two groups are called {twice!r}: give each a name of its own, or values that "
            "differ by more"
        )


def _check_same_data(groups: Mapping[str, Subset | None]) -> None:
    names: dict[Subset | None, str] = {}
    for name, subset in groups.items():
        if isinstance(subset, Subset | None) and names.setdefault(subset, name) != name:
            what = "from scratch" if subset is None else f"the subset {subset}"
            raise UserError(
                f"groups {names[subset]!r} and {name!r} are both {what}, so they would be the same "
                "runs: leave one out"
            )


# before the first job -----------------------------------------------------------------------------
def check_data(group: Group, task: "Task", profile: "Profile") -> None:
    """Whether a group can be trained in a profile, as far as its data tell.

    Raises UserError for images of another size, one class only, or captions that a source lacks.
    """
    _check_px(f"the task of group {group.role}", task.spec(), profile.px)
    if group.subset is None:
        return
    source = group.subset.source
    _check_px(f"the subset of group {group.role}", source.spec(), profile.pretraining_px)
    if group.objective == "captions":
        if not hasattr(source, "captions"):
            raise UserError(f"group {group.role}: {source.name} has no captions to learn from")
    elif group.subset.num_classes < 2:
        raise UserError(
            f"group {group.role}: {group.subset} has images of one class only, from which a model "
            "learns nothing; give at least two"
        )


def _check_px(what: str, spec: Mapping[str, Any], px: int) -> None:
    own = spec.get("px", px)
    if own != px:
        raise UserError(
            f"{what} has images of {own} px, the study's are of {px} px: give data of this size, "
            "or a study in a profile of that size"
        )
