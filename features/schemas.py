"""One pandera schema per table, built from the data contract."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from features.contract import Column, Table, Type
from features.rules import RowRule, Rule, row_rules

# Batches come as Arrow, so that text is neither copied nor boxed.
ARROW_TYPES: dict[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.NUMBER: pa.float64(),
    Type.WHOLE: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.TIME: pa.timestamp("us", tz="UTC"),
}
AS_FOUND = " as found"
# A clock time and, after it, Z or an offset; a date alone has no time zone.
_ZONED = r"^.*[0-9]{2}:[0-9]{2}.*(?:[zZ]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)\s*$"


def schema_of(
    table: Table, *, loose: frozenset[str] = frozenset(), skipped: frozenset[str] = frozenset()
) -> pandera.DataFrameSchema:
    """Return the schema of a typed batch of `table`.

    A column in `loose` was not found in its declared type: the batch holds it cast (NULL where
    that failed) and, under its name and ` as found`, the text that was there. Columns in
    `skipped` were already reported as a whole.
    """
    columns: dict[str, pandera.Column] = {}
    checks: list[pandera.Check] = []
    for column in table.columns:
        if column.name in skipped:
            continue
        is_loose = column.name in loose
        columns[column.name] = _column(column, nullable=column.nullable or is_loose)
        if is_loose:
            columns[column.name + AS_FOUND] = pandera.Column(
                pd.ArrowDtype(pa.string()), nullable=column.nullable
            )
            checks.extend(_row_check(rule) for rule in _loose_rules(column))
    checks.extend(_row_check(rule) for rule in row_rules(table) if rule.column not in skipped)
    return pandera.DataFrameSchema(columns, checks=checks, strict=False, coerce=False)


def rule_and_column(check_name: str) -> tuple[Rule, str]:
    """Return what a check's name says: the rule and the column that it is about."""
    rule, _, column = check_name.partition(":")
    return Rule(rule), column


def _column(column: Column, *, nullable: bool) -> pandera.Column:
    checks = []
    if column.allowed:
        named = f"{Rule.ALLOWED}:{column.name}"
        checks.append(pandera.Check.isin(column.allowed, name=named, n_failure_cases=1))
    if column.type is Type.NUMBER:
        checks.append(_column_check(Rule.FINITE, column, lambda s: s.abs() < float("inf")))
    if column.minimum is not None:
        low, high = column.minimum, column.maximum
        checks.append(
            _column_check(
                Rule.RANGE, column, lambda s: (s >= low) & (high is None or s <= high) | (s != s)
            )
        )
    return pandera.Column(pd.ArrowDtype(ARROW_TYPES[column.type]), checks, nullable=nullable)


def _column_check(rule: Rule, column: Column, holds: object) -> pandera.Check:
    return pandera.Check(holds, name=f"{rule}:{column.name}", n_failure_cases=1)


def _row_check(rule: RowRule) -> pandera.Check:
    # One failure case is enough: the faults are read from the outcome of each row.
    return pandera.Check(rule.holds, name=f"{rule.rule}:{rule.column}", n_failure_cases=1)


def _loose_rules(column: Column) -> tuple[RowRule, ...]:
    name, found = column.name, column.name + AS_FOUND
    cast = RowRule(Rule.TYPE, name, lambda f: f[found].isna() | f[name].notna())
    if column.type is not Type.TIME:
        return (cast,)
    zoned = RowRule(
        Rule.TIME_ZONE,
        name,
        lambda f: f[name].isna() | f[found].str.match(_ZONED).fillna(True).astype(bool),
    )
    return cast, zoned
