"""The examples of the API page; the tests publish the same strategy and compare real answers."""

from __future__ import annotations

from datetime import UTC, datetime

from routing.answer import (
    Arm,
    Decision,
    IdentifiedBy,
    ShownCustomer,
    ShownStrategy,
    Source,
    shown_handling,
    shown_reasons,
    shown_route,
    shown_signals,
    shown_strategy,
)
from routing.contact import Answers, Channel, Contact, ContactReason
from routing.decision import decide
from routing.defaults import standard_defaults
from routing.strategy import Fallback, Handling, RankedOffer, Reason, Route, Signals, Strategy
from routing.strategy_index import ContactDetails
from serving.endpoints import Example

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
PHONE = "+15550100"
STRATEGY_SET = "2026-11-22.3"
DEFAULTS = standard_defaults("main")
DETAILS = ContactDetails(phones=(PHONE,), name="Ada Moore", street="1 Elm Row", postcode="01101")

STRATEGY = Strategy(
    customer_id="main-000081",
    partner="main",
    stage="lead",
    value_group="first",
    signals=Signals(accept=0.31, lapse=0.08, keep=0.27, value=412.5),
    route=Route(
        queue="sales_first",
        priority=1,
        skills={"life": 2},
        fallbacks=(Fallback("sales_any", 45),),
    ),
    handling=Handling(
        offers=(
            RankedOffer("term_life", True, 0.31, 0.12, 49.5, "adds 49.50 per contact"),
            RankedOffer("home_cover", False, 0.05, 0.0, -2.1, "adds less than presenting costs"),
        ),
        note="Asked about cover twice this month; moved house in May.",
    ),
    reasons=(Reason("asked for a quote 6 days ago", 0.09),),
    model_set="17",
    formed_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    expires_at=datetime(2026, 11, 29, 2, 0, tzinfo=UTC),
)

CONTACT = Contact(
    contact_id="c-81",
    channel=Channel.VOICE,
    from_=PHONE,
    to="+15550199",
    partner="main",
    answers=Answers(reason=ContactReason.QUOTE, postcode="01101"),
    deadline_ms=200,
)
DECISION = Decision(
    decision_id="20261122143000000f1c6f2f0a3b4d5e",
    contact_id="c-81",
    source=Source.STRATEGY,
    why=None,
    partner="main",
    customer=ShownCustomer("main-000081", IdentifiedBy.PHONE, "lead"),
    value_group="first",
    signals=shown_signals(STRATEGY.signals),
    route=shown_route(STRATEGY.route),
    handling=shown_handling(STRATEGY.handling),
    reasons=shown_reasons(STRATEGY),
    arm=Arm.ON,
    probability=0.95,
    strategy_set=STRATEGY_SET,
    model_set="17",
    formed_at=STRATEGY.formed_at,
    expires_at=STRATEGY.expires_at,
)

STRANGER = Contact(contact_id="c-82", channel=Channel.CHAT, partner="main")
DECISIONS = (
    Example("a lead who is known by phone", CONTACT, DECISION),
    Example("no strategy set is published", STRANGER, decide(STRANGER, now=NOW)),
)
SHOWN_STRATEGY: ShownStrategy = shown_strategy(STRATEGY, strategy_set=STRATEGY_SET)
