"""All trees of a graph as one ensemble: a row walks each tree once for all that it adds to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.link import PROBABILITY_EDGE
from models.live_graph.asking import Asking, slope_of
from models.live_graph.calibration import log_odds
from models.live_graph.encoder import DOUBLE, Encoded
from models.live_graph.ensembles import Ensemble, Tree, read_ensemble
from models.live_graph.listing import Listed
from models.live_graph.nodes import Graph
from models.live_graph.offered import shared_trees
from models.model_set import TreeForm
from models.signals import Task

# Log-odds of the edge: what a score is kept within, as in models.link.
FURTHEST = float(np.log((1 - PROBABILITY_EDGE) / PROBABILITY_EDGE))


@dataclass(frozen=True, slots=True)
class _Part:
    """One part's trees, the columns of scores that it adds to and by how much."""

    ensemble: Ensemble
    offers: tuple[int, ...]
    columns: NDArray[np.intp]
    by: float
    probability: bool


@dataclass(frozen=True, slots=True)
class Mixed:
    """The name of (n, targets) float64 scores, and how much each adds to which column."""

    scores: str
    weights: NDArray[np.float64]


def tree_scores(graph: Graph, asking: Asking, *, encoded: Encoded, folder: Path) -> Mixed | None:
    """Add the scores of all tree parts, log-odds for probabilities; None where there is none.

    Averages of probabilities come first, as they become log-odds.
    """
    parts = sorted(_parts(asking, folder), key=lambda part: not part.ensemble.averages)
    if not parts:
        return None
    rows = graph.add("TreeEnsembleRegressor", encoded.rows, **_nodes(parts, encoded))
    scores = graph.add("Cast", rows, to=DOUBLE)
    averages = sum(len(part.offers) for part in parts if part.ensemble.averages)
    targets = sum(len(part.offers) for part in parts)
    if averages:
        scores = _with_log_odds(graph, scores, averages, targets - averages)
    limits = np.repeat(
        [limit_of(part.ensemble, probability=part.probability) for part in parts],
        [len(part.offers) for part in parts],
    )
    if np.isfinite(limits).any():
        lowest, highest = (graph.constant(by, name="edge") for by in (-limits, limits))
        scores = graph.add("Min", graph.add("Max", scores, lowest), highest)
    return Mixed(scores, _weights(parts, asking.width))


def _parts(asking: Asking, folder: Path) -> list[_Part]:
    return [
        _Part(
            read_ensemble(folder / part.file),
            asked.offers,
            columns,
            slope_of(asked)[0] * weight,
            asked.form.task == Task.PROBABILITY,
        )
        for asked, columns in asking.columns()
        for weight, part in zip(asked.form.weights, asked.form.parts, strict=True)
        if isinstance(part, TreeForm)
    ]


def _weights(parts: Sequence[_Part], width: int) -> NDArray[np.float64]:
    found = np.zeros((sum(len(part.offers) for part in parts), width))
    first = 0
    for part in parts:
        found[np.arange(first, first + len(part.offers)), part.columns] = part.by
        first += len(part.offers)
    return found


def limit_of(ensemble: Ensemble, *, probability: bool) -> float:
    """Return what log-odds are kept within; infinite where no row can come to it."""
    if not probability or ensemble.averages:
        return np.inf
    reach = [_reach(tree) for tree in ensemble.trees]
    low, high = (ensemble.base + sum(each[side] for each in reach) for side in (0, 1))
    return np.inf if max(-low, high) < FURTHEST else FURTHEST


def _reach(tree: Tree) -> tuple[float, float]:
    if isinstance(tree, float):
        return tree, tree
    (low, high), (lower, higher) = _reach(tree[2]), _reach(tree[3])
    return min(low, lower), max(high, higher)


def _with_log_odds(graph: Graph, scores: str, averages: int, others: int) -> str:
    sizes = graph.constant(np.array([averages, others]), name="sizes")
    share = graph.add("Split", scores, sizes, outputs=2, axis=1)
    odds = log_odds(graph, share)
    return graph.add("Concat", odds, f"{share}.1", axis=1)


def _nodes(parts: Sequence[_Part], encoded: Encoded) -> dict[str, Any]:
    listed = Listed(encoded.places)
    bases: list[float] = []
    for part in parts:
        for tree in part.ensemble.trees:
            shared = shared_trees(tree, offers=part.offers, width=len(encoded.places))
            for seen, places in shared.items():
                targets = [len(bases) + place for place in places]
                listed.add(seen, partial(_to_each, targets=targets))
        bases += [part.ensemble.base] * len(part.offers)
    return listed.attributes(bases)


def _to_each(leaf: float, *, targets: Sequence[int]) -> list[tuple[int, float]]:
    return [(target, leaf) for target in targets]
