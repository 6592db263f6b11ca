"""The same tables with demographics of postcodes alone, the coarser stand-in."""

from __future__ import annotations

from pathlib import Path

import duckdb

from features.contract import TABLES
from features.source import open_source
from features.staging import staged_folder

DEMOGRAPHICS = "demographics"
# What a postcode says where the tables have no row for it: the median of the people known there,
# the share of a flag, the most frequent word. It is known once the last of them is.
_POSTCODE_ROWS = """
SELECT * FROM demographics WHERE level = 'postcode'
UNION ALL BY NAME
SELECT any_value(first.partner) AS partner, 'median-' || first.postcode AS demographic_id,
  'postcode' AS level, first.postcode, median(income) AS income, median(age) AS age,
  median(household_size) AS household_size, avg(home_owner) AS home_owner,
  mode(life_event) AS life_event, mode(occupation) AS occupation,
  max(occurred_at) AS occurred_at, max(known_at) AS known_at
FROM (
  SELECT customers.postcode, d.* EXCLUDE (postcode)
  FROM demographics AS d JOIN customers USING (customer_id)
  WHERE d.level = 'individual' AND customers.postcode IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY customer_id ORDER BY d.known_at, d.occurred_at, d.demographic_id) = 1
) AS first
WHERE first.postcode NOT IN (
  SELECT postcode FROM demographics WHERE level = 'postcode' AND postcode IS NOT NULL)
GROUP BY first.postcode
"""


def write_postcode_level(tables: Path, *, out: Path) -> Path:
    """Write all contract tables of `tables` to the folder `out`, no individual's demographics left.

    A postcode keeps its own rows; one without gets the median (numbers), share (home_owner) or
    most frequent word of its people's first known rows. Raises DataNotFoundError, ContractError.
    """
    source = open_source(tables)
    source.require(("customers", DEMOGRAPHICS))
    with staged_folder(out) as folder, duckdb.connect(config={"threads": 2}) as connection:
        source.attach(connection)
        for name in source.tables & TABLES.keys():
            select = _POSTCODE_ROWS if name == DEMOGRAPHICS else f'SELECT * FROM "{name}"'
            path = str(folder / f"{name}.parquet").replace("'", "''")
            connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return out
