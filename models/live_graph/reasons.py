"""What each feature adds to a profile's score of acceptance: lines as numbers, trees as a graph.

Linear parts: coefficient times the distance from the mean customer. Trees: along the path
(models.live_graph.paths). Both add up to the score exactly; of a model of which that cannot be
said nothing is written, and then no reasons are given.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.encoding import Encoder
from models.live_graph.encoder import DOUBLE, Encoded, laid_out
from models.live_graph.ensembles import Ensemble, read_ensemble
from models.live_graph.linear import vectors_of
from models.live_graph.listing import Listed
from models.live_graph.nodes import Graph
from models.live_graph.paths import Shares, shared_out
from models.live_graph.trees import limit_of
from models.live_inputs import OFFER, ROW, SHARES
from models.model_set import LinearForm, SignalForm, TreeForm
from models.shares_form import SharesForm

Rows: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.float64]


def reasons_of(
    encoder: Encoder, form: SignalForm, *, rows: Rows, offers: int, folder: Path
) -> tuple[SharesForm, Any | None] | None:
    """Return how the score is shared out, with the ONNX model of the trees if there are any.

    None where shares would not add up to the score. `rows` (n, width + offers) are encoded contacts
    of the profile with the offers' columns, of which the means are taken. Inputs of the model are
    `row`, as the profile's graph gives it, and `offer` (n,), -1 for none; output (n, features + 1)
    `shares` of the score, the last for what is no feature's.
    """
    grown = [
        (weight, read_ensemble(folder / part.file))
        for weight, part in zip(form.weights, form.parts, strict=True)
        if isinstance(part, TreeForm)
    ]
    if not _adds_up(form, [each for _, each in grown]):
        return None
    names = tuple(dict.fromkeys(encoder.sources))
    places = {name: at for at, name in enumerate(names)}
    rest = len(names)
    target_of = np.array([places[source] for source in encoder.sources] + [rest] * offers)
    made = laid_out(ROW, encoder)
    shares = _lines(form, made, target_of, mean=rows.mean(axis=0), names=names, grown=grown)
    if not grown:
        return shares, None
    graph = Graph()
    graph.renamed(_walked(graph, grown, made, target_of, rows=rows, rest=rest), SHARES)
    inputs = {ROW: (np.float32, made.width), OFFER: (np.int64, None)}
    outputs = {SHARES: (np.float64, rest + 1)}
    return shares, graph.model("reasons", inputs=inputs, outputs=outputs, notes={})


def _adds_up(form: SignalForm, grown: list[Ensemble]) -> bool:
    """Return whether the score is a plain sum: an average of probabilities must stand alone."""
    known = all(isinstance(part, LinearForm | TreeForm) for part in form.parts)
    bent = any(np.isfinite(limit_of(each, probability=True)) for each in grown)
    averaged = any(each.averages for each in grown)
    alone = len(form.parts) == 1 and form.weights == (1.0,) and form.shift == 0.0
    return known and not bent and (alone or not averaged)


def _lines(
    form: SignalForm,
    made: Encoded,
    target_of: NDArray[np.intp],
    *,
    mean: NDArray[np.floating[Any]],
    names: tuple[str, ...],
    grown: list[tuple[float, Ensemble]],
) -> SharesForm:
    """Return the shares of the linear parts; the mean customer's score is no feature's."""
    offers = len(target_of) - len(made.places)
    vectors, shifts = np.zeros((made.width, offers + 1)), np.full(offers + 1, form.shift)
    for weight, part in zip(form.weights, form.parts, strict=True):
        if isinstance(part, LinearForm):
            by_column, by_offer = vectors_of(part, encoded=made, offers=offers)
            vectors += weight * by_column
            shifts += weight * by_offer
    middle, targets = np.zeros(made.width), np.zeros(made.width, dtype=np.intp)
    middle[made.places] = mean[: len(made.places)]
    targets[made.places] = target_of[: len(made.places)]
    used = np.flatnonzero(vectors.any(axis=1))
    return SharesForm(
        features=names,
        columns=tuple(used.tolist()),
        targets=tuple(targets[used].tolist()),
        means=tuple(middle[used].tolist()),
        coefficients=tuple(tuple(each) for each in vectors[used].T.tolist()),
        bases=tuple((shifts + middle @ vectors).tolist()),
        calibration=form.calibration,
        averages=any(each.averages for _, each in grown),
        trees=bool(grown),
    )


def _walked(
    graph: Graph,
    grown: list[tuple[float, Ensemble]],
    made: Encoded,
    target_of: NDArray[np.intp],
    *,
    rows: Rows,
    rest: int,
) -> str:
    """Return (n, targets) shares of all trees, each asked with the offer's columns behind."""
    offers = len(target_of) - len(made.places)
    places = np.concatenate([made.places, made.width + np.arange(offers)])
    rows = np.asfortranarray(rows)
    listed, bases = Listed(places), [0.0] * (rest + 1)
    for weight, ensemble in grown:
        bases[rest] += weight * ensemble.base
        for tree in ensemble.trees:
            told = shared_out(tree, rows, target_of=target_of, base=rest)
            listed.add(told, partial(_weighted, by=weight))
    inputs = made.rows
    if offers:
        flags = np.vstack([np.eye(offers), np.zeros((1, offers))]).astype(np.float32)
        flag = graph.add("Gather", graph.constant(flags, name="flags"), OFFER)
        inputs = graph.add("Concat", made.rows, flag, axis=1)
    walked = graph.add("TreeEnsembleRegressor", inputs, **listed.attributes(bases))
    return graph.add("Cast", walked, to=DOUBLE)


def _weighted(leaf: Shares, *, by: float) -> list[tuple[int, float]]:
    return [(target, by * share) for target, share in leaf.items()]
