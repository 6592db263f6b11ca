"""One rule of the gate, and the sentence that it says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with the figures that it looked at; None where there was none."""

    name: str
    holds: bool
    sentence: str
    challenger: float | None = None
    champion: float | None = None
    rows: int = 0
