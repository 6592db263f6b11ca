"""The page of offers along a budget, and the parts on effects on the page of one offer."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec

from serving.pages.offers_report import OffersReport, report_path


def changed(home: Path, **values: object) -> None:
    """Give the report other values, and each of its offers too where it has such a field."""
    path = report_path(home)
    report = msgspec.json.decode(path.read_bytes(), type=OffersReport)
    of_offer = {name: value for name, value in values.items() if name in OFFER_FIELDS}
    offers = tuple(msgspec.structs.replace(row, **of_offer) for row in report.offers)
    of_report = {name: value for name, value in values.items() if name not in OFFER_FIELDS}
    report = msgspec.structs.replace(report, offers=offers, **of_report)
    path.write_bytes(msgspec.json.encode(report))


OFFER_FIELDS = {"tenths", "ranked", "benefits", "kinds", "until_known"}


def rows_of(answer: Any) -> list[list[str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text)))


def test_the_budget_is_drawn_told_and_a_file(pages: Any, home: Path) -> None:
    html = pages.get("/compare").text
    assert "per 1,000 contacts on presenting adds" in html
    assert "<svg" in html
    head, first, *_ = rows_of(pages.get("/compare/budget.csv"))
    assert head[:2] == ["share_given_an_offer", "spent_per_1000"]
    assert [float(value) for value in first[:3]] == [0.0, 0.0, 0.0]
    assert len(rows_of(pages.get("/compare/offers.csv"))) == 7


def test_without_a_budget_the_page_says_why(pages: Any, home: Path) -> None:
    changed(home, budget=None, budget_missing="No model set is promoted yet.")
    html = pages.get("/compare").text
    assert "No model set is promoted yet." in html
    assert "Side by side" in html


def test_the_page_of_an_offer_shows_what_was_predicted_and_observed(pages: Any, home: Path) -> None:
    html = pages.get("/offers/whole_life").text
    for title in ("Predicted against observed", "Who benefits", "Four kinds of customer"):
        assert title in html
    assert "stood = prospect" in html
    assert "Persuadable" in html
    assert "The order is better than chance" in html
    for what in ("tenths", "benefits", "kinds"):
        assert len(rows_of(pages.get(f"/offers/whole_life/{what}.csv"))) > 1


def test_an_offer_without_predictions_says_what_is_missing(pages: Any, home: Path) -> None:
    changed(home, tenths=None, ranked=None, benefits=(), kinds=(), until_known=None)
    html = pages.get("/offers/whole_life").text
    assert "too few contacts with this offer" in html
    assert "Not enough contacts yet to say who benefits" in html
    assert "Not enough data to name any kind" in html


def test_a_report_of_an_earlier_version_is_shown_without_the_new_parts(
    pages: Any, home: Path
) -> None:
    path = report_path(home)
    said = msgspec.json.decode(path.read_bytes())
    del said["budget"], said["budget_missing"]
    for offer in said["offers"]:
        for name in OFFER_FIELDS:
            del offer[name]
    path.write_bytes(msgspec.json.encode(said))
    assert pages.get("/offers/whole_life").status_code == 200
    assert "it was written before offers were compared" in pages.get("/compare").text
