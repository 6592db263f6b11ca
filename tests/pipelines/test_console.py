"""A step speaks plainly in a pipe, and JSON alone to a script."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.console import Screen


def screen(*, as_json: bool = False) -> tuple[Screen, io.StringIO]:
    said = io.StringIO()
    return Screen(as_json=as_json, out=Console(file=said, width=200)), said


def test_brackets_in_data_are_shown_and_never_read_as_markup() -> None:
    speaking, said = screen()
    speaking.table("Faults [/red]", ["value"], [["[/red] x"]])
    assert "[/red] x" in said.getvalue()
    assert "Faults [/red]" in said.getvalue()


def test_numbers_are_grouped_and_absent_ones_are_a_dash() -> None:
    speaking, said = screen()
    speaking.table("t", ["rows", "auc"], [[1234567, None]])
    assert "1,234,567" in said.getvalue()
    assert "-" in said.getvalue().splitlines()[-1]


def test_with_json_nothing_but_one_object_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    speaking, said = screen(as_json=True)
    speaking.say("hello")
    speaking.table("t", ["a"], [[1]])
    speaking.result({"path": Path("a b"), "rows": 3})
    assert said.getvalue() == ""
    assert json.loads(capsys.readouterr().out) == {"path": "a b", "rows": 3}


def test_work_in_a_pipe_shows_no_bar_and_at_a_terminal_one() -> None:
    for terminal in (False, True):
        said = io.StringIO()
        err = Console(file=said, force_terminal=terminal, width=120)
        with Screen(err=err).track("counting", total=3, unit="rows") as done:
            done(3)
        assert ("counting" in said.getvalue()) == terminal
