"""The tensors of a request as columns of features: checked in shape, type and number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from models.encoding import Encoder
from models.model_set import ALL_PROFILES
from routing.tasks import Stage
from serving.bodies import nearest
from serving.inference_tensors import Datatype, InputTensor
from serving.problems import ProblemError

STAGE, ROWS = "stage", "rows"
MOST_ROWS = 1_000
_BYTES_ALLOWED = (Datatype.BYTES,)
_NUMBERS_ALLOWED = tuple(kind for kind in Datatype if kind is not Datatype.BYTES)
# A number beyond the largest float is none.
_LARGEST = 2**1023


class Asked(Protocol):
    """What is known of the model set whose features the tensors hold."""

    @property
    def version(self) -> str:
        """The version of the model set."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """The features, in their order."""
        ...

    @property
    def profiles(self) -> Sequence[str]:
        """The stages that have models of their own."""
        ...

    @property
    def encoder(self) -> Encoder:
        """Which of them are numbers and which are words."""
        ...


@dataclass(frozen=True, slots=True)
class Columns:
    """n rows: a column for each feature, None where a value is not known, and each row's stage."""

    values: dict[str, list[Any]]
    stages: list[str]


def columns_of(inputs: Sequence[InputTensor], *, models: Asked) -> Columns:
    """Return the columns of the inputs; a feature without a tensor is not known in any row.

    Without a tensor `stage` the models for all stages answer. Raises ProblemError 400 that names
    the input and says what it must be.
    """
    numeric = {column.name for column in models.encoder.numeric}
    rows = _rows(inputs)
    given: dict[str, list[Any]] = {}
    for at, tensor in enumerate(inputs):
        field = f"inputs[{at}]"
        for name, values in _read(tensor, models=models, numeric=numeric, field=field):
            if name in given:
                raise refused(f"'{name}' is given twice.", "Send it once.", field=field)
            given[name] = values
    stages = _stages(given.pop(STAGE, [None] * rows), known=(*Stage, *models.profiles))
    unknown = [None] * rows
    return Columns({name: given.get(name, unknown) for name in models.features}, stages)


def refused(fact: str, fix: str, *, field: str) -> ProblemError:
    """Return the refusal of a request that does not fit the model."""
    return ProblemError(400, fact, fix=fix, field=field)


def _stages(given: Sequence[str | None], *, known: Sequence[str]) -> list[str]:
    """Return the stage of each row; one that has no models is answered by those for all."""
    allowed = (ALL_PROFILES, *dict.fromkeys(map(str, known)))
    for stage in dict.fromkeys(given):
        if stage is not None and stage not in allowed:
            raise refused(
                f"There is no stage '{stage:.80}'.",
                f"It is one of: {', '.join(allowed)}.{nearest(stage, allowed)}",
                field=STAGE,
            )
    return [stage if stage is not None else ALL_PROFILES for stage in given]


def _rows(inputs: Sequence[InputTensor]) -> int:
    """Return how many rows the inputs hold, all of them the same number."""
    rows = inputs[0].shape[0]
    for at, tensor in enumerate(inputs):
        if tensor.shape[0] != rows:
            raise refused(
                f"'{inputs[0].name}' has {rows} rows and '{tensor.name}' {tensor.shape[0]}.",
                "Give every input as many rows.",
                field=f"inputs[{at}].shape",
            )
    if not 1 <= rows <= MOST_ROWS:
        raise refused(
            f"There are {rows} rows.", f"Send 1 to {MOST_ROWS} of them.", field="inputs[0].shape"
        )
    return rows


def _read(
    tensor: InputTensor, *, models: Asked, numeric: set[str], field: str
) -> list[tuple[str, list[Any]]]:
    """Return the columns that a tensor holds: one, or of `rows` every numeric feature."""
    if tensor.name == ROWS and ROWS not in models.features:
        names = [name for name in models.features if name in numeric]
        values = _values(tensor, width=len(names), allowed=_NUMBERS_ALLOWED, field=field)
        return [(name, values[at :: len(names)]) for at, name in enumerate(names)]
    if tensor.name != STAGE and tensor.name not in models.features:
        known = (STAGE, *models.features)
        raise refused(
            f"Model set {models.version} has no input '{tensor.name}'.",
            f"Leave it out, or correct its name.{nearest(tensor.name, known)}",
            field=f"{field}.name",
        )
    allowed = _NUMBERS_ALLOWED if tensor.name in numeric else _BYTES_ALLOWED
    return [(tensor.name, _values(tensor, width=1, allowed=allowed, field=field))]


def _values(
    tensor: InputTensor, *, width: int, allowed: tuple[Datatype, ...], field: str
) -> list[Any]:
    """Return the elements of a tensor of n rows, row by row, None where one is not known."""
    if tensor.datatype not in allowed:
        what = "words" if allowed == _BYTES_ALLOWED else "numbers"
        raise refused(
            f"'{tensor.name}' holds {what}, and {tensor.datatype} was sent.",
            f"Send it as {' or '.join(allowed)}.",
            field=f"{field}.datatype",
        )
    rows, *others = tensor.shape
    if others != [width] and (others or width != 1):
        wanted = f"[{rows}] or [{rows}, 1]" if width == 1 else f"[{rows}, {width}]"
        raise refused(
            f"'{tensor.name}' has the shape {list(tensor.shape)}.",
            f"Its shape must be {wanted}.",
            field=f"{field}.shape",
        )
    elements = _flat(tensor, field=field)
    if len(elements) != rows * width:
        raise refused(
            f"'{tensor.name}' has {len(elements)} elements, and its shape holds {rows * width}.",
            "Make shape and data agree.",
            field=f"{field}.data",
        )
    _check_elements(tensor, elements, field=field)
    if "absent" in tensor.parameters:
        absent = tensor.parameters["absent"]
        return [None if value == absent else value for value in elements]
    return elements


def _flat(tensor: InputTensor, *, field: str) -> list[Any]:
    kinds = set(map(type, tensor.data))
    if list not in kinds:
        return tensor.data
    if len(kinds) > 1:
        raise refused(
            f"'{tensor.name}' mixes rows and elements.",
            "Nest every row of it, or none.",
            field=f"{field}.data",
        )
    return list(chain.from_iterable(tensor.data))


def _check_elements(tensor: InputTensor, elements: list[Any], *, field: str) -> None:
    kinds = _KINDS.get(tensor.datatype, frozenset({int}))
    low, high = _bounds(tensor.datatype)
    found = set(map(type, elements)) - {type(None)}
    whole = [value for value in elements if type(value) is int] if int in found else []
    if found <= kinds and (not whole or (low <= min(whole) and max(whole) <= high)):
        return
    wrong = next(
        value
        for value in elements
        if value is not None
        and (type(value) not in kinds or (type(value) is int and not low <= value <= high))
    )
    raise refused(
        f"'{tensor.name}' holds {wrong!r:.80}, which is no {tensor.datatype}.",
        "Correct it, or send null where it is not known.",
        field=f"{field}.data",
    )


_KINDS: dict[Datatype, frozenset[type]] = {
    Datatype.BYTES: frozenset({str}),
    Datatype.BOOL: frozenset({bool}),
    **dict.fromkeys((Datatype.FP16, Datatype.FP32, Datatype.FP64), frozenset({float, int})),
}


def _bounds(datatype: Datatype) -> tuple[int, int]:
    kind, _, bits = datatype.partition("INT")
    if not bits:
        return -_LARGEST, _LARGEST
    return (
        (0, 2 ** int(bits) - 1)
        if kind == "U"
        else (-(2 ** (int(bits) - 1)), 2 ** (int(bits) - 1) - 1)
    )
