"""Live graphs with one planted fault, as a broken converter or a flipped bit would leave them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from models.artefacts import write_contents
from models.model_set import live_file

Fault = Callable[[Any], None]


def plant(folder: Path, fault: Fault, *, profile: str = "lead") -> None:
    """Put the fault into a profile's graph, and list the folder as if it had been written so."""
    path = folder / live_file(profile)
    model = onnx.load(path)
    fault(model.graph)
    path.write_bytes(model.SerializeToString())
    write_contents(folder)


def changed_constant(name: str, *, by: float = 0.01) -> Fault:
    """Return a fault that moves the first number of a constant."""

    def fault(graph: Any) -> None:
        found = next(each for each in graph.initializer if each.name.startswith(f"{name}_"))
        values = numpy_helper.to_array(found).copy()
        place = np.unravel_index(np.flatnonzero(values)[0], values.shape)
        values[place] += by
        found.CopyFrom(numpy_helper.from_array(values, found.name))

    return fault


def changed_leaves(graph: Any) -> None:
    """Make the leaves of the first tree add a little more."""
    node = next(each for each in graph.node if each.op_type == "TreeEnsembleRegressor")
    of = {each.name: each for each in node.attribute}
    for place, tree in enumerate(of["target_treeids"].ints):
        if tree == 0:
            of["target_weights"].floats[place] += 0.01
