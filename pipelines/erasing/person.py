"""Whom an erasure or an export is about: the id, and all that stands in the customers table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from features.errors import ContractError, DataNotFoundError
from features.source import open_source
from pipelines.erasing.errors import CustomerNotHeldError
from pipelines.erasing.marks import Finder, Mark, MarkKind

_COLUMNS = ("phone", "second_phone", "email", "name", "street")
_KINDS = {
    "phone": MarkKind.PHONE,
    "second_phone": MarkKind.PHONE,
    "email": MarkKind.EMAIL,
    "name": MarkKind.NAME,
    "street": MarkKind.STREET,
}
_OTHERS = {
    "phone": "? IN (phone, second_phone)",
    "second_phone": "? IN (phone, second_phone)",
    "email": "lower(email) = lower(?)",
    "name": "lower(name) = lower(?)",
    "street": "lower(street) = lower(?)",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One customer: `marks` are texts that name nobody else, `shared` those others may bear.

    `contacts` are the ids of the customer's contacts in the tables. Shared texts go where the
    customer's own rows go, and stay where they are another's.
    """

    customer_id: str
    partner: str | None
    marks: tuple[Mark, ...]
    shared: tuple[Mark, ...] = ()
    contacts: frozenset[str] = frozenset()
    finder: Finder = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "finder", Finder(self.marks))

    @property
    def stands_in_tables(self) -> bool:
        """Whether the tables know more than the id."""
        return bool(len(self.marks) > 1 or self.shared or self.contacts)


def known_person(customer_id: str, *, tables: Path, partner: str | None) -> Person:
    """Return what the tables say of the customer; with the id alone where they say nothing.

    Raises CustomerNotHeldError where the customer is another partner's.
    """
    by_id = Mark(MarkKind.ID, customer_id)
    try:
        source = open_source(tables)
        source.require(("customers",))
    except DataNotFoundError:
        return Person(customer_id, partner, (by_id,))
    with duckdb.connect(config={"threads": 2}) as connection:
        source.attach(connection, absent=True)
        found = connection.execute(
            f"SELECT partner, {', '.join(_COLUMNS)} FROM customers WHERE customer_id = ?",
            [customer_id],
        ).fetchall()
        _demand_partner(customer_id, partner, {row[0] for row in found})
        marks, shared = _marks(connection, customer_id, found)
        contacts = connection.execute(
            "SELECT contact_id FROM contacts WHERE customer_id = $1 UNION "
            "SELECT contact_id FROM outcomes WHERE customer_id = $1",
            [customer_id],
        ).fetchall()
    owner = found[0][0] if found else partner
    ids = frozenset(str(one) for (one,) in contacts)
    return Person(customer_id, owner, (by_id, *marks), shared, ids)


def _demand_partner(customer_id: str, partner: str | None, owners: set[str]) -> None:
    if len(owners) > 1:
        raise ContractError(
            f"Customer '{customer_id}' stands with several partners: {', '.join(sorted(owners))}.",
            fix="An id may stand once: run `callworth check` on the tables, and mend them.",
        )
    if partner is not None and owners and partner not in owners:
        raise CustomerNotHeldError(
            f"Customer '{customer_id}' is not of partner '{partner}' but of '{owners.pop()}'.",
            fix="Leave --partner out, or name the right one.",
        )


def _marks(
    connection: duckdb.DuckDBPyConnection, customer_id: str, found: list[tuple[str | None, ...]]
) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """Return the texts of the customer's rows that nobody else bears, and those that others may."""
    own: dict[Mark, None] = {}
    shared: dict[Mark, None] = {}
    for row in found:
        for column, text in zip(_COLUMNS, row[1:], strict=True):
            if not text:
                continue
            ((others,),) = connection.execute(
                f"SELECT count(*) FROM customers WHERE customer_id <> ? AND {_OTHERS[column]}",
                [customer_id, text],
            ).fetchall()
            mark = Mark(_KINDS[column], text)
            (own if not others and _tells(mark) else shared)[mark] = None
    return tuple(own), tuple(shared)


def _tells(mark: Mark) -> bool:
    """Return whether a text names its bearer wherever it stands; one word may be anything's.

    Whoever gave `voice` as a name would else have the channel of every contact crossed out.
    """
    return mark.kind not in (MarkKind.NAME, MarkKind.STREET) or len(mark.text.split()) > 1
