"""Each event is one line with the same keys, and no line quotes what was asked."""

from __future__ import annotations

import contextvars
import json
import logging
from typing import Any

import pytest

from serving.errors import SettingsError
from serving.settings import Settings
from serving.structured_logs import JsonLines, LogFormat, TextLines, begin_request
from tests.serving.conftest import Asker

KEYS = ["time", "level", "logger", "event", "message", "request_id", "error", "at"]


def record_of(error: BaseException | None = None) -> logging.LogRecord:
    raised = None
    if error is not None:
        try:
            raise error
        except type(error) as caught:
            raised = (type(caught), caught, caught.__traceback__)
    return logging.LogRecord(
        "callworth.serving", logging.ERROR, __file__, 1, "contact %s was lost", ("c-81",), raised
    )


def test_every_line_is_one_json_object_with_the_same_keys() -> None:
    for record in (record_of(), record_of(ValueError("two\nlines"))):
        text = JsonLines().format(record)
        assert "\n" not in text
        line = json.loads(text)
        assert list(line) == KEYS
        assert line["event"] == "contact %s was lost"
        assert line["message"] == "contact c-81 was lost"
        assert line["level"] == "error"


@pytest.mark.parametrize("lines", [JsonLines(), TextLines()])
def test_an_error_is_told_by_kind_and_place_not_by_its_message(lines: logging.Formatter) -> None:
    text = lines.format(record_of(ValueError("no customer has +15550100")))
    assert "ValueError" in text
    assert "test_structured_logs.py" in text
    assert "15550100" not in text


def test_a_line_bears_the_id_of_its_request() -> None:
    def within() -> tuple[str, str]:
        begin_request(b"router-7.42")
        return JsonLines().format(record_of()), TextLines().format(record_of())

    as_json, as_text = contextvars.copy_context().run(within)
    assert json.loads(as_json)["request_id"] == "router-7.42"
    assert as_text.endswith("[request router-7.42]")
    assert json.loads(JsonLines().format(record_of()))["request_id"] is None


@pytest.mark.parametrize("given", [None, b"", b"a b", b"x\r\nset-cookie: y", b"a" * 65])
def test_an_id_that_could_forge_a_line_is_replaced(given: bytes | None) -> None:
    made = contextvars.copy_context().run(begin_request, given)
    assert len(made) == 16
    assert made.isalnum()


def test_an_answer_gives_back_the_id_that_its_asker_sent(asking: Any) -> None:
    async def test(asker: Asker) -> None:
        sent = await asker.client.get("/health/live", headers={"x-request-id": "router-7.42"})
        assert sent.headers.get_list("x-request-id") == ["router-7.42"]
        made = await asker.client.get("/health/live")
        assert len(made.headers["x-request-id"]) == 16

    asking(test)


def test_a_format_that_is_none_is_named_with_the_allowed_ones() -> None:
    with pytest.raises(SettingsError, match="It must be text or json"):
        Settings.from_environment({"CALLWORTH_LOG_FORMAT": "xml"})
    chosen = Settings.from_environment({"CALLWORTH_LOG_FORMAT": "json"})
    assert chosen.log_format is LogFormat.JSON
    assert Settings.from_environment(chosen.as_environment()) == chosen
