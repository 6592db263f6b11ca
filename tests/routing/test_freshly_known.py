from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from features.contract import ACTIVITY_CHANNELS, ACTIVITY_KINDS, EVENT_KINDS
from routing.freshly_known import (
    MOST_EVENTS,
    ActivityChannel,
    EventKind,
    KnownEvent,
    KnownEvents,
    KnownFeatures,
)


def test_the_words_are_those_of_the_data_contract() -> None:
    assert tuple(EventKind) == (*EVENT_KINDS, *ACTIVITY_KINDS)
    assert tuple(ActivityChannel) == ACTIVITY_CHANNELS


def test_an_event_needs_only_its_kind() -> None:
    found = msgspec.json.decode(b'[{"kind": "claim"}]', type=KnownEvents)

    assert found == (KnownEvent(kind=EventKind.CLAIM),)
    assert msgspec.json.encode(found) == b'[{"kind":"claim"}]'


def test_an_event_says_when_and_how_much() -> None:
    text = b'{"kind": "payment", "occurred_at": "2026-11-22T14:30:00Z", "amount": 120.5}'

    found = msgspec.json.decode(text, type=KnownEvent)

    assert found.occurred_at == datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
    assert found.amount == 120.5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('{"kind": "enquirey"}', "Invalid enum value"),
        ('{"kind": "claim", "amount": -1}', ">= 0.0"),
        ('{"kind": "claim", "amount": 1e11}', "<= 1"),
        ('{"kind": "claim", "occurred_at": "2026-11-22T14:30:00"}', "timezone"),
        ('{"kind": "claim", "occured_at": "2026-11-22T14:30:00Z"}', "unknown field"),
        (f'{{"kind": "login", "detail": "{"x" * 201}"}}', "<= 200"),
    ],
)
def test_an_event_that_cannot_be_meant_is_refused(wrong: str, words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.json.decode(wrong, type=KnownEvent)


def test_there_is_a_limit_to_events_and_features() -> None:
    many = ",".join(['{"kind": "login"}'] * (MOST_EVENTS + 1))
    with pytest.raises(msgspec.ValidationError, match=f"<= {MOST_EVENTS}"):
        msgspec.json.decode(f"[{many}]", type=KnownEvents)
    named = ",".join(f'"f{number}": 1' for number in range(501))
    with pytest.raises(msgspec.ValidationError, match="<= 500"):
        msgspec.json.decode(f"{{{named}}}", type=KnownFeatures)


def test_features_are_numbers_flags_words_or_unknown() -> None:
    text = b'{"age": 44, "has_phone": true, "language": "es", "income": null}'

    found = msgspec.json.decode(text, type=KnownFeatures)

    assert found == {"age": 44.0, "has_phone": True, "language": "es", "income": None}
