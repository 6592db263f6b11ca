"""The offers report agrees with the truth of a world, and says what it does not know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import pytest

from features.contract import ALL_PARTNERS
from features.errors import ContractError, DataNotFoundError
from features.frame import build_training
from models.uplift.effects import NORMAL_95, Verdict
from pipelines.insurer import generate
from pipelines.report import write_report
from serving.pages.offers_report import Interval, OffersReport
from tests.offers_models import promote_offers_model_set
from tests.offers_world import LAPSED_SHARE, OFFERS, REVENUE, UNTIL, TrueOffer, write_offers_world

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def read(path: Path) -> OffersReport:
    return msgspec.json.decode(path.read_bytes(), type=OffersReport)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offers")
    write_offers_world(folder, contacts=16_000, seed=3)
    promote_offers_model_set(folder)
    return folder


@pytest.fixture(scope="module")
def report(home: Path) -> OffersReport:
    return read(write_report(home, tables=home / "tables", as_of=UNTIL))


def near(interval: Interval, truth: float) -> bool:
    """Four standard errors: of the some thirty intervals here, one in 500 runs would be outside."""
    return abs(interval.estimate - truth) < 4 * (interval.high - interval.low) / (2 * NORMAL_95)


@pytest.mark.parametrize("truth", OFFERS, ids=lambda offer: offer.offer_id)
def test_each_stage_has_its_true_effect(report: OffersReport, truth: TrueOffer) -> None:
    row = report.offer(truth.offer_id)
    assert {part.stage.value for part in row.stages} == set(truth.added)
    for part in row.stages:
        assert part.uplift is not None
        assert near(part.uplift, truth.added[part.stage])


@pytest.mark.parametrize("truth", OFFERS, ids=lambda offer: offer.offer_id)
def test_added_money_is_margin_less_lapse_less_cost(report: OffersReport, truth: TrueOffer) -> None:
    for part in report.offer(truth.offer_id).stages:
        a_sale = (1 - LAPSED_SHARE) * REVENUE - LAPSED_SHARE * truth.lapse_cost
        true_money = 1000 * (truth.added[part.stage] * a_sale - truth.presentation_cost)
        assert part.money is not None
        assert near(part.money, true_money)


def test_offers_stand_by_added_money_and_the_clear_ones_are_named(report: OffersReport) -> None:
    money = [row.money.estimate for row in report.offers if row.money is not None]
    assert money == sorted(money, reverse=True)
    assert report.offer("term_life").verdict is Verdict.ADDS
    assert report.offer("pet_cover").verdict is Verdict.LOSES


def test_an_offer_that_few_could_have_is_not_yet_known(report: OffersReport) -> None:
    row = report.offer("cyber")
    assert row.verdict is Verdict.UNKNOWN
    assert row.curve is None
    assert row.curve_missing.startswith("Too few contacts since")


def test_a_good_ranking_draws_a_curve_on_unseen_contacts_alone(report: OffersReport) -> None:
    curve = report.offer("whole_life").curve
    assert curve is not None
    highest = max(curve.points, key=lambda point: point.gain.estimate)
    # The half who stand as prospects gain, the purchasers lose.
    assert 0.4 < highest.share < 0.65
    assert highest.gain.low > highest.at_random
    assert curve.contacts < report.offer("whole_life").presented * 6
    assert "model set 17 has learned from" in curve.note


def test_charts_need_no_script_no_style_and_no_network(report: OffersReport) -> None:
    curve = report.offer("term_life").curve
    assert report.chart is not None
    assert curve is not None
    for svg in (report.chart.wide, report.chart.narrow, curve.chart.wide, curve.chart.narrow):
        assert svg.startswith("<svg")
        for forbidden in ("style=", "<style", "<script", "href", "<image", "url(", "aria-"):
            assert forbidden not in svg
    assert "&lt;all in&gt;" in report.chart.wide


def test_the_same_evidence_gives_the_same_report(home: Path, report: OffersReport) -> None:
    again = read(write_report(home, tables=home / "tables", as_of=UNTIL))
    assert again == report


def test_what_is_known_later_changes_nothing(home: Path, tmp_path: Path) -> None:
    earlier = datetime(2026, 6, 1, tzinfo=UTC)
    at_home = read(write_report(home, tables=home / "tables", as_of=earlier))
    cut = tmp_path / "tables"
    for table in ("offers", "contacts", "outcomes", "customer_events"):
        (cut / table / "partner=main").mkdir(parents=True)
        known = (
            ""
            if table in {"offers", "contacts"}
            else "WHERE known_at < TIMESTAMPTZ '2026-06-01 00:00:00Z'"
        )
        duckdb.sql(
            f"SET TimeZone = 'UTC'; COPY (SELECT * FROM read_parquet("
            f"'{home}/tables/{table}/*/*.parquet', hive_partitioning = false) {known}) "
            f"TO '{cut}/{table}/partner=main/part-00000.parquet'"
        )
    from_the_cut = read(write_report(home, tables=cut, as_of=earlier))
    assert from_the_cut.offers == at_home.offers


def test_without_a_model_set_the_effects_stand_and_the_curve_says_why(tmp_path: Path) -> None:
    tables = write_offers_world(tmp_path, contacts=3000, seed=5)
    report = read(write_report(tmp_path, tables=tables, as_of=UNTIL))
    assert report.provenance.model_set is None
    assert report.offer("term_life").uplift is not None
    assert {row.curve_missing for row in report.offers} == {
        "No model set is promoted yet, so nobody has been ranked for this offer."
    }


def test_without_features_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="Run `callworth features` first"):
        write_report(tmp_path, tables=tmp_path, as_of=UNTIL)
    assert not list(tmp_path.iterdir())


def test_another_partners_customers_say_nothing_of_an_offer(tmp_path: Path) -> None:
    alone = write_offers_world(tmp_path / "alone", contacts=3000, seed=5)
    beside = write_offers_world(tmp_path / "beside", contacts=3000, seed=5, strangers=1500)
    without = read(write_report(tmp_path / "alone", tables=alone, as_of=UNTIL))
    with_them = read(write_report(tmp_path / "beside", tables=beside, as_of=UNTIL))
    assert with_them.provenance.contacts > without.provenance.contacts
    assert with_them.offers == without.offers


def test_an_offer_of_all_partners_is_measured_on_the_customers_of_each(tmp_path: Path) -> None:
    world = {"contacts": 3000, "seed": 5, "strangers": 1500}
    nothing = {}
    for seller in ("main", ALL_PARTNERS):
        home = tmp_path / seller
        tables = write_offers_world(home, seller=seller, **world)
        report = read(write_report(home, tables=tables, as_of=UNTIL))
        nothing[seller] = report.offer("term_life").nothing
    assert nothing[ALL_PARTNERS] > 1.5 * nothing["main"]


def test_a_frame_of_other_tables_is_refused(home: Path, tmp_path: Path) -> None:
    other = write_offers_world(tmp_path, contacts=1000, seed=6)
    with pytest.raises(ContractError, match="run `callworth features` again"):
        write_report(home, tables=other, as_of=UNTIL)


@pytest.fixture(scope="module")
def insurer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home and tables of a generated insurer, with its training frame."""
    folder = tmp_path_factory.mktemp("insurer")
    tables = generate(folder / "tables", customers=12_000, seed=11, until=NOVEMBER)
    build_training(tables, home=folder, as_of=NOVEMBER)
    return folder


def test_the_intervals_hold_the_true_effects_of_the_generated_insurer(insurer: Path) -> None:
    report = read(write_report(insurer, tables=insurer / "tables", as_of=NOVEMBER))
    tables = insurer / "tables"
    truths = duckdb.execute(
        f"""
        SELECT truth.offer_id, avg(accept_probability - anyway_probability)
        FROM read_parquet('{tables}/truth/contact_truth/*/*.parquet') AS truth
        JOIN read_parquet('{tables}/contacts/*/*.parquet') AS contact USING (contact_id)
        WHERE contact.reached_agent AND contact.offer_probability < 1 GROUP BY 1
        """
    ).fetchall()
    rows = {row.offer_id: row for row in report.offers}
    assert len(truths) == len(rows) == 5
    for offer_id, uplift in truths:
        assert near(rows[offer_id].uplift, uplift), offer_id
    held = sum(rows[o].uplift.low <= uplift <= rows[o].uplift.high for o, uplift in truths)
    assert held >= 4
