"""The endpoints of the Open Inference Protocol, described."""

from __future__ import annotations

from collections.abc import Callable

from serving.endpoints import Endpoint, Example, Parameter
from serving.identity import Use
from serving.inference_scores import MODEL, OFFER_IDS, PLATFORM, UPLIFT
from serving.inference_tensors import (
    Datatype,
    InferenceRequest,
    InferenceResponse,
    InputTensor,
    ModelMetadata,
    ModelState,
    OutputTensor,
    RequestedOutput,
    ServerMetadata,
    ServerState,
    TensorMetadata,
)

_NAME = Parameter("name", "path", f"always {MODEL}", MODEL, required=True)
_VERSION = Parameter("version", "path", "the promoted model set", "17", required=True)
_AT_NAME = "/v2/models/{name}"
_AT_VERSION = f"{_AT_NAME}/versions/{{version}}"

_METADATA = ModelMetadata(
    name=MODEL,
    versions=("17",),
    platform=PLATFORM,
    inputs=(
        TensorMetadata(name="stage", datatype=Datatype.BYTES, shape=(-1,)),
        TensorMetadata(name="age", datatype=Datatype.FP64, shape=(-1,)),
    ),
    outputs=(
        TensorMetadata(name="accept", datatype=Datatype.FP64, shape=(-1, 2)),
        TensorMetadata(name=UPLIFT, datatype=Datatype.FP64, shape=(-1, 2)),
        TensorMetadata(name=OFFER_IDS, datatype=Datatype.BYTES, shape=(2,)),
    ),
)
_REQUEST = InferenceRequest(
    id="42",
    inputs=(
        InputTensor(name="stage", shape=(2,), datatype=Datatype.BYTES, data=["lead", "purchaser"]),
        InputTensor(name="age", shape=(2,), datatype=Datatype.FP64, data=[44.0, None]),
    ),
    outputs=(RequestedOutput(name="accept"), RequestedOutput(name=OFFER_IDS)),
)
_RESPONSE = InferenceResponse(
    model_name=MODEL,
    model_version="17",
    id="42",
    outputs=(
        OutputTensor(
            name="accept", shape=(2, 2), datatype=Datatype.FP64, data=[0.31, 0.05, 0.12, 0.02]
        ),
        OutputTensor(
            name=OFFER_IDS, shape=(2,), datatype=Datatype.BYTES, data=["term_life", "home_cover"]
        ),
    ),
)

SERVER = Endpoint(
    method="GET",
    path="/v2",
    summary="The inference server",
    text="Name and version; it has no extensions of the protocol, so no binary tensors.",
    use=Use.PREDICT,
    answer=ServerMetadata,
    problems=(401, 403, 421),
)
SERVER_LIVE = Endpoint(
    method="GET",
    path="/v2/health/live",
    summary="Whether the inference server answers",
    text="For a supervisor that knows the protocol.",
    answer=ServerState,
)
SERVER_READY = Endpoint(
    method="GET",
    path="/v2/health/ready",
    summary="Whether a model set can be asked",
    text="503 while none is promoted. Decisions do not need one: see `/health/ready` for them.",
    answer=ServerState,
    unready=503,
)


def _both(make: Callable[[str, str, tuple[Parameter, ...]], Endpoint]) -> tuple[Endpoint, ...]:
    """Return an endpoint of the model, and of one of its versions."""
    return (
        make(_AT_NAME, "", (_NAME,)),
        make(_AT_VERSION, " of a version", (_NAME, _VERSION)),
    )


def _described(path: str, which: str, parameters: tuple[Parameter, ...]) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        summary=f"Inputs and outputs{which}",
        text="One input a feature, and the stage; one output a signal, by row and offer.",
        use=Use.PREDICT,
        parameters=parameters,
        answer=ModelMetadata,
        examples=(Example("a model set of two offers", None, _METADATA),),
        problems=(401, 403, 404, 421),
    )


def _ready(path: str, which: str, parameters: tuple[Parameter, ...]) -> Endpoint:
    return Endpoint(
        method="GET",
        path=f"{path}/ready",
        summary=f"Whether the model{which} can be asked",
        text="503 while no model set is promoted.",
        parameters=parameters,
        answer=ModelState,
        unready=503,
        problems=(404,),
    )


def _inferred(path: str, which: str, parameters: tuple[Parameter, ...]) -> Endpoint:
    return Endpoint(
        method="POST",
        path=f"{path}/infer",
        summary=f"Live scores of many rows{which}",
        text=(
            "A tensor for each feature, of up to 1,000 rows; one that is left out, null in one, or"
            " its parameter `absent` is a value not known. Without `stage` the models for all"
            " stages answer. `rows` may hold all numeric features at once, in their order."
            " Refusals also have `error`, in one text."
        ),
        use=Use.PREDICT,
        parameters=parameters,
        body=InferenceRequest,
        answer=InferenceResponse,
        examples=(Example("two rows", _REQUEST, _RESPONSE),),
        problems=(400, 401, 403, 404, 408, 413, 415, 421),
    )


METADATA, READY, INFER = _both(_described), _both(_ready), _both(_inferred)
INFERENCE: tuple[Endpoint, ...] = (
    SERVER,
    SERVER_LIVE,
    SERVER_READY,
    *METADATA,
    *READY,
    *INFER,
)
