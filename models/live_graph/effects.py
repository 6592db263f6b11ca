"""What the graph answers with: every signal's columns, and what each offer adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.live_graph.asking import Asked, Asking
from models.live_graph.nodes import Graph
from models.model_set import SignalForm
from models.signals import Signal, Task
from models.uplift.effect_form import EffectPart

UPLIFT = "uplift"


def asking_of(
    forms: Mapping[Signal, SignalForm], parts: Sequence[EffectPart], *, offers: Sequence[int]
) -> Asking:
    """Return the questions: each signal with every offer, then the parts of the effects."""
    signals = (Asked(form, tuple(offers)) for form in forms.values())
    effects = (Asked(part.form, tuple(offers) if part.offered else (-1,)) for part in parts)
    return Asking((*signals, *effects))


def answered(
    graph: Graph,
    values: str,
    asking: Asking,
    *,
    signals: Sequence[Signal],
    forms: Mapping[Signal, SignalForm],
    parts: Sequence[EffectPart],
) -> str:
    """Add (n, (signals + 1) x offers) answers, the effects last; NaN where there is no model.

    Effects are the elected learner's, or else acceptance less baseline.
    """
    columns = [each for _, each in asking.columns()]
    count = len(columns[0])
    weights = np.zeros((asking.width, (len(signals) + 1) * count))
    missing = np.zeros(weights.shape[1])
    of = dict(zip(forms, columns, strict=False))
    for place, signal in enumerate(signals):
        out = np.arange(place * count, (place + 1) * count)
        if signal in of:
            weights[of[signal], out] = _unit(forms[signal])
        else:
            missing[out] = np.nan
    out = np.arange(len(signals) * count, weights.shape[1])
    if parts:
        for part, each in zip(parts, columns[len(forms) :], strict=True):
            weights[each, out] += part.weight * _unit(part.form)
    elif {Signal.ACCEPT, Signal.BASELINE} <= of.keys():
        weights[of[Signal.ACCEPT], out], weights[of[Signal.BASELINE], out] = 1.0, -1.0
    else:
        missing[out] = np.nan
    return _product(graph, values, weights, missing)


def _unit(form: SignalForm) -> float:
    return form.scale if form.task == Task.AMOUNT else 1.0


def _product(
    graph: Graph, values: str, weights: NDArray[np.float64], missing: NDArray[np.float64]
) -> str:
    return graph.add(
        "Gemm",
        values,
        graph.constant(weights, name="answers"),
        graph.constant(missing, name="missing"),
    )
