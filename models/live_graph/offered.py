"""A tree as each offer sees it: which offer is asked about is settled before anybody calls.

The trees are grown on rows with the offer's one-hot columns behind the features. Asked for k
offers, a row would be scored k times. Here each branch on an offer is decided while compiling, and
offers that are left with the same tree share it: it is walked once and adds to each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.live_graph.ensembles import Tree


def seen_by(tree: Tree, *, offer: int, width: int) -> Tree:
    """Return the tree without branches on offers, as it is for one; -1 is none.

    `width` is the number of encoded columns; the offers' columns lie behind.
    """
    if isinstance(tree, float):
        return tree
    column, below, left, right = tree
    if column >= width:
        chosen = left if float(column - width == offer) < below else right
        return seen_by(chosen, offer=offer, width=width)
    lower, upper = (seen_by(each, offer=offer, width=width) for each in (left, right))
    return lower if lower == upper else (column, below, lower, upper)


def shared_trees(tree: Tree, *, offers: Sequence[int], width: int) -> dict[Tree, list[int]]:
    """Return each different tree with the places in `offers` that see it."""
    found: dict[Tree, list[int]] = {}
    for place, offer in enumerate(offers):
        found.setdefault(seen_by(tree, offer=offer, width=width), []).append(place)
    return found
