"""Every change of an offer is written once, with who, when and why; an edited file is named."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from routing.offer_states import OfferState
from serving import offers_ledger
from serving.errors import ServingError
from serving.offer_states import OfferStates
from serving.offers_ledger import (
    OfferChangedError,
    OffersLedgerDamagedError,
    ReasonMissingError,
    StepNotAllowedError,
    ledger_path,
)

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
APPROVED, PAUSED, ENDED = OfferState


def changed(home: Path, to: OfferState, **said: Any) -> offers_ledger.Change:
    known = {"offer_id": "term_life", "by": "ann", "why": "out of stock", "now": NOW, **said}
    return offers_ledger.change(home, to=to, **known)


def test_a_line_says_who_when_why_from_and_to(tmp_path: Path) -> None:
    changed(tmp_path, PAUSED)
    line = json.loads(ledger_path(tmp_path).read_text())
    assert line == {
        "when": "2026-11-22T14:30:00Z",
        "offer_id": "term_life",
        "from": "approved",
        "to": "paused",
        "by": "ann",
        "why": "out of stock",
        "before": "0" * 64,
    }


def test_the_last_change_of_each_offer_is_where_it_stands(tmp_path: Path) -> None:
    changed(tmp_path, PAUSED)
    changed(tmp_path, ENDED, offer_id="pet", why="sold too few")
    changed(tmp_path, APPROVED, why="in stock again", now=NOW + timedelta(hours=1))
    found = offers_ledger.standings(offers_ledger.changes(tmp_path))
    assert found["term_life"].state is APPROVED
    assert found["term_life"].since == NOW + timedelta(hours=1)
    assert (found["pet"].state, found["pet"].why) == (ENDED, "sold too few")


@pytest.mark.parametrize(
    ("steps", "refused"),
    [((), APPROVED), ((PAUSED,), PAUSED), ((ENDED,), PAUSED), ((ENDED,), ENDED)],
)
def test_a_step_that_changes_nothing_or_wakes_an_ended_offer_halfway_is_refused(
    tmp_path: Path, steps: tuple[OfferState, ...], refused: OfferState
) -> None:
    for step in steps:
        changed(tmp_path, step)
    with pytest.raises(StepNotAllowedError):
        changed(tmp_path, refused)
    assert len(offers_ledger.changes(tmp_path)) == len(steps)


@pytest.mark.parametrize("why", ["", "  \n\t ", "x" * 301])
def test_a_reason_is_needed_and_is_short(tmp_path: Path, why: str) -> None:
    with pytest.raises(ReasonMissingError):
        changed(tmp_path, PAUSED, why=why)
    assert not offers_ledger.changes(tmp_path)


def test_a_reason_stands_on_one_line(tmp_path: Path) -> None:
    assert changed(tmp_path, PAUSED, why=" out\nof\r\n stock\x1b[2J ").why == "out of stock [2J"


def test_of_two_pauses_at_once_one_is_written(tmp_path: Path) -> None:
    def pause(who: int) -> str:
        try:
            return changed(tmp_path, PAUSED, by=f"marketer-{who}").by
        except ServingError as error:
            return type(error).__name__

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(pause, range(16)))
    (written,) = offers_ledger.changes(tmp_path)
    assert sorted(said) == sorted(["StepNotAllowedError"] * 15 + [written.by])


def test_what_was_changed_since_it_was_looked_at_is_refused_with_who(tmp_path: Path) -> None:
    changed(tmp_path, PAUSED, by="bob", seen=0)
    with pytest.raises(OfferChangedError, match="bob has paused this offer meanwhile"):
        changed(tmp_path, ENDED, seen=0)
    changed(tmp_path, ENDED, seen=1)


def test_an_edited_file_is_named_and_nothing_is_added(tmp_path: Path) -> None:
    changed(tmp_path, PAUSED)
    changed(tmp_path, APPROVED)
    path = ledger_path(tmp_path)
    path.write_text(path.read_text().replace("ann", "eve", 1))
    with pytest.raises(OffersLedgerDamagedError, match=r"Line 2 of .*states\.jsonl"):
        offers_ledger.changes(tmp_path)
    with pytest.raises(OffersLedgerDamagedError):
        changed(tmp_path, PAUSED)


class Watch:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_server_looks_once_a_second(tmp_path: Path) -> None:
    watch = Watch()
    states = OfferStates(tmp_path, clock=watch)
    assert not states.current()
    changed(tmp_path, PAUSED)
    assert not states.current()
    watch.now = 1.0
    assert states.current()["term_life"].state is PAUSED


@pytest.mark.parametrize("harm", ["deleted", "edited", "rubbish", "a folder"])
def test_what_was_read_stays_in_force_when_the_file_is_harmed(tmp_path: Path, harm: str) -> None:
    changed(tmp_path, PAUSED)
    changed(tmp_path, ENDED, offer_id="pet")
    states = OfferStates(tmp_path, check_seconds=0.0)
    before = dict(states.current())
    path = ledger_path(tmp_path)
    text = path.read_text()
    path.unlink()
    if harm == "edited":
        path.write_text(text.replace("paused", "approved", 1))
    elif harm == "rubbish":
        path.write_bytes(b"\xff\x00\n")
    elif harm == "a folder":
        path.mkdir()
    for _ in range(2):
        assert dict(states.current()) == before
        assert states.trouble
        assert str(path) in states.trouble
    if harm == "a folder":
        path.rmdir()
    path.write_text(text)
    assert dict(states.current()) == before
    assert states.trouble is None


def test_a_server_that_starts_on_an_edited_file_believes_every_stop(tmp_path: Path) -> None:
    changed(tmp_path, PAUSED)
    changed(tmp_path, APPROVED)
    changed(tmp_path, ENDED, offer_id="pet")
    path = ledger_path(tmp_path)
    path.write_text(path.read_text().replace("ann", "eve"))
    states = OfferStates(tmp_path)
    assert {name: found.state for name, found in states.current().items()} == {
        "term_life": PAUSED,
        "pet": ENDED,
    }
    assert states.trouble
