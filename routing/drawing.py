"""What follows from a contact alone, the same each time: its decision's id, and its draws."""

from __future__ import annotations

from hashlib import blake2b

_FRACTION_BYTES = 7


def decision_id(contact_id: str, *, label: str | None, instant: str) -> str:
    """Return the same id for the same contact, set and instant (ISO text), of 32 hex digits."""
    text = f"{contact_id}\x1f{label}\x1f{instant}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def hold_back_draw(contact_id: str, *, label: str | None) -> float:
    """Return a number in [0, 1) that depends on the contact and the set alone."""
    return fraction_of(f"arm\x1f{contact_id}\x1f{label}")


def fraction_of(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_FRACTION_BYTES).digest()
    return int.from_bytes(digest, "big") / 2.0 ** (8 * _FRACTION_BYTES)
