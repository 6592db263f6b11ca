"""The link between a probability and the score of a model: log-odds, and back."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scores: TypeAlias = NDArray[np.float64]

# A probability closer to 0 or 1 than this has log-odds that float32 cannot hold.
PROBABILITY_EDGE = 1e-6


def log_odds(probability: NDArray[Any]) -> Scores:
    """Return log(p / (1 - p)), with p kept off the edges."""
    p = np.clip(probability.astype(np.float64), PROBABILITY_EDGE, 1 - PROBABILITY_EDGE)
    return np.asarray(np.log(p / (1 - p)))


def sigmoid(score: NDArray[Any]) -> Scores:
    """Return 1 / (1 + exp(-score)) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * score)))
