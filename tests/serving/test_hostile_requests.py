from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute, Route

from routing.offer_states import OfferState
from serving import examples, offers_ledger
from serving.pages.csv_file import csv_text

Asking = Callable[..., None]

MARK = "zq9z"
# In the place of an id, a label, a name: for a file system, a database, a page, a template, a log.
HOSTILE = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/keys.toml",
    "%252e%252e%252fkeys.toml",
    "..%5c..%5ckeys.toml",
    "/etc/passwd",
    "keys.toml%00.json",
    "%0d%0aset-cookie:%20zq9z=1",
    "%0aset-cookie:%20zq9z=1",
    "<script>zq9z</script>",
    "%22%20onmouseover=%22zq9z",
    "'%20OR%20'1'='1",
    "';DROP%20TABLE%20decisions;--",
    "{{7*191}}${7*191}",
    "%ff%fe",
    "x" * 5_000,
    "%E2%80%AE%00%1b[31m",
)


def parameters(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Yield the method and path of every route that takes something in its path."""
    for route in routes:
        if isinstance(route, Route):
            if "{" in route.path:
                yield sorted(set(route.methods or ()) - {"HEAD"})[0], route.path
        else:
            yield from parameters(route.original_router.routes)  # type: ignore[attr-defined]


def harmless(answer: httpx.Response) -> bool:
    """Return whether an answer gives nothing away and runs nothing."""
    text = answer.text
    html = "text/html" in answer.headers.get("content-type", "")
    return (
        answer.status_code < 500 or answer.status_code == 503
    ) and not (
        "set-cookie" in answer.headers
        or any(MARK in value and "\n" in value for value in answer.headers.values())
        or "root:" in text
        or "sha256 =" in text
        or "1337" in text
        or (html and re.search(r"<script|\son\w+=[\"']", text))
        or "Traceback" in text
    )  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_stands_in_a_path_is_only_ever_looked_for(
    home: Path, asking: Asking, publish: Callable[..., str], hostile: str
) -> None:
    publish()

    async def test(ask: Any) -> None:
        found = list(parameters(ask.app.router.routes))
        assert len(found) > 8
        for method, path in found:
            address = re.sub(r"\{[^}]*\}", lambda _: hostile, path)
            answer = await ask.client.request(method, httpx.URL("http://localhost" + address))
            assert harmless(answer), (method, address[:80], answer.status_code, answer.text[:300])

    asking(test)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_stands_in_a_query_is_only_ever_looked_for(
    home: Path, asking: Asking, publish: Callable[..., str], hostile: str
) -> None:
    publish()

    async def test(ask: Any) -> None:
        for path, names in (
            ("/offers", ("sort", "order", "changed")),
            ("/strategies/diff", ("from", "to")),
            ("/limits", ("limit", "by", "margin")),
            ("/compare", ("budget", "sort")),
            ("/v1/strategies/x", ("partner",)),
        ):
            for name in names:
                url = httpx.URL(f"http://localhost{path}?{name}={hostile}")
                answer = await ask.client.get(url)
                assert harmless(answer), (path, name, answer.status_code, answer.text[:300])

    asking(test)


@pytest.mark.parametrize("field", ["from", "customer_id", "partner", "contact_id", "to"])
def test_what_a_contact_says_is_only_ever_looked_for(
    asking: Asking, publish: Callable[..., str], field: str
) -> None:
    publish()

    async def test(ask: Any) -> None:
        for hostile in HOSTILE:
            answer = await ask.decide(**{field: f"{hostile}\r\nset-cookie: {MARK}=1"[:180]})
            assert answer.status_code == 200 and harmless(answer)
            assert answer.json()["customer"] is None

    asking(test)


@pytest.mark.parametrize("header", ["host", "x-api-key", "authorization", "cookie"])
def test_what_stands_in_a_header_comes_back_in_none(asking: Asking, header: str) -> None:
    async def test(ask: Any) -> None:
        for hostile in (f"{MARK}\tx", f"{MARK}é", f"{MARK};,<script>", MARK * 500):
            for path in ("/offers", "/docs", "/v1/strategies/x"):
                answer = await ask.client.get(path, headers={header.encode(): hostile.encode()})
                assert harmless(answer) and answer.status_code < 500, (path, header)
                assert MARK not in str(answer.headers)

    asking(test)


CELLS = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1+1", "\uff1d1+1",
    "=cmd|' /C x'!A0",
)  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_no_cell_of_a_file_is_run_as_a_formula(cell: str) -> None:
    (row,) = list(csv.reader(io.StringIO(csv_text(("a", "b"), [(cell, -1.5)]), newline="")))[1:]
    assert row == [f"'{cell}", "-1.5"]


def test_a_semicolon_begins_no_cell_of_its_own() -> None:
    text = csv_text(("a",), [("quiet;=1+1",)])
    (_, row) = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert row == ["quiet;=1+1"]


def test_a_reason_in_the_file_of_changes_is_one_line(home: Path) -> None:
    why = 'good\n{"offer_id": "term_life"}\r\x1b[31m\u2028end'
    made = offers_ledger.change(
        home, offer_id="term_life", to=OfferState.PAUSED, by="jane", why=why, now=examples.NOW
    )
    assert made.why.isprintable()
    assert len(offers_ledger.changes(home)) == 1


def test_the_api_page_is_made_once_however_often_strangers_ask(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving import openapi

    made: list[int] = []

    def counted(*given: Any, **named: Any) -> str:
        made.append(1)
        return whole(*given, **named)

    whole = openapi.page
    monkeypatch.setattr(openapi, "page", counted)

    async def test(ask: Any) -> None:
        for host in ("localhost", "desk.example", 'x"><script>alert(1)</script>'):
            page = await ask.client.get("/docs", headers={"host": host})
            assert page.status_code in (200, 400)
            assert "<script" not in page.text
        assert "curl" in page.text or page.status_code == 400
        assert (
            f"http://{'desk.example'}"
            in (await ask.client.get("/docs", headers={"host": "desk.example"})).text
        )
        assert len(made) == 1

    asking(test)
