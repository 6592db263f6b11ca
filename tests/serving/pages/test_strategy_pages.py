"""The pages of strategy sets: what one changes, and who is offered nothing, from prepared files."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipelines.strategy_changes import diff
from routing.nothing import WhyNothing, why_nothing
from routing.strategy_file import every_strategy
from routing.strategy_pointer import file_of
from serving.pages.changes_report import KEPT, changes_file, changes_path, with_change
from serving.pages.nothing_offered import REASONS
from serving.pages.nothing_report import nothing_file, nothing_path
from serving.pages.routes import PAGES
from tests.formed_sets import CUSTOMERS, form_set, form_two_sets

PATHS = ("/strategies/diff", "/nothing")


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_diff_counted_while_forming_is_that_of_the_two_files(empty_home: Path) -> None:
    old, new = form_two_sets(empty_home)
    counted = changes_file(empty_home).latest().changes[0]
    assert counted.diff == diff(empty_home, old, new).facts
    assert (counted.diff.appeared, counted.diff.gone) == (5, 5)
    assert (counted.model_set_before, counted.model_set_after) == ("17", "18")
    assert len(changes_file(empty_home).latest().changes) == 1


def test_the_first_set_has_nothing_to_compare_with(pages: Any, empty_home: Path) -> None:
    form_set(empty_home)
    page = pages.get("/strategies/diff")
    assert page.status_code == 200
    assert "nothing to compare yet" in page.text
    assert pages.get("/nothing").status_code == 200


def test_a_set_before_that_is_damaged_is_not_compared_with(empty_home: Path) -> None:
    first = form_set(empty_home)
    first.path.write_bytes(b"rubbish")
    assert form_set(empty_home, second=True).customers == CUSTOMERS
    assert not changes_path(empty_home).exists()


def test_what_a_set_changes_is_told_offer_by_offer(pages: Any, empty_home: Path) -> None:
    old, new = form_two_sets(empty_home)
    found = changes_file(empty_home).latest().changes[0].diff
    page = pages.get("/strategies/diff")
    assert page.status_code == 200
    assert f"What strategy set {new} changes" in page.text
    assert pages.get(f"/strategies/diff?from={old}&to={new}").text == page.text
    (offer,) = rows_of(pages.get(f"/strategies/diff/offers.csv?from={old}&to={new}"))
    assert offer["offer_id"] == "whole_life"
    assert int(offer["now_no"]) == found.offers[0].now_no > 50
    groups = rows_of(pages.get("/strategies/diff/groups.csv"))
    assert sum(int(row["customers"]) for row in groups) == sum(m.customers for m in found.moved) > 0


def test_sets_that_were_not_compared_are_not_found_and_the_others_are_listed(
    pages: Any, empty_home: Path
) -> None:
    old, new = form_two_sets(empty_home)
    page = pages.get("/strategies/diff?from=moon&to=<script>")
    assert page.status_code == 404
    assert "<script" not in page.text
    assert f"{old} to {new}" in page.text


def test_a_comparison_asked_for_by_hand_is_on_the_page_too(pages: Any, empty_home: Path) -> None:
    old, new = form_two_sets(empty_home)
    diff(empty_home, new, old)
    page = pages.get(f"/strategies/diff?from={new}&to={old}")
    assert page.status_code == 200
    assert f"What strategy set {old} changes" in page.text
    assert f"from={old}&amp;to={new}" in page.text


def test_no_more_comparisons_are_kept_than_a_page_can_list(empty_home: Path) -> None:
    form_two_sets(empty_home)
    report = None
    change = changes_file(empty_home).latest().changes[0]
    for number in range(KEPT + 3):
        named = msgspec.structs.replace(change.diff, new=f"set-{number}")
        report = with_change(report, msgspec.structs.replace(change, diff=named))
    assert report is not None
    assert len(report.changes) == KEPT
    assert report.changes[0].diff.new == f"set-{KEPT + 2}"


def test_everyone_without_an_offer_is_counted_with_one_reason(pages: Any, empty_home: Path) -> None:
    _, new = form_two_sets(empty_home)
    strategies = list(every_strategy(empty_home / "strategies" / file_of(new)))
    without = [why for one in strategies if (why := why_nothing(one))]
    report = nothing_file(empty_home).latest()
    assert (report.customers, report.nothing) == (CUSTOMERS, len(without))
    assert report.why() == {why: without.count(why) for why in report.why()}
    assert set(report.why()) == set(WhyNothing) - {WhyNothing.PRICED_OUT, WhyNothing.SEEN_ENOUGH}
    page = pages.get("/nothing").text
    for why in report.why():
        assert REASONS[why][0] in page
    rows = rows_of(pages.get("/nothing.csv"))
    assert sum(int(row["offered_nothing"]) for row in rows) == len(without)
    assert sum(int(row["stopped"]) for row in rows) == report.why()[WhyNothing.STOPPED] > 50


@pytest.mark.parametrize("column", ["partner", "stage", "group", "customers", "nothing", "share"])
def test_the_cells_can_be_sorted_either_way(pages: Any, empty_home: Path, column: str) -> None:
    form_set(empty_home)
    orders = [
        re.findall(
            r'data-label="Customers">([\d,]+)<',
            pages.get(f"/nothing?sort={column}&order={way}").text,
        )
        for way in ("asc", "desc")
    ]
    assert len(orders[0]) == len(orders[1]) > 4
    assert sorted(orders[0]) == sorted(orders[1])


@pytest.mark.parametrize("path", PATHS)
def test_before_the_first_set_a_page_says_what_to_run(pages: Any, path: str) -> None:
    page = pages.get(path)
    assert page.status_code == 200
    assert "<code>callworth strategies form</code>" in page.text
    assert pages.get("/nothing.csv").status_code == 404


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b'{"format": "x", "rows": []}'])
def test_a_damaged_file_is_said_in_words(
    pages: Any, empty_home: Path, path: str, damage: bytes
) -> None:
    for file in (changes_path(empty_home), nothing_path(empty_home)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(damage)
    page = pages.get(path)
    assert page.status_code == 503
    assert "callworth strategies form" in page.text
    assert "reports/" in page.text


def test_every_page_of_the_navigation_is_there_and_marks_its_own_line(
    pages: Any, home: Path
) -> None:
    form_two_sets(home)
    links = re.findall(r'<li><a href="([^"]+)"', pages.get("/offers").text.split("</nav>")[0])
    assert links == [page.path for page in PAGES if page.label]
    assert {"/offers", *PATHS} <= set(links)
    for link in links:
        page = pages.get(link)
        assert page.status_code == 200
        assert f'href="{link}" aria-current="page"' in page.text
        assert page.text.count('aria-current="page"') == 1
