"""What follows from a contact alone, the same each time: its decision's id, and its draws."""

from __future__ import annotations

from hashlib import blake2b

_FRACTION_BYTES = 7
_NO_SEPARATORS = str.maketrans("", "", "-T:.")
_INSTANT_DIGITS = 17  # year to millisecond


def decision_id(contact_id: str, *, label: str | None, instant: str) -> str:
    """Return the same id for the same contact, set and instant, of 32 hexadecimal digits.

    `instant` is ISO text in UTC with microseconds. The id begins with it, to the millisecond: what
    follows in time lies together in the log.
    """
    text = f"{contact_id}\x1f{label}\x1f{instant}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{instant.translate(_NO_SEPARATORS)[:_INSTANT_DIGITS]}{digest[: 32 - _INSTANT_DIGITS]}"


def hold_back_draw(contact_id: str, *, label: str | None) -> float:
    """Return a number in [0, 1) that depends on the contact and the set alone."""
    return fraction_of(f"arm\x1f{contact_id}\x1f{label}")


def fraction_of(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_FRACTION_BYTES).digest()
    return int.from_bytes(digest, "big") / 2.0 ** (8 * _FRACTION_BYTES)
