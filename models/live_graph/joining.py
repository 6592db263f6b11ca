"""One profile's graph, joined from its pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.encoding import Encoder
from models.live_graph.asking import Asking
from models.live_graph.calibration import calibrated_scores
from models.live_graph.composed import composed_scores
from models.live_graph.effects import answered, asking_of
from models.live_graph.encoder import Encoded, encoded
from models.live_graph.linear import linear_scores
from models.live_graph.nodes import Graph
from models.live_graph.trees import tree_scores
from models.live_inputs import CODES, NUMBERS, ROW
from models.model_set import SignalForm
from models.signals import Signal
from models.uplift.effect_form import EffectPart

SCORES = "scores"


def profile_graph(
    encoder: Encoder,
    *,
    signals: Sequence[Signal],
    forms: Mapping[Signal, SignalForm],
    effects: Sequence[EffectPart],
    offers: int,
    folder: Path,
) -> Any:
    """Return the ONNX model of one profile: numbers and codes in, scores and the encoded row out.

    row: (n, width) float32, which the graph of reasons begins at. scores: (n, (signals + 1) x k),
    signal by signal in the order of `signals` and then uplift, offer by offer; k is 1, for no
    offer, in a set without offers. `forms` are the profile's models, `effects` its elected
    learner's parts. The trees are read from `folder`.
    """
    asks = tuple(range(offers)) or (-1,)
    graph = Graph()
    rows = encoded(graph, encoder)
    asking = asking_of(forms, effects, offers=asks)
    values = _values(graph, asking, rows=rows, offers=offers, folder=folder)
    answers = answered(graph, values, asking, signals=signals, forms=forms, parts=effects)
    graph.renamed(answers, SCORES)
    graph.renamed(rows.rows, ROW)
    inputs = {NUMBERS: (np.float64, len(encoder.numeric)), CODES: (np.int64, len(encoder.nominal))}
    return graph.model(
        "profile",
        inputs={name: what for name, what in inputs.items() if what[1]},
        outputs={
            SCORES: (np.float64, (len(signals) + 1) * len(asks)),
            ROW: (np.float32, rows.width),
        },
        notes={"signals": ",".join(signals), "offers": str(offers)},
    )


def _values(graph: Graph, asking: Asking, *, rows: Encoded, offers: int, folder: Path) -> str:
    """Return (n, columns) probabilities, and amounts in units of their scale."""
    scores = linear_scores(graph, asking, encoded=rows, offers=offers)
    mixed = (
        tree_scores(graph, asking, encoded=rows, folder=folder),
        composed_scores(graph, asking, encoded=rows, offers=offers),
    )
    for each in mixed:
        if each is not None:
            weights = graph.constant(each.weights, name="weights")
            scores = graph.add("Gemm", each.scores, weights, scores)
    return calibrated_scores(graph, scores, asking)
