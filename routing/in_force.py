"""Everything that decisions rest on at one instant, as one object that is replaced whole."""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import Protocol

import msgspec

from routing.exploration import Exploration
from routing.exploring import NO_EXPLORATION
from routing.known import Known, LiveScores
from routing.offer_states import NOTHING_DECIDED, Standing, Standings
from routing.open_set import OpenSet
from routing.partner_rules import PartnerRules, rules_for
from routing.slots import SlotPlan
from routing.strategy import Reason


class LiveModels(Protocol):
    """The model set that scores a contact now."""

    @property
    def version(self) -> str:
        """The version of the model set."""
        ...

    def scores(self, known: Known, *, offers: tuple[str, ...]) -> LiveScores:
        """Return the scores of one customer for these offers; LiveScoreError where it cannot."""
        ...

    def reasons(self, scores: LiveScores, *, offer_id: str) -> tuple[Reason, ...]:
        """Return what moves the chance that the offer is accepted: exact, or none; never raises."""
        ...


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an InForce: enough to decide again, given the strategy set's file.

    `explore_regret` is money per contact, None where nothing bounds it.
    """

    strategy_set: str | None
    live_models: str | None
    hold_back_share: float
    explore_share: float
    explore_regret: float | None
    standings: dict[str, Standing]
    plan: SlotPlan | None


class InForce:
    """What decisions rest on: strategies, experiment plan, standings, shares and live models.

    It never changes: what is new makes a new one, so that no answer mixes two versions. Equal
    content has the equal `in_force_id`, of 16 hexadecimal digits.
    """

    __slots__ = (
        "exploration",
        "hold_back_share",
        "in_force_id",
        "live",
        "plan",
        "record",
        "rules",
        "standings",
        "strategies",
    )

    def __init__(
        self,
        *,
        strategies: OpenSet | None = None,
        plan: SlotPlan | None = None,
        standings: Standings = NOTHING_DECIDED,
        hold_back_share: float = 0.0,
        exploration: Exploration = NO_EXPLORATION,
        live: LiveModels | None = None,
    ) -> None:
        """Take what is in force.

        `hold_back_share` in [0, 1] is the share of contacts to whom nothing is presented. While
        the slots of `plan` run, they decide the arm instead. `standings` are marketing's decisions
        on offers: one that it has stopped is not presented, whatever the strategy says. By
        `exploration` a share of the contacts that are not held back draws what is presented.
        """
        self.strategies = strategies
        self.plan = plan
        self.standings = standings
        self.hold_back_share = hold_back_share
        self.exploration = exploration
        self.live = live
        self.rules = _rules(strategies, standings)
        self.record = msgspec.json.encode(_record(self))
        self.in_force_id = blake2b(self.record, digest_size=8).hexdigest()

    @property
    def label(self) -> str | None:
        """The label of the strategy set, or None where none is published."""
        return self.strategies.label if self.strategies is not None else None


def read_record(record: bytes | str) -> Record:
    """Return what was kept of an InForce; msgspec.MsgspecError where it is damaged."""
    return msgspec.json.decode(record, type=Record)


def in_force_from(
    record: Record, *, strategies: OpenSet | None, live: LiveModels | None = None
) -> InForce:
    """Return what was in force when it was recorded, over the strategy set that it names."""
    regret = math.inf if record.explore_regret is None else record.explore_regret
    return InForce(
        strategies=strategies,
        plan=record.plan,
        standings=record.standings,
        hold_back_share=record.hold_back_share,
        exploration=Exploration(record.explore_share, regret),
        live=live,
    )


def _rules(strategies: OpenSet | None, standings: Standings) -> dict[str, PartnerRules]:
    """Return what live answers go by, for each partner."""
    if strategies is None:
        return {}
    header = strategies.header
    return {
        partner: rules_for(
            partner,
            offers=header.offers.get(partner, ()),
            cuts=header.cuts.get(partner, ()),
            standings=standings,
        )
        for partner in {*header.partners, *header.offers, *header.cuts}
    }


def _record(made: InForce) -> Record:
    regret = made.exploration.regret_budget
    return Record(
        strategy_set=made.label,
        live_models=made.live.version if made.live is not None else None,
        hold_back_share=made.hold_back_share,
        explore_share=made.exploration.share,
        explore_regret=regret if math.isfinite(regret) else None,
        standings=dict(made.standings),
        plan=made.plan,
    )


NOTHING_IN_FORCE = InForce()
