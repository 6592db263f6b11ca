"""The pages show every offer, load nothing from outside, and never show a trace."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serving.pages.offers_report import OffersReport, report_path

NAMES = ("Term life", "Home plus", "Whole life", "Pet cover", "Cyber cover")


def names_in_order(html: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', html)


def rewritten(home: Path, **changes: object) -> OffersReport:
    """Replace the report by one in which each offer has these values."""
    path = report_path(home)
    report = msgspec.json.decode(path.read_bytes(), type=OffersReport)
    offers = tuple(msgspec.structs.replace(row, **changes) for row in report.offers)
    changed = msgspec.structs.replace(report, offers=offers)
    path.write_bytes(msgspec.json.encode(changed))
    return changed


def test_the_list_shows_every_offer_by_added_money(pages: Any, home: Path) -> None:
    page = pages.get("/offers")
    assert page.status_code == 200
    report = msgspec.json.decode(report_path(home).read_bytes(), type=OffersReport)
    assert len(report.offers) == 6
    shown = [name.replace("&lt;", "<").replace("&gt;", ">") for name in names_in_order(page.text)]
    assert shown == [row.name for row in report.offers]
    assert "offers add money" in page.text


@pytest.mark.parametrize("column", ["name", "presented", "accepted", "rate", "uplift", "money"])
def test_each_column_can_be_sorted_either_way(pages: Any, home: Path, column: str) -> None:
    falling = pages.get(f"/offers?sort={column}&order=desc").text
    rising = pages.get(f"/offers?sort={column}&order=asc").text
    report = msgspec.json.decode(report_path(home).read_bytes(), type=OffersReport)
    # Without a figure an offer is last either way; every other column is known.
    last = sum(row.money is None for row in report.offers) if column in {"money", "uplift"} else 0
    known = len(report.offers) - last
    assert names_in_order(falling)[:known] == names_in_order(rising)[:known][::-1]
    assert names_in_order(falling)[known:] == names_in_order(rising)[known:]
    assert 'aria-sort="descending"' in falling
    assert 'aria-sort="ascending"' in rising


def test_an_order_that_means_nothing_is_the_usual_order(pages: Any, home: Path) -> None:
    assert pages.get("/offers?sort=moon&order=up").text == pages.get("/offers").text


def test_offers_without_a_figure_come_last_either_way(pages: Any, home: Path) -> None:
    rewritten(home, money=None)
    page = pages.get("/offers?sort=money&order=asc")
    assert page.status_code == 200
    assert page.text.count("not yet known</span>") >= 6


def test_one_offer_says_what_it_adds_and_what_to_do(pages: Any, home: Path) -> None:
    page = pages.get("/offers/whole_life")
    assert page.status_code == 200
    for words in ("What to do", "Who to present it to", "By stage", "Prospects", "Purchasers"):
        assert words in page.text
    assert "<svg" in page.text
    assert "learned from" in page.text


def test_an_unknown_offer_is_not_found_and_the_others_are_listed(pages: Any, home: Path) -> None:
    page = pages.get("/offers/moon<script>")
    assert page.status_code == 404
    assert "moon&lt;script&gt;" in page.text
    for name in NAMES:
        assert name in page.text


def test_before_the_first_report_the_list_says_which_command_makes_it(pages: Any) -> None:
    page = pages.get("/offers")
    assert page.status_code == 200
    assert "<code>callworth report</code>" in page.text
    assert pages.get("/offers/term_life").status_code == 404
    assert pages.get("/offers.csv").status_code == 404


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"offers": 3}', b"\xff\xfe", b'{"format": "callworth-offers-99"}'],
)
def test_a_damaged_report_says_what_to_run_and_shows_no_trace(
    pages: Any, home: Path, damage: bytes
) -> None:
    report_path(home).write_bytes(damage)
    for path in ("/offers", "/offers/term_life", "/offers.csv"):
        page = pages.get(path)
        assert page.status_code == 503
        assert "callworth report" in page.text
        assert "Traceback" not in page.text


def test_a_report_of_another_form_is_named(pages: Any, home: Path) -> None:
    report = msgspec.json.decode(report_path(home).read_bytes())
    report_path(home).write_bytes(msgspec.json.encode(report | {"format": "callworth-offers-2"}))
    page = pages.get("/offers")
    assert page.status_code == 503
    assert "callworth-offers-2" in page.text


def test_a_new_report_is_shown_without_a_restart(pages: Any, home: Path) -> None:
    assert "Renamed" not in pages.get("/offers").text
    rewritten(home, name="Renamed")
    os.utime(report_path(home), (2_000_000_000, 2_000_000_000))
    assert "Renamed" in pages.get("/offers").text


def test_a_name_is_text_and_never_markup(pages: Any, home: Path) -> None:
    rewritten(home, name='<img src=x onerror="alert(1)">', warnings=("<b>bold</b>",))
    for path in ("/offers", "/offers/term_life"):
        page = pages.get(path).text
        assert "<img src=x" not in page
        assert "<b>bold" not in page


def test_every_page_forbids_scripts_and_strangers(pages: Any, home: Path) -> None:
    for path in ("/offers", "/offers/term_life", "/offers/none", "/offers.csv"):
        policy = pages.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_pages_load_nothing_but_their_own_style_and_mark(pages: Any, home: Path) -> None:
    for path in ("/offers", "/offers/term_life"):
        page = pages.get(path).text
        assert "<script" not in page
        assert "style=" not in page
        assert "http://" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "https://" not in page
        for found in re.findall(r'(?:src|href)="(/pages/[^"]+)"', page):
            assert pages.get(found).status_code == 200


class Outline(HTMLParser):
    """Collects what a screen reader leans on."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.counts: dict[str, int] = {}
        self.language: str | None = None
        self.unscoped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag == "html":
            self.language = dict(attrs).get("lang")
        if tag == "th":
            self.unscoped += "scope" not in dict(attrs)


@pytest.mark.parametrize("path", ["/offers", "/offers/whole_life", "/offers/none"])
def test_pages_can_be_heard(pages: Any, home: Path, path: str) -> None:
    outline = Outline()
    outline.feed(pages.get(path).text)
    assert outline.language == "en"
    assert outline.headings[0] == "h1"
    assert outline.headings.count("h1") == outline.counts["main"] == 1
    assert outline.counts.get("caption", 0) == outline.counts.get("table", 0)
    assert outline.unscoped == 0


def test_the_csv_holds_every_offer_with_its_interval(pages: Any, home: Path) -> None:
    answer = pages.get("/offers.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="offers-2026-11-01.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    report = msgspec.json.decode(report_path(home).read_bytes(), type=OffersReport)
    assert [row["offer_id"] for row in rows] == [row.offer_id for row in report.offers]
    first = report.offers[0]
    assert first.money is not None
    assert float(rows[0]["money_per_1000_low"]) == pytest.approx(first.money.low, abs=0.01)
    assert rows[0]["verdict"] == "adds money"


def test_a_name_like_a_formula_stays_text_in_a_spreadsheet(pages: Any, home: Path) -> None:
    rewritten(home, name='=HYPERLINK("http://x")')
    rows = list(csv.DictReader(io.StringIO(pages.get("/offers.csv").text)))
    assert rows[0]["name"].startswith("'=")


def test_links_hold_below_another_root(home: Path, visiting: Any, over: Any) -> None:
    page = visiting(over(home), root_path="/callworth").get("/callworth/offers").text
    assert 'href="/callworth/offers/term_life"' in page
    assert 'href="/callworth/pages/style.css?' in page


def test_the_pages_need_nothing_that_learns_or_draws(tmp_path: Path) -> None:
    heavy = ("pandas", "duckdb", "altair", "vl_convert", "pyarrow", "sklearn", "onnxruntime")
    program = (
        "import sys; from pathlib import Path; from serving.pages.routes import build_pages; "
        "from serving.identity import KeyRing; "
        "build_pages(Path('.'), keys=KeyRing(Path('k'), loopback=True)); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
