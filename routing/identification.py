"""Who is calling: by customer id, else by phone number, else by two of name, street, postcode."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from routing.answer import IdentifiedBy
from routing.contact import Contact
from routing.open_set import OpenSet
from routing.strategy import Strategy

SHARE = "share this number"


class Identification(msgspec.Struct, frozen=True):
    """The strategy of the one who calls, if any; `why` says what was uncertain or missing."""

    strategy: Strategy | None
    by: IdentifiedBy | None
    why: str | None


def identify(contact: Contact, *, strategies: OpenSet) -> Identification:
    """Return who is calling; only the contact's own partner is searched, if it names one."""
    partners = (contact.partner,) if contact.partner is not None else strategies.partners
    missed: list[str] = []
    if contact.customer_id:
        for partner in partners:
            strategy = strategies.by_customer(partner, contact.customer_id)
            if strategy is not None:
                return Identification(strategy, IdentifiedBy.CUSTOMER_ID, None)
        missed.append(f"customer id '{contact.customer_id}'")
    if contact.from_:
        found = strategies.sharing(contact.from_)
        sharing = _ranked(one for one in found if one.partner in partners)
        if sharing:
            return _of_household(contact, sharing, strategies=strategies)
        missed.append(f"number '{contact.from_}'")
    agreeing = _ranked(s for p in partners for s in _by_answers(contact, p, strategies=strategies))
    if agreeing:
        return Identification(
            agreeing[0], IdentifiedBy.ANSWERS, _shared(agreeing, verb="fit these answers")
        )
    return Identification(None, None, _nobody(contact, missed))


def _by_answers(contact: Contact, partner: str, *, strategies: OpenSet) -> list[Strategy]:
    answers = contact.said
    return strategies.by_answers(
        partner, name=answers.name, street=answers.street, postcode=answers.postcode
    )


def _of_household(
    contact: Contact, sharing: list[Strategy], *, strategies: OpenSet
) -> Identification:
    """Choose among those who share a number: by the answers, else the most valuable."""
    if len(sharing) == 1:
        return Identification(sharing[0], IdentifiedBy.PHONE, None)
    mine = {_identity(strategy) for strategy in sharing}
    partners = dict.fromkeys(strategy.partner for strategy in sharing)
    named: list[Strategy] = []
    for partner in partners:
        name = contact.said.name
        if name:
            named += strategies.by_phone(partner, contact.from_ or "", name=name)
        named += _by_answers(contact, partner, strategies=strategies)
    unique = {_identity(one): one for one in named if _identity(one) in mine}
    agreeing = _ranked(unique.values())
    if len(agreeing) == 1:
        return Identification(agreeing[0], IdentifiedBy.PHONE, None)
    if agreeing:
        why = (
            f"{len(sharing)} customers share this number and {len(agreeing)} of them fit the"
            " answers; the most valuable of those was taken."
        )
        return Identification(agreeing[0], IdentifiedBy.PHONE, why)
    return Identification(sharing[0], IdentifiedBy.PHONE, _shared(sharing, verb=SHARE))


def _identity(strategy: Strategy) -> tuple[str, str]:
    return strategy.partner, strategy.customer_id


def _ranked(strategies: Iterable[Strategy]) -> list[Strategy]:
    """Return them over all partners, the most valuable first."""
    return sorted(strategies, key=lambda one: (-(one.signals.value or 0.0), *_identity(one)))


def _shared(strategies: list[Strategy], *, verb: str) -> str | None:
    return None if len(strategies) == 1 else why_shared(len(strategies), verb=verb)


def why_shared(count: int, *, verb: str = SHARE) -> str:
    """Return the sentence for several customers of whom the most valuable was taken."""
    return f"{count} customers {verb}; the most valuable of them was taken."


def _nobody(contact: Contact, missed: list[str]) -> str:
    given = [n for n in ("name", "street", "postcode") if getattr(contact.said, n)]
    if len(given) == 1:
        missed.append(f"the {given[0]} alone (two of name, street and postcode are needed)")
    elif given:
        missed.append(", ".join(given[:-1]) + f" and {given[-1]}")
    if not missed:
        return "The contact names no customer: no customer_id, no from, no answers."
    return f"No customer is known by {'; nor by '.join(missed)}."
