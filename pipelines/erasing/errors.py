"""What can stop an erasure or an export."""

from __future__ import annotations

from features.errors import DataNotFoundError, FeatureError


class CustomerNotHeldError(DataNotFoundError):
    """Nothing of such a customer is held."""


class TraceRemainsError(FeatureError):
    """Something of an erased customer is still there, where nothing is changed by itself."""

    status = 409


class LogInUseError(FeatureError):
    """Somebody reads the log for so long that its journal cannot be emptied."""

    status = 409
