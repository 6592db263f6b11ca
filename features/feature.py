"""One feature column, and how to say one of its values in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from features.contract import Kind


@dataclass(frozen=True, slots=True)
class Feature:
    """One column that models may use; `phrase` says a value, with `{value}` in it.

    `one` is said for 1 (1 to 2 in days), `zero` for 0 (under 1 in days), `unknown` for no value;
    an empty one falls back to `phrase`, or to "no known <name>".
    """

    name: str
    kind: Kind
    view: str
    phrase: str
    one: str = ""
    zero: str = ""
    unknown: str = ""

    def say(self, value: object) -> str:
        """Return the value in plain words, for an agent or a report to read."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return self.unknown or f"no known {self.name.replace('_', ' ')}"
        if isinstance(value, str):
            if value in ("none", "unknown") and self.unknown:
                return self.unknown
            return self.phrase.format(value=value.replace("_", " "))
        number = float(value)  # type: ignore[arg-type]  # numpy scalars are numbers too
        if self._whole and number >= 0:
            number = math.floor(number)
        if number == 0 and self.zero:
            return self.zero
        if number == 1 and self.one:
            return self.one
        return self.phrase.format(value=number)

    @property
    def _whole(self) -> bool:
        return "{value:,.0f}" in self.phrase
