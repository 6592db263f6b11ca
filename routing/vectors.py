"""What was known of a customer when the strategy was formed: feature values, packed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

Value = float | str | None

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[Value, ...]).decode


def packed(values: Iterable[object]) -> bytes:
    """Return the values as MessagePack: None and NaN as nothing, whole numbers short."""
    return _pack([_short(value) for value in values])


def unpacked(vector: bytes) -> tuple[Value, ...]:
    """Return the values; msgspec.MsgspecError where the bytes are damaged."""
    return _unpack(vector)


def _short(value: object) -> object:
    if type(value) is float:
        if value != value:
            return None
        return int(value) if value.is_integer() and abs(value) < _WHOLE else value
    return value


# Beyond this not every whole number is a float of its own.
_WHOLE = 2.0**53
