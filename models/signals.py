"""The modelled quantities: what each signal is, and what kind of number it is."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """What a signal's number means: a probability, or an amount of money."""

    PROBABILITY = "probability"
    AMOUNT = "amount"


class Signal(StrEnum):
    """A modelled quantity of a customer and an offer."""

    ACCEPT = "accept"
    LAPSE = "lapse"
    KEEP = "keep"
    VALUE = "value"
    # Buys within the answer window though nothing was presented: for uplift alone, no router
    # sees it.
    BASELINE = "baseline"

    @property
    def task(self) -> Task:
        """Whether the signal is a probability or an amount."""
        return Task.AMOUNT if self is Signal.VALUE else Task.PROBABILITY

    @property
    def waits_for_maturity(self) -> bool:
        """Whether the label is known only once the offer's maturity period is over."""
        return self in {Signal.LAPSE, Signal.KEEP, Signal.VALUE}
