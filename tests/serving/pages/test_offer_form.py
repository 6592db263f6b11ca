"""Marketing decides on an offer by a form: with a reason, from our own page, and on the record."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from routing.offer_states import OfferState
from serving import offers_ledger
from serving.identity import KeyRing
from serving.key_changes import create_key
from serving.offers_ledger import ledger_path
from serving.pages.form_token import ForeignFormError, FormTokens
from serving.pages.routes import build_pages
from serving.problems import install_problems

PAGE = "/offers/whole_life"
FORM = f"{PAGE}/state"


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def sent(pages: Any, to: str = "paused", why: str = "out of stock", **more: Any) -> Any:
    fields = hidden(pages.get(PAGE).text)
    return pages.post(FORM, {**fields, "to": to, "why": why}, **more)


def test_a_pause_leads_back_to_the_page_that_says_so(pages: Any, home: Path) -> None:
    answer = sent(pages)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/offers/whole_life?changed=paused#state"
    (change,) = offers_ledger.changes(home)
    assert (change.offer_id, change.was, change.becomes) == ("whole_life", "approved", "paused")
    page = pages.get(answer.headers["location"].partition("#")[0]).text
    assert re.search(r'role="status"[^>]*>.*It is paused\.', page)
    assert "“out of stock”" in page
    assert "Every decision on it (1)" in page
    assert re.search(r"badge paused", pages.get("/offers").text)


def test_what_an_address_claims_to_have_changed_is_not_believed(pages: Any, home: Path) -> None:
    for claimed in ("paused", "ended", "approved", "<script>"):
        assert 'role="status"' not in pages.get(f"{PAGE}?changed={claimed}").text


def test_each_state_offers_only_the_steps_that_can_be_taken(pages: Any, home: Path) -> None:
    for to, after in (
        ("paused", ["approved", "ended"]),
        ("ended", ["approved"]),
        ("approved", ["paused", "ended"]),
    ):
        assert sent(pages, to).status_code == 303
        page = pages.get(PAGE).text
        assert re.findall(r'type="radio" name="to" value="(\w+)"', page) == after
    assert [one.becomes for one in offers_ledger.changes(home)] == ["paused", "ended", "approved"]


@pytest.mark.parametrize(
    ("to", "why", "said"),
    [
        ("paused", "", "A reason is missing."),
        ("paused", " \n ", "A reason is missing."),
        ("ended", "x" * 301, "The reason has 301 characters."),
        ("", "out of stock", "It is not said what the offer is to become."),
        ("sold", "out of stock", "It is not said what the offer is to become."),
    ],
)
def test_a_form_with_a_gap_comes_back_with_what_was_filled_in(
    pages: Any, home: Path, to: str, why: str, said: str
) -> None:
    answer = sent(pages, to, why)
    assert answer.status_code == 422
    assert f"<strong>{said}</strong>" in answer.text
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    if to in ("paused", "ended"):
        assert f'value="{to}" required checked' in answer.text
    assert re.search(rf"<textarea [^>]*>{re.escape(why)}</textarea>", answer.text)
    assert not offers_ledger.changes(home)


def test_a_step_that_the_offer_cannot_take_is_a_conflict(pages: Any, home: Path) -> None:
    answer = sent(pages, "approved", "it is fine")
    assert answer.status_code == 409
    assert "it is fine</textarea>" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": None},
        {"sec-fetch-site": None, "origin": "null"},
        {"sec-fetch-site": None, "origin": "http://evil.example"},
        {"sec-fetch-site": None, "origin": "http://localhost.evil.example"},
    ],
)
def test_a_form_from_another_site_is_refused(
    pages: Any, home: Path, headers: dict[str, str | None]
) -> None:
    answer = sent(pages, headers=headers)
    assert answer.status_code == 403
    assert "was not sent from a page of this server" in answer.text
    assert not offers_ledger.changes(home)


def test_an_older_browser_says_by_origin_that_the_form_is_ours(pages: Any, home: Path) -> None:
    ours = {"sec-fetch-site": None, "origin": "http://localhost"}
    assert sent(pages, headers=ours).status_code == 303


@pytest.mark.parametrize("harm", ["missing", "made up", "of another offer", "of another count"])
def test_a_form_without_its_own_token_is_refused_and_kept(
    pages: Any, home: Path, harm: str
) -> None:
    fields = {**hidden(pages.get(PAGE).text), "to": "paused", "why": "out of stock"}
    if harm == "missing":
        del fields["token"]
    elif harm == "made up":
        fields["token"] = "1790000000." + "0" * 64
    elif harm == "of another offer":
        fields["token"] = hidden(pages.get("/offers/term_life").text)["token"]
    else:
        fields["seen"] = "7"
    answer = pages.post(FORM, fields)
    assert answer.status_code == 403
    assert "out of stock</textarea>" in answer.text
    assert not offers_ledger.changes(home)


def test_a_decision_on_what_a_colleague_has_changed_meanwhile_says_who(
    pages: Any, home: Path
) -> None:
    fields = {**hidden(pages.get(PAGE).text), "to": "ended", "why": "no longer sold"}
    assert sent(pages, "paused", "out of stock").status_code == 303
    answer = pages.post(FORM, fields)
    assert answer.status_code == 409
    assert "anyone on this machine has paused this offer meanwhile" in answer.text
    again = pages.post(FORM, {**hidden(answer.text), "to": "ended", "why": "no longer sold"})
    assert again.status_code == 303


def test_of_two_pauses_at_once_one_is_made(pages: Any, home: Path) -> None:
    fields = {**hidden(pages.get(PAGE).text), "to": "paused", "why": "out of stock"}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: pages.post(FORM, fields).status_code, range(4)))
    assert sorted(found) == [303, 409, 409, 409]
    assert len(offers_ledger.changes(home)) == 1


def test_a_reason_is_text_and_never_markup(pages: Any, home: Path) -> None:
    why = '</textarea><script>alert(1)</script><img src=x onerror="alert(2)">'
    kept = pages.post(FORM, {"to": "paused", "why": why}).text
    assert sent(pages, "paused", why).status_code == 303
    for page in (kept, pages.get(PAGE).text, pages.get(f"{PAGE}?changed=paused").text):
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_a_form_for_an_offer_that_is_not_there_is_not_found(pages: Any, home: Path) -> None:
    fields = {**hidden(pages.get(PAGE).text), "to": "paused", "why": "out of stock"}
    assert pages.post("/offers/moon/state", fields).status_code == 404
    assert not offers_ledger.changes(home)


def test_a_body_that_is_no_form_is_refused(pages: Any, home: Path) -> None:
    answer = pages.post(FORM, {}, headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    many = pages.post(FORM, {f"a{number}": "1" for number in range(50)})
    assert many.status_code == 403


def test_a_damaged_file_of_changes_takes_the_form_away_and_keeps_the_page(
    pages: Any, home: Path
) -> None:
    fields = {**hidden(pages.get(PAGE).text), "to": "paused", "why": "out of stock"}
    ledger_path(home).write_text("rubbish\n")
    page = pages.get(PAGE)
    assert page.status_code == 200
    assert "states.jsonl" in page.text
    assert "<form" not in page.text
    assert pages.get("/offers").status_code == 200
    refused = pages.post(FORM, fields)
    assert refused.status_code == 503
    assert "states.jsonl" in refused.text


def test_marketing_alone_decides_and_the_key_names_who(home: Path, visiting: Any) -> None:
    secrets = {
        role: create_key(home, name=f"{role}-key", role=role)
        for role in ("router", "marketing", "scientist")
    }
    app = FastAPI()
    install_problems(app)
    app.include_router(build_pages(home, keys=KeyRing(home / "keys.toml", loopback=False)))
    pages = visiting(app)
    mine = {"x-api-key": secrets["marketing"]}
    fields = hidden(pages.get(PAGE, headers=mine).text)
    fields |= {"to": "paused", "why": "out of stock"}
    for role in ("router", "scientist"):
        refused = pages.post(FORM, fields, headers={"x-api-key": secrets[role]})
        assert refused.status_code == 403
        assert refused.json()["allowed"] == ["marketing"]
    assert pages.post(FORM, fields).status_code == 401
    assert not offers_ledger.changes(home)
    assert pages.post(FORM, fields, headers=mine).status_code == 303
    assert [one.by for one in offers_ledger.changes(home)] == ["marketing-key"]


def test_a_token_is_not_good_for_another_key(home: Path, visiting: Any) -> None:
    secrets = [create_key(home, name=name, role="marketing") for name in ("ann", "bob")]
    app = FastAPI()
    app.include_router(build_pages(home, keys=KeyRing(home / "keys.toml", loopback=False)))
    pages = visiting(app)
    fields = hidden(pages.get(PAGE, headers={"x-api-key": secrets[0]}).text)
    fields |= {"to": "paused", "why": "out of stock"}
    assert pages.post(FORM, fields, headers={"x-api-key": secrets[1]}).status_code == 403


NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_a_token_holds_for_twelve_hours_and_for_every_worker(tmp_path: Path) -> None:
    token = FormTokens(tmp_path).issue("a", now=NOW)
    other = FormTokens(tmp_path)
    other.require(token, "a", now=NOW + timedelta(hours=12))
    with pytest.raises(ForeignFormError, match="too long ago"):
        other.require(token, "a", now=NOW + timedelta(hours=12, seconds=1))
    with pytest.raises(ForeignFormError):
        FormTokens(tmp_path / "another").require(token, "a", now=NOW)


def test_the_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    FormTokens(tmp_path).issue("a", now=NOW)
    (secret,) = (tmp_path / "offers").iterdir()
    assert secret.stat().st_mode & 0o077 == 0
    assert len(secret.read_bytes()) == 32
    assert secret.name == ".form-secret"


def test_a_state_is_one_of_three() -> None:
    assert [state.value for state in OfferState] == ["approved", "paused", "ended"]
