"""The attributes of an ONNX tree ensemble, listed node by node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

# What a leaf adds to which target.
Entries: TypeAlias = Callable[[Any], Iterable[tuple[int, float]]]

_NODE = ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids", "falsenodeids")
_TARGET = ("treeids", "nodeids", "ids", "weights")


@dataclass
class Listed:
    """Trees as lists, filled one after another; `places` says where an encoded column lies.

    A branch is a tuple (column, below, left, right); anything else is a leaf.
    """

    places: NDArray[np.intp]
    trees: int = 0
    lists: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def add(self, tree: Any, entries: Entries) -> None:
        """Add a tree; `entries` says what each of its leaves adds to which target."""
        self._node(tree, entries, 0)
        self.trees += 1

    def attributes(self, bases: list[float]) -> dict[str, Any]:
        """Return the attributes of a TreeEnsembleRegressor with a target per base."""
        return {**self.lists, "n_targets": len(bases), "base_values": bases}

    def _node(self, tree: Any, entries: Entries, node: int) -> int:
        """Write a node and all below it; return the next free number."""
        at = len(self.lists["nodes_nodeids"])
        if not isinstance(tree, tuple):
            self._write("nodes", _NODE, (self.trees, node, "LEAF", 0, 0.0, 0, 0))
            for target, by in entries(tree):
                self._write("target", _TARGET, (self.trees, node, target, by))
            return node + 1
        column, below, left, right = tree
        values = (self.trees, node, "BRANCH_LT", int(self.places[column]), below, node + 1, 0)
        self._write("nodes", _NODE, values)
        following = self._node(left, entries, node + 1)
        self.lists["nodes_falsenodeids"][at] = following
        return self._node(right, entries, following)

    def _write(self, what: str, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        for name, value in zip(names, values, strict=True):
            self.lists[f"{what}_{name}"].append(value)
