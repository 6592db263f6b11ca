"""The encoder as nodes: raw numbers and codes in, the float32 matrix that all parts read out.

The graph's columns lie otherwise than the encoder's, so that no node only moves them: the standard
numbers, a flag of absence for every number, and each nominal column's categories in equal blocks.
`places` says where each encoded column is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.encoding import FURTHEST_DEVIATIONS, Encoder
from models.live_graph.nodes import Graph
from models.live_inputs import CODES, NUMBERS


@dataclass(frozen=True, slots=True)
class Encoded:
    """The name of the (n, width) matrix in float32, and where each encoded column lies in it."""

    rows: str
    width: int
    places: NDArray[np.intp]


def encoded(graph: Graph, encoder: Encoder) -> Encoded:
    """Add the encoding of the inputs `numbers` and `codes`; the numbers are `Encoder.encode`'s.

    numbers: (n, m) float64, NaN where absent. codes: (n, c) int64, the place among the column's
    categories, -1 for none of them. Both in the encoder's order.
    """
    blocks: list[str] = []
    if encoder.numeric:
        blocks += _standard(graph, encoder)
    if encoder.nominal:
        blocks.append(_one_hot(graph, _depth(encoder)))
    rows = graph.add("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0]
    return laid_out(rows, encoder)


def laid_out(rows: str, encoder: Encoder) -> Encoded:
    """Return where the encoded columns lie in rows of that name, which `encoded` has made."""
    depth = _depth(encoder)
    width = 2 * len(encoder.numeric) + depth * len(encoder.nominal)
    return Encoded(rows, width, _places(encoder, depth))


def _depth(encoder: Encoder) -> int:
    return max((len(column.categories) for column in encoder.nominal), default=0)


def _standard(graph: Graph, encoder: Encoder) -> list[str]:
    """Return the standard numbers and the flags of absence; what is not finite is absent.

    What an absent number becomes is known beforehand, so it is put in last.
    """
    numeric = encoder.numeric
    size = graph.add("Abs", NUMBERS)
    known = graph.add("Less", size, graph.constant(np.inf, name="infinite"))
    logged = np.array([column.logged for column in numeric])
    values = _signed_log(graph, size, logged) if logged.any() else NUMBERS
    mean = graph.constant(np.array([column.mean for column in numeric]), name="mean")
    scale = graph.constant(np.array([column.scale for column in numeric]), name="scale")
    standard = graph.add("Div", graph.add("Sub", values, mean), scale)
    limits = [
        graph.constant(by, name="furthest") for by in (-FURTHEST_DEVIATIONS, FURTHEST_DEVIATIONS)
    ]
    clipped = graph.add("Cast", graph.add("Clip", standard, *limits), to=_FLOAT32)
    nothing = {column.name: [None] for column in numeric} | {
        c.name: [None] for c in encoder.nominal
    }
    fill = graph.constant(encoder.encode(nothing)[:, : len(numeric)], name="fill")
    absent = graph.add("Cast", graph.add("Not", known), to=_FLOAT32)
    return [graph.add("Where", known, clipped, fill), absent]


# onnx.TensorProto.FLOAT and DOUBLE, without the import at the head.
_FLOAT32, DOUBLE = 1, 11


def _signed_log(graph: Graph, size: str, logged: NDArray[np.bool_]) -> str:
    logs = graph.add("Log", graph.add("Add", size, graph.constant(1.0, name="one")))
    signed = graph.add("Mul", graph.add("Sign", NUMBERS), logs)
    return graph.add("Where", graph.constant(logged, name="logged"), signed, NUMBERS)


def _one_hot(graph: Graph, depth: int) -> str:
    """Return a flag per category: the code's row of a table, whose last, for -1, has none."""
    table = np.vstack([np.eye(depth, dtype=np.float32), np.zeros((1, depth), dtype=np.float32)])
    flags = graph.add("Gather", graph.constant(table, name="flags"), CODES, axis=0)
    return graph.add("Flatten", flags, axis=1)


def _places(encoder: Encoder, depth: int) -> NDArray[np.intp]:
    count = len(encoder.numeric)
    places = list(range(count))
    places += [count + place for place, column in enumerate(encoder.numeric) if column.indicator]
    for place, column in enumerate(encoder.nominal):
        first = 2 * count + place * depth
        places += range(first, first + len(column.categories))
    return np.array(places, dtype=np.intp)
