"""A pause reaches a running server by itself, and no harm to the file reaches an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from routing.offer_states import OfferState
from serving import examples, offers_ledger
from serving.offers_ledger import ledger_path

NOW = examples.NOW
Publish = Callable[..., str]
Asking = Callable[..., None]
PATIENCE_SECONDS = 2.0


def changed(home: Path, to: OfferState, why: str = "out of stock") -> None:
    offers_ledger.change(home, offer_id="term_life", to=to, by="ann", why=why, now=NOW)


async def answered(ask: Any) -> dict[str, Any]:
    reply = await ask.decide(customer_id="main-000081")
    assert reply.status_code == 200
    answer: dict[str, Any] = reply.json()
    return answer


def test_a_pause_is_seen_within_two_seconds_without_a_restart(
    home: Path, publish: Publish, asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        first = await answered(ask)
        assert first["handling"]["offers"][0]["present"]
        changed(home, OfferState.PAUSED)
        until = time.monotonic() + PATIENCE_SECONDS
        answer = first
        while answer["handling"]["offers"][0]["present"] and time.monotonic() < until:
            await asyncio.sleep(0.05)
            answer = await answered(ask)
        offer = next(o for o in answer["handling"]["offers"] if o["offer_id"] == "term_life")
        assert not offer["present"]
        assert offer["why"] == "paused by marketing: out of stock"
        assert answer["source"] == "completed"
        assert answer["why"] == "term_life is paused by marketing: out of stock."
        assert answer["route"]["queue"] == first["route"]["queue"]
        assert answer["route"]["skills"] == {}
        assert answer["handling"]["note"].endswith("Offer nothing on this contact.")

    asking(test)


def test_an_approval_waits_for_the_next_set(home: Path, publish: Publish, asking: Asking) -> None:
    publish()
    changed(home, OfferState.PAUSED)
    changed(home, OfferState.APPROVED, "in stock again")

    async def before(ask: Any) -> None:
        offer = (await answered(ask))["handling"]["offers"][0]
        assert not offer["present"]
        assert "from the next strategy set on" in offer["why"]

    async def after(ask: Any) -> None:
        assert (await answered(ask))["handling"]["offers"][0]["present"]

    asking(before)
    publish(
        [(_formed_later(), examples.DETAILS)], label="2026-11-22.4", formed_at=NOW + timedelta(1)
    )
    asking(after, now=NOW + timedelta(days=1, hours=1))


def _formed_later() -> Any:
    return replace(
        examples.STRATEGY, formed_at=NOW + timedelta(days=1), expires_at=NOW + timedelta(days=8)
    )


@pytest.mark.parametrize("harm", ["deleted", "rubbish", "edited", "a folder", "unreadable lines"])
def test_no_harm_to_the_file_reaches_an_answer(
    home: Path, publish: Publish, asking: Asking, harm: str
) -> None:
    publish()
    changed(home, OfferState.PAUSED)
    path = ledger_path(home)

    async def test(ask: Any) -> None:
        assert not (await answered(ask))["handling"]["offers"][0]["present"]
        text = path.read_text()
        path.unlink()
        if harm == "a folder":
            path.mkdir()
        elif harm != "deleted":
            rubbish = {"rubbish": "\x00\n[\n", "edited": text.replace("ann", "eve") + text}
            path.write_text(rubbish.get(harm, '{"before": "' + "0" * 64 + '"}\n'))
        for _ in range(3):
            ask.parts.following.look()
            assert not (await answered(ask))["handling"]["offers"][0]["present"]
        degraded = (await ask.client.get("/health/ready")).json()["degraded"]
        assert any("states.jsonl" in trouble for trouble in degraded)

    asking(test)


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\n", b"{}\n", b'{"before": 3}\n'])
def test_a_server_starts_and_answers_on_any_file(
    home: Path, publish: Publish, asking: Asking, damage: bytes
) -> None:
    publish()
    ledger_path(home).parent.mkdir(parents=True)
    ledger_path(home).write_bytes(damage)

    async def test(ask: Any) -> None:
        assert (await answered(ask))["route"]["queue"]
        assert (await ask.client.get("/health/ready")).status_code == 200

    asking(test)
