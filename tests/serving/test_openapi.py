from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from serving import examples
from serving.app import ENDPOINTS, build_app
from serving.identity import ROLES
from serving.openapi import WHEN, curl
from serving.pages.routes import PAGES as SHOWN
from serving.problems import Problem
from serving.settings import Settings

Asking = Callable[..., None]
NOW = examples.NOW
PAGES = (*(page.path.partition("{")[0] for page in SHOWN), "/pages/")
DESCRIBES = {"/", "/docs", "/openapi.json"}


def test_every_endpoint_of_the_application_is_described(home: Path) -> None:
    app = build_app(Settings(home=home))
    found = set()
    for route in every_route(app.router.routes):
        path = route.path
        if path not in DESCRIBES and not path.startswith(PAGES):
            found |= {(method, path) for method in route.methods - {"HEAD"}}
    assert found == {(one.method, one.path) for one in ENDPOINTS}


def every_route(routes: Any) -> list[Any]:
    """Return the routes, those of included routers too."""
    found = []
    for route in routes:
        if isinstance(route, APIRoute | Route):
            found.append(route)
        else:
            found += every_route(route.original_router.routes)
    return found


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.path)
def test_every_example_has_the_type_it_stands_for(one: Any) -> None:
    for example in one.examples:
        for value, kind in ((example.request, one.body), (example.answer, one.answer)):
            if kind is not None:
                assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value


def test_the_document_has_no_loose_reference(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        text = (await ask.client.get("/openapi.json")).text
        document = json.loads(text)
        for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
            assert name in document["components"]["schemas"]
        assert document["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]
        assert ask.app.openapi() == document

    asking(test)


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.path)
def test_every_curl_line_of_the_page_is_taken_by_the_server(asking: Asking, one: Any) -> None:
    words = shlex.split(curl(one, address="http://localhost").replace("\\\n", " "))
    sent = words[words.index("-d") + 1] if "-d" in words else None
    url = next(word for word in words if word.startswith("http://"))
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")

    async def test(ask: Any) -> None:
        answer = await ask.client.request(one.method, url, content=sent, headers=headers)
        # 404 and 503: nothing is published or promoted here.
        assert answer.status_code in (200, 404, 503), answer.text

    asking(test, now=NOW + timedelta(hours=1))


class Addresses(HTMLParser):
    """Collects all that a browser would fetch, and the places that are linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.places.add(f"#{value}")
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "href"):
                self.fetched.append(value or "")


def test_the_page_shows_everything_and_fetches_nothing(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        text = (await ask.client.get("/docs")).text
        seen = Addresses()
        seen.feed(text)
        assert seen.fetched == ["data:,"]
        assert "@import" not in text and "url(" not in text and "<script" not in text
        assert {link for link in seen.links if link.startswith("#")} <= seen.places
        for one in ENDPOINTS:
            assert one.summary in text
            assert all(example.name in text for example in one.examples)

    asking(test)


def test_the_guide_tells_of_every_endpoint_its_roles_and_every_refusal(root: Path) -> None:
    guide = (root / "docs" / "http.md").read_text()
    for one in ENDPOINTS:
        row = next(
            (line for line in guide.splitlines() if f"`{one.method} {one.path}`" in line), ""
        )
        assert row, f"docs/http.md does not list {one.method} {one.path}"
        for role in ROLES[one.use] if one.use else ():
            assert role in row, f"{role} is missing beside {one.path}"
    listed = set(re.findall(r"^\| `(?:GET|POST) (/\S*)`", guide, re.MULTILINE))
    assert {one.path for one in ENDPOINTS} <= listed
    for status in WHEN:
        assert f"| {status} |" in guide, f"docs/http.md does not tell of {status}"


def test_the_reasons_are_said_to_be_the_linear_models_wherever_they_are_described(
    root: Path, asking: Asking
) -> None:
    async def test(ask: Any) -> None:
        document = (await ask.client.get("/openapi.json")).json()
        paths = document["paths"]
        described = [
            (root / "docs" / "http.md").read_text(),
            document["components"]["schemas"]["ShownReason"]["description"],
            paths["/v1/decisions"]["post"]["description"],
            paths["/v1/strategies/{customer_id}"]["get"]["description"],
        ]
        for text in described:
            words = " ".join(text.split())
            assert "linear model" in words
            assert "averaged over the offers" in words
            assert "where a tree model decides" in words

    asking(test)


def test_every_refusal_an_endpoint_names_is_explained() -> None:
    assert {status for one in ENDPOINTS for status in one.problems} <= set(WHEN)
    assert "field" in Problem.__struct_fields__


def test_every_curl_line_of_the_guide_is_taken_by_the_server(
    root: Path, publish: Callable[..., str], asking: Asking
) -> None:
    publish()
    guide = (root / "docs" / "http.md").read_text().replace("\\\n", " ")
    blocks = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    lines = [line for block in blocks for line in re.split(r"\n(?=curl)", block)]
    asked = [shlex.split(line) for line in lines if line.startswith("curl") and " ..." not in line]
    assert len(asked) == 6

    async def test(ask: Any) -> None:
        for words in asked:
            sent = words[words.index("-d") + 1] if "-d" in words else None
            url = next(word for word in words if word.startswith("http://"))
            answer = await ask.client.request(
                "POST" if sent else "GET",
                url,
                content=sent,
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == (404 if "..." in (sent or "") else 200), answer.text

    asking(test, now=NOW + timedelta(hours=1))
