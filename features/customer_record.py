"""What is written down about a customer: the record itself and demographics with their level."""

from __future__ import annotations

from features.contract import Kind
from features.feature import Feature

DEMOGRAPHIC_FIELDS = ("income", "age", "household_size", "home_owner", "life_event", "occupation")
_NOMINAL = frozenset({"life_event", "occupation"})


_D, _P = "demographics", "profile"
DEMOGRAPHIC_FEATURES = (
    Feature("income", Kind.CONTINUOUS, _D, "income about {value:,.0f}"),
    Feature("income_level", Kind.NOMINAL, _D, "income known by {value}", unknown="no known income"),
    Feature(
        "postcode_median_income", Kind.CONTINUOUS, _D, "median income of the postcode {value:,.0f}"
    ),
    Feature("age", Kind.CONTINUOUS, _D, "about {value:,.0f} years old"),
    Feature("household_size", Kind.ORDINAL, _D, "household of {value:.1f}", one="lives alone"),
    Feature(
        "home_owner",
        Kind.CONTINUOUS,
        _D,
        "owns the home with probability {value:.2f}",
        one="owns the home",
        zero="does not own the home",
    ),
    Feature("life_event", Kind.NOMINAL, _D, "life event: {value}", unknown="no known life event"),
    Feature("occupation", Kind.NOMINAL, _D, "works as {value}", unknown="no known occupation"),
)
PROFILE_FEATURES = (
    Feature(
        "has_phone",
        Kind.BINARY,
        _P,
        "phone {value:.0f}",
        one="phone number known",
        zero="no phone number known",
    ),
    Feature(
        "has_email",
        Kind.BINARY,
        _P,
        "e-mail {value:.0f}",
        one="e-mail address known",
        zero="no e-mail address known",
    ),
    Feature("language", Kind.NOMINAL, _P, "speaks {value}", unknown="no known language"),
    Feature(
        "preferred_channel", Kind.NOMINAL, _P, "prefers {value}", unknown="no preferred channel"
    ),
)


def demographics_sql() -> str:
    """Return the query of the demographics view, one row per row of `points`.

    Each field is the individual's if known at that instant, else the postcode's. The row that
    holds is, of those known, the one that occurred last. `income_level` says whose income it is.
    """
    fields = ",\n".join(f"  {_field(name)} AS {name}" for name in DEMOGRAPHIC_FIELDS[1:])
    return f"""SELECT
  p.customer_id,
  p.as_of,
  COALESCE(i.income, a.income) AS income,
  CASE
    WHEN i.income IS NOT NULL THEN 'individual'
    WHEN a.income IS NOT NULL THEN 'postcode'
    ELSE 'none'
  END AS income_level,
  a.income AS postcode_median_income,
{fields}
FROM points AS p
LEFT JOIN customers AS c
  ON c.customer_id = p.customer_id AND c.known_at < p.as_of
LEFT JOIN (
{_versions("individual", "customer_id")}
) AS i
  ON i.customer_id = p.customer_id
  AND i.known_at < p.as_of AND (i.until IS NULL OR i.until >= p.as_of)
LEFT JOIN (
{_versions("postcode", "postcode")}
) AS a
  ON a.postcode = c.postcode
  AND a.known_at < p.as_of AND (a.until IS NULL OR a.until >= p.as_of)"""


def profile_sql() -> str:
    """Return the query of the profile view; a record not yet known then tells nothing."""
    return """SELECT
  p.customer_id,
  p.as_of,
  CAST(CASE WHEN c.phone IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_phone,
  CAST(CASE WHEN c.email IS NULL THEN 0 ELSE 1 END AS BIGINT) AS has_email,
  COALESCE(c.language, 'unknown') AS language,
  COALESCE(c.preferred_channel, 'none') AS preferred_channel
FROM points AS p
LEFT JOIN customers AS c
  ON c.customer_id = p.customer_id AND c.known_at < p.as_of"""


def _field(name: str) -> str:
    if name in _NOMINAL:
        return f"COALESCE(i.{name}, a.{name}, 'unknown')"
    return f"COALESCE(i.{name}, a.{name})"


def _versions(level: str, key: str) -> str:
    # A row holds from the instant it is known until the next is. A row that became known after
    # one that occurred later never holds: it was out of date when it came.
    fields = ", ".join(DEMOGRAPHIC_FIELDS)
    order = f"PARTITION BY {key} ORDER BY known_at, occurred_at, demographic_id"
    return f"""  SELECT {key}, known_at, {fields},
    LEAD(known_at) OVER ({order}) AS until
  FROM (
    SELECT {key}, occurred_at, known_at, demographic_id, {fields},
      MAX(occurred_at) OVER (
        {order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS newest
    FROM demographics
    WHERE level = '{level}' AND {key} IS NOT NULL
  ) AS seen
  WHERE occurred_at = newest"""
