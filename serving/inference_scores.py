"""The model set as one model of the protocol: what it takes and gives, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from models.live import LiveScores, Scores
from serving.bodies import nearest
from serving.inference_columns import STAGE, Asked, Columns, columns_of, refused
from serving.inference_tensors import (
    Datatype,
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    OutputTensor,
    RequestedOutput,
    TensorMetadata,
)

MODEL = "callworth"
# As the protocol names what runs a model, and its format.
PLATFORM = "onnxruntime_onnx"
UPLIFT, OFFER_IDS = "uplift", "offer_ids"


class Scoring(Asked, Protocol):
    """The model set in force, such as a LiveModelSet."""

    @property
    def signals(self) -> Sequence[str]:
        """The signals that it scores."""
        ...

    @property
    def offer_ids(self) -> tuple[str, ...]:
        """The offers that it scores them for."""
        ...

    def score_many(self, columns: dict[str, list[object]], *, profile: str) -> LiveScores:
        """Return the scores of the rows of the columns, all of one profile."""
        ...


def metadata(models: Scoring) -> ModelMetadata:
    """Return what the model set takes and gives."""
    words = {column.name for column in models.encoder.nominal}
    taken = [(name, Datatype.BYTES if name in words else Datatype.FP64) for name in models.features]
    inputs = [TensorMetadata(name=name, datatype=kind, shape=(-1,)) for name, kind in taken]
    offers = len(models.offer_ids)
    outputs = [
        TensorMetadata(name=name, datatype=Datatype.FP64, shape=(-1, max(offers, 1)))
        for name in _signals(models)
    ]
    return ModelMetadata(
        name=MODEL,
        versions=(models.version,),
        platform=PLATFORM,
        inputs=(TensorMetadata(name=STAGE, datatype=Datatype.BYTES, shape=(-1,)), *inputs),
        outputs=(
            *outputs,
            TensorMetadata(name=OFFER_IDS, datatype=Datatype.BYTES, shape=(offers,)),
        ),
    )


def infer(asked: InferenceRequest, *, models: Scoring) -> InferenceResponse:
    """Return the outputs asked for; raises ProblemError 400 where inputs or outputs do not fit."""
    names = _wanted(asked.outputs, models=models)
    columns = columns_of(asked.inputs, models=models)
    scores = _scores(columns, models=models)
    return InferenceResponse(
        model_name=MODEL,
        model_version=models.version,
        id=asked.id,
        outputs=tuple(_output(name, scores, models=models) for name in names),
    )


def _signals(models: Scoring) -> tuple[str, ...]:
    return (*(str(signal) for signal in models.signals), UPLIFT)


def _wanted(outputs: Sequence[RequestedOutput], *, models: Scoring) -> tuple[str, ...]:
    known = (*_signals(models), OFFER_IDS)
    for at, output in enumerate(outputs):
        if output.name not in known:
            raise refused(
                f"Model set {models.version} has no output '{output.name}'.",
                f"It has: {', '.join(known)}.{nearest(output.name, known)}",
                field=f"outputs[{at}].name",
            )
    return tuple(dict.fromkeys(output.name for output in outputs)) or known


def _scores(columns: Columns, *, models: Scoring) -> Scores:
    """Return the (n, signals + 1, k) scores, each row by the models of its stage."""
    first, *others = dict.fromkeys(columns.stages)
    if not others:
        return models.score_many(columns.values, profile=first).matrix
    shape = (len(columns.stages), len(_signals(models)), max(len(models.offer_ids), 1))
    found = np.empty(shape)
    for stage in (first, *others):
        rows = [row for row, other in enumerate(columns.stages) if other == stage]
        part = {name: [values[row] for row in rows] for name, values in columns.values.items()}
        found[rows] = models.score_many(part, profile=stage).matrix
    return found


def _output(name: str, scores: Scores, *, models: Scoring) -> OutputTensor:
    if name == OFFER_IDS:
        offers = list(models.offer_ids)
        return OutputTensor(name=name, shape=(len(offers),), datatype=Datatype.BYTES, data=offers)
    part = scores[:, _signals(models).index(name)]
    return OutputTensor(
        name=name, shape=part.shape, datatype=Datatype.FP64, data=part.ravel().tolist()
    )
