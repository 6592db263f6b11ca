from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from routing.errors import SlotPlanError
from routing.slot_drawing import draw_plan
from routing.slot_file import PlanReader, read_plan
from routing.slots import SlotPlan


class Ticks:
    """A clock that moves on two seconds at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 2.0
        return self.now


@pytest.fixture
def plan() -> SlotPlan:
    made_at = datetime(2026, 11, 1, tzinfo=UTC)
    return draw_plan(date(2026, 12, 1), zone="UTC", weeks=2, seed=1, made_at=made_at)


def test_a_plan_comes_back_as_it_was_written(plan: SlotPlan, tmp_path: Path) -> None:
    file = tmp_path / "experiment.json"
    file.write_bytes(msgspec.json.encode(plan))
    assert read_plan(file) == plan
    assert read_plan(tmp_path / "none.json") is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"\xff\xfe", b"shorter"])
def test_a_damaged_plan_keeps_the_one_before_and_says_so(
    plan: SlotPlan, tmp_path: Path, damage: bytes
) -> None:
    file = tmp_path / "experiment.json"
    whole = msgspec.json.encode(plan)
    file.write_bytes(whole)
    reader = PlanReader(file, clock=Ticks())
    assert (reader.current(), reader.trouble) == (plan, None)
    file.write_bytes(whole.replace(b'"weeks":2', b'"weeks":4') if damage == b"shorter" else damage)
    assert reader.current() == plan
    assert reader.trouble is not None
    assert "2026-12-01" in reader.trouble
    with pytest.raises(SlotPlanError):
        read_plan(file)
    file.write_bytes(whole)
    assert (reader.current(), reader.trouble) == (plan, None)


def test_a_plan_that_vanishes_stays_in_force(plan: SlotPlan, tmp_path: Path) -> None:
    file = tmp_path / "experiment.json"
    file.write_bytes(msgspec.json.encode(plan))
    reader = PlanReader(file, clock=Ticks())
    reader.current()
    file.unlink()
    assert reader.current() == plan
    assert "is gone" in (reader.trouble or "")


def test_without_a_plan_none_runs_and_nothing_is_amiss(tmp_path: Path) -> None:
    reader = PlanReader(tmp_path / "experiment.json", clock=Ticks())
    assert (reader.current(), reader.trouble) == (None, None)


def test_a_plan_damaged_from_the_start_is_told(tmp_path: Path) -> None:
    file = tmp_path / "experiment.json"
    file.write_text("no plan")
    reader = PlanReader(file, clock=Ticks())
    assert reader.current() is None
    assert "No experiment runs" in (reader.trouble or "")


def test_the_file_is_looked_at_once_a_second(plan: SlotPlan, tmp_path: Path) -> None:
    file = tmp_path / "experiment.json"
    now = 0.0
    reader = PlanReader(file, clock=lambda: now)
    reader.current()
    file.write_bytes(msgspec.json.encode(plan))
    now = 0.9
    assert reader.current() is None
    now = 1.0
    assert reader.current() == plan
