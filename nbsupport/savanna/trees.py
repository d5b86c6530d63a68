"""Trees of classes: nodes are points of a latent space, grown by Gaussian steps that shrink."""

from dataclasses import dataclass

import numpy as np

from nbsupport.savanna.attributes import LATENT

DEPTHS = 6


@dataclass(frozen=True)
class Level:
    """The nodes of one depth: their latents [N, LATENT] and the number of each one's parent."""

    latents: np.ndarray
    parents: np.ndarray


def child_counts(rng: np.random.Generator, nodes: int, total: int) -> np.ndarray:
    """Split `total` children unevenly over `nodes` parents, at least one each: int [nodes]."""
    share = rng.dirichlet(np.full(nodes, 2.5))
    counts = 1 + np.floor(share * (total - nodes)).astype(int)
    counts[np.argsort(-share, kind="stable")[: total - counts.sum()]] += 1
    return counts


def grow(rng: np.random.Generator, above: Level, total: int, step: float) -> Level:
    """The next depth: `total` children of the nodes above, each a Gaussian step away."""
    parents = np.repeat(np.arange(len(above.latents)), child_counts(rng, len(above.latents), total))
    moves = rng.normal(size=(total, LATENT))
    # siblings spread out: their steps sum to zero wherever a parent has several children
    sums = np.zeros_like(above.latents)
    np.add.at(sums, parents, moves)
    size = np.bincount(parents, minlength=len(above.latents))[parents][:, None]
    moves = np.where(
        size > 1, (moves - sums[parents] / size) * np.sqrt(size / np.maximum(size - 1, 1)), moves
    )
    return Level(above.latents[parents] + step * moves, parents)


def trunk(
    rng: np.random.Generator, counts: tuple[int, ...], steps: tuple[float, ...]
) -> list[Level]:
    """The top of a tree, depth 1 (a single node) and then `counts` nodes at each further depth."""
    levels = [Level(steps[0] * rng.normal(size=(1, LATENT)) * 0.3, np.zeros(1, dtype=int))]
    for total, step in zip(counts, steps[1:], strict=False):
        levels.append(grow(rng, levels[-1], total, step))
    return levels


def ancestors(levels: list[Level]) -> np.ndarray:
    """For each leaf, its ancestor's number at every depth: int [leaves, depths], leaf last."""
    path = [np.arange(len(levels[-1].latents))]
    for level in reversed(levels[1:]):
        path.append(level.parents[path[-1]])
    return np.stack(path[::-1], axis=1)


def farthest(points: np.ndarray, count: int) -> np.ndarray:
    """Indices of `count` points [N, D] chosen far from each other (farthest-point selection)."""
    chosen = [int(np.argmax(((points - points.mean(0)) ** 2).sum(1)))]
    distance = ((points - points[chosen[0]]) ** 2).sum(1)
    for _ in range(count - 1):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(1))
    return np.array(chosen)
