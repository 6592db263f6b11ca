"""The server's own log: one line an event, as text or as JSON with the same keys on every line.

Lines name no person: of an error they tell its kind and where it arose, not its message, which may
quote what was asked.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType

from starlette.types import Message, Scope, Send

REQUEST_ID = b"x-request-id"
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_Error = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LogFormat(StrEnum):
    """How the lines are written."""

    TEXT = "text"
    JSON = "json"


def write_logs(log_format: LogFormat) -> None:
    """Let every event of this process go to standard error in that format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format is LogFormat.JSON else TextLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("callworth").setLevel(logging.INFO)


def begin_request(given: bytes | None) -> str:
    """Return the id of the request that begins: the asker's own, or a new one; lines bear it."""
    usable = given is not None and _GIVEN.fullmatch(given)
    made = given.decode() if usable and given is not None else secrets.token_hex(8)
    _request_id.set(made)
    return made


def named(scope: Scope, send: Send) -> Send:
    """Begin a request; return a `send` that gives its id back in the answer's headers."""
    if scope["type"] != "http":
        return send
    given = next((value for name, value in scope["headers"] if name == REQUEST_ID), None)
    request_id = begin_request(given).encode()

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (REQUEST_ID, request_id)]
            message = {**message, "headers": headers}
        await send(message)

    return answer


class TextLines(logging.Formatter):
    """Lines for a person to read."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the request's id where there is one."""
        said, request_id = super().format(record), _request_id.get()
        return said if request_id is None else f"{said} [request {request_id}]"

    def formatException(self, ei: _Error) -> str:  # noqa: N802 - the name is logging's
        """Return the kind of the error and where it arose."""
        return f"{_kind(ei)} at {' < '.join(_places(ei))}"


class JsonLines(logging.Formatter):
    """One JSON object a line; `event` is the text without its values, so that events group."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, logger, event, message, request_id, error, at."""
        error = record.exc_info or (None, None, None)
        time = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg),
            "message": record.getMessage(),
            "request_id": _request_id.get(),
            "error": _kind(error),
            "at": _places(error),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def _kind(error: _Error) -> str | None:
    return error[0].__name__ if error[0] is not None else None


def _places(error: _Error) -> list[str]:
    """Return where an error arose, the innermost call first: file, line and function."""
    frames = traceback.extract_tb(error[2]) if error[2] is not None else []
    return [f"{one.filename}:{one.lineno} {one.name}" for one in reversed(frames)]
