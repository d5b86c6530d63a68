"""A recipe: how long and how a model is trained."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from nbsupport.errors import UserError, unknown

OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "linear", "constant")


@dataclass(frozen=True)
class Recipe:
    """Everything that training depends on besides model, data and seed.

    The learning rate rises linearly over the first `warmup` share of the updates, then follows
    `schedule` down to zero ("constant" stays). `updates`, where given, replaces the epochs (equal
    updates for every subset); `min_updates` is a floor under them. `evaluate_at` are epochs out of
    `epochs` (moved in proportion where the floor changes their number); the last is always one.
    `shift` is the largest shift in pixels, `colour` the largest relative change of brightness and
    contrast, `area` the smallest share of an image that a random resized crop keeps (1: none), and
    `crop` the pixels a side to which crops are resized (None: those of the images).
    Raises UserError for a value that cannot be trained with.
    """

    epochs: int
    batch_size: int = 64
    lr: float = 1.2e-2
    optimizer: str = "adamw"
    weight_decay: float = 0.02
    momentum: float = 0.9
    warmup: float = 0.15
    schedule: str = "cosine"
    label_smoothing: float = 0.05
    clip: float = 0.0
    min_updates: int = 0
    updates: int | None = None
    evaluate_at: tuple[int, ...] = ()
    flip: bool = True
    shift: int = 2
    colour: float = 0.0
    area: float = 1.0
    crop: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "evaluate_at", tuple(self.evaluate_at))
        if self.optimizer not in OPTIMIZERS:
            raise unknown("optimizer", self.optimizer, OPTIMIZERS)
        if self.schedule not in SCHEDULES:
            raise unknown("schedule", self.schedule, SCHEDULES)
        for name in ("epochs", "batch_size", "updates"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"recipe: {name} is {value}; give at least 1")
        if not 0 < self.area <= 1:
            raise UserError(f"recipe: area is {self.area}; give a share above 0, at most 1")
        if self.crop is not None and (self.crop < 1 or self.area == 1):
            raise UserError(
                f"recipe: crop is {self.crop}, area {self.area}; give at least 1 pixel, and an "
                "area below 1: images of another size than the model's are cropped at random"
            )
        if not all(1 <= epoch <= self.epochs for epoch in self.evaluate_at):
            raise UserError(
                f"recipe: evaluate_at is {list(self.evaluate_at)}; "
                f"give epochs from 1 to {self.epochs}"
            )

    # size of a training -------------------------------------------------------------------------
    def updates_per_epoch(self, images: int) -> int:
        """Whole batches in an epoch; one batch where there are fewer images than it holds."""
        return max(1, images // self.batch_size)

    def updates_for(self, images: int) -> int:
        """Updates in all for a data set of `images`."""
        if self.updates is not None:
            return self.updates
        return max(self.epochs * self.updates_per_epoch(images), self.min_updates)

    def epochs_for(self, images: int) -> int:
        """Epochs, counting a last one that the number of updates may cut short."""
        return ceil(self.updates_for(images) / self.updates_per_epoch(images))

    def evaluated(self, images: int) -> tuple[int, ...]:
        """The epochs after which test sets are evaluated, ascending; the last one included."""
        total = self.epochs_for(images)
        return tuple(sorted({ceil(e * total / self.epochs) for e in self.evaluate_at} | {total}))

    # description --------------------------------------------------------------------------------
    def spec(self) -> dict[str, Any]:
        """JSON-able, with every default filled in; `area` and `crop` only where images are cropped,
        and to another size than their own."""
        whole = asdict(self) | {"evaluate_at": list(self.evaluate_at)}
        without = [name for name, none in (("area", 1), ("crop", None)) if whole[name] == none]
        return {name: value for name, value in whole.items() if name not in without}

    @classmethod
    def from_spec(cls, spec: dict[str, Any]) -> "Recipe":
        """The recipe that a spec describes; UserError for a field that there is not."""
        for name in spec:
            if name not in cls.__dataclass_fields__:
                raise unknown("recipe field", name, cls.__dataclass_fields__)
        return cls(**spec)
