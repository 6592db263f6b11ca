import json
import sqlite3
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.contract import Kind
from features.errors import ContractError, DataNotFoundError
from models.artefacts import write_contents
from models.encoding import Encoder
from models.model_choice import ModelChoice
from models.model_set import Answer, CalibrationForm, LinearForm, Manifest, SignalForm, write_json
from models.signals import Task
from pipelines import strategy_changes
from pipelines.population_scores import ROWS_AT_ONCE
from pipelines.strategise import form_strategies
from routing.contact import Channel, Contact
from routing.errors import StrategySetNotFoundError, WriterBusyError
from routing.index_secret import SECRET_FILE
from routing.offer_states import OfferState
from routing.strategy import Strategy
from routing.strategy_file import every_strategy, header_of
from routing.strategy_pointer import writing_lock
from routing.strategy_reader import StrategyReader
from serving import offers_ledger
from serving.offers_ledger import OffersLedgerDamagedError
from serving.pages.changes_report import changes_file
from serving.pages.nothing_report import nothing_file
from tests.deciding import decide
from tests.plain_world import (
    AS_OF,
    FORMED,
    STAGES,
    PlainScorer,
    make_population,
    make_tables,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("a world")
    make_population(root / "home", customers=600)
    return make_tables(root / "tables", customers=600), root / "home"


def _form(world: tuple[Path, Path], *, home: Path | None = None, **more: Any) -> Any:
    tables, made = world
    arguments: dict[str, Any] = {
        "scorer": PlainScorer(),
        "model_set_folder": made,
        "as_of": AS_OF,
        **more,
    }
    return form_strategies(
        home or made,
        tables=tables,
        formed_at=FORMED,
        valid_for=timedelta(days=7),
        **arguments,
    )


@pytest.fixture(scope="module")
def formed(world: tuple[Path, Path]) -> dict[str, Strategy]:
    published = _form(world)
    return {one.customer_id: one for one in every_strategy(published.path)}


def test_every_customer_has_one_strategy(formed: dict[str, Strategy]) -> None:
    assert len(formed) == 600
    assert {one.expires_at for one in formed.values()} == {FORMED + timedelta(days=7)}
    assert {one.model_set for one in formed.values()} == {"17"}


def test_the_first_group_follows_each_partners_first_pool(
    world: tuple[Path, Path], formed: dict[str, Strategy]
) -> None:
    for partner, share in (("main", 0.3), ("north", 0.5)):
        mine = [one for one in formed.values() if one.partner == partner]
        first = [one for one in mine if one.value_group == "first"]
        # Equal values stay together, so the group may be a little short of the share.
        assert share * len(mine) * 0.85 <= len(first) <= share * len(mine)
        least = min(one.signals.value or 0 for one in first)
        below = [
            one.signals.value or 0
            for one in mine
            if one.value_group == "second" and "Asked not" not in one.handling.advice
        ]
        assert max(below) < least


def test_signals_and_offers_are_those_worked_out_by_hand(formed: dict[str, Strategy]) -> None:
    one = formed["c000005"]
    assert one.stage == "lead"
    income = float(one.reasons[0].text.removeprefix("income about ").replace(",", ""))
    likely = income / 100_000 * 0.4
    best, second, unknown = one.handling.offers
    assert best.offer_id == "term_life"
    assert best.likelihood == pytest.approx(likely, abs=1e-4)
    assert best.uplift == pytest.approx(likely * 0.75, abs=1e-4)
    added = likely * 0.75 * (400 * 0.9 - 140 * 0.1) - 3
    assert best.added_value == pytest.approx(added, abs=0.01)
    assert (second.offer_id, unknown.offer_id) == ("home", "brand_new")
    assert unknown.why == "the model set does not know this offer yet"
    assert one.signals.value == pytest.approx(likely * 300, abs=0.01)
    assert "life event: moved house" in one.handling.note


def test_a_stage_without_offers_has_no_signals_and_is_in_the_last_group(
    formed: dict[str, Strategy],
) -> None:
    found = [one for one in formed.values() if one.stage == "new_business"]
    assert found
    for one in found:
        assert (one.signals.accept, one.signals.value, one.value_group) == (None, None, "second")
        assert one.route.queue == "onboarding_any"


def test_who_asked_for_no_offers_is_offered_nothing(formed: dict[str, Strategy]) -> None:
    one = formed["c000011"]
    assert not any(offer.present for offer in one.handling.offers)
    assert one.value_group == "second"


def test_customers_are_found_by_phone_and_answers(
    world: tuple[Path, Path], formed: dict[str, Strategy]
) -> None:
    reader = StrategyReader(world[1] / "strategies")
    contact = Contact(contact_id="k", channel=Channel.VOICE, from_="(555) 555-0005")
    found = decide(contact, reader=reader, now=FORMED + timedelta(hours=1))
    assert found.customer is not None
    assert found.customer.customer_id == "c000005"
    partner = formed["c000007"].partner
    named = reader.by_answers(partner, name="NAME 7", postcode="00007")
    assert [one.customer_id for one in named] == ["c000007"]


def test_the_same_inputs_give_the_same_strategies(
    world: tuple[Path, Path], formed: dict[str, Strategy]
) -> None:
    published = _form(world)
    assert {one.customer_id: one for one in every_strategy(published.path)} == formed


def test_work_is_reported_and_nothing_but_the_set_stays(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    done: dict[str, list[int]] = {}

    @contextmanager
    def track(doing: str, *, total: int, unit: str) -> Any:
        done[doing] = [total, 0]

        def add(count: int) -> None:
            done[doing][1] += count

        yield add

    make_population(tmp_path, customers=600)
    published = _form(world, home=tmp_path, track=track)
    assert done == {"score customers": [600, 600], "form strategies": [600, 600]}
    names = {path.name for path in (tmp_path / "strategies").iterdir()}
    assert names == {published.path.name, "current.json", ".writing.lock", SECRET_FILE}


def test_left_early_nothing_is_published_and_the_same_command_then_completes(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    make_population(tmp_path, customers=600)

    @contextmanager
    def interrupted(doing: str, *, total: int, unit: str) -> Any:
        def stop(_count: int) -> None:
            if doing == "form strategies":
                raise KeyboardInterrupt

        yield stop

    with pytest.raises(KeyboardInterrupt):
        _form(world, home=tmp_path, track=interrupted)
    left = {path.name for path in (tmp_path / "strategies").iterdir()}
    assert left <= {".writing.lock", SECRET_FILE}
    assert _form(world, home=tmp_path).customers == 600


def test_a_second_run_at_the_same_time_is_turned_away(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    make_population(tmp_path, customers=600)
    with writing_lock(tmp_path / "strategies"), pytest.raises(WriterBusyError):
        _form(world, home=tmp_path)


def test_features_of_another_instant_are_refused(world: tuple[Path, Path]) -> None:
    with pytest.raises(ContractError, match="says what was known at 2026-11-22 00:00 UTC"):
        _form(world, as_of=AS_OF + timedelta(days=1))


def test_a_population_that_is_not_there_is_named(world: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="There is no population"):
        _form(world, home=tmp_path)


def test_a_customer_without_record_is_not_dropped_silently(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    make_population(tmp_path, customers=601)
    with pytest.raises(ContractError, match="has 601 customers; the customers table fits 600"):
        _form(world, home=tmp_path)


def test_more_customers_than_one_batch_are_formed_alike(tmp_path: Path) -> None:
    count = ROWS_AT_ONCE + 500
    make_population(tmp_path / "home", customers=count)
    tables = make_tables(tmp_path / "tables", customers=count)
    published = _form((tables, tmp_path / "home"))
    assert published.customers == count
    with sqlite3.connect(published.path) as connection:
        assert connection.execute("SELECT count(*) FROM strategies").fetchone() == (count,)
    connection.close()
    cuts = header_of(published.path).cuts
    assert sorted(cuts) == ["main", "north"]


def test_show_says_in_plain_words_what_is_decided(
    world: tuple[Path, Path], formed: dict[str, Strategy]
) -> None:
    shown = strategy_changes.show(world[1], "c000005")
    assert shown.facts.customer_id == "c000005"
    for words in ("sales_", "yes term_life", "income about", "model set 17"):
        assert words in shown.text
    with pytest.raises(StrategySetNotFoundError, match="has no customer 'c9'"):
        strategy_changes.show(world[1], "c9")


def test_show_without_a_published_set_says_so(tmp_path: Path) -> None:
    with pytest.raises(StrategySetNotFoundError, match="No strategy set is published"):
        strategy_changes.show(tmp_path, "c000005")


def test_diff_counts_moves_offers_and_worth(world: tuple[Path, Path], tmp_path: Path) -> None:
    make_population(tmp_path, customers=600)
    old = _form(world, home=tmp_path)
    new = _form(world, home=tmp_path, scorer=PlainScorer(lift=0.1))
    was = {one.customer_id: one for one in every_strategy(old.path)}
    now = {one.customer_id: one for one in every_strategy(new.path)}

    def yes(strategy: Strategy, offer: str) -> bool:
        return any(o.offer_id == offer and o.present for o in strategy.handling.offers)

    found = strategy_changes.diff(tmp_path, old.label, new.label).facts
    assert (found.customers, found.appeared, found.gone) == (600, 0, 0)
    assert sum(move.customers for move in found.moved) == sum(
        was[c].value_group != now[c].value_group for c in was
    )
    for change in found.offers:
        pairs = [(yes(was[c], change.offer_id), yes(now[c], change.offer_id)) for c in was]
        assert change.now_no == pairs.count((True, False))
        assert change.now_yes == pairs.count((False, True))

    def worth(sets: dict[str, Strategy]) -> float:
        return sum(
            next((o.added_value for o in one.handling.offers if o.present), 0.0)
            for one in sets.values()
        )

    assert found.worth == pytest.approx(worth(now) - worth(was), abs=0.02)
    assert found.worth < 0


def test_diff_of_a_set_with_itself_is_nothing(
    world: tuple[Path, Path], formed: dict[str, Strategy]
) -> None:
    label = json.loads((world[1] / "strategies" / "current.json").read_text())["label"]
    found = strategy_changes.diff(world[1], label, label)
    assert (found.facts.moved, found.facts.worth) == ((), 0.0)
    assert "moved group  0" in found.text
    with pytest.raises(StrategySetNotFoundError, match="Kept are:"):
        strategy_changes.diff(world[1], label, "2020-01-01.1")


def test_a_paused_offer_is_a_no_for_everyone_and_the_next_is_taken(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    make_population(tmp_path, customers=600)
    pause = {"offer_id": "term_life", "by": "ann", "why": "out of stock"}
    offers_ledger.change(tmp_path, to=OfferState.PAUSED, now=FORMED, **pause)
    published = _form(world, home=tmp_path)
    second = set()
    for strategy in every_strategy(published.path):
        for offer in strategy.handling.offers:
            if offer.offer_id == "term_life":
                assert not offer.present
                assert offer.why.startswith(("paused by marketing: out of stock", "not", "asked"))
        second |= {o.offer_id for o in strategy.handling.offers if o.present}
    assert second == {"home"}
    assert (
        next(o for o in header_of(published.path).offers["main"] if o.offer_id == "home").licence
        == "property"
    )


def test_an_edited_file_of_changes_stops_the_forming(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    make_population(tmp_path, customers=600)
    pause = {"offer_id": "term_life", "by": "ann", "why": "out of stock"}
    offers_ledger.change(tmp_path, to=OfferState.PAUSED, now=FORMED, **pause)
    ledger = offers_ledger.ledger_path(tmp_path)
    ledger.write_text(ledger.read_text().replace('"0000', '"1000'))
    with pytest.raises(OffersLedgerDamagedError, match=r"states\.jsonl"):
        _form(world, home=tmp_path)
    assert StrategyReader(tmp_path / "strategies").current is None


def write_two_models(folder: Path) -> Path:
    """Write a model set: the model of leads listens to the income, that for all to house moves."""
    kinds = {"income": Kind.CONTINUOUS, "life_event": Kind.NOMINAL}
    rows: dict[str, Any] = {
        "income": np.random.default_rng(2).normal(70_000, 25_000, 300),
        "life_event": (["moved_house"] + ["none"] * 4) * 60,
    }
    encoder = Encoder.fitted(rows, kinds=kinds)
    heard = {"lead": ("income", 1.0), "all": ("life_event=moved_house", 2.0)}
    for profile, (name, by) in heard.items():
        form = LinearForm(-1.0, ((encoder.names.index(name), by),), (0.0, 0.2), ())
        signal = SignalForm(
            Task.PROBABILITY, "linear", (form,), (1.0,), 0.0, CalibrationForm(), reasons=form
        )
        write_json(folder / "accept" / f"{profile}.json", signal)
    write_json(folder / "encoding.json", encoder.to_json())
    answers = {"all": "all", "lead": "lead", **dict.fromkeys(("prospect", "purchaser"), "all")}
    write_json(
        folder / "manifest.json",
        Manifest(
            version="17", features=tuple(kinds.items()), profiles=STAGES,
            offer_ids=("home", "term_life"),
            answers=tuple(
                Answer("accept", profile, uses, "linear", f"accept/{uses}.json")
                for profile, uses in answers.items()
            ),
            as_of="", trained_from="", trained_until="", judged_from="", fingerprint="",
        ),
    )  # fmt: skip
    write_contents(folder)
    return folder


def test_the_stages_models_score_unless_importance_is_asked_for(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = write_two_models(tmp_path / "set")
    make_population(tmp_path, customers=600)

    def accepts(**choice: Any) -> dict[str, float]:
        published = _form(world, home=tmp_path, scorer=None, model_set_folder=folder, **choice)
        return {
            one.customer_id: offer.likelihood
            for one in every_strategy(published.path)
            for offer in one.handling.offers
            if one.stage == "lead" and offer.offer_id == "term_life"
        }

    default = accepts()
    assert accepts(model_choice=ModelChoice.STAGE) == default
    chosen = accepts(model_choice=ModelChoice.IMPORTANCE)
    moved, settled = "c000005", "c000001"  # leads; the first moved house, with a usual income
    assert chosen[moved] != default[moved]
    unchanged = [customer for customer in default if chosen[customer] == default[customer]]
    assert settled in unchanged
    assert 0 < len(unchanged) < len(default)


def test_forming_writes_what_the_pages_of_strategy_sets_show(
    world: tuple[Path, Path], tmp_path: Path
) -> None:
    make_population(tmp_path, customers=600)
    first = _form(world, home=tmp_path)
    second = _form(world, home=tmp_path, scorer=PlainScorer(lift=0.5))
    report = nothing_file(tmp_path).latest()
    assert (report.strategy_set, report.customers) == (second.label, 600)
    assert 0 < report.nothing < 600
    (change,) = changes_file(tmp_path).latest().changes
    assert change.diff == strategy_changes.diff(tmp_path, first.label, second.label).facts
    assert change.diff.worth < 0
