"""The expected failures of the demo world."""

from __future__ import annotations

from features.errors import FeatureError


class InsurerError(FeatureError):
    """The demo world was asked for something that it cannot be."""
