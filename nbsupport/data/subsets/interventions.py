"""What each intervention does to a draw (Section 4 of the paper).

Every function takes the draw, the step's value and the subset, whose source and seed it may use,
and returns another draw. Random choices come from `draw.order` and `draw.chance`: they depend on
the seed, the intervention and a name, so that no step shifts the choices of another.
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nbsupport.data.subsets.draw import Draw, by_chance, even_shares, order
from nbsupport.errors import UserError, unknown

if TYPE_CHECKING:
    from nbsupport.data.sources.base import Source


class Origin(Protocol):
    """What an intervention may use of the subset that it is a step of."""

    @property
    def source(self) -> "Source":
        """The whole source, before any step."""

    @property
    def seed(self) -> int:
        """What fixes every draw."""


# how many (Section 4.1) -------------------------------------------------------------------------
def per_class(draw: Draw, images: int, subset: Origin) -> Draw:
    """`images` of each class."""
    counts = draw.counts()
    if counts.min() < images:
        short = draw.names[int(counts.argmin())]
        raise UserError(
            f"{subset.source.name}: {images:,} images of each class is more than there are: "
            f"{short!r} has {counts.min():,}; ask for at most {counts.min():,} per class"
        )
    return _first_of_each(draw, np.full(len(counts), images), subset)


def take(draw: Draw, images: int, subset: Origin) -> Draw:
    """`images` in all, spread over the classes as evenly as their counts allow."""
    counts = draw.counts()
    if images > counts.sum():
        raise UserError(
            f"{subset.source.name}: {images:,} images is more than the source has; "
            f"ask for at most {counts.sum():,}"
        )
    if images < len(counts):
        raise UserError(
            f"{subset.source.name}: {images:,} images cannot cover {len(counts)} classes; "
            f"ask for at least {len(counts)}"
        )
    return _first_of_each(draw, even_shares(counts, images), subset)


def _first_of_each(draw: Draw, wanted: np.ndarray, subset: Origin) -> Draw:
    """Shuffled alike for per_class and take: a round total is the very subset of per_class."""
    rows = [
        np.sort(members[order(subset.seed, "per_class", name, len(members))[:n]])
        for members, name, n in zip(draw.members(), draw.names, wanted, strict=True)
    ]
    return draw.keep(np.concatenate(rows))


# which classes (Sections 4.1, 4.3, 4.4.1) -------------------------------------------------------
def most_frequent(draw: Draw, classes: int, subset: Origin) -> Draw:
    """The classes with the most images."""
    _check_classes(draw, classes, subset)
    kept = np.argsort(-draw.counts(), kind="stable")[:classes]
    return draw.keep(np.isin(draw.labels, kept))


def choose_classes(draw: Draw, classes: int, subset: Origin) -> Draw:
    """Classes at random; fewer are part of more."""
    _check_classes(draw, classes, subset)
    kept = by_chance(subset.seed, "choose_classes", draw.names)[:classes]
    return draw.keep(np.isin(draw.labels, kept))


def with_at_least(draw: Draw, images: int, subset: Origin) -> Draw:
    """The classes with that many images or more."""
    counts = draw.counts()
    if counts.max() < images:
        raise UserError(
            f"{subset.source.name}: no class has {images:,} images; "
            f"ask for at most {counts.max():,}"
        )
    return draw.keep(counts[draw.labels] >= images)


def _check_classes(draw: Draw, classes: int, subset: Origin) -> None:
    if classes > len(draw.names):
        raise UserError(
            f"{subset.source.name}: {classes:,} classes is more than there are; "
            f"ask for at most {len(draw.names):,}"
        )


def under(draw: Draw, node: str, subset: Origin) -> Draw:
    """The classes below a node of the tree."""
    return _where(draw, below(subset.source, node), f"under({node!r})", subset)


def not_under(draw: Draw, node: str, subset: Origin) -> Draw:
    """The classes that are not below a node of the tree."""
    return _where(draw, ~below(subset.source, node), f"not_under({node!r})", subset)


def _where(draw: Draw, wanted: np.ndarray, step: str, subset: Origin) -> Draw:
    rows = wanted[_classes_of(draw, subset)]
    if not rows.any():
        raise UserError(f"{subset.source.name}: {step} leaves no class; choose another node")
    return draw.keep(rows)


def below(source: "Source", node: str) -> np.ndarray:
    """Which classes of a source are `node` or below it: bool [K]. UserError for no such node."""
    known = source.below(node)
    if known is not None:
        return known
    table = source.classes().filter(regex=r"^(tree|depth_\d+)$").to_numpy(dtype=str)
    found = (table == node).any(axis=1) if table.size else np.zeros(0, dtype=bool)
    if not found.any():
        raise _no_such_node(source, node, table)
    return found


def _no_such_node(source: "Source", node: str, table: np.ndarray) -> UserError:
    if not table.size:
        return UserError(f"{source.name} has no tree of classes, so no node {node!r}")
    near = get_close_matches(str(node), np.unique(table).tolist(), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    top = ", ".join(dict.fromkeys(table[:, 0].tolist()))
    return UserError(f"{source.name} has no node {node!r} in its tree, which begins {top}{hint}")


def _classes_of(draw: Draw, subset: Origin) -> np.ndarray:
    """The source's own class of each image, whatever its label is by now: int64 [n]."""
    return subset.source.labels()[draw.ids]


# which labels (Sections 4.2, 4.4.2) -------------------------------------------------------------
def ancestors(source: "Source", depth: int, step: str) -> np.ndarray:
    """The ancestor of each class at a depth of the tree: its name, [K]. UserError outside it."""
    classes = source.classes()
    depths = classes.filter(regex=r"^depth_\d+$").shape[1]
    if not depths:
        raise UserError(f"{step}: {source.name} has no tree of classes")
    if depth > depths:
        raise UserError(f"{step}: the tree of {source.name} has depths 1 to {depths}, not {depth}")
    return classes[f"depth_{depth}"].to_numpy(dtype=str)


def superclasses(draw: Draw, depth: int, subset: Origin) -> Draw:
    """The same images, labelled with their classes' ancestors at a depth of the tree."""
    at = ancestors(subset.source, depth, f"superclasses({depth})")
    return _labelled(draw, np.arange(len(draw.ids)), at, subset)


def _labelled(draw: Draw, rows: np.ndarray, at: np.ndarray, subset: Origin) -> Draw:
    """The images at `rows`, labelled by the node `at` [K] of their class, in the tree's order."""
    names = tuple(dict.fromkeys(at.tolist()))
    number = {name: i for i, name in enumerate(names)}
    labels = np.array([number[name] for name in at])[_classes_of(draw, subset)]
    return Draw(draw.ids, labels, names).keep(rows)


def within_class(draw: Draw, value: tuple[tuple[str, Any], ...], subset: Origin) -> Draw:
    """Fixed superclasses, as many images of each at every p, from a share p of their subclasses."""
    v = dict(value)
    if "tree" in v:
        at = _superclass_in(subset.source, v["tree"])
    else:
        at = ancestors(subset.source, v["depth"], "within_class")
    own = _classes_of(draw, subset)
    nested = _nested_leaves(np.unique(own), at, v, subset)
    rows = [
        _from_subclasses(own, node, _first(v["p"], leaves), images, subset)
        for (node, leaves), images in zip(
            nested.items(), _images_of_each(own, nested, v), strict=True
        )
    ]
    return _labelled(draw, np.sort(np.concatenate(rows)), at, subset)


def _first(share: float, leaves: np.ndarray) -> np.ndarray:
    """The classes of a superclass that a share of them stands for: at least one."""
    return leaves[: max(1, round(share * len(leaves)))]


def _images_of_each(
    own: np.ndarray, nested: dict[str, np.ndarray], v: dict[str, Any]
) -> Sequence[int]:
    """The images of each superclass: what is asked for, or its part of the total."""
    if "total" not in v:
        return [v["images"]] * len(nested)
    least = [_first(v["smallest"], leaves) for leaves in nested.values()]
    counts = np.array([np.isin(own, leaves).sum() for leaves in least])
    if v["total"] > counts.sum():
        raise UserError(
            f"within_class: a share of {v['smallest']:.3g} of the subclasses has "
            f"{counts.sum():,} images, a total of {v['total']:,} is asked for; ask for at most "
            f"{counts.sum():,} or a larger smallest share"
        )
    shares: list[int] = even_shares(counts, v["total"]).tolist()
    return shares


def _superclass_in(source: "Source", tree: str) -> np.ndarray:
    """The superclass of each class in another tree of a source: its name or "", [K]."""
    classes = source.classes().filter(regex=r"^(?!depth_\d+$)")
    texts = classes.select_dtypes(exclude=["number", "bool"])
    allowed = [str(name) for name, column in texts.items() if not column.is_unique]
    if not allowed:
        raise UserError(f"within_class: {source.name} has no other tree of classes; give a depth")
    if tree not in allowed:
        raise unknown(f"tree of {source.name}", tree, allowed)
    return classes[tree].to_numpy(dtype=str)


def _nested_leaves(
    present: np.ndarray, at: np.ndarray, v: dict[str, Any], subset: Origin
) -> dict[str, np.ndarray]:
    """The chosen superclasses, largest first, and `subclasses` classes of each in random order."""
    present = present[at[present] != ""]  # another tree need not have every class
    nodes, sizes = np.unique(at[present], return_counts=True)
    subclasses = v.get("subclasses")  # None: all of a superclass
    enough = np.flatnonzero(sizes >= (subclasses or 1))
    wanted = v["superclasses"] or len(enough)
    if not 1 <= wanted <= len(enough):
        where, way = f"at depth {v.get('depth')}", "a smaller depth"
        if "tree" in v:
            where, way = f"of tree {v['tree']!r}", "another tree"
        raise UserError(
            f"within_class: {len(enough)} nodes {where} of {subset.source.name} have "
            f"{subclasses or 1} classes or more, {max(wanted, 1)} are asked for; ask for fewer "
            f"superclasses, fewer subclasses or {way}"
        )
    chosen = enough[np.argsort(-sizes[enough], kind="stable")[:wanted]]
    names = subset.source.classes()["name"].to_numpy()
    leaves = {str(nodes[i]): present[at[present] == nodes[i]] for i in chosen}
    return {
        node: own[by_chance(subset.seed, "within_class", tuple(names[own]))][:subclasses]
        for node, own in leaves.items()
    }


def _from_subclasses(
    own: np.ndarray, node: str, leaves: np.ndarray, images: int, subset: Origin
) -> np.ndarray:
    """Rows of `images` images of these classes, as evenly as their counts allow."""
    members = [np.flatnonzero(own == leaf) for leaf in leaves]
    counts = np.array([len(rows) for rows in members])
    if images > counts.sum():
        raise UserError(
            f"within_class: what is used of {node!r} (subclasses: {len(leaves)}) has "
            f"{counts.sum():,} images; ask for at most {counts.sum():,} of each superclass"
        )
    names = subset.source.classes()["name"].to_numpy()[leaves]
    return np.concatenate(
        [
            rows[order(subset.seed, "per_class", name, len(rows))[:n]]
            for rows, name, n in zip(members, names, even_shares(counts, images), strict=True)
        ]
    )


# what the images show (Sections 4.3, 4.4.2, controls) -------------------------------------------
def repeat_one_image(draw: Draw, _: None, subset: Origin) -> Draw:
    """Each class's images replaced by copies of one of them, drawn at random."""
    ids = draw.ids.copy()
    for members, name in zip(draw.members(), draw.names, strict=True):
        ids[members] = draw.ids[members[order(subset.seed, "per_class", name, len(members))[0]]]
    return Draw(ids, draw.labels, draw.names)


def contaminate(draw: Draw, value: tuple[tuple[str, Any], ...], subset: Origin) -> Draw:
    """A share of the images replaced by others of classes below a node; labels are kept."""
    v = dict(value)
    count = round(v["share"] * len(draw.ids))
    if count < 1:
        raise UserError(
            f"contaminate: a share of {v['share']} of {len(draw.ids):,} images is less than one; "
            f"ask for at least {1 / len(draw.ids):.3g}"
        )
    pool = np.flatnonzero(below(subset.source, v["node"])[subset.source.labels()])
    pool = np.setdiff1d(pool, draw.ids)
    if count > len(pool):
        raise UserError(
            f"contaminate: {count:,} images of {v['node']!r} are needed, {subset.source.name} has "
            f"{len(pool):,} outside the subset; ask for a share of at most "
            f"{len(pool) / len(draw.ids):.3g}"
        )
    ids = draw.ids.copy()
    replaced = order(subset.seed, "contaminate", v["node"], len(ids))[:count]
    ids[replaced] = pool[order(subset.seed, "contaminate with", v["node"], len(pool))[:count]]
    return Draw(ids, draw.labels, draw.names)


def shuffled_labels(draw: Draw, _: None, subset: Origin) -> Draw:
    """The labels permuted over all images; each label keeps its count."""
    shuffled = draw.labels[order(subset.seed, "shuffled_labels", "", len(draw.labels))]
    return Draw(draw.ids, shuffled, draw.names)


def noise(draw: Draw, _: None, __: Origin) -> Draw:
    """Images and labels stay: the pixels become noise where they are loaded (`loading.noise`)."""
    return draw


APPLY: dict[str, Callable[[Draw, Any, Origin], Draw]] = {
    "per_class": per_class,
    "take": take,
    "most_frequent": most_frequent,
    "with_at_least": with_at_least,
    "choose_classes": choose_classes,
    "under": under,
    "not_under": not_under,
    "superclasses": superclasses,
    "within_class": within_class,
    "repeat_one_image": repeat_one_image,
    "contaminate": contaminate,
    "shuffled_labels": shuffled_labels,
    "noise": noise,
}
# After these an image's label and its class have parted, so nothing may read the tree any more.
OFF_THE_TREE = ("contaminate", "shuffled_labels")
NEEDS_TREE = ("under", "not_under", "superclasses", "within_class")
