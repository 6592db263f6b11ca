"""The catalogue: every view with its query, every feature column in its order.

Names, words and SQL text only: a server may import it without bringing an engine.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.customer_record import (
    DEMOGRAPHIC_FEATURES,
    PROFILE_FEATURES,
    demographics_sql,
    profile_sql,
)
from features.errors import ContractError, nearest
from features.feature import Feature
from features.stages import STAGE_FEATURES, stage_sql
from features.subjects import ACTIVITY, CONTACT_HISTORY, EVENTS, TOUCHES, Counted
from features.windows import view_sql

__all__ = ["FEATURES", "PROFILE_COLUMN", "VIEWS", "Feature", "View", "feature_named", "phrase"]

PROFILE_COLUMN = "stage"


@dataclass(frozen=True, slots=True)
class View:
    """A family of columns made by one query; `columns` are the query's, beyond the keys."""

    name: str
    says: str
    tables: tuple[str, ...]
    sql: str
    features: tuple[Feature, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that the query yields beyond customer_id and as_of."""
        names = tuple(feature.name for feature in self.features)
        return (PROFILE_COLUMN, *names) if self.name == "stage" else names


def _counted(counted: Counted, says: str) -> View:
    windowed = tuple(column for column, _ in counted.pairs)
    features = tuple(feature for _, feature in counted.pairs)
    return View(counted.view, says, counted.tables, view_sql(counted.rows, windowed), features)


VIEWS: tuple[View, ...] = (
    _counted(EVENTS, "what the customer did with us: enquiries, policies, payments, claims"),
    _counted(ACTIVITY, "page views, log-ins, e-mails opened, voice menu and app"),
    _counted(TOUCHES, "marketing touches tied to the customer"),
    _counted(CONTACT_HISTORY, "past contacts, offers presented and accepted"),
    View(
        "stage",
        "where the customer stands, and since when",
        ("customer_events", "customers"),
        stage_sql(),
        STAGE_FEATURES,
    ),
    View(
        "demographics",
        "fields of the individual, or of the postcode as the coarser stand-in",
        ("demographics", "customers"),
        demographics_sql(),
        DEMOGRAPHIC_FEATURES,
    ),
    View("profile", "the customer record itself", ("customers",), profile_sql(), PROFILE_FEATURES),
)
FEATURES: tuple[Feature, ...] = tuple(feature for view in VIEWS for feature in view.features)
_BY_NAME = {feature.name: feature for feature in FEATURES}


def feature_named(name: str) -> Feature:
    """Return the feature of that name.

    Raises:
        ContractError: there is no such feature; it says which one may be meant.
    """
    if name not in _BY_NAME:
        raise ContractError(
            f"There is no feature '{name}'.",
            fix=f"docs/features.md lists all {len(FEATURES)}.{nearest(name, _BY_NAME)}",
        )
    return _BY_NAME[name]


def phrase(name: str, value: object) -> str:
    """Return a feature's value in plain words, such as "asked for a quote 6 days ago"."""
    return feature_named(name).say(value)
