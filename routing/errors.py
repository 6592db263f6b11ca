"""The expected failures of this package: each names a fact and the fix, and has a status."""

from __future__ import annotations


class RoutingError(Exception):
    """An expected failure: `fact` is what is wrong, `fix` is what to do about it."""

    status = 422

    def __init__(self, fact: str, *, fix: str) -> None:
        super().__init__(f"{fact} {fix}")
        self.fact = fact
        self.fix = fix


class StrategySetNotFoundError(RoutingError):
    """No strategy set is published, or not the one that was named."""

    status = 404


class StrategyFileDamagedError(RoutingError):
    """A strategy file does not hold what its own header says."""

    status = 503


class WriterBusyError(RoutingError):
    """Another run is writing strategies to the same folder."""

    status = 409


class OfferCatalogueError(RoutingError):
    """An offer, or a set of scores for the offers, does not have the declared form."""


class SlotPlanError(RoutingError):
    """A plan of on and off slots is not one that can be, or its file cannot be read."""
