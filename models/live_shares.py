"""Which share of a score each feature has: lines summed here, trees walked by ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelSetFormatError
from models.live_inputs import OFFER, ROW, SHARES, Feed
from models.model_set import CalibrationForm, read_calibration
from models.shares_form import SharesForm

Scores: TypeAlias = NDArray[np.float64]
Offers: TypeAlias = int | NDArray[np.intp]


class Sharing(Protocol):
    """Shares a profile's score out."""

    features: tuple[str, ...]
    calibration: CalibrationForm
    averages: bool

    def shares(self, feed: Feed, *, offer: Offers) -> Scores:
        """Return (n, features + 1) shares; the last is what is no feature's.

        `feed` are raw inputs, or the encoded row where the scores came with it. `offer` is an index
        of the set's offers, for all or for each; -1 is none.
        """
        ...

    def one(self, feed: Feed, *, offer: int) -> list[float]:
        """Return the shares of one contact."""
        ...


class RowSharing:
    """Shares of an encoded row: a few numbers of lines, and what the walks through trees add.

    A line looks at some dozens of columns: they are added up before a session has begun.
    """

    def __init__(self, form: SharesForm, *, scoring: Any, trees: Any | None) -> None:
        """Take the form, the session of the scores, and that of the trees if there are any.

        Raises ModelSetFormatError where the form has trees and the session is not there.
        """
        self.features, self.calibration, self.averages = (
            form.features,
            form.calibration,
            form.averages,
        )
        if form.trees and trees is None:
            raise ModelSetFormatError(
                "The graph of the trees in a profile's reasons is not there.",
                fix="Fetch the model set from the registry again.",
            )
        self._scoring, self._trees = scoring, trees if form.trees else None
        # Feature by feature, each with a column of no effect before its own: so that none is empty.
        count = len(form.features)
        targets = np.array([*range(count), *form.targets])
        order = np.argsort(targets, kind="stable")
        self._starts = np.searchsorted(targets[order], np.arange(count))
        self._columns = np.array([0] * count + [*form.columns])[order]
        self._means = np.array([0.0] * count + [*form.means])[order]
        own = np.array(form.coefficients).reshape(len(form.bases), -1)
        self._by_offer = np.hstack([np.zeros((len(own), count)), own])[:, order]
        self._bases = np.array(form.bases)
        self._terms = [_terms(form, each) for each in form.coefficients]
        self._begun = [[0.0] * count + [base] for base in form.bases]

    def shares(self, feed: Feed, *, offer: Offers) -> Scores:
        """See Sharing."""
        row = self._row(feed)
        off = row.take(self._columns, axis=1) - self._means
        found = np.empty((len(row), len(self.features) + 1))
        found[:, -1] = self._bases[offer]
        # No product of matrices: for one row it is slower, and may wake threads for nothing.
        np.add.reduceat(off * self._by_offer[offer], self._starts, axis=1, out=found[:, :-1])
        return found if self._trees is None else found + self._walked(row, offer)

    def one(self, feed: Feed, *, offer: int) -> list[float]:
        """See Sharing; in plain Python, as for one row an operation on arrays costs more."""
        row = self._row(feed)
        (values,) = row.tolist()
        found = self._begun[offer].copy()
        for target, column, mean, by in self._terms[offer]:
            found[target] += (values[column] - mean) * by
        if self._trees is None:
            return found
        walked = self._walked(row, offer)[0].tolist()
        return [line + tree for line, tree in zip(found, walked, strict=True)]

    def _row(self, feed: Feed) -> NDArray[Any]:
        return feed[ROW] if ROW in feed else np.asarray(self._scoring.run((ROW,), feed)[0])

    def _walked(self, row: NDArray[Any], offer: Offers) -> Scores:
        assert self._trees is not None
        asked = np.full(len(row), offer, dtype=np.int64)
        return np.asarray(self._trees.run((SHARES,), {ROW: row, OFFER: asked})[0])


def _terms(form: SharesForm, coefficients: Sequence[float]) -> list[tuple[int, int, float, float]]:
    """Return (target, column, mean, coefficient) of each column that counts for an offer."""
    every = zip(form.targets, form.columns, form.means, coefficients, strict=True)
    return [each for each in every if each[-1]]


class EarlierSharing:
    """Shares as sets of earlier versions have them: one graph, which encodes the contact again."""

    def __init__(self, session: Any) -> None:
        notes = session.get_modelmeta().custom_metadata_map
        self.features: tuple[str, ...] = tuple(json.loads(notes["features"]))
        self.calibration = read_calibration(json.loads(notes["calibration"]))
        self.averages = bool(json.loads(notes["averages"]))
        self._session = session

    def shares(self, feed: Feed, *, offer: Offers) -> Scores:
        """See Sharing; `feed` are raw inputs."""
        count = len(next(iter(feed.values())))
        asked = np.full(count, offer, dtype=np.int64)
        return np.asarray(self._session.run((SHARES,), feed | {OFFER: asked})[0])

    def one(self, feed: Feed, *, offer: int) -> list[float]:
        """See Sharing."""
        (found,) = self.shares(feed, offer=offer).tolist()
        return list(found)
