"""From scores to probabilities and amounts: the logistic curve, or along the knots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.link import PROBABILITY_EDGE
from models.live_graph.asking import Asking
from models.live_graph.nodes import Graph


def calibrated_scores(graph: Graph, scores: str, asking: Asking) -> str:
    """Add (n, columns) of what the scores stand for; amounts stay in units of their scale."""
    isotonic = asking.where([asked.isotonic for asked in asking.questions])
    if isotonic.any():
        scores = _moved(graph, scores, asking, isotonic)
    bent = asking.where([asked.bends or asked.isotonic for asked in asking.questions])
    if not bent.any():
        return scores
    chances = graph.add("Sigmoid", scores)
    if bent.all():
        return chances
    return graph.add("Where", graph.constant(bent, name="bent"), chances, scores)


def _moved(graph: Graph, scores: str, asking: Asking, isotonic: NDArray[np.bool_]) -> str:
    """Return the scores, those with knots replaced by the log-odds that the knots give them.

    Between two knots the value is a straight line, beyond the ends log-odds go on with the score.
    """
    # Columns without knots get two of their own; what comes of them is not read.
    knots = [
        np.array(asked.form.calibration.knots) if asked.isotonic else np.array([[0, 0.5], [1, 0.5]])
        for asked in asking.questions
        for _ in asked.offers
    ]
    lowest, highest = (
        graph.constant(np.array([each[end, 0] for each in knots]), name="end") for end in (0, -1)
    )
    inside = graph.add("Min", graph.add("Max", scores, lowest), highest)
    odds = log_odds(graph, _along(graph, inside, knots))
    moved = graph.add("Add", odds, graph.add("Sub", scores, inside))
    return graph.add("Where", graph.constant(isotonic, name="isotonic"), moved, scores)


def _along(graph: Graph, inside: str, knots: list[NDArray[np.float64]]) -> str:
    """Return each column's value: its first knot's, and of every step the share that is passed."""
    start, width, rise = _steps(knots)
    axis = graph.constant(np.array([2]), name="axis")
    past = graph.add("Sub", graph.add("Unsqueeze", inside, axis), graph.constant(start, name="at"))
    share = graph.add("Div", past, graph.constant(width, name="width"))
    ends = [graph.constant(by, name="end") for by in (0.0, 1.0)]
    passed = graph.add("Mul", graph.add("Clip", share, *ends), graph.constant(rise, name="rise"))
    total = graph.add("ReduceSum", passed, axis, keepdims=0)
    first = graph.constant(np.array([each[0, 1] for each in knots]), name="first")
    return graph.add("Add", total, first)


def _steps(knots: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], ...]:
    """Return (columns, steps) starts, widths and rises; short columns end in steps of no rise."""
    shape = (len(knots), max(len(each) for each in knots) - 1)
    start, width, rise = np.zeros(shape), np.ones(shape), np.zeros(shape)
    for row, each in enumerate(knots):
        used = len(each) - 1
        start[row, :used] = each[:-1, 0]
        width[row, :used], rise[row, :used] = np.diff(each, axis=0).T
    return start, width, rise


def log_odds(graph: Graph, chance: str) -> str:
    """Add log(p / (1 - p)), with p kept off the edges, as `models.link.log_odds` does."""
    edges = [graph.constant(by, name="edge") for by in (PROBABILITY_EDGE, 1 - PROBABILITY_EDGE)]
    kept = graph.add("Clip", chance, *edges)
    rest = graph.add("Sub", graph.constant(1.0, name="one"), kept)
    return graph.add("Log", graph.add("Div", kept, rest))
