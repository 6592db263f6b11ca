import json
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from routing.answer import Arm, Decision, IdentifiedBy, Source
from routing.completion import HELD_BACK
from routing.contact import Answers, Channel, Contact, ContactReason
from routing.open_set import OpenSet
from routing.strategy import Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_reader import StrategyReader
from routing.strategy_writer import Published
from tests.deciding import decide

Publish = Callable[..., Published]
Build = Callable[..., Strategy]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
JANE = ContactDetails(("555-555-0100",), "Jane Doe", "1 Main St", "01101")
JOHN = ContactDetails(("555-555-0100",), "John Doe", "1 Main St", "01101")
ALONE = ContactDetails((), "Ann Poe", "9 Elm St", "02202")


@pytest.fixture
def reader(a_strategy: Build, publish: Publish, tmp_path: Path) -> StrategyReader:
    publish(
        [
            (a_strategy("c-jane", value=90.0), JANE),
            (a_strategy("c-john", value=50.0, group=1), JOHN),
            (a_strategy("c-ann", stage="purchaser"), ALONE),
            (a_strategy("c-old", expires_at=NOW, stage="prospect"), ContactDetails()),
            (a_strategy("c-north", partner="north"), ContactDetails()),
        ],
        partners=("main", "north"),
    )
    return StrategyReader(tmp_path)


def _contact(contact_id: str = "k-1", **known: object) -> Contact:
    return Contact(contact_id=contact_id, channel=Channel.VOICE, **known)  # type: ignore[arg-type]


def _decide(reader: StrategyReader | None, **known: object) -> Decision:
    return decide(_contact(**known), reader=reader, now=NOW)


def test_a_known_customer_gets_the_strategy_as_formed(
    reader: StrategyReader, a_strategy: Build
) -> None:
    found = _decide(reader, customer_id="c-jane")
    assert (found.source, found.why) == (Source.STRATEGY, None)
    assert found.customer is not None
    assert (found.customer.customer_id, found.customer.stage) == ("c-jane", "lead")
    assert (found.route.queue, found.route.skills) == ("sales_first", {"life": 2})
    assert found.handling.offers[0].present
    assert (found.strategy_set, found.model_set) == ("2026-11-22.1", "17")
    assert found.expires_at == a_strategy().expires_at


def test_the_answer_has_the_documented_names(reader: StrategyReader) -> None:
    body = json.loads(msgspec.json.encode(_decide(reader, customer_id="c-jane")))
    assert list(body) == [
        "decision_id",
        "contact_id",
        "source",
        "why",
        "partner",
        "customer",
        "value_group",
        "signals",
        "route",
        "handling",
        "reasons",
        "arm",
        "probability",
        "strategy_set",
        "model_set",
        "formed_at",
        "expires_at",
    ]
    assert list(body["route"]) == ["queue", "priority", "skills", "centre", "fallbacks"]
    assert list(body["route"]["fallbacks"][0]) == ["queue", "after_seconds"]
    assert list(body["handling"]["offers"][0]) == [
        "offer_id",
        "present",
        "likelihood",
        "uplift",
        "added_value",
        "why",
    ]


@pytest.mark.parametrize(
    ("known", "customer_id", "by"),
    [
        ({"customer_id": "c-ann", "from_": "555-555-0100"}, "c-ann", IdentifiedBy.CUSTOMER_ID),
        ({"customer_id": "c-gone", "from_": "555-555-0100"}, "c-jane", IdentifiedBy.PHONE),
        (
            {"from_": "+15550000", "answers": Answers(name="ann poe", postcode="02202")},
            "c-ann",
            IdentifiedBy.ANSWERS,
        ),
        ({"answers": Answers(street="9 elm st", postcode="02202")}, "c-ann", IdentifiedBy.ANSWERS),
        ({"customer_id": "c-north"}, "c-north", IdentifiedBy.CUSTOMER_ID),
    ],
)
def test_id_comes_before_phone_before_two_answers(
    reader: StrategyReader, known: dict[str, object], customer_id: str, by: IdentifiedBy
) -> None:
    found = _decide(reader, **known)
    assert found.customer is not None
    assert (found.customer.customer_id, found.customer.identified_by) == (customer_id, by)


def test_of_a_household_the_answers_choose(reader: StrategyReader) -> None:
    for answers in (Answers(name="john doe"), Answers(name="JOHN DOE", postcode="01101")):
        found = _decide(reader, from_="+15555550100", answers=answers)
        assert found.customer is not None
        assert (found.customer.customer_id, found.why) == ("c-john", None)


def test_of_a_household_without_answers_the_most_valuable_is_taken_and_said(
    reader: StrategyReader,
) -> None:
    found = _decide(reader, from_="+15555550100")
    assert found.customer is not None
    assert found.customer.customer_id == "c-jane"
    assert found.why == "2 customers share this number; the most valuable of them was taken."


@pytest.mark.parametrize(
    "known",
    [
        {"from_": "+15555550100"},
        {"answers": Answers(street="1 Main St", postcode="01101")},
        {"from_": "+15555550100", "answers": Answers(name="Jane Doe")},
    ],
)
def test_without_a_partner_the_most_valuable_of_all_partners_is_taken(
    a_strategy: Build, publish: Publish, tmp_path: Path, known: dict[str, object]
) -> None:
    publish(
        [
            (a_strategy("c-main", value=20.0), JANE),
            (a_strategy("c-cheap", value=5.0, partner="north"), JANE),
            (a_strategy("c-dear", value=70.0, partner="north"), JANE),
        ],
        partners=("main", "north"),
    )
    found = _decide(StrategyReader(tmp_path), **known)
    assert found.customer is not None
    assert (found.partner, found.customer.customer_id) == ("north", "c-dear")
    assert found.why is not None
    assert "the most valuable of" in found.why


def test_of_a_household_those_who_fit_the_answers_are_counted_apart(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    entries = [
        (a_strategy("c-jane", value=20.0), JANE),
        (a_strategy("c-junior", value=30.0), JANE),
        (a_strategy("c-john", value=90.0), JOHN),
    ]
    publish(entries)
    found = _decide(
        StrategyReader(tmp_path), from_="+15555550100", answers=Answers(name="Jane Doe")
    )
    assert found.customer is not None
    assert found.customer.customer_id == "c-junior"
    assert found.why == (
        "3 customers share this number and 2 of them fit the answers;"
        " the most valuable of those was taken."
    )


def test_one_answer_alone_identifies_nobody(reader: StrategyReader) -> None:
    found = _decide(reader, answers=Answers(name="Ann Poe"))
    assert (found.source, found.customer) == (Source.DEFAULT, None)
    assert found.why is not None
    assert "two of name, street and postcode are needed" in found.why


def test_a_stranger_gets_the_partners_default_route(reader: StrategyReader) -> None:
    found = _decide(reader, from_="+19995550123", partner="north")
    assert (found.source, found.partner, found.signals) == (Source.DEFAULT, "north", None)
    assert (found.route.queue, found.handling.offers) == ("service_any", ())
    assert found.why == "No customer is known by number '+19995550123'."


def test_an_unknown_partner_gets_a_route_and_the_known_ones_named(reader: StrategyReader) -> None:
    found = _decide(reader, customer_id="c-jane", partner="nobody")
    assert (found.source, found.customer, bool(found.route.queue)) == (Source.DEFAULT, None, True)
    assert found.why is not None
    assert "it has: main, north" in found.why


def test_another_partners_customer_is_a_stranger(reader: StrategyReader) -> None:
    assert _decide(reader, customer_id="c-north", partner="main").source is Source.DEFAULT


def test_an_expired_strategy_gives_the_defaults_of_the_stage(reader: StrategyReader) -> None:
    found = _decide(reader, customer_id="c-old")
    assert (found.source, found.route.queue) == (Source.PROFILE, "lead_development_any")
    assert (found.handling.offers, found.signals) == ((), None)
    assert found.customer is not None
    assert found.why == "The strategy expired at 2026-11-22 09:00 UTC."


def test_a_strategy_holds_until_it_expires_and_the_guides_promise_no_more(
    reader: StrategyReader, a_strategy: Build, root: Path
) -> None:
    contact = _contact(customer_id="c-jane")
    expires_at = a_strategy().expires_at
    last = decide(contact, reader=reader, now=expires_at - timedelta(microseconds=1))
    after = decide(contact, reader=reader, now=expires_at)
    assert (last.source, last.model_set) == (Source.STRATEGY, "17")
    assert (after.source, after.route.queue) == (Source.PROFILE, "sales_any")
    for guide in ("http.md", "strategies.md"):
        text = (root / "docs" / guide).read_text()
        assert "trusted" not in text, guide
        assert "`callworth rollback`" in text, guide


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_without_a_store_everybody_gets_a_route(folder: str | None, tmp_path: Path) -> None:
    reader = StrategyReader(tmp_path / folder) if folder else None
    found = _decide(reader, customer_id="c-jane", partner="main")
    assert (found.source, found.strategy_set) == (Source.DEFAULT, None)
    assert found.route.queue == "service_any"
    assert found.why == "No strategy set is published."


def test_a_file_that_breaks_while_open_gives_the_default(
    reader: StrategyReader, tmp_path: Path
) -> None:
    assert reader.current is not None
    (file,) = tmp_path.glob("*.sqlite")
    with file.open("r+b") as opened:
        opened.truncate(4096)
    found = _decide(reader, customer_id="c-jane")
    assert found.source in (Source.DEFAULT, Source.STRATEGY)  # a page may still be in memory
    assert found.route.queue


def test_the_same_contact_gets_the_same_answer(reader: StrategyReader) -> None:
    contact = _contact(customer_id="c-jane")
    answers = {
        msgspec.json.encode(decide(contact, reader=reader, now=NOW, hold_back_share=0.5))
        for _ in range(5)
    }
    assert len(answers) == 1


def test_the_hold_back_is_as_large_as_asked_and_presents_nothing(reader: StrategyReader) -> None:
    share, count = 0.2, 2000
    found = [
        decide(
            _contact(f"k-{n}", customer_id="c-jane"), reader=reader, now=NOW, hold_back_share=share
        )
        for n in range(count)
    ]
    held = [one for one in found if one.arm is Arm.OFF]
    assert abs(len(held) / count - share) < 4 * math.sqrt(share * (1 - share) / count)
    assert {one.probability for one in held} == {share}
    assert {one.probability for one in found if one.arm is Arm.ON} == {1 - share}
    assert not any(offer.present for one in held for offer in one.handling.offers)
    assert {one.handling.offers[0].why for one in held} == {HELD_BACK}
    assert {one.route.queue for one in found} == {"sales_first"}


def test_where_nothing_is_offered_nothing_is_held_back(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    publish([(a_strategy("c-1", present=False), ContactDetails())])
    found = decide(
        _contact(customer_id="c-1"), reader=StrategyReader(tmp_path), now=NOW, hold_back_share=1.0
    )
    assert (found.arm, found.probability) == (Arm.ON, 1.0)


class _NoSet:
    """Gives the same open set for ever."""

    def __init__(self, strategies: OpenSet | None) -> None:
        self._strategies = strategies

    def snapshot(self) -> OpenSet | None:
        return self._strategies


def test_every_well_formed_contact_gets_a_route(reader: StrategyReader) -> None:
    chance = random.Random(7)
    odd = ["", " ", "\x00", "\ud800", "ü" * 400, "' OR 1=1 --", "9" * 400, "+15555550100", "c-jane"]
    odd += ["c-old", "c-ann", "main", "north", "Jane Doe", "1 Main St", "01101", "sip:@", "x;ext"]

    def text() -> str | None:
        return chance.choice([None, *odd])

    store = _NoSet(reader.snapshot())
    for _ in range(3000):
        contact = Contact(
            contact_id=chance.choice(odd),
            channel=chance.choice(list(Channel)),
            from_=text(),
            to=text(),
            partner=chance.choice([None, None, "main", "north", text()]),
            customer_id=text(),
            answers=Answers(
                reason=chance.choice([None, *ContactReason]),
                name=text(),
                street=text(),
                postcode=text(),
            ),
            deadline_ms=chance.choice([None, 1, 200]),
        )
        found = decide(
            contact,
            reader=chance.choice([None, store]),
            now=NOW + timedelta(days=chance.choice([-9, 0, 9])),
            hold_back_share=chance.choice([0.0, 0.5, 1.0]),
        )
        assert found.route.queue
        assert found.route.priority >= 1
        assert 0 < found.probability <= 1
        assert (found.source is Source.STRATEGY) or found.why


def test_where_offers_are_held_back_the_agent_is_not_told_to_offer(reader: StrategyReader) -> None:
    contact = _contact(customer_id="c-jane")
    held = decide(contact, reader=reader, now=NOW, hold_back_share=1.0)
    claim = _decide(reader, customer_id="c-jane", answers=Answers(reason=ContactReason.CLAIM))
    plain = _decide(reader, customer_id="c-jane")
    assert "first." in plain.handling.note
    for quiet in (held, claim):
        assert quiet.handling.note.endswith("Offer nothing on this contact.")
        assert "first." not in quiet.handling.note


def test_a_claim_goes_to_service_though_the_strategy_expired(reader: StrategyReader) -> None:
    found = _decide(reader, customer_id="c-old", answers=Answers(reason=ContactReason.CLAIM))
    assert (found.source, found.route.queue) == (Source.PROFILE, "service_any")
    assert found.why is not None
    assert "Reports a claim" in found.why


def test_answers_may_be_null() -> None:
    body = b'{"contact_id": "k", "channel": "voice", "answers": null}'
    contact = msgspec.json.decode(body, type=Contact)
    assert decide(contact, reader=None, now=NOW).route.queue
