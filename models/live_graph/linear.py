"""The linear parts as one matrix: a column per question and offer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.live_graph.asking import Asking, slope_of
from models.live_graph.encoder import DOUBLE, Encoded
from models.live_graph.nodes import Graph
from models.model_set import LinearForm
from models.scorers import LinearScorer

Numbers = NDArray[np.float64]


def linear_scores(graph: Graph, asking: Asking, *, encoded: Encoded, offers: int) -> str:
    """Add (n, columns) scores of all linear parts, weighted, with every shift; in float64.

    The slope of a straight calibration is in the coefficients already.
    """
    vectors = np.zeros((encoded.width, asking.width))
    shifts = np.zeros(asking.width)
    for asked, columns in asking.columns():
        slope, shift = slope_of(asked)
        shifts[columns] += slope * asked.form.shift + shift
        for weight, part in zip(asked.form.weights, asked.form.parts, strict=True):
            if isinstance(part, LinearForm):
                by_column, by_offer = vectors_of(part, encoded=encoded, offers=offers)
                asks = list(asked.offers)
                vectors[:, columns] += slope * weight * by_column[:, asks]
                shifts[columns] += slope * weight * by_offer[asks]
    return product(graph, encoded, vectors, shifts)


def vectors_of(form: LinearForm, *, encoded: Encoded, offers: int) -> tuple[Numbers, Numbers]:
    """Return (width, offers + 1) coefficients in the graph's columns, and shifts; last no offer."""
    scorer = LinearScorer(form, width=len(encoded.places), offers=offers)
    vectors = np.zeros((encoded.width, offers + 1))
    vectors[encoded.places] = scorer.vectors.T
    return vectors, scorer.shifts


def product(graph: Graph, encoded: Encoded, vectors: Numbers, shifts: Numbers) -> str:
    """Add the encoded rows times the vectors, in float64, plus the shifts.

    A penalty leaves most columns without a coefficient: only the others are taken.
    """
    used = np.flatnonzero(vectors.any(axis=1))
    taken = graph.add("Gather", encoded.rows, graph.constant(used, name="used"), axis=1)
    return graph.add(
        "Gemm",
        graph.add("Cast", taken, to=DOUBLE),
        graph.constant(vectors[used], name="vectors"),
        graph.constant(shifts, name="shifts"),
    )
