"""The rules that a row of each table must hold, and the sentence that says how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from features.contract import Column, Stage, Table, Type, table_named
from features.errors import nearest


class Rule(StrEnum):
    """What a row can break; the word stands in the quarantine and in the summary."""

    NOT_EMPTY = "not_empty"
    TYPE = "type"
    TIME_ZONE = "time_zone"
    FINITE = "finite"
    ALLOWED = "allowed"
    RANGE = "range"
    UNIQUE_KEY = "unique_key"
    REFERENCE = "reference"
    SAME_PARTNER = "same_partner"
    KNOWN_AFTER = "known_after_occurred"
    PHONE = "phone"
    EMAIL = "email"
    LEVEL_KEY = "level_key"
    PROBABILITY = "probability_logged"
    AGENT_REACHED = "agent_reached"
    REVENUE = "revenue_fits_sale"
    STAGES = "stages"
    SHAPE = "shape"
    COLUMN = "column_present"


@dataclass(frozen=True, slots=True)
class RowRule:
    """One rule over the columns of a row; `holds` gives one bool a row, true where NULL."""

    rule: Rule
    column: str
    holds: Callable[[pd.DataFrame], pd.Series]


# E.164: a plus sign, then at most fifteen digits, the first of them not zero.
_PHONE = r"^\+[1-9][0-9]{6,14}$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_STAGES = "(?:" + "|".join(Stage) + ")"


def row_rules(table: Table) -> tuple[RowRule, ...]:
    """Return the rules of `table` that look at whole rows or at the form of a text."""
    own = _OWN_RULES.get(table.name, ())
    return (RowRule(Rule.KNOWN_AFTER, "known_at", _known_after), *own) if table.timed else own


def fix_for(rule: Rule, *, table: str, column: str, value: str | None) -> str:
    """Return the sentence that says what to do about `value` breaking `rule`."""
    about = next((c for c in table_named(table).columns if c.name == column), None)
    if about is not None and rule is Rule.ALLOWED:
        listed = ", ".join(about.allowed)
        return f"Write one of: {listed}.{nearest(value or '', about.allowed)}"
    if about is not None and rule is Rule.RANGE:
        return f"Write a number {_range(about)}."
    if about is not None and rule is Rule.TYPE:
        return f"Write {_TYPE_WORDS[about.type]}."
    if rule is Rule.REFERENCE:
        target = table_named(table).refers_to.get(column, "")
        return f"Add that row to '{target}', or correct {column}."
    if rule is Rule.COLUMN:
        hint = nearest(column, (value or "").split(", "))
        return f"Add the column {column} to '{table}': it may not be empty.{hint}"
    return _FIXES[rule].format(column=column)


def _known_after(frame: pd.DataFrame) -> pd.Series:
    return _true_where_null(frame["known_at"] >= frame["occurred_at"])


def _matches(column: str, pattern: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: _true_where_null(frame[column].str.match(pattern))


def _level_key(level: str, column: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: _true_where_null(frame["level"] != level) | frame[column].notna()


def _probability(frame: pd.DataFrame) -> pd.Series:
    logged = frame["offer_probability"]
    reached = frame["reached_agent"].fillna(False)
    return (~reached | (logged.notna() & ~_true_where_null(logged == 0.0))).astype(bool)


def _agent_reached(frame: pd.DataFrame) -> pd.Series:
    return frame["offer_id"].isna() | _true_where_null(frame["reached_agent"])


def _revenue(frame: pd.DataFrame) -> pd.Series:
    return _true_where_null(frame["accepted"] == (frame["revenue"] > 0.0))


def _true_where_null(outcome: pd.Series) -> pd.Series:
    return outcome.fillna(True).astype(bool)


def _range(column: Column) -> str:
    if column.maximum is None:
        return f"of at least {column.minimum:g}"
    return f"from {column.minimum:g} to {column.maximum:g}"


_OWN_RULES: dict[str, tuple[RowRule, ...]] = {
    "customers": (
        RowRule(Rule.PHONE, "phone", _matches("phone", _PHONE)),
        RowRule(Rule.PHONE, "second_phone", _matches("second_phone", _PHONE)),
        RowRule(Rule.EMAIL, "email", _matches("email", _EMAIL)),
    ),
    "attributions": (RowRule(Rule.PHONE, "dialled_number", _matches("dialled_number", _PHONE)),),
    "demographics": (
        RowRule(Rule.LEVEL_KEY, "customer_id", _level_key("individual", "customer_id")),
        RowRule(Rule.LEVEL_KEY, "postcode", _level_key("postcode", "postcode")),
    ),
    "contacts": (
        RowRule(Rule.PHONE, "calling_number", _matches("calling_number", _PHONE)),
        RowRule(Rule.PHONE, "dialled_number", _matches("dialled_number", _PHONE)),
        RowRule(Rule.PROBABILITY, "offer_probability", _probability),
        RowRule(Rule.AGENT_REACHED, "offer_id", _agent_reached),
    ),
    "outcomes": (RowRule(Rule.REVENUE, "revenue", _revenue),),
    "offers": (
        RowRule(
            Rule.STAGES,
            "eligible_stages",
            _matches("eligible_stages", f"^{_STAGES}(?:;{_STAGES})*$"),
        ),
    ),
}

_TYPE_WORDS: dict[Type, str] = {
    Type.TEXT: "text",
    Type.NUMBER: "a number, with a point before the decimals",
    Type.WHOLE: "a whole number",
    Type.FLAG: "true or false",
    Type.TIME: "a time such as 2026-03-01T09:30:00Z",
}

_FIXES: dict[Rule, str] = {
    Rule.NOT_EMPTY: "Fill {column}: it may not be empty.",
    Rule.TIME_ZONE: "Write {column} with its time zone, as in 2026-03-01T09:30:00Z.",
    Rule.FINITE: "Write a finite number, or leave {column} empty where it may be.",
    Rule.UNIQUE_KEY: "Keep one row for each key; the first one found stays in use.",
    Rule.SAME_PARTNER: "The row that {column} names belongs to another partner: correct either.",
    Rule.KNOWN_AFTER: "known_at is when we could first have known it: not before occurred_at.",
    Rule.PHONE: "Write {column} as E.164: a plus sign, then 7 to 15 digits, as in +15550100.",
    Rule.EMAIL: "Write {column} as name@domain.",
    Rule.LEVEL_KEY: "A row of level 'individual' needs customer_id, one of 'postcode' postcode.",
    Rule.PROBABILITY: "A contact that reached an agent needs the logged probability, above 0.",
    Rule.AGENT_REACHED: "An offer was presented only if the contact reached an agent.",
    Rule.REVENUE: "Write a revenue above 0 where accepted is true, and 0 where it is false.",
    Rule.STAGES: f"Write stages with ';' between them: {', '.join(Stage)}.",
    Rule.SHAPE: "Give the line as many values as the header has names; quote text with commas.",
}
