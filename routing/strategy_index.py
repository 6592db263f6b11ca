"""The keys under which a strategy is found: keyed hashes, so that no phone or name lies there."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

import msgspec

from routing.phones import normalised as normalised_phone

_NOT_WORD = re.compile(r"[^0-9a-z]+")


class KeyKind(StrEnum):
    """What a key was made of."""

    CUSTOMER = "customer"
    PHONE = "phone"
    PHONE_NAME = "phone_name"
    NAME_STREET = "name_street"
    NAME_POSTCODE = "name_postcode"
    STREET_POSTCODE = "street_postcode"


class ContactDetails(msgspec.Struct, frozen=True):
    """What a customer may be recognised by, as it stands in the customers table."""

    phones: tuple[str, ...] = ()
    name: str | None = None
    street: str | None = None
    postcode: str | None = None


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Return the text without case, accents, punctuation and double spaces."""
    plain = text.lower()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
        # Letters beyond a-z (Greek, Cyrillic) are kept: dropping them would make names equal.
        return " ".join("".join(c if c.isalnum() else " " for c in plain).split())
    return _NOT_WORD.sub(" ", plain).strip()


def folded_postcode(text: str) -> str:
    """Return the postcode without case, spaces and punctuation."""
    return folded(text).replace(" ", "")


class Keys:
    """Makes the keys of one folder of strategy sets, with its secret.

    The partner is no part of a key: whoever a contact's partner is, one look-up finds all who fit.
    """

    def __init__(self, secret: bytes) -> None:
        self._hash = blake2b(digest_size=8, key=secret)
        # What every key of a number begins with.
        self._number_hash = self._hash.copy()
        self._number_hash.update(f"{KeyKind.PHONE}\x1f".encode())

    def key_of(self, kind: KeyKind, *values: str) -> int:
        """Return the signed 64-bit key of these values, already normalised.

        Two different values meet with a chance of about 1 in 10^12 per look-up among ten million
        keys.
        """
        made = self._hash.copy()
        made.update("\x1f".join((kind, *values)).encode("utf-8", "surrogatepass"))
        return int.from_bytes(made.digest(), "big", signed=True)

    def customer(self, customer_id: str) -> int:
        """Return the key of a customer id, taken as it is."""
        return self.key_of(KeyKind.CUSTOMER, customer_id)

    def number(self, number: str) -> int:
        """Return the key of a number that is already normalised."""
        made = self._number_hash.copy()
        made.update(number.encode())
        return int.from_bytes(made.digest(), "big", signed=True)

    def phone(self, phone: str | None, *, name: str | None = None) -> list[int]:
        """Return the key of the number and, given a name, that of both; none if no number."""
        number = normalised_phone(phone)
        if number is None:
            return []
        keys = [self.number(number)]
        if name and (plain := folded(name)):
            keys.append(self.key_of(KeyKind.PHONE_NAME, number, plain))
        return keys

    def answers(
        self, *, name: str | None = None, street: str | None = None, postcode: str | None = None
    ) -> list[int]:
        """Return the keys of the pairs that the answers make: none for one, three for three."""
        plain_name = folded(name) if name else ""
        plain_street = folded(street) if street else ""
        plain_postcode = folded_postcode(postcode) if postcode else ""
        pairs = (
            (KeyKind.NAME_STREET, plain_name, plain_street),
            (KeyKind.NAME_POSTCODE, plain_name, plain_postcode),
            (KeyKind.STREET_POSTCODE, plain_street, plain_postcode),
        )
        return [self.key_of(kind, one, two) for kind, one, two in pairs if one and two]

    def of(self, customer_id: str, details: ContactDetails) -> set[int]:
        """Return every key under which this customer is to be found."""
        keys = {self.customer(customer_id)}
        for phone in details.phones:
            keys.update(self.phone(phone, name=details.name))
        keys.update(
            self.answers(name=details.name, street=details.street, postcode=details.postcode)
        )
        return keys
