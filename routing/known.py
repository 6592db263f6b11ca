"""What a live score needs and gives: all that is known of a customer now, and what it is worth."""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from routing.errors import RoutingError
from routing.forming_one import OfferScore
from routing.freshly_known import KnownEvents, KnownFeatures
from routing.vectors import Value


class LiveScoreError(RoutingError):
    """A contact cannot be scored now; its strategy or its profile's default answers."""


class Known(msgspec.Struct, frozen=True):
    """What was known at `as_of`, by name, and what has become known since; instants are aware."""

    names: tuple[str, ...]
    values: tuple[Value, ...]
    stage: str
    as_of: datetime
    now: datetime
    events: KnownEvents = ()
    features: KnownFeatures | None = None


class LiveScores(msgspec.Struct, frozen=True):
    """The scores of one customer for each offer asked for, by these feature values.

    `why` says what could not be used, or is None. `row` are the values as the model set encoded
    them, where it keeps them to give reasons from.
    """

    model_set: str
    stage: str
    values: tuple[Value, ...]
    offers: tuple[OfferScore, ...]
    life_event: str = ""
    why: str | None = None
    row: NDArray[np.float32] | None = None
