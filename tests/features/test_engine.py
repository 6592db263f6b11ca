from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.engine import Limits, ParquetSink, open_session
from features.source import open_source
from tests.customer_history import NOW, History


def test_a_session_is_in_utc_and_keeps_its_limits(tmp_path: Path) -> None:
    source = open_source(History().customer().write(tmp_path / "tables"))

    limits = Limits(memory="300MB", threads=1)
    with open_session(source, spill=tmp_path, limits=limits) as connection:
        ((zone, threads),) = connection.execute(
            "SELECT current_setting('TimeZone'), current_setting('threads')"
        ).fetchall()

    assert (zone, threads) == ("UTC", 1)


def test_the_spill_folder_is_gone_after_a_failure(tmp_path: Path) -> None:
    source = open_source(History().customer().write(tmp_path / "tables"))

    with (
        pytest.raises(RuntimeError, match="stopped"),
        open_session(source, spill=tmp_path / "home", limits=Limits()),
    ):
        raise RuntimeError("stopped")

    assert list((tmp_path / "home").iterdir()) == []


def test_a_sink_grows_by_results_and_writes_microseconds_in_utc(tmp_path: Path) -> None:
    source = open_source(History().customer().write(tmp_path / "tables"))
    file = tmp_path / "out.parquet"

    with (
        open_session(source, spill=tmp_path, limits=Limits()) as connection,
        ParquetSink(file) as sink,
    ):
        for _ in range(2):
            rows = sink.append(
                connection, sql=f"SELECT i, TIMESTAMPTZ '{NOW}' AS at FROM range(60000) t(i)"
            )
            assert rows == 60_000

    written = pq.ParquetFile(file)
    assert written.metadata.num_rows == 120_000
    assert written.schema_arrow.field("at").type == pa.timestamp("us", tz="UTC")
    assert max(written.metadata.row_group(n).num_rows for n in range(4)) <= 60_000
