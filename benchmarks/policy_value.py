"""Policy value on generated insurer worlds: how near to the truth's policy, and do intervals hold.

    python -m benchmarks.policy_value [--customers 100000] [--worlds 200]

The contacts, their features and the true chances of taking, buying anyway and lapsing come from
pipelines.insurer (people, journeys, activity, terms, truth); who is given what is drawn anew by the
generator's own shares, and so are sales, lapses and revenue, contact by contact: a later contact
does not see an earlier sale of the same draw, which makes 200 worlds affordable. The outcome is net
money: all that the customer buys, less lapse and presentation.

1. On half of the customers a learner is elected per profile, by its rule, from one drawn log. Its
   policy gives each contact of the other half the offer of most predicted net money, or nothing.
   Its true value is compared with that of the policy that knows the truth.
2. From the other half, 200 worlds of some 3,900 contacts are drawn, customers with replacement.
   In each the policy's value is estimated from the log; counted is how often the 95 % interval
   holds the true value.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import CandidateSettings
from models.uplift.base import BaseSettings
from models.uplift.election import ElectionSettings, elect_learner
from models.uplift.net_value import Economics
from models.uplift.outcomes import cross_fit_outcomes
from models.uplift.policy_value import policy_value
from models.uplift.presented import PresentedRows
from models.uplift.ranking import best_offers
from pipelines.insurer import names
from pipelines.insurer.activity import browse
from pipelines.insurer.attributions import reach
from pipelines.insurer.catalogue import ELIGIBLE, MARGINS, OFFERS, STAGES, WEIGHTS
from pipelines.insurer.demographics import describe
from pipelines.insurer.history import History, shown_fields
from pipelines.insurer.journeys import travel
from pipelines.insurer.people import MEDIAN_INCOME, populate, settle
from pipelines.insurer.planned import plan
from pipelines.insurer.sales import NOTHING_SHARE
from pipelines.insurer.span import Span
from pipelines.insurer.terms import observe
from pipelines.insurer.truth import Chances, chances
from pipelines.insurer.writing import Shelf

SEED, MONTHS, CHUNK = 11, 24, 50_000
UNTIL = datetime(2026, 10, 1, tzinfo=UTC)
WORLD_CUSTOMERS = 2200
ECONOMICS = Economics(
    MARGINS,
    np.array([offer.presentation_cost for offer in OFFERS]),
    np.array([offer.lapse_cost for offer in OFFERS]),
)
# The spread of the logarithm of revenue around what income foretells, and its mean (as sold).
_SPREAD, _SHIFT = 0.25, -0.05
Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts with what is known and what is true; `revenue` (n, k) is the mean of a sale."""

    matrix: NDArray[np.float32]
    stage: NDArray[np.int64]
    customer: NDArray[np.int64]
    at: NDArray[np.int64]
    accept: Floats
    anyway: Floats
    lapse: Floats
    revenue: Floats

    def take(self, rows: Places) -> Contacts:
        """Return some of the contacts."""
        return Contacts(*(getattr(self, name)[rows] for name in self.__slots__))


def contacts_of(numbers: NDArray[np.int64], *, seed: int, folder: Path) -> Contacts:
    """Return the contacts of a chunk of customers that reached an agent."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(7)]
    span = Span(until=UNTIL, months=MONTHS)
    shelf = Shelf(root=folder, span=span, partner=names.PARTNERS[0])
    places = settle(np.random.default_rng(SEED))
    people = populate(streams[0], places=places, given=numbers)
    seen = describe(streams[1], people=people, shelf=shelf)
    journeys = travel(streams[2], people=people, span=span)
    planned = plan(streams[3], people=people, journeys=journeys, span=span)
    activity = browse(streams[4], people=people, journeys=journeys, contacts=planned, span=span)
    history = History(
        fields=shown_fields(people, places=places, seen=seen),
        seen=seen,
        touches=reach(streams[5], people=people, journeys=journeys, span=span),
        activity=activity,
        events=journeys.events,
    )
    rows = np.flatnonzero(planned.reached)
    who, at = planned.who[rows], planned.at[rows]
    found = observe(history, who=who, at=at, prior=planned.turn[rows], reason=planned.reason[rows])
    truth: Chances = chances(found)
    income = people.income[who][:, None] / MEDIAN_INCOME
    return Contacts(
        found.terms.astype(np.float32),
        found.stage,
        numbers[who],
        at,
        truth.accept,
        truth.anyway,
        truth.lapse,
        MARGINS * np.sqrt(income) * np.exp(_SHIFT + _SPREAD**2 / 2),
    )


def all_contacts(customers: int) -> Contacts:
    chunks = np.array_split(np.arange(customers), max(customers // CHUNK, 1))
    with tempfile.TemporaryDirectory() as folder:
        found = [
            contacts_of(each, seed=SEED + place, folder=Path(folder) / str(place))
            for place, each in enumerate(chunks)
        ]
    return Contacts(
        *(np.concatenate([getattr(f, name) for f in found]) for name in Contacts.__slots__)
    )


def true_outcomes(contacts: Contacts) -> Floats:
    """Return (n, k + 1) expected net money with nothing, and with each offer."""
    per_sale = contacts.revenue * (1 - contacts.lapse) - ECONOMICS.lapse_cost * contacts.lapse
    nothing = (ELIGIBLE[contacts.stage] * contacts.anyway * per_sale).sum(axis=1)
    gained = (contacts.accept - contacts.anyway) * per_sale - ECONOMICS.presentation_cost
    return np.column_stack([nothing, nothing[:, None] + gained])


def logged(contacts: Contacts, rng: np.random.Generator, customer: Places) -> PresentedRows:
    """Return what the generator's policy would have presented, and what came of it."""
    shares = WEIGHTS / WEIGHTS.sum(axis=1, keepdims=True) * (1.0 - NOTHING_SHARE)
    offered = shares[contacts.stage]
    propensity = np.column_stack([1.0 - offered.sum(axis=1), offered])
    count, offers = offered.shape
    draw = rng.random(count)[:, None] >= np.cumsum(propensity, axis=1)[:, :-1]
    action = draw.sum(axis=1) - 1
    presented = action[:, None] == np.arange(offers)
    eligible = ELIGIBLE[contacts.stage]
    chance = np.where(presented, contacts.accept, contacts.anyway) * eligible
    sold = rng.random(chance.shape) < chance
    lapsed = rng.random(chance.shape) < contacts.lapse
    noise = np.exp(_SPREAD * rng.normal(size=chance.shape) - _SPREAD**2 / 2)
    per_sale = np.where(lapsed, -ECONOMICS.lapse_cost, contacts.revenue * noise)
    costs = np.append(ECONOMICS.presentation_cost, 0.0)[action]
    return PresentedRows(
        contacts.matrix,
        action.astype(np.intp),
        propensity,
        eligible,
        (sold * per_sale).sum(axis=1) - costs,
        customer.astype(np.int64),
        contacts.at,
    )


def learnt_worth(train: Contacts, seen: Contacts) -> tuple[Floats, list[str]]:
    """Return (n, k) predicted net money on the contacts seen, learnt from one drawn log."""
    rows = logged(train, np.random.default_rng(SEED), train.customer)
    worth, said = np.zeros((len(seen.stage), len(OFFERS))), []
    settings = ElectionSettings(folds=3)
    for stage, name in enumerate(STAGES):
        part = rows.take(np.flatnonzero(train.stage == stage))
        start = time.perf_counter()
        found = elect_learner(
            part, rng=np.random.default_rng(stage), settings=settings, outcome="net money"
        )
        took = time.perf_counter() - start
        said.append(f"  {name} ({len(part):,} contacts, {took:.0f} s): {found.found}")
        here = np.flatnonzero(seen.stage == stage)
        level = np.array([each.estimate if each else -1.0 for each in found.average])
        if found.learner is None:
            worth[here] = level
            continue
        effects = found.learner.effects(seen.matrix[here])
        # What only ranks says which offer, not whether it pays: that the average effect says.
        worth[here] = np.where(level > 0, effects, -1.0) if found.learner.ranks_only else effects
    return worth, said


def value_of(policy: Places, outcomes: Floats) -> float:
    return float(outcomes[np.arange(len(policy)), policy + 1].mean())


def decide(worth: Floats, contacts: Contacts) -> Places:
    return best_offers(worth, allowed=ELIGIBLE[contacts.stage] & (worth > 0))


def held_in_worlds(
    contacts: Contacts, policy: Places, true: float, *, worlds: int
) -> tuple[dict[str, int], float]:
    """Return how often each interval held the true value, and the mean number of contacts."""
    order = np.argsort(contacts.customer, kind="stable")
    names_of, start = np.unique(contacts.customer[order], return_index=True)
    ends = np.append(start[1:], len(order))
    settings = BaseSettings(
        candidate=CandidateSettings(penalties=(0.1, 0.03), products=5), kinds=("linear",)
    )
    held, sizes = dict.fromkeys(("ips", "self_normalised", "doubly_robust"), 0), []
    for world in range(worlds):
        rng = np.random.default_rng((SEED, world))
        drawn = rng.integers(0, len(names_of), WORLD_CUSTOMERS)
        rows = np.concatenate([order[start[d] : ends[d]] for d in drawn])
        whose = np.repeat(np.arange(WORLD_CUSTOMERS), (ends - start)[drawn])
        log = logged(contacts.take(rows), rng, whose)
        expected = cross_fit_outcomes(log, settings=settings, rng=rng).crossed
        found = policy_value(log, policy=policy[rows], expected=expected)
        for way in held:
            interval = getattr(found, way)
            held[way] += interval.low <= true <= interval.high
        sizes.append(len(rows))
    return held, float(np.mean(sizes))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customers", type=int, default=100_000)
    arguments.add_argument("--worlds", type=int, default=200)
    given = arguments.parse_args()
    contacts = all_contacts(given.customers)
    half = contacts.customer < given.customers // 2
    train, rest = contacts.take(np.flatnonzero(half)), contacts.take(np.flatnonzero(~half))
    worth, said = learnt_worth(train, rest)
    print(
        f"{len(train.stage):,} contacts to learn from, {len(rest.stage):,} to decide on", flush=True
    )
    print("\n".join(said))
    outcomes = true_outcomes(rest)
    chosen, best = decide(worth, rest), decide(outcomes[:, 1:] - outcomes[:, :1], rest)
    nothing = np.full(len(chosen), -1)
    ours, known, none = (value_of(each, outcomes) for each in (chosen, best, nothing))
    print(
        f"true net money per contact: chosen policy {ours:.2f}, the truth's {known:.2f}, nothing "
        f"{none:.2f}; {ours / known:.1%} of the value, {(ours - none) / (known - none):.1%} of "
        "what is added",
        flush=True,
    )
    held, size = held_in_worlds(rest, chosen, ours, worlds=given.worlds)
    print(f"95 % intervals that hold it, {given.worlds} worlds of {size:,.0f} contacts on average:")
    for way, count in held.items():
        print(f"  {way.replace('_', ' '):16} {count / given.worlds:.1%}")
    share = held["doubly_robust"] / given.worlds
    holds = ours >= 0.9 * known and 0.93 <= share <= 0.97
    print("the bar holds" if holds else "the bar does NOT hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
