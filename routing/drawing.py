"""What follows from a contact alone, the same each time: its decision's id, and its draws."""

from __future__ import annotations

from hashlib import blake2b

_FRACTION_BYTES = 7
_DRAWN_BYTES = 13  # the fraction's, then those of the id
_WHOLE = 2.0 ** (8 * _FRACTION_BYTES)
_NO_SEPARATORS = str.maketrans("", "", "-T:.")
_INSTANT_DIGITS = 20  # year to microsecond


def drawn(contact_id: str, *, label: str | None) -> bytes:
    """Return the bytes of which a contact's fraction and the end of its decision's id are made."""
    text = f"arm\x1f{contact_id}\x1f{label}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=_DRAWN_BYTES).digest()


def fraction_drawn(digest: bytes) -> float:
    """Return the number in [0, 1) of which the first bytes were drawn."""
    return int.from_bytes(digest[:_FRACTION_BYTES], "big") / _WHOLE


def id_drawn(digest: bytes, *, digits: str) -> str:
    """Return the decision's id, of 32 hexadecimal digits, from those of the instant and the bytes.

    It begins with the instant: what follows in time lies together in the log.
    """
    return digits + digest[_FRACTION_BYTES:].hex()


def digits_of(instant: str) -> str:
    """Return the digits of an instant, year to microsecond, from its ISO text in UTC."""
    return instant.translate(_NO_SEPARATORS)[:_INSTANT_DIGITS]


def fraction_of(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_FRACTION_BYTES).digest()
    return fraction_drawn(digest)
