"""What happens to a customer and is counted: events, activity, touches and past contacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from features.conditions import Condition, Flagged, Is
from features.contract import MEDIA, Kind
from features.feature import Feature
from features.windows import Aggregate, Windowed

Pair = tuple[Windowed, Feature]


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is counted: its singular and plural, what was done, which rows it is."""

    view: str
    one: str
    many: str
    said: str
    where: Condition
    days: tuple[int, ...]
    recency: bool = True
    trend: bool = False

    def columns(self) -> Iterator[Pair]:
        """Yield the counts, the recency and the trend of this subject."""
        for days in self.days:
            yield self._count(days)
        if self.recency:
            yield self._recency()
        if self.trend:
            yield self._trend()

    def _count(self, days: int) -> Pair:
        name, one, many = f"{self.many}_last_{days}_days", _plain(self.one), _plain(self.many)
        return Windowed(name, Aggregate.COUNT, self.where, days=days), Feature(
            name,
            Kind.CONTINUOUS,
            self.view,
            f"{{value:,.0f}} {many} in the last {days} days",
            one=f"1 {one} in the last {days} days",
            zero=f"no {one} in the last {days} days",
        )

    def _recency(self) -> Pair:
        name = f"days_since_last_{self.one}"
        return Windowed(name, Aggregate.DAYS_SINCE_LAST, self.where), Feature(
            name, Kind.CONTINUOUS, self.view, **_ago(self.said, never=_never(self.said))
        )

    def _trend(self) -> Pair:
        name, many = f"{self.many}_trend", _plain(self.many)
        return Windowed(name, Aggregate.TREND, self.where), Feature(
            name,
            Kind.CONTINUOUS,
            self.view,
            f"{many} at {{value:.1f}} times their usual pace",
            zero=f"{many} before, none in the last 30 days",
            unknown=f"no {many} in the last 90 days",
        )


def _never(said: str) -> str:
    return f"was never {said.removeprefix('was ')}" if said.startswith("was ") else f"never {said}"


def _plain(words: str) -> str:
    return words.replace("_", " ")


def _ago(said: str, *, never: str) -> dict[str, str]:
    return {
        "phrase": f"{said} {{value:,.0f}} days ago",
        "one": f"{said} a day ago",
        "zero": f"{said} today",
        "unknown": never,
    }


def _money(
    name: str,
    said: str,
    days: int,
    *,
    view: str = "events",
    where: Condition = (),
    of: str = "amount",
) -> Pair:
    return Windowed(name, Aggregate.SUM, where, of, days), Feature(
        name,
        Kind.CONTINUOUS,
        view,
        f"{said.format('{value:,.0f}')} in the last {days} days",
        zero=f"{said.format('nothing')} in the last {days} days",
    )


def _of_kind(
    view: str, kind: str, many: str, said: str, *days: int, trend: bool = False
) -> Subject:
    return Subject(view, kind, many, said, (Is("kind", kind),), days, trend=trend)


_EVENTS = (
    _of_kind("events", "enquiry", "enquiries", "asked for a quote", 7, 30, 90, 365, trend=True),
    _of_kind("events", "application", "applications", "applied", 30, 90, 365),
    _of_kind("events", "issue", "issues", "had a policy issued", 365),
    _of_kind("events", "purchase", "purchases", "bought", 90, 365),
    _of_kind("events", "payment", "payments", "paid", 30, 90, 365, trend=True),
    _of_kind("events", "missed_payment", "missed_payments", "missed a payment", 30, 90, 365),
    _of_kind("events", "lapse", "lapses", "let a policy lapse", 365),
    _of_kind("events", "claim", "claims", "made a claim", 30, 90, 365),
    _of_kind(
        "events",
        "service_request",
        "service_requests",
        "asked for service",
        7,
        30,
        90,
        365,
        trend=True,
    ),
)
_ACTIVITY = (
    _of_kind("activity", "page_view", "page_views", "viewed a page", 7, 30, 90, 365, trend=True),
    _of_kind("activity", "login", "logins", "logged in", 7, 30, 90, 365, trend=True),
    _of_kind(
        "activity", "email_open", "email_opens", "opened an e-mail", 7, 30, 90, 365, trend=True
    ),
    _of_kind("activity", "voice_menu", "voice_menus", "used the voice menu", 30, 90, 365),
    _of_kind("activity", "app_action", "app_actions", "used the app", 7, 30, 90, 365, trend=True),
)
_CONTACTS = (
    Subject(
        "contact_history",
        "contact",
        "contacts",
        "made contact",
        (Is("what", "contact"),),
        (30, 90, 365),
    ),
    Subject(
        "contact_history",
        "reached_contact",
        "reached_contacts",
        "reached an agent",
        (Is("what", "contact"), Flagged("reached_agent")),
        (90, 365),
        recency=False,
    ),
    Subject(
        "contact_history",
        "presentation",
        "presentations",
        "was presented an offer",
        (Is("what", "contact"), Flagged("presented")),
        (90, 365),
    ),
    Subject(
        "contact_history",
        "accepted_offer",
        "accepted_offers",
        "accepted an offer",
        (Is("what", "outcome"), Flagged("accepted")),
        (365,),
        recency=False,
    ),
)


def _touch_columns() -> Iterator[Pair]:
    touches = Subject(
        "touches", "touch", "touches", "was reached by advertising", (), (30, 90, 365)
    )
    yield from touches.columns()
    for days in (90, 365):
        yield _money(
            f"touches_cost_last_{days}_days",
            "advertising cost {}",
            days,
            view="touches",
            of="cost",
        )
    for medium in MEDIA:
        where, many = (Is("medium", medium),), f"{medium}_touches"
        yield from Subject(
            "touches", f"{medium}_touch", many, "", where, (365,), recency=False
        ).columns()
    yield (
        Windowed("days_since_first_touch", Aggregate.DAYS_SINCE_FIRST),
        Feature(
            "days_since_first_touch",
            Kind.CONTINUOUS,
            "touches",
            **_ago("first reached by advertising", never="never reached by advertising"),
        ),
    )
    for name, aggregate in (("first", Aggregate.FIRST), ("last", Aggregate.LAST)):
        column = f"{name}_touch_medium"
        yield (
            Windowed(column, aggregate, of="medium"),
            Feature(
                column,
                Kind.NOMINAL,
                "touches",
                f"{name} reached by {{value}}",
                unknown="never reached by advertising",
            ),
        )


def _event_columns() -> Iterator[Pair]:
    for subject in _EVENTS:
        yield from subject.columns()
    for kind, many, said, windows in (
        ("payment", "payments", "paid {}", (30, 90, 365)),
        ("purchase", "purchases", "spent {} on purchases", (365,)),
        ("claim", "claims", "claimed {}", (365,)),
    ):
        for days in windows:
            yield _money(f"{many}_amount_last_{days}_days", said, days, where=(Is("kind", kind),))


def _contact_columns() -> Iterator[Pair]:
    for subject in _CONTACTS:
        yield from subject.columns()
    name = "mean_wait_seconds_last_365_days"
    wait = Windowed(name, Aggregate.MEAN, (Is("what", "contact"),), "waited_seconds", 365)
    yield (
        wait,
        Feature(
            name,
            Kind.CONTINUOUS,
            "contact_history",
            "waited {value:,.0f} seconds on average in the last 365 days",
            unknown="no contact in the last 365 days",
        ),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """One view of counted subjects: the query for its rows, and its columns with their words."""

    view: str
    tables: tuple[str, ...]
    rows: str
    pairs: tuple[Pair, ...]


EVENTS = Counted(
    "events",
    ("customer_events",),
    "  SELECT customer_id, occurred_at, known_at, kind, amount FROM customer_events",
    tuple(_event_columns()),
)
ACTIVITY = Counted(
    "activity",
    ("activity_events",),
    "  SELECT customer_id, occurred_at, known_at, kind FROM activity_events",
    tuple(pair for subject in _ACTIVITY for pair in subject.columns()),
)
TOUCHES = Counted(
    "touches",
    ("attributions",),
    "  SELECT customer_id, occurred_at, known_at, medium, cost FROM attributions",
    tuple(_touch_columns()),
)
CONTACT_HISTORY = Counted(
    "contact_history",
    ("contacts", "outcomes"),
    """  SELECT customer_id, occurred_at, known_at, 'contact' AS what, reached_agent,
    offer_id IS NOT NULL AS presented, FALSE AS accepted, waited_seconds
  FROM contacts
  UNION ALL
  SELECT customer_id, occurred_at, known_at, 'outcome' AS what, FALSE AS reached_agent,
    FALSE AS presented, accepted, CAST(NULL AS DOUBLE) AS waited_seconds
  FROM outcomes""",
    tuple(_contact_columns()),
)
