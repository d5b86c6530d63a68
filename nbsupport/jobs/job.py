"""What is to be done: a job, and the key under which its outcome is kept."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from nbsupport import registry
from nbsupport.errors import unknown

# The function of each stage ("module:function"), imported where the work is done and called as
# `function(spec, folder, parent_folder, report) -> dict`.
STAGES: dict[str, str] = {
    stage: f"{registry.STAGES.package}.{name}:{stage}"
    for name in registry.STAGES.names()
    for stage in registry.STAGES.literal(name)
}
# What a stage leaves besides weights: the file whose SHA-256 its result holds as "sha256".
FILES: dict[str, str] = {"generate": "images.npy"}
# Stages that compute on the CPU wherever they are done.
ON_CPU = {"generate", "weights"}


def stage_path(name: str) -> str:
    """Where the function of a stage is: "module:function", as the name of a user's own says itself.

    UserError for an unknown stage.
    """
    if ":" in name:
        return name
    if name not in STAGES:
        raise unknown("stage", name, STAGES)
    return STAGES[name]


def _plain(value: Any, where: str) -> Any:
    """The value as JSON has it; TypeError or ValueError, naming the place, where it has none."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}: a spec holds finite numbers only")
        return float(value)
    if isinstance(value, Mapping):
        for name in value:
            # json would turn 1 into "1", and two different specs would get one key.
            if not isinstance(name, str):
                raise TypeError(f"{where} has the name {name!r}: names in a spec are strings")
        return {name: _plain(item, f"{where}[{name!r}]") for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    raise TypeError(f"{where} is a {type(value).__name__}: JSON has no such value")


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted names, no spaces, ASCII, floats by repr, no NaN.

    1 and 1.0 are different values; a tuple is a list. Raises TypeError or ValueError for what
    JSON cannot hold.
    """
    plain = _plain(value, "the spec")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, eq=False)
class Job:
    """One stage of work. Two jobs are equal when their keys are.

    `spec` is everything that the outcome depends on besides the stage's code (`version`), the
    fingerprint of its `data` and its `parent`, the job whose weights it starts from. `label` (for
    people), `cost` (estimated seconds of a thread or a GPU) and `about` (what its records say of it
    besides, such as the role) are not part of the key.
    """

    stage: str
    version: int
    spec: dict[str, Any]
    data: str
    parent: "Job | None" = None
    label: str = ""
    cost: float = 0.0
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A copy in JSON's own types: what the caller does to his dictionary later changes nothing.
        object.__setattr__(self, "spec", json.loads(canonical(self.spec)))

    @cached_property
    def key(self) -> str:
        """64 hex digits: SHA-256 of the canonical JSON of what the outcome depends on."""
        content = {
            "stage": self.stage,
            "version": self.version,
            "spec": self.spec,
            "data": self.data,
            "parent": self.parent.key if self.parent else None,
        }
        return sha256(canonical(content).encode("ascii")).hexdigest()

    @property
    def title(self) -> str:
        """The label, or the stage's name where there is none."""
        return self.label or self.stage

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def ancestors(self) -> Iterator["Job"]:
        """Its parent, its parent's parent, and so on."""
        job = self.parent
        while job is not None:
            yield job
            job = job.parent
