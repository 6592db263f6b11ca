"""Phone numbers in one form: E.164, so that a number is found however it was written."""

from __future__ import annotations

import re

# ITU-T E.164: at most 15 digits after the plus; no assigned number is shorter than 7.
MOST_DIGITS = 15
LEAST_DIGITS = 7
NATIONAL_DIGITS = 10  # North American numbering plan, without the country code

# As most routers write it: nothing is to be done.
_PLAIN = re.compile(r"\+[1-9][0-9]{7,14}")
# Also inside a name-addr: "David" <sip:+15550100@host>.
_URI = re.compile(r"(?:^|<)\s*(?:tel|sips?):([^@;>]*)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:;|,|\s*(?:x|ext\.?))\s*\d*.*$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().\-/]")


def normalised(phone: str | None, *, country_code: str = "1") -> str | None:
    """Return the number as `+` and digits, or None where it is no number (withheld, a name).

    Takes separators, a `tel:` or `sip:` address, an international `00`, a national trunk `0`
    and a national number without any prefix, which is read as one of `country_code`.
    """
    if not phone:
        return None
    if _PLAIN.fullmatch(phone):
        return phone
    text = phone.strip()
    address = _URI.search(text)
    text = address.group(1) if address else text
    text = _SEPARATORS.sub("", _EXTENSION.sub("", text))
    international = text.startswith("+") or text.startswith("00")
    digits = text[1:] if text.startswith("+") else text
    if not (digits.isascii() and digits.isdigit()):
        return None
    if international:
        digits = digits.lstrip("0")
    elif digits.startswith("0"):
        digits = country_code + digits[1:]
    elif len(digits) <= NATIONAL_DIGITS:
        digits = country_code + digits
    if not LEAST_DIGITS < len(digits) <= MOST_DIGITS:
        return None
    return f"+{digits}"
