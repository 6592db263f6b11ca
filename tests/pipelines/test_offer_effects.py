"""The parts of the report on effects: tenths, ranking, segments, kinds, waiting and budget."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipelines.report import write_report
from serving.pages.offers_report import OffersReport
from tests.offers_models import promote_offers_model_set
from tests.offers_world import UNTIL, write_offers_world


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> OffersReport:
    folder = tmp_path_factory.mktemp("effects")
    write_offers_world(folder, contacts=16_000, seed=3)
    promote_offers_model_set(folder)
    path = write_report(folder, tables=folder / "tables", as_of=UNTIL)
    return msgspec.json.decode(path.read_bytes(), type=OffersReport)


@pytest.fixture(scope="module")
def unranked(tmp_path_factory: pytest.TempPathFactory) -> OffersReport:
    folder: Path = tmp_path_factory.mktemp("unranked")
    write_offers_world(folder, contacts=2000, seed=3)
    path = write_report(folder, tables=folder / "tables", as_of=UNTIL)
    return msgspec.json.decode(path.read_bytes(), type=OffersReport)


def test_more_is_observed_where_more_is_predicted(report: OffersReport) -> None:
    tenths = report.offer("whole_life").tenths
    assert tenths is not None
    assert tenths.rows[0].observed.low > 0
    assert tenths.rows[-1].observed.high < 0
    assert "Where more was predicted, more was observed" in tenths.sentence
    assert "tenth 1: predicted" in tenths.chart.description


def test_a_good_order_is_said_to_be_better_than_chance(report: OffersReport) -> None:
    ranked = report.offer("whole_life").ranked
    assert ranked is not None
    assert ranked.area.low > 0
    assert ranked.sentence.startswith("The order is better than chance")
    # Every contact that could have had it had the same chances: the Qini is told.
    assert ranked.qini is not None
    assert 0 < ranked.qini.low < ranked.qini.estimate < 1


def test_those_who_benefit_are_named_by_what_moves_them(report: OffersReport) -> None:
    benefits = report.offer("whole_life").benefits
    more, less = benefits[0], next(each for each in benefits if not each.more)
    assert (more.text, less.text) == ("stood = prospect", "stood = purchaser")
    assert more.uplift.low < 0.07 < more.uplift.high
    assert less.uplift.low < -0.08 < less.uplift.high


def test_kinds_are_counted_and_add_up(report: OffersReport) -> None:
    kinds = {each.kind: each for each in report.offer("whole_life").kinds}
    assert set(kinds) == {"persuadable", "sure", "lost", "do not disturb", "not enough data"}
    assert sum(each.share for each in kinds.values()) == pytest.approx(1.0)
    assert kinds["persuadable"].contacts > 0
    assert kinds["do not disturb"].contacts > 0


def test_the_wait_until_known_is_told(report: OffersReport) -> None:
    known = report.offer("term_life").until_known
    assert known is not None
    assert (known.contacts, known.days) == (0, 0)
    travel = report.offer("travel_year").until_known
    assert travel is not None
    assert travel.contacts is None or travel.contacts >= 0


def test_offers_along_a_budget_add_money_and_begin_at_nothing(report: OffersReport) -> None:
    budget = report.budget
    assert budget is not None
    assert budget.points[0].spent == 0
    assert budget.points[-1].added.low > 0
    assert "the most promising, adds" in budget.sentence


def test_one_prediction_for_everybody_is_said_to_order_nothing(report: OffersReport) -> None:
    # The model set expects the same of every purchaser, to whom alone it may be presented.
    tenths = report.offer("travel_year").tenths
    assert tenths is not None
    assert "the same of every contact" in tenths.sentence


def test_without_a_model_set_each_part_is_left_out_and_the_budget_says_why(
    unranked: OffersReport,
) -> None:
    row = unranked.offer("term_life")
    assert (row.tenths, row.ranked, row.benefits, row.kinds) == (None, None, (), ())
    assert unranked.budget is None
    assert "No model set is promoted" in unranked.budget_missing
