"""How often one may look: boundaries that spend the error over the looks.

Lan and DeMets, Discrete sequential boundaries for clinical trials, Biometrika 1983, with the
spending function of the O'Brien and Fleming kind on each side; computed by the recursive
integration of Armitage, McPherson and Rowe, JRSS A 1969.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Numbers = NDArray[np.float64]

_NODES = 300
_FURTHEST = 12.0  # no boundary matters beyond so many standard errors


@dataclass(frozen=True, slots=True)
class Boundary:
    """One look: the share of the plan's information there, and from which |z| on one may stop.

    `level` is the two-sided p-value that is the same bar; `spent` the error spent until then.
    """

    fraction: float
    z: float
    level: float
    spent: float


def spending(fraction: float, *, level: float = 0.05) -> float:
    """Return the two-sided error that may be spent by then: `4 (1 - Phi(z_(level / 4) / sqrt t))`.

    The O'Brien-Fleming kind, `2 (1 - Phi(z_(a / 2) / sqrt t))` on each side with `a = level / 2`.
    """
    if fraction <= 0.0:
        return 0.0
    far = -special.ndtri(level / 4)
    return float(4 * special.ndtr(-far / np.sqrt(min(fraction, 1.0))))


def boundaries(fractions: Sequence[float], *, level: float = 0.05) -> tuple[Boundary, ...]:
    """Return the boundary of each look; `fractions` rise and end at 1 or below.

    Between looks the path is Brownian; a path that left earlier does not count again.
    """
    found: list[Boundary] = []
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    at = density = np.zeros(0)
    before = spent = 0.0
    for fraction in fractions:
        allowed = spending(fraction, level=level)
        step = np.sqrt(fraction - before)
        edge = _edge(allowed - spent, at, density, step=step, furthest=_FURTHEST * fraction**0.5)
        z = edge / np.sqrt(fraction)
        found.append(Boundary(fraction, float(z), float(2 * special.ndtr(-z)), allowed))
        points = edge * nodes
        passed = _passed(points, at, density, step=step)
        at, density = points, passed * weights * edge
        before, spent = fraction, allowed
    return tuple(found)


def _edge(allowed: float, at: Numbers, density: Numbers, *, step: float, furthest: float) -> float:
    """Return the distance beyond which a path is found now, for the first time, so often."""

    def excess(edge: float) -> float:
        if not len(at):
            return float(2 * special.ndtr(-edge / step)) - allowed
        beyond = special.ndtr((-edge - at) / step) + special.ndtr((at - edge) / step)
        return float(density @ beyond) - allowed

    if excess(furthest) >= 0.0:
        return furthest
    return float(optimize.brentq(excess, 0.0, furthest, xtol=1e-12))


def _passed(points: Numbers, at: Numbers, density: Numbers, *, step: float) -> Numbers:
    """Return the density of being at each point without having left before."""
    if not len(at):
        return np.asarray(_normal(points / step) / step, dtype=np.float64)
    return np.asarray(_normal((points[:, None] - at) / step) @ density / step, dtype=np.float64)


def _normal(z: Numbers) -> Numbers:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), dtype=np.float64)
