from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.contract import EVENT_KINDS, Stage
from features.frame import build_population
from features.stages import stage_of
from tests.customer_history import NOW, History, days


def stage_at(as_of: datetime, history: History, tmp_path: Path) -> tuple[str, float | None]:
    path = build_population(history.write(tmp_path / "tables"), home=tmp_path, as_of=as_of)
    (row,) = pq.read_table(path).to_pylist()
    return row["stage"], row["days_in_stage"]


def test_a_customer_moves_through_the_stages(tmp_path: Path) -> None:
    history = History().customer(at=NOW - days(400))
    history.event("enquiry", NOW - days(300))
    history.event("application", NOW - days(200))
    history.event("issue", NOW - days(100))

    assert stage_at(NOW - days(350), history, tmp_path) == (Stage.PROSPECT, 50.0)
    assert stage_at(NOW - days(250), history, tmp_path) == (Stage.LEAD, 50.0)
    assert stage_at(NOW - days(150), history, tmp_path) == (Stage.NEW_BUSINESS, 50.0)
    assert stage_at(NOW, history, tmp_path) == (Stage.PURCHASER, 100.0)


def test_an_event_known_late_moves_the_stage_late(tmp_path: Path) -> None:
    history = History().customer().event("purchase", NOW - days(20), known=NOW - days(3))

    assert stage_at(NOW - days(5), history, tmp_path)[0] == Stage.PROSPECT
    assert stage_at(NOW, history, tmp_path) == (Stage.PURCHASER, 20.0)


def test_a_second_event_of_a_stage_does_not_start_it_anew(tmp_path: Path) -> None:
    history = History().customer()
    history.event("issue", NOW - days(90)).event("purchase", NOW - days(9))

    assert stage_at(NOW, history, tmp_path) == (Stage.PURCHASER, 90.0)


def test_a_prospect_not_yet_known_has_no_days_in_stage(tmp_path: Path) -> None:
    history = History().customer(at=NOW + days(1))

    assert stage_at(NOW, history, tmp_path) == (Stage.PROSPECT, None)


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        ([], Stage.PROSPECT),
        (["payment", "claim"], Stage.PROSPECT),
        (["enquiry"], Stage.LEAD),
        (["application", "enquiry"], Stage.NEW_BUSINESS),
        (["purchase"], Stage.PURCHASER),
        (EVENT_KINDS, Stage.PURCHASER),
    ],
)
def test_the_furthest_stage_holds(kinds: list[str], stage: Stage) -> None:
    assert stage_of(kinds) is stage
