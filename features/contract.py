"""The data contract: every table, its columns, their types, and the closed sets of words.

Each time-stamped row has `occurred_at` and `known_at` (when we could first have known it).
Timestamps are UTC and aware, microseconds in Parquet; intervals are half-open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from features.errors import ContractError, nearest


class Kind(StrEnum):
    """How a column's values are to be read by a model."""

    CONTINUOUS = "continuous"
    BINARY = "binary"
    ORDINAL = "ordinal"
    NOMINAL = "nominal"


class Stage(StrEnum):
    """Where a customer stands, from events, as of an instant."""

    PROSPECT = "prospect"
    LEAD = "lead"
    NEW_BUSINESS = "new_business"
    PURCHASER = "purchaser"


class Type(StrEnum):
    """The physical type of a column."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    TIME = "time"


EVENT_KINDS = (
    "enquiry",
    "application",
    "issue",
    "purchase",
    "payment",
    "missed_payment",
    "lapse",
    "claim",
    "service_request",
)
ACTIVITY_KINDS = ("page_view", "login", "email_open", "voice_menu", "app_action")
ACTIVITY_CHANNELS = ("web", "email", "voice", "app")
MEDIA = ("television", "search", "social", "direct_mail", "referral", "radio")
CONTACT_CHANNELS = ("voice", "callback", "email", "chat", "message")
REASONS = ("quote", "billing", "claim", "change", "cancel", "other")
ARMS = ("on", "off", "explore")
LEVELS = ("individual", "postcode")
# A row of the catalogue (offers, agents, centres) with this partner is shared by all of them.
ALL_PARTNERS = "all"
LIFE_EVENTS = ("none", "expectant_parent", "moved_house", "married", "retired")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, whether it may be empty, and what its values may be."""

    name: str
    type: Type = Type.TEXT
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the contract; `key` is unique, `partner` is always the first column."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    refers_to: dict[str, str] = field(default_factory=dict)
    timed: bool = True

    @property
    def column_names(self) -> tuple[str, ...]:
        """The declared names, in order."""
        return tuple(column.name for column in self.columns)


def _table(
    name: str,
    key: tuple[str, ...],
    *columns: Column,
    timed: bool = True,
    refers_to: dict[str, str] | None = None,
) -> Table:
    times = (Column("occurred_at", Type.TIME), Column("known_at", Type.TIME)) if timed else ()
    return Table(name, key, (Column("partner"), *columns, *times), refers_to or {}, timed)


_CUSTOMER = {"customer_id": "customers"}

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "customers",
            ("customer_id",),
            Column("customer_id"),
            Column("name"),
            Column("street", nullable=True),
            Column("postcode", nullable=True),
            Column("phone", nullable=True),
            Column("second_phone", nullable=True),
            Column("email", nullable=True),
            Column("language"),
            Column("preferred_channel", nullable=True, allowed=CONTACT_CHANNELS),
            Column("do_not_offer", Type.FLAG),
            Column("vulnerable", Type.FLAG, nullable=True),
        ),
        _table(
            "customer_events",
            ("event_id",),
            Column("event_id"),
            Column("customer_id"),
            Column("kind", allowed=EVENT_KINDS),
            Column("product", nullable=True),
            Column("amount", Type.NUMBER, nullable=True, minimum=0.0),
            refers_to=_CUSTOMER,
        ),
        _table(
            "activity_events",
            ("activity_id",),
            Column("activity_id"),
            Column("customer_id"),
            Column("kind", allowed=ACTIVITY_KINDS),
            Column("channel", allowed=ACTIVITY_CHANNELS),
            Column("detail", nullable=True),
            refers_to=_CUSTOMER,
        ),
        _table(
            "attributions",
            ("attribution_id",),
            Column("attribution_id"),
            Column("customer_id"),
            Column("campaign"),
            Column("medium", allowed=MEDIA),
            Column("dialled_number", nullable=True),
            Column("cost", Type.NUMBER, minimum=0.0),
            refers_to=_CUSTOMER,
        ),
        # A row is an individual (customer_id is set) or a postcode, the coarser stand-in
        # (postcode is set, the fields are medians and shares of the postcode).
        _table(
            "demographics",
            ("demographic_id",),
            Column("demographic_id"),
            Column("level", allowed=LEVELS),
            Column("customer_id", nullable=True),
            Column("postcode", nullable=True),
            Column("income", Type.NUMBER, nullable=True, minimum=0.0),
            Column("age", Type.NUMBER, nullable=True, minimum=0.0, maximum=120.0),
            Column("household_size", Type.NUMBER, nullable=True, minimum=1.0, maximum=30.0),
            Column("home_owner", Type.NUMBER, nullable=True, minimum=0.0, maximum=1.0),
            Column("life_event", nullable=True),
            Column("occupation", nullable=True),
            refers_to=_CUSTOMER,
        ),
        _table(
            "contacts",
            ("contact_id",),
            Column("contact_id"),
            Column("customer_id", nullable=True),
            Column("channel", allowed=CONTACT_CHANNELS),
            Column("calling_number", nullable=True),
            Column("dialled_number", nullable=True),
            Column("reason", allowed=REASONS),
            Column("centre"),
            Column("queue"),
            Column("agent_id", nullable=True),
            Column("waited_seconds", Type.NUMBER, minimum=0.0),
            Column("handled_seconds", Type.NUMBER, minimum=0.0),
            Column("reached_agent", Type.FLAG),
            Column("offer_id", nullable=True),
            Column("offer_probability", Type.NUMBER, nullable=True, minimum=0.0, maximum=1.0),
            Column("arm", allowed=ARMS),
            refers_to={**_CUSTOMER, "offer_id": "offers"},
        ),
        _table(
            "outcomes",
            ("contact_id", "offer_id"),
            Column("contact_id"),
            Column("customer_id"),
            Column("offer_id"),
            Column("accepted", Type.FLAG),
            Column("revenue", Type.NUMBER, minimum=0.0),
            refers_to={**_CUSTOMER, "contact_id": "contacts", "offer_id": "offers"},
        ),
        _table(
            "offers",
            ("offer_id",),
            Column("offer_id"),
            Column("name"),
            Column("product"),
            Column("margin", Type.NUMBER, minimum=0.0),
            Column("presentation_cost", Type.NUMBER, minimum=0.0),
            Column("lapse_cost", Type.NUMBER, minimum=0.0),
            Column("licence"),
            Column("maturity_days", Type.WHOLE, minimum=1.0),
            Column("eligible_stages"),
            timed=False,
        ),
        _table(
            "agents",
            ("agent_id",),
            Column("agent_id"),
            Column("name"),
            Column("centre"),
            Column("pool", allowed=("first", "second")),
            Column("licences"),
            Column("skill_level", Type.WHOLE, minimum=1.0, maximum=5.0),
            refers_to={"centre": "centres"},
            timed=False,
        ),
        _table(
            "centres",
            ("centre",),
            Column("centre"),
            Column("city"),
            Column("seats", Type.WHOLE, minimum=1.0),
            timed=False,
        ),
    )
}


def table_named(name: str) -> Table:
    """Return the table of that name, or raise ContractError with the nearest one."""
    if name not in TABLES:
        known = ", ".join(TABLES)
        raise ContractError(
            f"There is no table '{name}' in the data contract.",
            fix=f"It has: {known}.{nearest(name, TABLES)}",
        )
    return TABLES[name]
