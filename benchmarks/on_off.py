"""Hours on against hours off: errors and coverage of our test beside a naive t-test, and power.

    python -m benchmarks.on_off [--experiments 2000] [--covered 600]

A centre with about 600 contacts an hour at its busiest, for four weeks. One in ten buys at an
average hour: more or less by a fixed profile of weekday and hour, and by a disturbance that passes
from hour to hour (autoregressive, .7 an hour, standard deviation .35 on log-odds). Money is a gamma
amount a purchase. Plans are drawn as the product draws them. In the null experiments nothing is
added; the naive test is Welch's over contacts, on the same contacts. Other designs are the same
hours with a coin for each, and with a coin for each pair of weeks. The figures in brackets say how
far a share may be off with so many experiments.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.experiments.looks import foreseen, judged_looks
from models.experiments.naive import welch
from models.experiments.power import Precision, days_to_know, power
from models.experiments.randomisation import Randomisation
from models.experiments.totals import SlotTotals
from routing.slot_drawing import draw_plan
from routing.slots import SlotPlan, coin_of

WEEKS, HOURS = 4, 24
DAYS = WEEKS * 7
SLOTS = DAYS * HOURS
BUSIEST, BASE = 600.0, 0.10
PERSISTENCE, SPREAD = 0.7, 0.35
MARGIN_SHAPE, MARGIN = 2.0, 400.0
EFFECTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # purchases added per 100 contacts
CRITICAL, ERROR_BAR, COVERAGE_BAR = 1.959964, (0.04, 0.06), (0.93, 0.97)
Floats = NDArray[np.float64]

DAY, HOUR = np.divmod(np.arange(SLOTS), HOURS)
PLACES = [
    coin_of(day // 7, day % 7, hour, day_slots=HOURS) for day, hour in zip(DAY, HOUR, strict=True)
]
COIN = np.array([coin for coin, _ in PLACES])
SIDE = np.array([side for _, side in PLACES])


@dataclass(frozen=True)
class Design:
    """How a plan is drawn: which slots share a coin, and on which side of it each stands."""

    name: str
    coin: NDArray[np.int64]
    side: NDArray[np.int64]


DESIGNS = (
    Design("blocks mirrored a week later", COIN, SIDE),
    Design(
        "weeks mirrored, hour by hour",
        np.asarray((DAY // 14 * 7 + DAY % 7) * HOURS + HOUR),
        np.where(DAY // 7 % 2 == 0, 1, -1),
    ),
    Design("a coin for each hour", np.arange(SLOTS), np.ones(SLOTS, dtype=np.int64)),
)


def a_plan(seed: int) -> SlotPlan:
    start, made_at = date(2026, 1, 5), datetime(2026, 1, 1, tzinfo=UTC)
    return draw_plan(start, zone="UTC", weeks=WEEKS, seed=seed, made_at=made_at)


def drawn(seed: int, design: Design, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which slots are on: by the product's own plan, or by the other design's coins."""
    if design is DESIGNS[0]:
        return np.array([each == "1" for week in a_plan(seed).pattern for each in week])
    heads = rng.integers(0, 2, design.coin.max() + 1) * 2 - 1
    return np.asarray(heads[design.coin] == design.side)


def experiment(
    seed: int, *, effect: float = 0.0, design: Design = DESIGNS[0]
) -> tuple[SlotTotals, float]:
    """Return one experiment, and its true effect: what on adds to the mean rate of its contacts."""
    rng = np.random.default_rng([seed, 4])
    on = drawn(seed, design, rng)
    busy = BUSIEST * (0.15 + 0.85 * np.exp(-(((HOUR - 13) / 5.0) ** 2))) * (1 - 0.4 * (DAY % 7 > 4))
    contacts = rng.poisson(busy).astype(np.float64) + 1
    season = 0.4 * np.sin(2 * np.pi * HOUR / HOURS) + 0.25 * np.cos(2 * np.pi * (DAY % 7) / 7)
    shocks = rng.normal(0, SPREAD * np.sqrt(1 - PERSISTENCE**2), SLOTS)
    passing = np.empty(SLOTS)
    passing[0] = rng.normal(0, SPREAD)
    for slot in range(1, SLOTS):
        passing[slot] = PERSISTENCE * passing[slot - 1] + shocks[slot]
    rate = special.expit(special.logit(BASE) + season + passing)
    bought = rng.binomial(contacts.astype(int), np.minimum(rate + effect * on, 1.0))
    money, squares = _money(bought, rng)
    totals = SlotTotals(
        design.coin, design.side, on, DAY, HOUR, contacts, bought.astype(np.float64), money, squares
    )
    return totals, effect


def _money(bought: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
    amounts = rng.gamma(MARGIN_SHAPE, MARGIN / MARGIN_SHAPE, int(bought.sum()))
    slot = np.repeat(np.arange(SLOTS), bought)
    money = np.bincount(slot, weights=amounts, minlength=SLOTS)
    return money, np.bincount(slot, weights=amounts**2, minlength=SLOTS)


def share(found: list[bool]) -> str:
    value = float(np.mean(found))
    off = 1.96 * float(np.sqrt(value * (1 - value) / len(found)))
    return f"{value:6.1%}  (+- {off:.1%})"


def nulls(count: int) -> bool:
    """Print how often an effect is found where there is none."""
    looks = foreseen(DAYS, every=7)
    ours: dict[str, list[bool]] = {name: [] for name in ("purchases", "money", "four looks")}
    naive: dict[str, list[bool]] = {name: [] for name in ours}
    for seed in range(count):
        totals, _ = experiment(seed)
        rng = np.random.default_rng([seed, 5])
        for name, outcome, squares in (
            ("purchases", totals.bought, totals.bought),
            ("money", totals.money, totals.squares),
        ):
            ours[name].append(Randomisation(totals, outcome=outcome, rng=rng).p() <= 0.05)
            naive[name].append(welch(totals, outcome=outcome, squares=squares).p <= 0.05)
        seen = judged_looks(totals, outcome=totals.money, due=looks, rng=rng, intervals=False)
        ours["four looks"].append(any(look.stops for look in seen))
        naive["four looks"].append(any(_naive_at(totals, day) <= 0.05 for day, _ in looks))
    print(f"{count:,} experiments of {WEEKS} weeks without any effect, share found different")
    for name, label in (
        ("purchases", "purchases, at the end"),
        ("money", "money, at the end"),
        ("four looks", "money, a look each week"),
    ):
        print(f"  {label:26} ours {share(ours[name])}   naive t-test {share(naive[name])}")
    low, high = ERROR_BAR
    return all(low <= float(np.mean(each)) <= high for each in ours.values())


def _naive_at(totals: SlotTotals, day: int) -> float:
    part = totals.where(totals.day < day)
    return welch(part, outcome=part.money, squares=part.squares).p


def coverage(count: int) -> bool:
    """Print how often the intervals hold the true effect, at the end and at all looks together."""
    looks = foreseen(DAYS, every=7)
    effect = 0.006
    held, naive, together = [], [], []
    for seed in range(count):
        totals, truth = experiment(10_000_000 + seed, effect=effect)
        rng = np.random.default_rng([seed, 6])
        judged = Randomisation(totals, outcome=totals.bought, rng=rng, draws=999).judged()
        held.append(judged.low <= truth <= judged.high)
        told = welch(totals, outcome=totals.bought, squares=totals.bought)
        naive.append(told.low <= truth <= told.high)
        seen = judged_looks(totals, outcome=totals.bought, due=looks, rng=rng, draws=999)
        inside = [one.judged.low <= truth <= one.judged.high for one in seen if one.judged]
        together.append(all(inside))
    print(f"{count:,} experiments where on adds {effect * 100:.1f} purchases per 100 contacts")
    print(f"  95 % interval holds it     ours {share(held)}   naive t-test {share(naive)}")
    print(f"  the four repeated ones do  ours {share(together)}")
    low, high = COVERAGE_BAR
    return low <= float(np.mean(held)) <= high


def powers(count: int) -> None:
    """Print how often an effect is found, by its size and by design, beside what was foretold."""
    print(f"power at the end of {WEEKS} weeks, {count} experiments each")
    errors: dict[str, float] = {}
    for design in DESIGNS:
        tests = [
            Randomisation(one, outcome=one.bought, rng=np.random.default_rng([seed, 7]), draws=499)
            for seed in range(50)
            for one, _ in [experiment(20_000_000 + seed, design=design)]
        ]
        errors[design.name] = float(np.mean([test.null_error() for test in tests]))
    print(f"  {'purchases added per 100':32}" + "".join(f"{e:>8.1f}" for e in EFFECTS))
    for design in DESIGNS:
        found = [_found(effect / 100, design=design, count=count) for effect in EFFECTS]
        print(f"  {design.name:32}" + "".join(f"{each:>8.0%}" for each in found))
    ours = errors[DESIGNS[0].name]
    told = [power(effect / 100, error=ours, critical=CRITICAL) for effect in EFFECTS]
    print(f"  {'foretold by the calculator':32}" + "".join(f"{each:>8.0%}" for each in told))
    precision = Precision(ours, DAYS)
    days = [days_to_know(e / 100, precision=precision, critical=CRITICAL) for e in EFFECTS[1:]]
    print(f"  {'days to 80 %':32}{'-':>8}" + "".join(f"{each or 0:>8}" for each in days))
    print(
        "  standard error, points: "
        + "; ".join(f"{name} {error * 100:.3f}" for name, error in errors.items())
    )


def _found(effect: float, *, design: Design, count: int) -> float:
    found = 0
    first = 30_000_000 + EFFECTS.index(round(effect * 100, 1)) * count
    for seed in range(first, first + count):
        one, _ = experiment(seed, effect=effect, design=design)
        rng = np.random.default_rng([seed, 8])
        found += Randomisation(one, outcome=one.bought, rng=rng, draws=299).p() <= 0.05
    return found / count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=2_000)
    parser.add_argument("--covered", type=int, default=600)
    parser.add_argument("--powered", type=int, default=300)
    given = parser.parse_args()
    started = time.perf_counter()
    holds = nulls(given.experiments)
    holds &= coverage(given.covered)
    powers(given.powered)
    print(f"{time.perf_counter() - started:.0f} s")
    print("the bar holds" if holds else "the bar does NOT hold", "(4 to 6 %, 93 to 97 %)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
