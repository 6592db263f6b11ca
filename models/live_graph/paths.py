"""What each feature adds along a tree's path: the decomposition of Saabas (2014), compiled.

At every node a tree foretells the mean of the known rows that come there. Walking down, each branch
changes that number, and the change is its feature's. The changes add up to leaf less root, for any
row: so what a leaf says of every feature is a constant, and can be written in the leaf.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.live_graph.ensembles import Tree

Rows: TypeAlias = NDArray[np.float32]
# What a leaf adds to each target, by target.
Shares: TypeAlias = dict[int, float]


def shared_out(tree: Tree, rows: Rows, *, target_of: NDArray[np.intp], base: int) -> Any:
    """Return the tree with {target: share} as leaves; they add up to what the leaf was.

    `rows` (n, columns), read column by column, are those that a node's mean is taken over,
    `target_of` is each column's target, `base` the target of the root's mean.
    """
    mean, split = _met(tree, rows.T, np.arange(len(rows)))
    return _shared(split, mean, target_of, {base: mean})


def _met(tree: Tree, columns: Rows, here: NDArray[np.intp]) -> tuple[float, Any]:
    """Return the mean of the leaves that the rows `here` come to, and the tree with it at nodes.

    Where no row comes, the mean of both sides stands.
    """
    if isinstance(tree, float):
        return tree, tree
    column, below, left, right = tree
    goes = columns[column][here] < np.float32(below)
    low, lower = _met(left, columns, here[goes])
    high, upper = _met(right, columns, here[~goes])
    share = np.count_nonzero(goes) / len(here) if len(here) else 0.5
    return share * low + (1.0 - share) * high, (column, below, (low, lower), (high, upper))


def _shared(tree: Any, mean: float, target_of: NDArray[np.intp], so_far: Shares) -> Any:
    if isinstance(tree, float):
        return {target: by for target, by in so_far.items() if by}
    column, below, *sides = tree
    target = int(target_of[column])
    children = [
        _shared(side, at, target_of, so_far | {target: so_far.get(target, 0.0) + at - mean})
        for at, side in sides
    ]
    return column, below, *children
