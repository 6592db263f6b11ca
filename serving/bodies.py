"""Reading the JSON body of a request: limited in size and time, checked field by field."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

import msgspec
from msgspec import inspect
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from serving.problems import ProblemError

T = TypeVar("T")

# A contact with every answer of a long voice menu is 4 KiB; what is larger is a mistake.
LIMIT_BYTES = 64 * 1024
# A router sends its body in one packet; who takes longer holds a connection open on purpose.
PATIENCE_SECONDS = 10.0

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_NAMES = {JSON: "JSON", FORM: "a form"}

_PATH = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_NAMED = re.compile(r"^Object (missing required|contains unknown) field `(.*)`", re.DOTALL)
_SHOWN_CHARACTERS = 80


# A proxy says so by one of these: what it hands on comes from other machines.
PROXY_HEADERS = ("x-forwarded-for", "forwarded", "x-forwarded-host", "x-real-ip", "via")
# Every header that a decision looks at; the others stay as they came.
_LOOKED_AT = frozenset(
    (b"authorization", b"content-encoding", b"content-length", b"content-type", b"host",
     b"x-api-key", *(name.encode() for name in PROXY_HEADERS))
)  # fmt: skip


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers that a raw route looks at; of one sent twice, the first."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(scope["headers"])
        if name in _LOOKED_AT
    }


def check_headers(
    headers: Mapping[str, str],
    *,
    media_type: str = JSON,
    untyped: bool = False,
    limit_bytes: int = LIMIT_BYTES,
) -> None:
    """Raise ProblemError unless the headers say a body that is taken: 415 (type), 413 (length)."""
    if not untyped or "content-type" in headers:
        _check_type(headers, media_type)
    _check_coding(headers)
    length = headers.get("content-length", "")
    if length.isdigit() and int(length[:12]) > limit_bytes:
        raise _too_large(limit_bytes)


async def read_body(
    headers: Mapping[str, str],
    receive: Receive,
    *,
    media_type: str = JSON,
    untyped: bool = False,
    limit_bytes: int = LIMIT_BYTES,
) -> bytes:
    """Return the whole body of a request that says it is JSON, or of another media type.

    With `untyped` one that does not say what it is will do. Raises ProblemError 415 (of another
    type), 413 (over the limit), 408 (too slow), and ClientDisconnect.
    """
    check_headers(headers, media_type=media_type, untyped=untyped, limit_bytes=limit_bytes)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
    else:
        body = await _rest(message, receive, limit_bytes=limit_bytes)
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


async def _rest(part: Message, receive: Receive, *, limit_bytes: int) -> bytes:
    chunks, size = [], 0
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if part["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunks.append(part.get("body", b""))
                size += len(chunks[-1])
                if size > limit_bytes:
                    raise _too_large(limit_bytes)
                if not part.get("more_body", False):
                    return b"".join(chunks)
                part = await receive()
    except TimeoutError:
        raise ProblemError(
            408,
            f"The body did not arrive within {PATIENCE_SECONDS:g} seconds.",
            fix="Send the whole body at once.",
        ) from None


def _check_type(headers: Mapping[str, str], wanted: str) -> None:
    given = headers.get("content-type", "")
    if given == wanted:  # as nearly everybody writes it
        return
    kind = given.partition(";")[0].strip().lower()
    if kind != wanted:
        raise ProblemError(
            415,
            f"The content type is {_quoted(kind) if kind else 'not given'}.",
            fix=f"Send {_NAMES[wanted]} with the header 'content-type: {wanted}'.",
            field="content-type",
            allowed=(wanted,),
        )


def _check_coding(headers: Mapping[str, str]) -> None:
    if "content-encoding" not in headers:
        return
    coding = headers["content-encoding"].strip().lower()
    if coding != "identity":
        raise ProblemError(
            415,
            f"The content encoding is {_quoted(coding)}.",
            fix="Send the body uncompressed.",
            field="content-encoding",
            allowed=("identity",),
        )


def _too_large(limit_bytes: int) -> ProblemError:
    return ProblemError(
        413,
        f"The body is larger than {limit_bytes} bytes.",
        fix="Send only the fields that /docs shows.",
        headers={"connection": "close"},
    )


class Body(Generic[T]):
    """Decodes one kind of body; what does not fit is refused by the name of its field."""

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode
        self._info = inspect.type_info(kind)

    def decode(self, body: bytes) -> T:
        """Return the checked value, or raise ProblemError 400 (no JSON) or 422 (wrong field)."""
        try:
            return self._decode(body)
        except msgspec.ValidationError as error:
            raise self._wrong(str(error)) from None
        except (ValueError, RecursionError) as error:
            raise ProblemError(
                400, f"The body is not JSON: {_reason(error)}.", fix="Send one JSON object."
            ) from None

    def _wrong(self, message: str) -> ProblemError:
        found = _PATH.search(message)
        path = found.group(1) if found else ""
        fact = _PATH.sub("", message)
        here = _type_at(self._info, path)
        if named := _NAMED.match(fact):
            return _wrong_name(named.group(2), path, here, missing="missing" in named.group(1))
        allowed = _values(here)
        shown = _wanted(here)
        if allowed:
            close = nearest(_quoted_word(fact), allowed)
            shown = f"It must be one of: {', '.join(allowed)}.{close}"
        return ProblemError(
            422,
            f"{path or 'The body'}: {_cut(fact)}.",
            fix=shown,
            field=path or None,
            allowed=allowed,
        )


def _wrong_name(name: str, path: str, here: inspect.Type | None, *, missing: bool) -> ProblemError:
    names = _names(here)
    field = f"{path}.{name}" if path else name
    if missing:
        return ProblemError(
            422, f"{field} is missing.", fix=f"Add it; required are: {', '.join(_required(here))}.",
            field=field,
        )  # fmt: skip
    return ProblemError(
        422,
        f"There is no field {_quoted(field)}.",
        fix=f"Leave it out.{nearest(name, names)}",
        field=_cut(field),
        allowed=names,
    )


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return ` Was 'x' meant?` for the closest allowed name, or an empty string."""
    found = difflib.get_close_matches(name[:_SHOWN_CHARACTERS], list(allowed), n=1)
    return f" Was '{found[0]}' meant?" if found else ""


def _type_at(info: inspect.Type | None, path: str) -> inspect.Type | None:
    for part in path.split(".") if path else ():
        name, _, item = part.partition("[")
        info = _inner(_field(info, name), items=item.count("]")) if name else _inner(info, items=1)
    return _inner(info, items=0)


def _field(info: inspect.Type | None, name: str) -> inspect.Type | None:
    info = _inner(info, items=0)
    if isinstance(info, inspect.StructType):
        return next((field.type for field in info.fields if field.encode_name == name), None)
    return None


def _inner(info: inspect.Type | None, *, items: int) -> inspect.Type | None:
    if isinstance(info, inspect.UnionType):
        info = next((kind for kind in info.types if not isinstance(kind, inspect.NoneType)), None)
    if isinstance(info, inspect.Metadata):
        info = info.type
    for _ in range(items):
        if isinstance(info, inspect.CollectionType | inspect.VarTupleType):
            info = _inner(info.item_type, items=0)
        elif isinstance(info, inspect.DictType):
            info = _inner(info.value_type, items=0)
        else:
            return None
    return info


def _values(info: inspect.Type | None) -> tuple[str, ...]:
    if isinstance(info, inspect.EnumType):
        return tuple(str(member.value) for member in info.cls)
    if isinstance(info, inspect.LiteralType):
        return tuple(str(value) for value in info.values)
    return ()


def _wanted(info: inspect.Type | None) -> str:
    """Return in words what a value of this type must be."""
    if isinstance(info, inspect.IntType | inspect.FloatType):
        kind = "a whole number" if isinstance(info, inspect.IntType) else "a number"
        low = f", at least {info.ge}" if info.ge is not None else ""
        high = f", at most {info.le}" if info.le is not None else ""
        return f"It must be {kind}{low}{high}."
    if isinstance(info, inspect.StrType):
        low = f" of at least {info.min_length}" if info.min_length else ""
        high = f" and at most {info.max_length}" if low else f" of at most {info.max_length}"
        return f"It must be text{low}{high if info.max_length else ''}" + (
            " characters." if low or info.max_length else "."
        )
    if isinstance(info, inspect.BoolType):
        return "It must be true or false."
    if isinstance(info, inspect.DateTimeType):
        return "It must be a time with its zone, such as 2026-11-22T14:30:00Z."
    if isinstance(info, inspect.StructType):
        return f"It must be an object with the fields: {', '.join(_names(info))}."
    return "See /docs."


def _quoted_word(fact: str) -> str:
    return fact.partition("'")[2].rpartition("'")[0]


def _names(info: inspect.Type | None) -> tuple[str, ...]:
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return tuple(field.encode_name for field in fields)


def _required(info: inspect.Type | None) -> tuple[str, ...]:
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return tuple(field.encode_name for field in fields if field.required)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return "its text is not UTF-8"
    return _cut(str(error)).removeprefix("JSON is malformed: ")


def _cut(text: str) -> str:
    return text if len(text) <= 2 * _SHOWN_CHARACTERS else f"{text[: 2 * _SHOWN_CHARACTERS]}..."


def _quoted(text: str) -> str:
    return f"'{text}'" if len(text) <= _SHOWN_CHARACTERS else f"'{text[:_SHOWN_CHARACTERS]}...'"
