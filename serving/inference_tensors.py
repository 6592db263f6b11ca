"""The JSON shapes of the Open Inference Protocol, version 2 (KServe, inference_rest.md)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec

from serving.problems import Problem

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Size = Annotated[int, msgspec.Meta(ge=0)]
Shape = Annotated[tuple[Size, ...], msgspec.Meta(min_length=1, max_length=8)]


class Datatype(StrEnum):
    """What the elements of a tensor are; BYTES are texts."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BYTES = "BYTES"


class InputTensor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One input: `data` row by row, flat or nested; null in it is a value that is not known.

    The parameter `absent` names another value that stands for one that is not known.
    """

    name: Name
    shape: Shape
    datatype: Datatype
    parameters: dict[str, Any] = {}
    data: list[Any]


class RequestedOutput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An output that is asked for."""

    name: Name
    parameters: dict[str, Any] = {}


class InferenceRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The inputs of n rows; without `outputs` all are answered."""

    id: str | None = None
    parameters: dict[str, Any] = {}
    inputs: Annotated[tuple[InputTensor, ...], msgspec.Meta(min_length=1, max_length=2_000)]
    outputs: Annotated[tuple[RequestedOutput, ...], msgspec.Meta(max_length=100)] = ()


class OutputTensor(msgspec.Struct, frozen=True, kw_only=True):
    """One output, flat, row by row; null where the model set has no such model."""

    name: str
    shape: tuple[int, ...]
    datatype: Datatype
    data: list[Any]


class InferenceResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outputs; `id` is the request's."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: tuple[OutputTensor, ...]


class TensorMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a tensor must be; -1 is the number of rows."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


class ModelMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The model set as one model: a tensor per feature and the stage in, one per signal out."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]


class ServerMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is; `extensions` of the protocol it has none."""

    name: str
    version: str
    extensions: tuple[str, ...] = ()


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server answers, and whether it has a model set to answer with."""

    live: bool
    ready: bool


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the model can be asked."""

    name: str
    ready: bool


class InferenceProblem(Problem, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal as everywhere, with `error`: the one text that clients of the protocol read."""

    error: str
