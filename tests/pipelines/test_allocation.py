"""Forming under limits: none is broken in the published set, and every no says why."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.strategise import form_strategies
from routing.allocation.errors import InfeasibleLimitsError, LimitsFileError
from routing.allocation.kept import read_kept
from routing.strategy import Strategy
from routing.strategy_file import every_strategy
from routing.strategy_writer import Published
from serving.pages.limits_report import (
    LimitsReport,
    limits_file,
    limits_path,
    refusal_of,
    survey_path,
)
from serving.pages.nothing_report import nothing_file
from tests.plain_world import AS_OF, FORMED, PlainScorer, make_population, make_tables, write

CUSTOMERS = 400
MINUTES = "[presentation_minutes]\nterm_life = 6.0\nhome = 4.0\nbrand_new = 5.0\n"
LIMITS = f"""
horizon_days = 7
{MINUTES}
[[minutes]]
at_most = 60
licence = "life"
[[stock]]
offer = "home"
at_most = 15
counts = "presentations"
[[rest]]
days = 20
"""


def _contact(number: int, at: datetime, offer: str | None) -> dict[str, Any]:
    return {
        "partner": ("main", "north")[number % 3 == 0],
        "contact_id": f"k{number}-{at:%j%H}",
        "customer_id": f"c{number:06d}",
        "channel": "voice",
        "calling_number": None,
        "dialled_number": None,
        "reason": "quote",
        "centre": "north",
        "queue": "sales_any",
        "agent_id": None,
        "waited_seconds": 3.0,
        "handled_seconds": 300.0 + 240.0 * (offer is not None) + number % 7,
        "reached_agent": number % 17 != 0,
        "offer_id": offer,
        "offer_probability": 0.5,
        "arm": "explore",
        "occurred_at": at,
        "known_at": at + timedelta(minutes=5),
    }


def _contacts() -> list[dict[str, Any]]:
    """Everybody calls every 60 days or more often; term life was presented to some of them."""
    return [
        _contact(number, AS_OF - timedelta(days=back + number % 5), offer)
        for number in range(CUSTOMERS)
        for back, offer in (
            (10, "term_life" if number % 8 < 2 else None),
            (70, "term_life" if number % 2 else None),
            (130, None),
        )
        if number % 3 or back > 10
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("a world under limits")
    make_population(root / "home", customers=CUSTOMERS)
    write(make_tables(root / "tables", customers=CUSTOMERS), "contacts", _contacts())
    return root


@pytest.fixture
def form(world: Path, tmp_path: Path) -> Callable[[str | None], tuple[Path, Published]]:
    def formed(limits: str | None) -> tuple[Path, Published]:
        home = tmp_path / "home"
        if not home.exists():
            shutil.copytree(world / "home", home)
        (home / "limits.toml").unlink(missing_ok=True)
        if limits is not None:
            (home / "limits.toml").write_text(limits)
        published = form_strategies(
            home,
            tables=world / "tables",
            model_set_folder=home,
            as_of=AS_OF,
            formed_at=FORMED,
            valid_for=timedelta(days=7),
            scorer=PlainScorer(),
        )
        return home, published

    return formed


@pytest.fixture(scope="module")
def limited(
    world: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Strategy], LimitsReport]:
    home = tmp_path_factory.mktemp("limited") / "home"
    shutil.copytree(world / "home", home)
    (home / "limits.toml").write_text(LIMITS)
    published = form_strategies(
        home,
        tables=world / "tables",
        model_set_folder=home,
        as_of=AS_OF,
        formed_at=FORMED,
        valid_for=timedelta(days=7),
        scorer=PlainScorer(),
    )
    return home, list(every_strategy(published.path)), limits_file(home).latest()


def _presented(strategies: list[Strategy]) -> dict[str, list[str]]:
    return {
        one.customer_id: [offer.offer_id for offer in one.handling.offers if offer.present]
        for one in strategies
    }


def test_usage_summed_over_the_published_set_keeps_every_limit(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    home, strategies, report = limited
    _, kept = read_kept(survey_path(home))
    sample = kept.survey.sample
    contacts = dict(zip(sample.customer_ids.tolist(), sample.contacts.tolist(), strict=True))
    assert len(contacts) == CUSTOMERS
    presented = _presented(strategies)
    times = {
        offer: sum(contacts[who] for who, offers in presented.items() if offer in offers)
        for offer in ("term_life", "home")
    }
    minutes, stock = report.limits
    assert minutes.used == pytest.approx(6.0 * times["term_life"], rel=1e-6)
    assert stock.used == pytest.approx(times["home"], rel=1e-6)
    assert minutes.used <= minutes.amount == 60.0
    assert stock.used <= stock.amount == 15.0
    assert minutes.price > 0.0


def test_money_and_mix_of_the_report_are_those_of_the_published_set(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    home, strategies, report = limited
    _, kept = read_kept(survey_path(home))
    sample = kept.survey.sample
    contacts = dict(zip(sample.customer_ids.tolist(), sample.contacts.tolist(), strict=True))
    money = sum(
        offer.added_value * contacts[one.customer_id]
        for one in strategies
        for offer in one.handling.offers
        if offer.present
    )
    assert money == pytest.approx(report.money, rel=1e-3)  # strategies hold cents
    assert report.money <= report.bound <= report.money * 1.01
    offers = list(_presented(strategies).values())
    for one in report.mix:
        assert one.customers == sum(one.offer_id in mine for mine in offers)
    assert max(map(len, offers)) == 1


def test_priced_out_offers_say_so_in_words(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    _, strategies, _ = limited
    whys = [offer.why for one in strategies for offer in one.handling.offers if not offer.present]
    assert any(
        why.startswith("adds ")
        and why.endswith("but a minute with licence life is worth more elsewhere")
        for why in whys
    )
    assert any(why.endswith("but another offer is worth more here") for why in whys)


def test_an_offer_rests_after_it_was_presented(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    home, strategies, _ = limited
    lately = {
        row["customer_id"]
        for row in _contacts()
        if row["offer_id"] and row["reached_agent"] and row["occurred_at"] > AS_OF - timedelta(20)
    }
    for one in strategies:
        for offer in one.handling.offers:
            if offer.offer_id == "term_life" and one.customer_id in lately:
                assert not offer.present
    why = nothing_file(home).latest().why()
    assert why["priced_out"] > 0
    assert why["seen_enough"] > 0


def test_the_customers_priced_out_are_worth_less_a_minute_than_those_chosen(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    _, strategies, report = limited
    offers = [
        offer
        for one in strategies
        for offer in one.handling.offers
        if offer.offer_id == "term_life"
    ]
    chosen = [offer.added_value for offer in offers if offer.present]
    out = [offer.added_value for offer in offers if "elsewhere" in offer.why]
    # At the margin, whole customers fill what prices leave open: a few may be told apart.
    assert sum(added > min(chosen) for added in out) <= 3
    assert np.mean(chosen) > 6.0 * report.limits[0].price


def test_without_a_limits_file_the_rule_stays_and_old_reports_go(
    form: Callable[[str | None], tuple[Path, Published]],
) -> None:
    home, _ = form(LIMITS)
    assert limits_path(home).exists()
    home, published = form(None)
    assert not limits_path(home).exists()
    assert not survey_path(home).exists()
    presented = _presented(list(every_strategy(published.path)))
    assert max(map(len, presented.values())) == 2


def test_a_limit_nobody_reaches_has_no_price_and_changes_no_first_offer(
    form: Callable[[str | None], tuple[Path, Published]],
) -> None:
    _, free = form(None)
    home, loose = form(f"{MINUTES}[[minutes]]\nat_most = 1000000\n")
    (only,) = limits_file(home).latest().limits
    assert only.price == 0.0
    before, after = (
        _presented(list(every_strategy(published.path))) for published in (free, loose)
    )
    assert {who: offers[:1] for who, offers in before.items()} == after


def test_limits_that_cannot_be_met_publish_nothing_and_are_kept_for_the_page(
    form: Callable[[str | None], tuple[Path, Published]],
) -> None:
    home, published = form(LIMITS)
    floor = '[[share]]\nat_least = 0.9\noffers = ["home"]\n'
    with pytest.raises(InfeasibleLimitsError) as caught:
        form(LIMITS + floor)
    refusal = refusal_of(home)
    assert refusal is not None
    assert refusal.conflict == caught.value.conflict
    assert "share home" in refusal.conflict
    sets = [path.name for path in (home / "strategies").glob("*.sqlite")]
    assert sets == [published.path.name]
    form(LIMITS)
    assert refusal_of(home) is None


def test_minutes_are_measured_from_the_log_where_the_file_does_not_say(
    form: Callable[[str | None], tuple[Path, Published]],
) -> None:
    limit = "[[minutes]]\nat_most = 60\n[presentation_minutes]\nhome = 4.0\nbrand_new = 5.0\n"
    home, _ = form(limit)
    assert limits_file(home).latest().minutes["term_life"] == pytest.approx(4.0, abs=0.1)
    with pytest.raises(LimitsFileError, match="how many minutes presenting brand_new takes"):
        form("[[minutes]]\nat_most = 60\n")


def test_the_vulnerable_and_those_who_opted_out_are_exempt(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    _, strategies, report = limited
    marked = {
        f"c{number:06d}" for number in range(CUSTOMERS) if number % 10 == 3 or number % 11 == 0
    }
    assert {one.customer_id for one in strategies if one.exempt} == marked
    assert any(offer.present for one in strategies if one.exempt for offer in one.handling.offers)
    assert report.exploring.cost > 0.0


def test_what_may_be_explored_is_what_the_customer_may_be_shown(
    limited: tuple[Path, list[Strategy], LimitsReport],
) -> None:
    _, strategies, _ = limited
    fits = {"prospect": {"term_life"}, "lead": {"term_life", "home", "brand_new"}}
    seen = {True: 0, False: 0}
    for one in strategies:
        may = {offer.offer_id for offer in one.handling.offers if offer.eligible}
        resting = any("short time ago" in offer.why for offer in one.handling.offers)
        seen[resting] += 1
        if "Asked not" in one.handling.advice:
            assert may == set()
        elif resting:
            assert "term_life" not in may
        elif one.stage == "prospect":
            assert may <= fits["prospect"]
        elif one.stage == "lead" and "term_life" in may:
            assert may | {"brand_new"} == fits["lead"]
    assert min(seen.values()) > 0
