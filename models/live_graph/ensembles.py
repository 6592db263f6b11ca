"""Trees read from the ONNX file of a part, as plain nested tuples."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from models.errors import ModelSetFormatError

# (column, below, left, right): left where the value is below. A leaf is what it adds.
Branch: TypeAlias = tuple[int, float, "Tree", "Tree"]
Tree: TypeAlias = Branch | float


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees whose leaves add up on top of a base.

    `averages`: the sum is a probability already; else it is log-odds, or an amount.
    """

    base: float
    trees: tuple[Tree, ...]
    averages: bool


def read_ensemble(path: Path) -> Ensemble:
    """Return the trees of an ONNX file with one tree node.

    Raises ModelSetFormatError where the file holds what training never writes.
    """
    import onnx

    said = onnx.load(path).graph.node
    if len(said) != 1 or not said[0].op_type.startswith("TreeEnsemble"):
        raise _unknown(path, "is no single ensemble of trees")
    values = {each.name: onnx.helper.get_attribute_value(each) for each in said[0].attribute}
    leaves = "class" if said[0].op_type.endswith("Classifier") else "target"
    if set(values[f"{leaves}_ids"]) != {0}:
        raise _unknown(path, "has leaves with more than one number")
    base = float(values.get("base_values", [0.0])[0])
    bends = values.get("post_transform", b"NONE")
    return Ensemble(base, _trees(values, leaves), leaves == "class" and bends == b"NONE")


def _trees(values: dict[str, Any], leaves: str) -> tuple[Tree, ...]:
    weight = {
        (tree, node): float(by)
        for tree, node, by in zip(
            *(values[f"{leaves}_{name}"] for name in ("treeids", "nodeids", "weights")),
            strict=True,
        )
    }
    names = ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids", "falsenodeids")
    nodes: dict[int, dict[int, Any]] = defaultdict(dict)
    for tree, node, *rest in zip(*(values[f"nodes_{name}"] for name in names), strict=True):
        nodes[tree][node] = rest
    return tuple(_tree(nodes[tree], 0, tree=tree, weight=weight) for tree in sorted(nodes))


def _tree(
    nodes: dict[int, Any], node: int, *, tree: int, weight: dict[tuple[int, int], float]
) -> Tree:
    mode, column, value, true, false = nodes[node]
    if mode == b"LEAF":
        return weight.get((tree, node), 0.0)
    below = float(value)
    if mode == b"BRANCH_LEQ":
        # At most the value is below the next number: then all branches ask the same question,
        # which ONNX Runtime answers faster.
        below = float(np.nextafter(np.float32(value), np.float32(np.inf)))
    elif mode != b"BRANCH_LT":
        raise ModelSetFormatError(
            f"A tree asks {mode.decode()}; only BRANCH_LT and BRANCH_LEQ are known.",
            fix="Train the model set again with this version.",
        )
    left, right = (_tree(nodes, at, tree=tree, weight=weight) for at in (true, false))
    return column, below, left, right


def _unknown(path: Path, how: str) -> ModelSetFormatError:
    return ModelSetFormatError(f"{path} {how}.", fix="Train the model set again with this version.")
