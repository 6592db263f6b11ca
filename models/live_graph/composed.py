"""Amounts as products: chance of a sale times what it brings, kept or lapsed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.live_graph.asking import Asking, slope_of
from models.live_graph.encoder import Encoded
from models.live_graph.linear import product, vectors_of
from models.live_graph.nodes import Graph
from models.live_graph.trees import Mixed
from models.model_set import ComposedForm

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Part:
    """One composed part, the offers that it is asked with, and what it adds to which columns."""

    form: ComposedForm
    offers: tuple[int, ...]
    columns: NDArray[np.intp]
    by: float


def composed_scores(graph: Graph, asking: Asking, *, encoded: Encoded, offers: int) -> Mixed | None:
    """Add the amounts of all composed parts, one column per part and offer; None without any."""
    parts = [
        _Part(part, asked.offers, columns, weight * slope_of(asked)[0])
        for asked, columns in asking.columns()
        for weight, part in zip(asked.form.weights, asked.form.parts, strict=True)
        if isinstance(part, ComposedForm)
    ]
    if not parts:
        return None
    three = [_lines(parts, name, encoded, offers) for name in ("sale", "lapse", "gain")]
    vectors, shifts = (np.hstack([each[at] for each in three]) for at in (0, 1))
    losses = np.hstack([np.array(part.form.losses)[list(part.offers)] for part in parts])
    weights = np.zeros((len(losses), asking.width))
    first = 0
    for part in parts:
        weights[np.arange(first, first + len(part.offers)), part.columns] = part.by
        first += len(part.offers)
    return Mixed(_amounts(graph, product(graph, encoded, vectors, shifts), losses), weights)


def _lines(parts: list[_Part], name: str, encoded: Encoded, offers: int) -> tuple[Numbers, Numbers]:
    """Return coefficients and shifts of one of the three linear models, part by part."""
    found = [
        (vectors[:, list(part.offers)], shifts[list(part.offers)])
        for part in parts
        for vectors, shifts in [
            vectors_of(getattr(part.form, name), encoded=encoded, offers=offers)
        ]
    ]
    return np.hstack([each for each, _ in found]), np.hstack([each for _, each in found])


def _amounts(graph: Graph, scores: str, losses: Numbers) -> str:
    """Return sale x (gain + lapse x (loss - gain)); a gain below nothing counts as nothing."""
    count = len(losses)
    sizes = graph.constant(np.array([2 * count, count]), name="sizes")
    chances = graph.add("Split", scores, sizes, outputs=2, axis=1)
    gain = graph.add("Relu", f"{chances}.1")
    halves = graph.constant(np.array([count, count]), name="sizes")
    sale = graph.add("Split", graph.add("Sigmoid", chances), halves, outputs=2, axis=1)
    lost = graph.add("Sub", graph.constant(losses, name="losses"), gain)
    kept = graph.add("Add", gain, graph.add("Mul", f"{sale}.1", lost))
    return graph.add("Mul", sale, kept)
