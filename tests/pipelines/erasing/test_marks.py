"""A mark is found however it is spelled, and not where something else only looks like it."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.erasing.marks import Finder, Mark, MarkKind

AMERICAN = Finder((Mark(MarkKind.PHONE, "+15557310042"),))
GERMAN = Finder((Mark(MarkKind.PHONE, "+493071829364"),))
NAMED = Finder((Mark(MarkKind.NAME, "Zoë O'Quill"), Mark(MarkKind.ID, "c0000019")))


@pytest.mark.parametrize(
    "text",
    ["+15557310042", "5557310042", "15557310042", "0015557310042", "(555) 731-0042",
     "+1 (555) 731-0042", "555.731.0042", "tel:+1-555-731-0042", '{"from":"+15557310042"}'],
)  # fmt: skip
def test_an_american_number_is_found_however_spelled(text: str) -> None:
    assert AMERICAN.in_text(text)
    assert AMERICAN.lies_in(text.encode())
    assert AMERICAN.without(text, put="#").count("#") == 1
    assert not any(figure in AMERICAN.without(text, put="#") for figure in ("0042", "731"))


@pytest.mark.parametrize("text", ["+49 30 71829364", "00493071829364", "030 71829364"])
def test_a_german_number_is_found_with_and_without_its_country(text: str) -> None:
    assert GERMAN.in_text(text)


@pytest.mark.parametrize(
    "text", ["0.5557310042", "55573100421", "95557310042123", "5557310043", "2.15557310042"]
)
def test_a_figure_that_only_holds_the_digits_is_left(text: str) -> None:
    assert not AMERICAN.in_text(text)


@pytest.mark.parametrize(
    "text",
    ["Zoë O'Quill", "ZOË O'QUILL", "for Zoë  O'Quill,", json.dumps("Zoë O'Quill"),
     "Zoë O&#x27;Quill", "name=Zoë+O'Quill", "c0000019", "C0000019 moved"],
)  # fmt: skip
def test_names_and_ids_are_found_in_any_case_and_coding(text: str) -> None:
    assert NAMED.in_text(text)


@pytest.mark.parametrize("text", ["c00000191", "xc0000019", "Zoë O'Quilla", "c000019"])
def test_a_longer_name_or_id_is_somebody_elses(text: str) -> None:
    assert not NAMED.in_text(text)


def test_fields_side_by_side_hide_nothing_from_a_search_of_bytes() -> None:
    record = b"demo-1mainc0000019phone2026-11-01"
    assert NAMED.lies_in(record)
    assert NAMED.spans(record) == []


def test_what_arrow_looks_for_finds_all_that_we_look_for() -> None:
    texts = ["(555) 731-0042", "5557310042", "nothing", "0015557310042"]
    loosely = pc.match_substring_regex(pa.array(texts), AMERICAN.loosely).to_pylist()
    assert loosely == [AMERICAN.in_text(one) for one in texts]


def test_a_mark_too_short_to_mean_anybody_is_not_looked_for() -> None:
    finder = Finder((Mark(MarkKind.ID, "7"), Mark(MarkKind.NAME, "Bo")))
    assert finder.marks == ()
    assert not finder.in_text("7 Bo")
