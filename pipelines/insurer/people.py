"""Who the customers are: places, persons, phones, and what drives them beneath the tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.contract import CONTACT_CHANNELS
from pipelines.insurer import names
from pipelines.insurer.span import DAY_SECONDS, Flags, Floats, Span, Wholes, logistic
from pipelines.insurer.writing import numbered, words

POSTCODES = 400
MEDIAN_INCOME = 52_000.0
NO_PHONE_SHARE = 0.05
SHARED_PHONE_SHARE = 0.06
DO_NOT_OFFER_SHARE = 0.03
VULNERABLE_SHARE = 0.02
_PHONES = 5_000_000
_PHONE_STEP = 1_299_721  # prime, so that stepping visits every number once


@dataclass(frozen=True, slots=True)
class Places:
    """The postcodes: text, how rich, how old, and how many live there (shares sum to 1)."""

    codes: tuple[str, ...]
    wealth: Floats
    age: Floats
    share: Floats


@dataclass(frozen=True, slots=True)
class People:
    """One chunk of customers; `numbers` name them over the whole world, rows are their index."""

    numbers: Wholes
    place: Wholes
    income: Floats
    age: Floats
    household_size: Floats
    home_owner: Flags
    thrift: Floats
    engagement: Floats
    do_not_offer: Flags
    first_name: Wholes
    surname: Wholes
    house: Wholes
    phone: Wholes
    second_phone: Wholes

    @property
    def size(self) -> int:
        """How many customers there are."""
        return self.numbers.size

    def ids(self, rows: Wholes) -> pa.Array:
        """Return the customer ids of the rows; a negative row becomes null."""
        found = np.where(rows < 0, -1, self.numbers[np.maximum(rows, 0)])
        return customer_ids(found)


def customer_ids(given: Wholes) -> pa.Array:
    """Return the ids of customers by number."""
    return numbered("c", numbers=given, width=7)


def settle(rng: np.random.Generator) -> Places:
    """Return the postcodes of the world."""
    raw = rng.gamma(2.0, 1.0, POSTCODES)
    codes = tuple(f"{1001 + 7 * i:05d}" for i in range(POSTCODES))
    return Places(
        codes=codes,
        wealth=rng.normal(0.0, 1.0, POSTCODES),
        age=rng.normal(46.0, 5.0, POSTCODES),
        share=raw / raw.sum(),
    )


def populate(rng: np.random.Generator, *, places: Places, given: Wholes) -> People:
    """Return the customers with these numbers."""
    size = given.size
    place = rng.choice(POSTCODES, size, p=places.share)
    wealth = places.wealth[place]
    age = np.clip(rng.normal(places.age[place], 14.0), 18.0, 92.0).round()
    log_income = 0.40 * wealth + 0.45 * rng.normal(0.0, 1.0, size) - 0.00015 * (age - 50.0) ** 2
    owner = rng.random(size) < logistic(-0.1 + 0.04 * (age - 46.0) + 1.1 * log_income)
    phone = np.where(rng.random(size) < NO_PHONE_SHARE, -1, _phone(2 * given))
    second = np.where((rng.random(size) < 0.1) & (phone >= 0), _phone(2 * given + 1), -1)
    surname = rng.integers(0, len(names.SURNAMES), size)
    house = rng.integers(0, 99 * len(names.STREETS) * len(names.STREET_KINDS), size)
    # A household is a neighbour in the table: half of its members copy the other half.
    odd = np.arange(1, size, 2)
    member = odd[rng.random(odd.size) < SHARED_PHONE_SHARE]
    for shared in (place, phone, surname, house):
        shared[member] = shared[member - 1]
    return People(
        numbers=given,
        place=place,
        income=(MEDIAN_INCOME * np.exp(log_income)).round(-2),
        age=age,
        household_size=1.0 + np.minimum(rng.poisson(1.4, size), 7),
        home_owner=owner,
        thrift=0.5 * log_income + 0.02 * (age - 46.0) + rng.normal(0.0, 0.8, size),
        engagement=rng.gamma(1.1, 1 / 1.1, size),
        do_not_offer=rng.random(size) < DO_NOT_OFFER_SHARE,
        first_name=rng.integers(0, len(names.FIRST_NAMES), size),
        surname=surname,
        house=house,
        phone=phone,
        second_phone=second,
    )


def customers_table(
    rng: np.random.Generator, *, people: People, places: Places, span: Span
) -> dict[str, pa.Array]:
    """Return the columns of the customers table."""
    first = words(people.first_name, names=names.FIRST_NAMES)
    last = words(people.surname, names=names.SURNAMES)
    mail = pc.binary_join_element_wise(
        pc.utf8_lower(first),
        pc.utf8_lower(last),
        numbered("", numbers=people.numbers, width=7),
        ".",
    )
    mail = pc.binary_join_element_wise(mail, "example.com", "@")
    met = rng.integers(0, DAY_SECONDS, people.size)
    chosen = rng.choice(len(CONTACT_CHANNELS), people.size, p=(0.55, 0.1, 0.15, 0.12, 0.08))
    return {
        "customer_id": customer_ids(people.numbers),
        "name": pc.binary_join_element_wise(first, last, " "),
        "street": _gaps(rng, _streets(people.house), 0.02),
        "postcode": words(people.place, names=places.codes),
        "phone": numbered("+1555", numbers=people.phone, width=7),
        "second_phone": numbered("+1555", numbers=people.second_phone, width=7),
        "email": _gaps(rng, mail, 0.1),
        "language": words((rng.random(people.size) < 0.12).astype(np.int64), names=("en", "es")),
        "preferred_channel": _gaps(rng, words(chosen, names=CONTACT_CHANNELS), 0.5),
        "do_not_offer": pa.array(people.do_not_offer),
        # By a hash of the number: what is drawn elsewhere stays as it is.
        "vulnerable": pa.array(people.numbers * 2_654_435_761 % 2**32 < VULNERABLE_SHARE * 2**32),
        "occurred_at": span.stamps(met),
        "known_at": span.stamps(met + 600),
    }


def _phone(order: Wholes) -> Wholes:
    return order * _PHONE_STEP % (2 * _PHONES)


def _streets(house: Wholes) -> pa.Array:
    rest, door = np.divmod(house, 99)
    name, kind = np.divmod(rest, len(names.STREET_KINDS))
    return pc.binary_join_element_wise(
        pa.array(door + 1).cast(pa.string()),
        words(name, names=names.STREETS),
        words(kind, names=names.STREET_KINDS),
        " ",
    )


def _gaps(rng: np.random.Generator, values: pa.Array, share: float) -> pa.Array:
    return pc.if_else(pa.array(rng.random(len(values)) >= share), values, None)
