"""The rules by which models are chosen for a caller; light, for the command line and the API."""

from __future__ import annotations

from enum import StrEnum


class ModelChoice(StrEnum):
    """Whose models answer a caller: see models.per_caller."""

    STAGE = "stage"  # those of the caller's stage
    IMPORTANCE = "importance"  # those to which the caller's known data matters most
