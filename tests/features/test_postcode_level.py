"""Everyone in a postcode gets what is typical of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from features.errors import DataNotFoundError
from features.postcode_level import write_postcode_level

CUSTOMERS = """customer_id,partner,postcode,name,language,do_not_offer,occurred_at,known_at
c1,p,01101,A,en,false,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z
c2,p,01101,B,en,false,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z
c3,p,01101,C,en,false,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z
c4,p,99999,D,en,false,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z
"""
PEOPLE = """demographic_id,level,customer_id,postcode,income,age,home_owner,life_event,known_at
d1,individual,c1,,10000,20,1,none,2026-01-02T00:00:00Z
d2,individual,c2,,30000,30,1,none,2026-01-03T00:00:00Z
d3,individual,c3,,90000,70,0,retired,2026-01-04T00:00:00Z
d4,individual,c3,,1,1,1,none,2026-02-04T00:00:00Z
d5,individual,c4,,5000,44,1,none,2026-01-04T00:00:00Z
d6,postcode,,99999,77000,55,0.4,none,2026-01-01T00:00:00Z
"""


def written(folder: Path, *, people: str | None = PEOPLE) -> Path:
    tables = folder / "tables"
    tables.mkdir()
    (tables / "customers.csv").write_text(CUSTOMERS)
    if people is not None:
        rows = [line.rsplit(",", 1) for line in people.strip().splitlines()]
        head = f"{rows[0][0]},partner,occurred_at,known_at"
        lines = [head, *(f"{left},p,{known},{known}" for left, known in rows[1:])]
        (tables / "demographics.csv").write_text("\n".join(lines) + "\n")
    return tables


def test_a_postcode_has_the_median_and_the_most_frequent_word_of_its_people(
    tmp_path: Path,
) -> None:
    out = write_postcode_level(written(tmp_path), out=tmp_path / "coarse")
    rows = duckdb.sql(
        f"SELECT postcode, income, age, round(home_owner, 2), life_event, known_at "
        f"FROM '{out}/demographics.parquet' ORDER BY postcode"
    ).fetchall()
    # A person's first row counts: what became known of c3 later does not.
    assert rows[0][:5] == ("01101", 30000.0, 30.0, 0.67, "none")
    assert rows[0][5].astimezone(UTC) == datetime(2026, 1, 4, tzinfo=UTC)
    # A postcode that has a row of its own keeps it.
    assert rows[1][:4] == ("99999", 77000.0, 55.0, 0.4)
    assert len(rows) == 2


def test_no_individual_is_left_and_the_other_tables_stay(tmp_path: Path) -> None:
    out = write_postcode_level(written(tmp_path), out=tmp_path / "coarse")
    left = duckdb.sql(f"SELECT DISTINCT level FROM '{out}/demographics.parquet'").fetchall()
    assert left == [("postcode",)]
    assert len(duckdb.sql(f"SELECT * FROM '{out}/customers.parquet'").fetchall()) == 4


def test_without_demographics_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="lacks the tables: demographics"):
        write_postcode_level(written(tmp_path, people=None), out=tmp_path / "coarse")
    assert not (tmp_path / "coarse").exists()
