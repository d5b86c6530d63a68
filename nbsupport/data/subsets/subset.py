"""Subsets: a source and a tuple of interventions on it (Section 4 of the paper).

A subset is immutable and cheap: it holds what to do, and does it when its images are asked for.
Every draw is made from the subset's seed, the name of the intervention and the class, so that draws
are nested where sizes are compared, and adding an intervention does not shift the draws of another.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport import arguments
from nbsupport.data.sources.base import Source, open_source
from nbsupport.data.subsets.draw import Draw
from nbsupport.data.subsets.interventions import APPLY, NEEDS_TREE, OFF_THE_TREE
from nbsupport.errors import UserError, said

if TYPE_CHECKING:
    import pandas as pd
    import torch

    from nbsupport.data.loading.batches import ImageSet

Step = tuple[str, Any]  # a name and its value; several values are pairs of a name and a value


@dataclass(frozen=True)
class Subset:
    """A source after a tuple of interventions; `seed` fixes every draw.

    What cannot be done raises UserError: a wrong value at once, too few images when they are drawn.
    """

    source: Source
    steps: tuple[Step, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.source, Source):
            raise UserError(f"a subset of {said(self.source)}: give a Source, see `open_source`")
        if not isinstance(self.steps, tuple) or not all(map(_is_step, self.steps)):
            raise UserError(f"steps={said(self.steps)}: make a subset with its methods")
        object.__setattr__(self, "seed", arguments.whole("seed", self.seed, least=0))

    # how many images (Section 4.1) --------------------------------------------------------------
    def per_class(self, images: int) -> "Subset":
        """`images` of each class, drawn at random. UserError if a class has fewer."""
        return self._then("per_class", arguments.whole("per_class: images", images))

    def take(self, images: int) -> "Subset":
        """`images` in all, as evenly over the classes as the total allows (see `imbalance`)."""
        return self._then("take", arguments.whole("take: images", images))

    # which classes (Sections 4.1, 4.3, 4.4.1) ---------------------------------------------------
    def most_frequent(self, classes: int) -> "Subset":
        """Only the classes with the most images (iNaturalist's 1000)."""
        return self._then("most_frequent", arguments.whole("most_frequent: classes", classes))

    def choose_classes(self, classes: int) -> "Subset":
        """Classes at random: of one seed, fewer classes are among the more."""
        return self._then("choose_classes", arguments.whole("choose_classes: classes", classes))

    def with_at_least(self, images: int) -> "Subset":
        """Only the classes that have as many images (ImageNet's have 732 to 1,300)."""
        return self._then("with_at_least", arguments.whole("with_at_least: images", images))

    def under(self, node: str) -> "Subset":
        """The classes that are `node` or below it in the tree, such as "animal"."""
        return self._then("under", _node("under", node))

    def not_under(self, node: str) -> "Subset":
        """All classes but those of `under(node)`."""
        return self._then("not_under", _node("not_under", node))

    # which labels (Sections 4.2, 4.4.2) ---------------------------------------------------------
    def superclasses(self, depth: int) -> "Subset":
        """The same images under coarser labels: each class's ancestor at a depth of the tree.

        Depth 1 is the coarsest; a class that has no other below its ancestor keeps its own name.
        """
        return self._then("superclasses", arguments.whole("superclasses: depth", depth))

    def within_class(
        self,
        p: float,
        *,
        subclasses: int | None = None,
        images: int | None = None,
        total: int | None = None,
        smallest: float | None = None,
        depth: int | None = None,
        tree: str | None = None,
        superclasses: int | None = None,
    ) -> "Subset":
        """Images of superclasses, from a share `p` of their subclasses; labels are coarse.

        Superclasses are the nodes at `depth` with at least `subclasses` classes: all of them, or
        the `superclasses` largest. For each, as many classes are drawn at random, or all taken
        where no number is given, and p of them used, the same first ones for every p. In place of a
        depth, `tree` names a column of the class table whose nodes are superclasses ("breeds":
        ImageNet's 16 of 12 drawn classes); classes with "" there are left out.

        Either `images` of each superclass, or a `total`, spread over the superclasses as evenly as
        the images of the `smallest` share allow (p where it is not given): subsets with the same
        `smallest` have the same images of each superclass, whatever their p. Within a superclass,
        images are spread over its classes as evenly as they can be.
        """
        if (depth is None) == (tree is None) or not isinstance(tree, str | None):
            raise UserError(
                f"within_class: depth={said(depth)}, tree={said(tree)}: give one of them, a depth "
                "of the source's tree (a whole number) or the name of another tree, such as "
                "'breeds'"
            )
        given = {
            "depth": depth,
            "subclasses": subclasses,
            "images": images,
            "total": total,
            "superclasses": superclasses,
        }
        checked: dict[str, Any] = {
            name: arguments.whole(f"within_class: {name}", value)
            for name, value in given.items()
            if value is not None
        }
        largest = checked.pop("superclasses", None)
        share = _share_of(p, checked.get("subclasses"), "p")
        values: dict[str, Any] = {"p": share, **checked, **_spread(checked, share, smallest)}
        values["superclasses"] = largest
        if tree is not None:  # only then, so that what was trained before keeps its key
            values["tree"] = tree
        return self._then("within_class", tuple(values.items()))

    # what the images show (Sections 4.3, 4.4.2, controls) ---------------------------------------
    def repeat_one_image(self) -> "Subset":
        """As many images of each class as before, but all copies of one of them."""
        return self._then("repeat_one_image", None)

    def contaminate(self, share: float, node: str) -> "Subset":
        """A share of the images replaced by others, of classes below `node`; labels are kept.

        The others come from the whole source and are not in the subset already. A smaller share
        replaces some of the same images by the same others.
        """
        values = {
            "share": arguments.share("contaminate: share", share),
            "node": _node("contaminate", node),
        }
        return self._then("contaminate", tuple(values.items()))

    def shuffled_labels(self) -> "Subset":
        """The labels permuted over the images: counts stay, meaning goes."""
        return self._then("shuffled_labels", None)

    def noise(self) -> "Subset":
        """Every image replaced by noise with its own mean and variance in each channel."""
        return self._then("noise", None)

    def seeded(self, seed: int) -> "Subset":
        """The same interventions with other draws."""
        return replace(self, seed=seed)

    def _then(self, name: str, value: Any) -> "Subset":
        parted = [step for step, _ in self.steps if step in OFF_THE_TREE]
        if parted and name in NEEDS_TREE:
            raise UserError(
                f"{name} after {parted[0]}: labels no longer follow the tree; put {name} first"
            )
        return replace(self, steps=(*self.steps, (name, value)))

    # description --------------------------------------------------------------------------------
    def spec(self) -> dict[str, Any]:
        """JSON-able; `Subset.from_spec` makes the same subset from it."""
        return {
            "source": self.source.spec(),
            "steps": [[name, _thawed(value)] for name, value in self.steps],
            "seed": self.seed,
        }

    @classmethod
    def from_spec(cls, spec: dict[str, Any]) -> "Subset":
        """The subset that a spec describes. UserError for an unknown source or intervention."""
        try:
            spec = {**spec}
            source, seed = dict(spec["source"]), spec["seed"]
            steps = tuple((name, _frozen(value)) for name, value in spec["steps"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{said(spec)} describes no subset: give what `Subset.spec()` returned"
            ) from error
        for name, _ in steps:
            arguments.chosen("intervention", name, APPLY)
        return cls(open_source(source), steps, seed)

    def __str__(self) -> str:
        return ".".join([self.source.name, *(f"{name}({_said(v)})" for name, v in self.steps)])

    # contents -----------------------------------------------------------------------------------
    @property
    def drawn(self) -> Draw:
        """The images and labels after every intervention."""
        return _drawn(self)

    def __len__(self) -> int:
        return _size(self)[0]

    @property
    def num_classes(self) -> int:
        """How many labels are left."""
        return _size(self)[1]

    @property
    def imbalance(self) -> int:
        """The largest class count minus the smallest: 0 where the subset is exactly balanced."""
        return int(np.ptp(self.drawn.counts()))

    def table(self) -> "pd.DataFrame":
        """A row per image: id, label, name, and the hierarchy of its original class."""
        import pandas as pd

        draw, classes = self.drawn, self.source.classes()
        original = self.source.labels()[draw.ids]
        hierarchy = classes.filter(regex="^(tree|depth_)").iloc[original].reset_index(drop=True)
        own = pd.DataFrame({"id": draw.ids, "label": draw.labels})
        return own.assign(name=np.array(draw.names)[draw.labels]).join(hierarchy)

    def load(self, device: "str | torch.device" = "cpu") -> "ImageSet":
        """The images and their labels, on `device` or streamed to it (see `load_images`)."""
        import torch

        from nbsupport.data.loading.memory import load_images

        draw = self.drawn
        labels = torch.from_numpy(draw.labels.copy())
        return load_images(self._read, labels, len(draw.names), draw.names, _device(device))

    def _read(self, rows: np.ndarray) -> "torch.Tensor":
        """The images at these rows [k] of the subset as uint8 [k, 3, px, px]."""
        ids = self.drawn.ids[rows]
        images = self.source.images(ids)
        if ("noise", None) not in self.steps:
            return images
        import torch

        from nbsupport.data.loading.noise import noise_like

        return noise_like(images, torch.from_numpy(ids), self.seed)


@lru_cache(maxsize=16)  # a plan asks for the same draw once for each family
def _drawn(subset: Subset) -> Draw:
    names = tuple(subset.source.classes()["name"])
    labels = subset.source.labels()
    draw = Draw(np.arange(len(labels)), labels, names)
    for name, value in subset.steps:
        draw = APPLY[name](draw, value, subset)
    return draw


@lru_cache(maxsize=4096)  # numbers alone: a draw of ImageNet takes 0.1 s and 20 MB
def _size(subset: Subset) -> tuple[int, int]:
    """Images and labels of a subset."""
    draw = subset.drawn
    return len(draw.ids), len(draw.names)


def _is_step(step: Any) -> bool:
    pair = isinstance(step, tuple) and len(step) == 2
    return pair and isinstance(step[0], str) and step[0] in APPLY


def _spread(numbers: dict[str, Any], p: float, smallest: Any) -> dict[str, float]:
    """The share whose images say how a total is spread; nothing for as many of each superclass."""
    images, total = numbers.get("images"), numbers.get("total")
    if (images is None) == (total is None):
        raise UserError(
            f"within_class: images={said(images)}, total={said(total)}: give one of them, the "
            "images of each superclass or of all together"
        )
    if smallest is not None and total is None:
        raise UserError(
            f"within_class: smallest={said(smallest)} says how a total is spread; leave it out, or "
            f"give a total in place of images={said(images)}"
        )
    if total is None:
        return {}
    least = p if smallest is None else _share_of(smallest, numbers.get("subclasses"), "smallest")
    if least > p:
        raise UserError(
            f"within_class: smallest={said(smallest)} is above p={said(p)}; give the smallest "
            "share that is compared"
        )
    return {"smallest": least}


def _share_of(p: Any, subclasses: int | None, name: str) -> float:
    """A share such as the paper's 0.33 or 0.67; of a number of subclasses, a whole number."""
    share = arguments.share(f"within_class: {name}", p)
    if subclasses is None:
        return share
    used = share * subclasses
    nearest = min(max(round(used), 1), subclasses)
    if abs(used - nearest) > 0.1:
        raise UserError(
            f"within_class: {name}={share} of {subclasses} subclasses is {used:.2g} of them; give "
            f"a share that makes a whole number, such as {nearest / subclasses:.2f}"
        )
    return share


def _node(step: str, value: Any) -> str:
    return arguments.text(f"{step}: node", value, "the name of a node of the tree")


def _device(value: Any) -> "torch.device":
    import torch

    try:
        device = torch.device(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"device={said(value)}: give one of PyTorch's, such as 'cpu'") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"device={said(value)}: there is no GPU here, give 'cpu'")
    return device


def _frozen(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value


def _thawed(value: Any) -> Any:
    return dict(value) if isinstance(value, tuple) else value


def _said(value: Any) -> str:
    """A step's value as it is printed: 10,240 or 'animal' or p=0.33, depth=4."""
    if isinstance(value, tuple):
        return ", ".join(f"{name}={v!r}" for name, v in value if v is not None)
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else repr(value)
