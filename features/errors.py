"""The expected failures of this package: each names a fact, what is allowed and the fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FeatureError(Exception):
    """An expected failure: `fact` is what is wrong, `fix` is what to do about it."""

    status = 422

    def __init__(self, fact: str, *, fix: str) -> None:
        super().__init__(f"{fact} {fix}")
        self.fact = fact
        self.fix = fix


class DataNotFoundError(FeatureError):
    """A table, file or folder that was named does not exist."""

    status = 404


class ContractError(FeatureError):
    """Data or a dataset file does not have the declared form."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return ` Was 'x' meant?` for the closest allowed name, or an empty string."""
    found = difflib.get_close_matches(name, list(allowed), n=1)
    return f" Was '{found[0]}' meant?" if found else ""
