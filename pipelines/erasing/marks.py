"""The texts by which a person is found: an id, numbers however spelled, a name, a street."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from mmap import mmap

NATIONAL_DIGITS = 10  # North American numbering plan, without the country code
_COUNTRY_DIGITS = 2
# What people and routers put between digits.
_BETWEEN = r"[\s().\-/]{0,3}"
# Shorter texts are found in anything: they are only compared as a whole.
LEAST_LENGTH = 5


class MarkKind(StrEnum):
    """What a mark is made of."""

    ID = "customer id"
    PHONE = "phone"
    EMAIL = "e-mail"
    NAME = "name"
    STREET = "street"


@dataclass(frozen=True, slots=True)
class Mark:
    """One text that names a person, as it is held."""

    kind: MarkKind
    text: str

    @property
    def pattern(self) -> str:
        """A regular expression for every spelling, in the syntax that Python and RE2 share."""
        if self.kind is MarkKind.PHONE:
            return _phone_pattern(self.text)
        forms = {
            self.text,
            json.dumps(self.text)[1:-1],
            json.dumps(self.text, ensure_ascii=False)[1:-1],
            html.escape(self.text),
        }
        return "|".join(_spaced(form) for form in sorted(forms))


def _spaced(text: str) -> str:
    # Plus and %20: as in the query of an address.
    return r"(?:\s|\+|%20)+".join(re.escape(word) for word in text.split())


def _phone_pattern(phone: str) -> str:
    digits = re.sub(r"\D", "", phone)
    national = NATIONAL_DIGITS if digits.startswith("1") else len(digits) - _COUNTRY_DIGITS
    return _BETWEEN.join(digits[-max(LEAST_LENGTH, min(national, NATIONAL_DIGITS)) :])


class Finder:
    """Finds marks in texts and in bytes; capitals make no difference.

    In a text a mark stands alone: no digit goes on before or after a number, no letter beside a
    name. In bytes (`lies_in`) fields lie side by side without anything between.
    """

    def __init__(self, marks: tuple[Mark, ...]) -> None:
        self.marks = tuple(one for one in marks if len(one.text) >= LEAST_LENGTH)
        bare = "|".join(f"(?:{one.pattern})" for one in self.marks) or r"[^\s\S]"
        alone = "|".join(_alone(one) for one in self.marks) or r"[^\s\S]"
        self.loosely = f"(?i){bare}"
        self._text = re.compile(alone, re.IGNORECASE)
        self._bytes = re.compile(alone.encode(), re.IGNORECASE)
        self._anywhere = re.compile(bare.encode(), re.IGNORECASE)

    def in_text(self, text: str) -> bool:
        """Return whether a mark stands in the text."""
        return self._text.search(text) is not None

    def without(self, text: str, *, put: str) -> str:
        """Return the text with `put` in the place of each mark."""
        return self._text.sub(put, text)

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Return where marks stand in the bytes of a text, as half-open intervals."""
        return [found.span() for found in self._bytes.finditer(data)]

    def spans_anywhere(self, data: bytes | mmap) -> list[tuple[int, int]]:
        """Return where marks lie in any bytes, as half-open intervals."""
        return [found.span() for found in self._anywhere.finditer(data)]

    def lies_in(self, data: bytes | mmap) -> bool:
        """Return whether a mark lies in any bytes, whatever lies beside it."""
        return self._anywhere.search(data) is not None


def _alone(mark: Mark) -> str:
    if mark.kind is MarkKind.PHONE:
        return rf"(?<![\d.])(?:\+|00)?(?:[1-9]\d{{0,2}}{_BETWEEN})?0?(?:{mark.pattern})(?!\d)"
    return rf"(?<![0-9A-Za-z_])(?:{mark.pattern})(?![0-9A-Za-z_])"
