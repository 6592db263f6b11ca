"""Least squares with no coefficient below zero, and from it the nearest point of a polyhedron."""

from __future__ import annotations

import numpy as np

from routing.allocation.batch import Floats

_SMALL = 1e-11


def least_squares(matrix: Floats, target: Floats) -> Floats:
    """Return u >= 0 that makes |matrix u - target| least; matrix is (rows, columns).

    Source: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23.
    """
    columns = matrix.shape[1]
    found = np.zeros(columns)
    inside = np.zeros(columns, dtype=bool)
    for _ in range(3 * columns + 30):
        pull = matrix.T @ (target - matrix @ found)
        pull[inside] = -np.inf
        enters = int(pull.argmax()) if columns else 0
        if not columns or pull[enters] <= _SMALL:
            break
        inside[enters] = True
        found = _stay_above_zero(matrix, target, found=found, inside=inside)
        if not inside[enters]:  # rounding threw it out at once: nothing is left to gain
            break
    return found


def _stay_above_zero(
    matrix: Floats,
    target: Floats,
    *,
    found: Floats,
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Floats:
    """Return the best coefficients of those inside; those that would fall below 0 leave."""
    while inside.any():
        trial = np.zeros_like(found)
        trial[inside] = np.linalg.lstsq(matrix[:, inside], target, rcond=None)[0]
        below = inside & (trial <= 0.0)
        if not below.any():
            return trial
        step = float(np.min(found[below] / np.maximum(found[below] - trial[below], 1e-300)))
        found = found + step * (trial - found)
        inside &= ~(below & (found <= _SMALL * max(1.0, float(np.abs(found).max()))))
        if (below & inside).sum() == below.sum():  # none was let go: take the lowest
            inside[np.flatnonzero(below)[found[below].argmin()]] = False
        found = np.where(inside, found, 0.0)
    return np.zeros_like(found)


def nearest_point(rows: Floats, bounds: Floats, *, farthest: float = 1e6) -> Floats | None:
    """Return the y nearest to 0 with rows y >= bounds, or None where there is none within reach.

    Least distance programming, Lawson and Hanson (1974), chapter 23.4: with E = [rows'; bounds']
    and u the non-negative least squares of E u = (0, ..., 0, 1), y follows from the residual.
    """
    stacked = np.vstack([rows.T, bounds[None, :]])
    target = np.zeros(stacked.shape[0])
    target[-1] = 1.0
    residual = stacked @ least_squares(stacked, target) - target
    if -residual[-1] <= 1.0 / farthest**2:
        return None
    return np.asarray(residual[:-1] / -residual[-1])
