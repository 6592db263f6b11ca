"""A log of contacts that two small strategy sets were asked for, written as the server does."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from routing.contact import Answers, Channel, Contact, ContactReason
from routing.decision import decide
from routing.default_route import default_for
from routing.defaults import standard_defaults
from routing.in_force import InForce
from routing.instants import Instants
from routing.offers import Offer
from routing.strategy import Handling, RankedOffer
from routing.strategy_index import ContactDetails
from routing.strategy_writer import StrategyWriter
from serving import examples
from serving.entries import Asked, entry_of
from serving.log_entry import LoggedDecision
from serving.log_file import add_decisions, add_in_force, open_log
from serving.settings import Settings
from tests.formed_sets import SECOND

BEGAN = SECOND + timedelta(hours=8)
REASONS = (None, None, ContactReason.QUOTE, ContactReason.CLAIM, ContactReason.BILLING)


def a_contact(number: int) -> Contact:
    """Return the n-th contact: a known customer mostly, a stranger every eleventh time."""
    stranger = number % 11 == 10
    return Contact(
        contact_id=f"k{number}",
        channel=Channel.VOICE,
        customer_id="nobody" if stranger else f"c{number % 600:05d}",
        answers=Answers(reason=REASONS[number % len(REASONS)]),
    )


def form_to_explore(home: Path, *, customers: int) -> str:
    """Publish a set whose customers may be shown either of two offers; return its label."""
    offers = tuple(
        Offer(name, name, 400.0, 2.0, 0.0, "life", frozenset({"lead"}), 90)
        for name in ("term_life", "whole_life")
    )
    ranked = tuple(
        RankedOffer(one.offer_id, at == 0, 0.3, 0.1, 40.0 - 30 * at, "adds 10.0 points", True)
        for at, one in enumerate(offers)
    )
    with StrategyWriter(
        home / "strategies",
        model_set="17",
        formed_at=SECOND,
        defaults=[standard_defaults("main")],
        offers={"main": offers},
    ) as writer:
        writer.add(
            (
                msgspec.structs.replace(
                    examples.STRATEGY,
                    customer_id=f"c{number:05d}",
                    handling=Handling(ranked, "A lead."),
                    formed_at=SECOND,
                    expires_at=SECOND + timedelta(days=7),
                ),
                ContactDetails(),
            )
            for number in range(customers)
        )
        return writer.publish().label


def write_contacts(
    home: Path, in_force: InForce, *, contacts: int, too_fast: str | None = None
) -> Path:
    """Let contacts be decided, one a minute, and log them; return the file of the log.

    With `too_fast` they get the default that says so.
    """
    file = Settings(home=home).log_file
    with closing(open_log(file)) as log:
        log.execute("BEGIN")
        add_in_force(log, {in_force.in_force_id: in_force.record})
        for number in range(contacts):
            add_decisions(log, [_entry(number, in_force, too_fast)])
        log.execute("COMMIT")
    return file


def instant_of(number: int) -> datetime:
    """Return when the n-th contact came."""
    return BEGAN + timedelta(minutes=number, microseconds=17)


def _entry(number: int, in_force: InForce, too_fast: str | None) -> LoggedDecision:
    contact, now = a_contact(number), instant_of(number)
    asked = Asked(
        contact=contact,
        body=msgspec.json.encode(contact),
        asked_by="test",
        instant=Instants()(now),
        in_force=in_force.in_force_id,
    )
    if too_fast is None:
        decision = decide(contact, in_force=in_force, now=now)
    else:
        decision = default_for(contact, in_force=in_force, now=now, why=too_fast)
    return entry_of(decision, asked, answer=msgspec.json.encode(decision), seconds=0.0002)
