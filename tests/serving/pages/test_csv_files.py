"""Every table of every page is a file too, and every file that a page names is there."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from pipelines.experiments.report import write_experiment
from routing.offer_states import OfferState
from serving import offers_ledger
from serving.pages.routes import PAGES
from tests.experiment_reports import a_report
from tests.formed_sets import form_two_sets

OFFER = "/offers/whole_life"
AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def whole_home(home: Path) -> Path:
    """A home in which every page has something to show."""
    form_two_sets(home)
    write_experiment(home, a_report(effect=0.06))
    offers_ledger.change(
        home, offer_id="whole_life", to=OfferState.PAUSED, by="ann", why='=1+1 "so"', now=AT
    )
    return home


def shown(pages: Any) -> dict[str, str]:
    paths = [page.path.replace("/offers/{offer_id}", OFFER) for page in PAGES]
    assert OFFER in paths
    return {path: pages.get(path).text for path in paths}


def files_of(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+\.csv[^"]*)" download', html)]


def test_every_table_stands_in_a_section_that_names_its_file(pages: Any, whole_home: Path) -> None:
    tables = 0
    for path, html in shown(pages).items():
        for section in re.findall(r"<section.*?</section>", html, flags=re.DOTALL):
            if "<table" in section:
                tables += 1
                assert files_of(section), f"{path}: {section[:80]}"
    assert tables >= 12


def test_every_file_that_a_page_names_is_a_table_with_rows(pages: Any, whole_home: Path) -> None:
    links = {link for html in shown(pages).values() for link in files_of(html)}
    assert len(links) >= 14
    for link in sorted(links):
        answer = pages.get(link)
        assert answer.status_code == 200, link
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        head, *rows = csv.reader(io.StringIO(answer.text))
        assert rows, link
        assert {len(row) for row in rows} == {len(head)}, link


def test_the_decisions_on_an_offer_are_a_file_that_runs_nothing(
    pages: Any, whole_home: Path
) -> None:
    answer = pages.get(f"{OFFER}/decisions.csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["by"], row["becomes"], row["why"]) == ("ann", "paused", '\'=1+1 "so"')
    assert 'filename="whole_life-decisions.csv"' in answer.headers["content-disposition"]
    assert pages.get("/offers/moon/stages.csv").status_code == 404


def test_the_report_to_print_holds_every_offer_in_order(pages: Any, whole_home: Path) -> None:
    html = pages.get("/report").text
    listed = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', pages.get("/offers").text)
    printed = re.findall(r'<h2 id="offer-\d+"><span class="number">\d+</span> (.+?) <span', html)
    assert printed == listed
    assert "Evidence" in html
    assert "paused" in html
    assert 'href="/report"' in pages.get("/offers").text
