"""Names within a live graph: ONNX Runtime refuses a graph in which two things share one."""

from __future__ import annotations

import numpy as np

from models.live_graph.nodes import Graph


def test_a_constant_is_never_called_as_a_node_is() -> None:
    graph = Graph()
    names = []
    for _ in range(20):  # whatever order they come in, and whatever they are called
        names.append(graph.constant(np.zeros(1), name="gather"))
        names.append(graph.add("Gather", "numbers", names[0]))
        names.append(graph.add("Gather", "numbers", names[0]))
    assert len(set(names)) == len(names)
