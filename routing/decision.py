"""The answer for one contact: its strategy, completed with what is known only now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from routing.answer import (
    Arm,
    Decision,
    ShownCustomer,
    ShownHandling,
    Source,
    shown_handling,
    shown_reasons,
    shown_route,
    shown_signals,
)
from routing.completion import HELD_BACK, Completion, complete, open_to_offers, without_offers
from routing.contact import Contact
from routing.defaults import PartnerDefaults, standard_defaults
from routing.drawing import digits_of, drawn, fraction_drawn, id_drawn
from routing.errors import StrategyFileDamagedError
from routing.exploring import Explored, explored
from routing.identification import Identification, identify
from routing.in_force import NOTHING_IN_FORCE, InForce
from routing.live import formed_now
from routing.offer_states import as_it_stands
from routing.open_set import OpenSet
from routing.slots import SlotPlan, arm_at
from routing.strategy import Handling, Route, Strategy

_LAST_RESORT = standard_defaults("")


class _Circumstances(msgspec.Struct, frozen=True):
    """What every answer says, whatever it is based on."""

    contact: Contact
    now: datetime
    label: str | None
    drawn: bytes

    def decision_id(self) -> str:
        """Return the same id for the same contact, set and instant."""
        return id_drawn(self.drawn, digits=digits_of(self.now.isoformat(timespec="microseconds")))


def decide(contact: Contact, *, in_force: InForce = NOTHING_IN_FORCE, now: datetime) -> Decision:
    """Return where the contact goes and how to handle it; never raises for a Contact.

    `now` is UTC and aware. Who is held back is chosen by a hash, so that the same contact stays
    in its arm.
    """
    strategies = in_force.strategies
    label = strategies.label if strategies is not None else None
    here = _Circumstances(contact, now, label, drawn(contact.contact_id, label=label))
    if strategies is None:
        return _default(here, _LAST_RESORT, why="No strategy set is published.")
    if contact.partner is not None and contact.partner not in strategies.partners:
        why = (
            f"Partner '{contact.partner}' is not in strategy set {strategies.label};"
            f" it has: {', '.join(strategies.partners)}."
        )
        return _default(here, _LAST_RESORT, why=why)
    try:
        found = identify(contact, strategies=strategies)
    except StrategyFileDamagedError as error:
        return _default(here, _defaults(contact, strategies), why=error.fact)
    if found.strategy is None:
        return _default(here, _defaults(contact, strategies), why=found.why)
    formed = found.strategy
    live = formed_now(contact, formed, in_force=in_force, now=now)
    if live is not None:
        found = Identification(found.strategy, found.by, _joined(live.why, found.why))
        if live.strategy is not None:
            return _as_formed(
                here, found, live.strategy, strategies=strategies, in_force=in_force, live=True
            )
    if formed.expires_at <= now:
        return _profile(here, found, formed, strategies=strategies)
    return _as_formed(here, found, formed, strategies=strategies, in_force=in_force, live=False)


def _as_formed(
    here: _Circumstances,
    found: Identification,
    formed: Strategy,
    *,
    strategies: OpenSet,
    in_force: InForce,
    live: bool,
) -> Decision:
    pitches, standings = strategies.pitches_of(formed.partner), in_force.standings
    strategy, stopped = as_it_stands(formed, standings=standings, pitches=pitches)
    return _formed(
        here,
        found,
        strategy,
        stopped=stopped,
        live=live,
        held=_held_back(
            here, strategy.customer_id, share=in_force.hold_back_share, plan=in_force.plan
        ),
        explore=lambda route: explored(
            strategy,
            route=route,
            contact_id=here.contact.contact_id,
            label=strategies.label,
            standings=standings,
            pitches=pitches,
            exploration=in_force.exploration,
        ),
    )


def _defaults(contact: Contact, strategies: OpenSet) -> PartnerDefaults:
    """Return the defaults of the contact's partner, or of the only one."""
    partner = contact.partner
    if partner is None and len(strategies.partners) == 1:
        partner = strategies.partners[0]
    return strategies.defaults_of(partner) or _LAST_RESORT


def _default(here: _Circumstances, defaults: PartnerDefaults, *, why: str | None) -> Decision:
    return Decision(
        decision_id=here.decision_id(),
        contact_id=here.contact.contact_id,
        source=Source.DEFAULT,
        why=why,
        partner=defaults.partner or here.contact.partner,
        customer=None,
        value_group=defaults.unknown.value_group,
        signals=None,
        route=shown_route(defaults.unknown.route),
        handling=ShownHandling((), defaults.unknown.note),
        reasons=(),
        arm=Arm.ON,
        probability=1.0,
        strategy_set=here.label,
        model_set=None,
        formed_at=None,
        expires_at=None,
    )


def _customer(found: Identification, strategy: Strategy) -> ShownCustomer | None:
    if found.by is None:
        return None
    return ShownCustomer(strategy.customer_id, found.by, strategy.stage)


def _profile(
    here: _Circumstances,
    found: Identification,
    strategy: Strategy,
    *,
    strategies: OpenSet,
) -> Decision:
    why = f"The strategy expired at {strategy.expires_at:%Y-%m-%d %H:%M} UTC."
    defaults = strategies.defaults_of(strategy.partner) or _LAST_RESORT
    default = defaults.of_stage(strategy.stage)
    # As the strategy would be completed: a claim goes to service, expired or not.
    standing = msgspec.structs.replace(
        strategy, route=default.route, handling=Handling((), default.note)
    )
    completion = complete(standing, reason=here.contact.said.reason)
    return Decision(
        decision_id=here.decision_id(),
        contact_id=here.contact.contact_id,
        source=Source.PROFILE,
        why=_joined(why, completion.why, found.why),
        partner=strategy.partner,
        customer=_customer(found, strategy),
        value_group=default.value_group,
        signals=None,
        route=shown_route(completion.route),
        handling=shown_handling(completion.handling),
        reasons=(),
        arm=Arm.ON,
        probability=1.0,
        strategy_set=here.label,
        model_set=None,
        formed_at=strategy.formed_at,
        expires_at=strategy.expires_at,
    )


def _formed(
    here: _Circumstances,
    found: Identification,
    strategy: Strategy,
    *,
    stopped: str | None,
    live: bool,
    held: _Held,
    explore: Callable[[Route], Explored | None],
) -> Decision:
    completion = complete(strategy, reason=here.contact.said.reason)
    why = _joined(stopped, completion.why)
    explores = open_to_offers(here.contact.said.reason)
    shown = _shown(completion, explore(completion.route) if explores else None, held=held)
    return Decision(
        decision_id=here.decision_id(),
        contact_id=here.contact.contact_id,
        source=Source.LIVE if live else Source.STRATEGY if why is None else Source.COMPLETED,
        why=_joined(why, found.why),
        partner=strategy.partner,
        customer=_customer(found, strategy),
        value_group=strategy.value_group,
        signals=shown_signals(strategy.signals),
        route=shown_route(shown.route),
        handling=shown_handling(shown.handling),
        reasons=shown_reasons(strategy),
        arm=shown.arm,
        probability=shown.probability,
        strategy_set=here.label,
        model_set=strategy.model_set,
        formed_at=strategy.formed_at,
        expires_at=None if live else strategy.expires_at,  # formed now, it is for this contact
    )


class _Held(msgspec.Struct, frozen=True, gc=False):
    """Whether nothing is to be presented, and the chance `off` that it was so."""

    back: bool
    off: float


class _Shown(msgspec.Struct, frozen=True):
    """What is presented after all, in which arm, and the exact chance of presenting just this."""

    handling: Handling
    route: Route
    arm: Arm
    probability: float


def _held_back(
    here: _Circumstances, customer_id: str, *, share: float, plan: SlotPlan | None
) -> _Held:
    back = fraction_drawn(here.drawn) < share
    placed = arm_at(plan, here.now, customer_id) if plan is not None else None
    if placed is None:
        return _Held(back, min(share, 1.0))
    if placed.place is None:  # the slots have ended: who is always held back still is
        off = placed.off + (1.0 - placed.off) * min(share, 1.0)
        return _Held(placed.held or back, off)
    return _Held(placed.arm is Arm.OFF, placed.off)


def _shown(completion: Completion, found: Explored | None, *, held: _Held) -> _Shown:
    """Hold the offers back, else explore; where nothing could be offered, neither is done.

    Nothing may be presented by the hold-back or by a draw: its probability is the sum of both.
    """
    handling, route, off = completion.handling, completion.route, held.off
    presents = any(offer.present for offer in handling.offers)
    if not presents and found is None:
        return _Shown(handling, route, Arm.ON, 1.0)
    of_nothing = off + (1.0 - off) * (found.of_nothing if found else 0.0)
    if held.back and off > 0.0:
        without = without_offers(handling, HELD_BACK)
        return _Shown(without, route, Arm.OFF, of_nothing)
    if found is None:
        return _Shown(handling, route, Arm.ON, 1.0 - off)
    arm = Arm.EXPLORE if found.drawn else Arm.ON
    if not any(offer.present for offer in found.handling.offers):
        return _Shown(found.handling, found.route, arm, of_nothing)
    return _Shown(found.handling, found.route, arm, (1.0 - off) * found.probability)


def _joined(*sentences: str | None) -> str | None:
    return " ".join([sentence for sentence in sentences if sentence]) or None
