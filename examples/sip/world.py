"""The world of the example: customers of two value groups, strangers, and who should go where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path

from routing.defaults import standard_defaults
from routing.strategy import Handling, RankedOffer, Reason, Signals, Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_writer import StrategyWriter
from routing.tasks import Task, route_to

CUSTOMERS = 200
# Of ten calls, four come from the first group, four from the second and two from strangers.
_CALLS = "1212120120"


class Pool(StrEnum):
    """Where calls go."""

    FIRST = "first"
    SECOND = "second"
    DEFAULT = "default"


QUEUE_OF = {Pool.FIRST: "sales_first", Pool.SECOND: "sales_any", Pool.DEFAULT: "default"}


@dataclass(frozen=True, slots=True)
class Callers:
    """The numbers that call, in order, and how many calls each pool should get."""

    numbers: tuple[str, ...]
    wanted: dict[Pool, int]

    def write(self, file: Path) -> None:
        """Write the numbers as sipp reads them."""
        file.write_text("SEQUENTIAL\n" + "".join(f"{one};\n" for one in self.numbers))


def callers(count: int) -> Callers:
    """Return so many calls, of both groups and of strangers."""
    kinds = list(islice(cycle(_CALLS), count))
    numbers = {
        "1": lambda at: f"+1555{2 * (at % (CUSTOMERS // 2)):07d}",
        "2": lambda at: f"+1555{2 * (at % (CUSTOMERS // 2)) + 1:07d}",
        "0": lambda at: f"+1999{at:07d}",
    }
    return Callers(
        tuple(numbers[kind](at) for at, kind in enumerate(kinds)),
        {
            Pool.FIRST: kinds.count("1"),
            Pool.SECOND: kinds.count("2"),
            Pool.DEFAULT: kinds.count("0"),
        },
    )


def make_home(home: Path, addresses: dict[Pool, str]) -> None:
    """Publish the customers' strategies in `home`, and tell it the addresses of the pools.

    Strangers have the partner's default queue, which no address is named for: the default pool.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "routers.toml").write_text(
        "[kamailio]\n"
        f'default = "{addresses[Pool.DEFAULT]}"\n'
        f'queues.{QUEUE_OF[Pool.FIRST]} = "{addresses[Pool.FIRST]}"\n'
        f'queues.{QUEUE_OF[Pool.SECOND]} = "{addresses[Pool.SECOND]}"\n'
    )
    now = datetime.now(UTC)
    with StrategyWriter(
        home / "strategies", model_set="none", formed_at=now, defaults=[standard_defaults("main")]
    ) as writer:
        writer.add((_strategy(at, now), _details(at)) for at in range(CUSTOMERS))
        writer.publish()


def _strategy(at: int, now: datetime) -> Strategy:
    offer = RankedOffer("term_life", True, 0.3, 0.1, 40.0, "adds 40.00 per contact")
    return Strategy(
        customer_id=f"c-{at}",
        partner="main",
        stage="lead",
        value_group="second" if at % 2 else "first",
        signals=Signals(0.3, 0.1, 0.27, 410.0),
        route=route_to(Task.SALES, group=at % 2),
        handling=Handling((offer,), "A lead."),
        reasons=(Reason("asked for a quote 6 days ago", 0.09),),
        model_set="none",
        formed_at=now,
        expires_at=now + timedelta(days=7),
    )


def _details(at: int) -> ContactDetails:
    return ContactDetails((f"+1555{at:07d}",), f"Name {at}", f"{at} Elm Row", "01101")
