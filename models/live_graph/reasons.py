"""What each feature adds to a profile's score of acceptance, as a graph of its own.

Linear parts: coefficient times the distance from the mean customer. Trees: along the path
(models.live_graph.paths). Both add up to the score exactly; only a model of which that cannot be
said has no such graph, and then no reasons are given.
"""

from __future__ import annotations

import json
from dataclasses import asdict
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

Rows: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.float64]


def reasons_graph(
    encoder: Encoder, form: SignalForm, *, rows: Rows, offers: int, folder: Path
) -> Any | None:
    """Return the ONNX model, or None where shares would not add up to the score.

    `rows` (n, width + offers) are encoded contacts of the profile with the offers' columns, of
    which the means are taken. Inputs are `row`, as the profile's graph gives it, and `offer` (n,),
    -1 for none; output (n, features + 1) `shares` of the score, the last for what is no feature's.
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
    graph = Graph()
    made = laid_out(ROW, encoder)
    shares = _linear(graph, form, made, target_of, mean=rows.mean(axis=0), rest=rest)
    if grown:
        walked = _walked(graph, grown, made, target_of, rows=rows, rest=rest)
        shares = graph.add("Add", shares, walked)
    graph.renamed(shares, SHARES)
    inputs = {ROW: (np.float32, made.width), OFFER: (np.int64, None)}
    notes = {
        "features": json.dumps(names),
        "calibration": json.dumps(asdict(form.calibration)),
        "averages": json.dumps(any(each.averages for _, each in grown)),
    }
    return graph.model(
        "reasons", inputs=inputs, outputs={SHARES: (np.float64, rest + 1)}, notes=notes
    )


def _adds_up(form: SignalForm, grown: list[Ensemble]) -> bool:
    """Return whether the score is a plain sum: an average of probabilities must stand alone."""
    known = all(isinstance(part, LinearForm | TreeForm) for part in form.parts)
    bent = any(np.isfinite(limit_of(each, probability=True)) for each in grown)
    averaged = any(each.averages for each in grown)
    alone = len(form.parts) == 1 and form.weights == (1.0,) and form.shift == 0.0
    return known and not bent and (alone or not averaged)


def _linear(
    graph: Graph,
    form: SignalForm,
    made: Encoded,
    target_of: NDArray[np.intp],
    *,
    mean: NDArray[np.floating[Any]],
    rest: int,
) -> str:
    """Return (n, targets) shares of the linear parts; the mean customer's score is the rest's."""
    offers = len(target_of) - len(made.places)
    vectors, shifts = np.zeros((made.width, offers + 1)), np.full(offers + 1, form.shift)
    for weight, part in zip(form.weights, form.parts, strict=True):
        if isinstance(part, LinearForm):
            by_column, by_offer = vectors_of(part, encoded=made, offers=offers)
            vectors += weight * by_column
            shifts += weight * by_offer
    middle = np.zeros(made.width)
    middle[made.places] = mean[: len(made.places)]
    used = np.flatnonzero(vectors.any(axis=1))
    gather = np.zeros((made.width, rest + 1))
    gather[made.places, target_of[: len(made.places)]] = 1.0
    base = np.zeros((offers + 1, rest + 1))
    base[:, rest] = shifts + middle @ vectors
    taken = graph.add("Gather", made.rows, graph.constant(used, name="used"), axis=1)
    off = graph.add(
        "Sub", graph.add("Cast", taken, to=DOUBLE), graph.constant(middle[used], name="middle")
    )
    asked = graph.add("Gather", graph.constant(vectors[used].T.copy(), name="vectors"), OFFER)
    starts = graph.add("Gather", graph.constant(base, name="base"), OFFER)
    moved = graph.add("Mul", off, asked)
    return graph.add("Gemm", moved, graph.constant(gather[used], name="gather"), starts)


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
