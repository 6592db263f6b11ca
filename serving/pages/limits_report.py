"""What the limits cost and what each is worth: the file that forming writes and a page reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from routing.allocation.result import LimitUse, OfferMix
from routing.allocation.rule import Nothing
from serving.pages.report_file import About, ReportFile

FORMAT = "callworth-limits-1"
PAGE_SAMPLE = 2_048
ABOUT = About(
    subject="offers under limits",
    command="callworth strategies form",
    title="No limits are set",
    lead="Without limits every customer is offered what adds money. Where agents' minutes, stock or"
    " money do not suffice for that, write them into HOME/limits.toml (`callworth limits --example`"
    " shows one); this page then says what each limit is worth, and what another would change.",
)


class Exploring(msgspec.Struct, frozen=True):
    """What choosing at random on a share of the contacts is expected to cost over the horizon."""

    share: float
    cost: float
    contacts: float


class LimitsReport(msgspec.Struct, frozen=True):
    """One allocation: `money` and `bound` are over the horizon, `formed_at` is UTC and aware.

    `contacts` are expected within the horizon. `names` are the offers' by id, `minutes` the agent
    minutes that presenting takes, of those offers that it is known of, `pools` those that limits
    on agent minutes name.
    """

    strategy_set: str
    model_set: str
    formed_at: datetime
    horizon_days: float
    customers: int
    contacts: float
    money: float
    bound: float
    proven_best: bool
    limits: tuple[LimitUse, ...]
    mix: tuple[OfferMix, ...]
    names: dict[str, str]
    nothing: dict[Nothing, int]
    minutes: dict[str, float]
    exploring: Exploring
    pools: tuple[str, ...] = ()
    format: str = FORMAT

    def why(self) -> dict[Nothing, int]:
        """Return how many are offered nothing for each reason, the commonest first."""
        found = sorted(self.nothing.items(), key=lambda one: -one[1])
        return {why: count for why, count in found if count}

    @property
    def offered(self) -> int:
        """How many customers are offered something."""
        return self.customers - sum(self.nothing.values())

    @property
    def binding(self) -> tuple[LimitUse, ...]:
        """The limits of which one unit more (of a floor: less) would add money, dearest first."""
        return tuple(sorted((one for one in self.limits if one.binds), key=lambda one: -_part(one)))

    @property
    def gap(self) -> float:
        """The share of the bound that is missed, at most."""
        return max(self.bound - self.money, 0.0) / max(abs(self.bound), 1e-9)


class Refusal(msgspec.Struct, frozen=True):
    """Limits that the last forming could not meet: nothing was published.

    `conflict` names those that cannot be met together, none where that is not proven.
    """

    fact: str
    fix: str
    conflict: tuple[str, ...]
    at: datetime


def _part(limit: LimitUse) -> float:
    """Return the money that the whole of a limit is worth at its price."""
    return limit.price * limit.amount


def limits_path(home: Path) -> Path:
    """Return where the report of a workspace lies."""
    return home / "reports" / "limits.json"


def survey_path(home: Path) -> Path:
    """Return where the customers lie that a what-if is asked of."""
    return home / "reports" / "limits_survey.npz"


def page_survey_path(home: Path) -> Path:
    """Return where those of them lie that the page asks, PAGE_SAMPLE at most."""
    return home / "reports" / "limits_page_survey.npz"


def refusal_path(home: Path) -> Path:
    """Return where the last refusal lies, if the last forming was refused."""
    return home / "reports" / "limits_refused.json"


def limits_file(home: Path) -> ReportFile[LimitsReport]:
    """Return the report of a workspace."""
    return ReportFile(limits_path(home), LimitsReport, form=FORMAT, about=ABOUT)


def refusal_of(home: Path) -> Refusal | None:
    """Return why the last forming was refused, None where it was not, or nobody can say."""
    try:
        return msgspec.json.decode(refusal_path(home).read_bytes(), type=Refusal)
    except (OSError, msgspec.MsgspecError):
        return None
