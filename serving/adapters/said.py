"""What callers said, read from the free key-values that routers attach to a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from routing.contact import Answers, Channel, Contact, ContactReason

# A router's own id for a contact and an address; what is longer is refused by its field's name.
VendorId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Address = Annotated[str, msgspec.Meta(max_length=400)]

_LONGEST_TEXT = 400
_LONGEST_DEADLINE_MS = 600_000
_REASONS = {reason.value: reason for reason in ContactReason}

Values = Mapping[str, object]


def text_of(values: Values, name: str) -> str | None:
    """Return a value as text of at most 400 characters; None where there is none."""
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip()[:_LONGEST_TEXT] or None


def contact_of(
    values: Values,
    *,
    contact_id: str,
    channel: Channel,
    from_: str | None,
    to: str | None,
) -> Contact:
    """Return the contact; what else is known of it is taken from `values` by our own names.

    The names are partner, customer_id, reason, name, street, postcode and deadline_ms. A value
    that cannot be meant (a reason of another's making, a deadline that is no number) is left out.
    """
    return Contact(
        contact_id=contact_id,
        channel=channel,
        from_=from_ or None,
        to=to or None,
        partner=text_of(values, "partner"),
        customer_id=text_of(values, "customer_id"),
        answers=_answers(values),
        deadline_ms=_deadline(values),
    )


def _answers(values: Values) -> Answers | None:
    said = Answers(
        reason=_REASONS.get((text_of(values, "reason") or "").lower()),
        name=text_of(values, "name"),
        street=text_of(values, "street"),
        postcode=text_of(values, "postcode"),
    )
    return said if said != Answers() else None


def _deadline(values: Values) -> int | None:
    text = text_of(values, "deadline_ms") or ""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LONGEST_DEADLINE_MS)):
        return None
    milliseconds = int(text)
    return milliseconds if 1 <= milliseconds <= _LONGEST_DEADLINE_MS else None
