"""The page of limits: worths in sentences, what is used, and what-ifs answered on the spot."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from routing.allocation.change import LimitChange, MarginChange, PoolChange
from routing.allocation.kept import read_kept
from routing.allocation.what_if import what_if
from serving.pages.limits_report import (
    Refusal,
    page_survey_path,
    refusal_path,
    survey_path,
)
from serving.pages.what_if_asking import Asked, WhatIfs
from tests.limits_home import write_limits_home

ASKED = "/limits?limit=budget&to=4000"


@pytest.fixture(scope="module")
def limits_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits") / "home"
    write_limits_home(folder)
    return folder


@pytest.fixture
def visitor(limits_home: Path, tmp_path: Path, over: Any, visiting: Any) -> Any:
    shutil.copytree(limits_home, tmp_path / "its home")
    return visiting(over(tmp_path / "its home"))


def lines(answer: httpx.Response) -> list[list[str]]:
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


def test_prices_stand_in_sentences_and_usage_in_figures(visitor: Any) -> None:
    html = visitor.get("/limits").text
    assert "One more agent minute with licence life on Monday in the first pool is worth" in html
    assert "binds</span>" in html
    assert 'aria-current="page"' in html
    for heading in ("What one more is worth", "Every limit", "Who gets what", "Who gets nothing"):
        assert heading in html


def test_every_table_is_a_file(visitor: Any) -> None:
    rows = lines(visitor.get("/limits.csv"))
    assert rows[0][:4] == ["strategy_set", "limit", "kind", "amount"]
    assert {row[2] for row in rows[1:]} == {"at_most", "at_least"}
    assert len(rows) == 6
    assert [row[1] for row in lines(visitor.get("/limits/offers.csv"))[1:]] == [
        "term_life",
        "whole_life",
        "home",
    ]
    counts = [int(row[2]) for row in lines(visitor.get("/limits/nothing.csv"))[1:]]
    offered = [int(row[3]) for row in lines(visitor.get("/limits/offers.csv"))[1:]]
    assert sum(counts) + sum(offered) == 4_000


def test_a_what_if_is_answered_on_the_page_and_as_a_file(visitor: Any) -> None:
    answer = visitor.get(ASKED)
    assert answer.status_code == 200
    assert "It adds" in answer.text
    assert 'value="4000"' in answer.text
    assert '<option value="budget" selected>' in answer.text
    rows = lines(visitor.get(ASKED.replace("/limits?", "/limits/what-if.csv?")))
    (amount,) = [row for row in rows if row[:2] == ["amount", "budget"]]
    assert [float(number) for number in amount[2:]] == [3000.0, 4000.0, 1000.0]
    money = rows[1]
    assert float(money[3]) - float(money[2]) == pytest.approx(float(money[4]))


def test_the_answer_is_that_of_the_library_on_the_kept_sample(limits_home: Path) -> None:
    asked = Asked(
        limit="budget", to="4,000", offer="home", margin="\u221215", pool="first", times="2"
    )
    changes = (LimitChange("budget", 4000.0), MarginChange("home", -15.0), PoolChange("first", 2.0))
    assert asked.changes() == changes
    answer = asyncio.run(WhatIfs(limits_home).answer(asked))
    _, kept = read_kept(survey_path(limits_home))
    exact = what_if(kept.survey, before=kept.allocation, changes=changes)
    assert answer.money == pytest.approx(exact.money, rel=0.01)
    assert answer.changed == pytest.approx(exact.changed, rel=0.1)


def test_others_are_served_while_an_answer_is_worked_out(limits_home: Path) -> None:
    async def both() -> int:
        asked = WhatIfs(limits_home).answer(Asked(limit="budget", to="3500"))
        answer = asyncio.ensure_future(asked)
        turns = 0
        while not answer.done():
            await asyncio.sleep(0)
            turns += 1
        assert answer.result().money > 0.0
        return turns

    assert asyncio.run(both()) > 20


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=budgt&to=3", "Was &#39;budget&#39; meant?"),
        ("limit=budget&to=x", "no number"),
        ("limit=budget&to=inf", "no number"),
        ("to=3", "Choose the limit"),
        ("margin=3", "Choose the offer"),
        ("times=3", "Choose the pool"),
        ("limit=budget&to=-1", "cannot be -1.0"),
        ("pool=first&times=-2", "cannot be"),
        ("limit=share+home&to=0.9", "cannot be met"),
        ("limit=share+home&to=7", "from 0 to 1"),
    ],
)
def test_what_cannot_be_asked_is_said_above_the_form(visitor: Any, query: str, said: str) -> None:
    for path in (f"/limits?{query}", f"/limits/what-if.csv?{query}"):
        answer = visitor.get(path)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'role="alert"' in answer.text
        assert "Every limit" in answer.text


def test_a_name_from_an_address_is_never_markup(visitor: Any) -> None:
    html = visitor.get("/limits?limit=%3Cb%3E&to=%3Cscript%3E&offer=%22%3E&margin=%22%3E").text
    assert "<script>" not in html
    assert "<b>" not in html


def test_refused_limits_are_told_above_the_set_before(visitor: Any, tmp_path: Path) -> None:
    refusal = Refusal("The limits <conflict>.", "Lower one.", ("a",), datetime.now(UTC))
    refusal_path(tmp_path / "its home").write_bytes(msgspec.json.encode(refusal))
    answer = visitor.get("/limits")
    assert answer.status_code == 200
    assert "The limits &lt;conflict&gt;." in answer.text
    assert "Every limit" in answer.text
    refusal_path(tmp_path / "its home").write_text("{")
    assert visitor.get("/limits").status_code == 200


def test_without_its_customers_the_page_stands_and_a_what_if_says_so(
    visitor: Any, tmp_path: Path
) -> None:
    path = page_survey_path(tmp_path / "its home")
    path.write_bytes(b"PK nothing")
    assert visitor.get("/limits").status_code == 200
    damaged = visitor.get(ASKED)
    assert damaged.status_code == 422
    assert "cannot be read" in damaged.text
    path.unlink()
    assert "under limits yet" in visitor.get(ASKED).text


def test_a_new_allocation_is_asked_at_once(visitor: Any, tmp_path: Path) -> None:
    before = visitor.get(ASKED).text
    write_limits_home(tmp_path / "its home", customers=3_000)
    assert visitor.get(ASKED).text != before


def test_without_limits_the_page_says_how_to_begin(
    tmp_path: Path, over: Any, visiting: Any
) -> None:
    answer = visiting(over(tmp_path / "none")).get("/limits")
    assert answer.status_code == 200
    assert "No limits are set" in answer.text
    assert "limits.toml" in answer.text
    assert visiting(over(tmp_path / "none")).get("/limits.csv").status_code == 404
