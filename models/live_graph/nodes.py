"""A growing ONNX graph: nodes and constants, each known by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ML = "ai.onnx.ml"
OPSET = {"": 17, ML: 3}
# The format of ONNX files themselves; that of opset 17.
_IR_VERSION = 8


class Graph:
    """Nodes in the order in which they were added; nothing that was added changes."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node and return the name of its first output; further ones end in .1, .2, ..."""
        from onnx import helper

        name = f"{kind}_{len(self._nodes)}"
        names = [name, *(f"{name}.{place}" for place in range(1, outputs))]
        domain = ML if kind.startswith("TreeEnsemble") else ""
        node = helper.make_node(kind, list(inputs), names, name=name, domain=domain, **attributes)
        self._nodes.append(node)
        return name

    def constant(self, values: NDArray[Any] | float, *, name: str) -> str:
        """Add a constant of the values' own type and return its unique name.

        The name is in small letters, where a node's begins with a capital: no two are ever alike.
        """
        from onnx import numpy_helper

        assert name == name.lower(), name

        unique = f"{name}_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values), unique))
        return unique

    def renamed(self, name: str, to: str) -> None:
        """Give a value another name, as the graph's output has one that is promised."""
        self._nodes.append(_identity(name, to))

    def model(
        self,
        name: str,
        *,
        inputs: Mapping[str, tuple[Any, int | None]],
        outputs: Mapping[str, tuple[Any, int | None]],
        notes: Mapping[str, str],
    ) -> Any:
        """Return the ONNX model; inputs and outputs are (dtype, columns) of n rows by name.

        Without columns it is one number a row.
        """
        from onnx import helper

        graph = helper.make_graph(
            self._nodes,
            name,
            [_rows(each, *what) for each, what in inputs.items()],
            [_rows(each, *what) for each, what in outputs.items()],
            self._constants,
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSET.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="callworth"
        )
        helper.set_model_props(model, dict(notes))
        return model


def _rows(name: str, dtype: Any, columns: int | None) -> Any:
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, ["n"] if columns is None else ["n", columns])


def _identity(name: str, to: str) -> Any:
    from onnx import helper

    return helper.make_node("Identity", [name], [to], name=to)
