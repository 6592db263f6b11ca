"""What a router knows that the strategy could not: events since it was formed, and features."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

# More events than this since last night is no customer, and each costs time on a live contact.
MOST_EVENTS = 50
MOST_FEATURES = 500

Detail = Annotated[str, msgspec.Meta(max_length=200)]
FeatureName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
# Sums are kept exact to a ten-thousandth; a larger amount would not be.
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e10)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class EventKind(StrEnum):
    """What a customer did; the words of the data contract (a test holds them equal)."""

    ENQUIRY = "enquiry"
    APPLICATION = "application"
    ISSUE = "issue"
    PURCHASE = "purchase"
    PAYMENT = "payment"
    MISSED_PAYMENT = "missed_payment"
    LAPSE = "lapse"
    CLAIM = "claim"
    SERVICE_REQUEST = "service_request"
    PAGE_VIEW = "page_view"
    LOGIN = "login"
    EMAIL_OPEN = "email_open"
    VOICE_MENU = "voice_menu"
    APP_ACTION = "app_action"


class ActivityChannel(StrEnum):
    """Where an activity took place; the words of the data contract (a test holds them equal)."""

    WEB = "web"
    EMAIL = "email"
    VOICE = "voice"
    APP = "app"


class KnownEvent(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One event since the strategy was formed; without `occurred_at` it happens now.

    Events before the strategy's features were computed are left out: they may be in them already.
    `product`, `channel` and `detail` are kept in the log; no feature reads them.
    """

    kind: EventKind
    occurred_at: Instant | None = None
    product: Detail | None = None
    amount: Amount | None = None
    channel: ActivityChannel | None = None
    detail: Detail | None = None


# By name, as the model set calls them; null makes a feature unknown.
KnownFeatures: TypeAlias = Annotated[
    dict[FeatureName, float | bool | Detail | None], msgspec.Meta(max_length=MOST_FEATURES)
]
KnownEvents: TypeAlias = Annotated[tuple[KnownEvent, ...], msgspec.Meta(max_length=MOST_EVENTS)]
