"""The engine is the judge: it reads the fresh events from the tables, and we do without them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.catalogue import FEATURES
from features.contract import ACTIVITY_KINDS, EVENT_KINDS, MEDIA
from features.errors import ContractError
from features.frame import build_population
from features.fresh import Fresh, fresh_values
from features.fresh_columns import absent
from features.fresh_events import FRESH_KINDS, FreshEvent, event, outcome, past_contact, touch
from features.subjects import ACTIVITY, CONTACT_HISTORY, EVENTS, TOUCHES
from features.windows import Aggregate
from tests.customer_history import NOW, History, days, drawn_history

NAMES = tuple(feature.name for feature in FEATURES)
WINDOWED = {
    column.name: column
    for counted in (EVENTS, ACTIVITY, TOUCHES, CONTACT_HISTORY)
    for column, _ in counted.pairs
}
# A row that leaves a window leaves no trace in these; docs/features.md names them.
MAY_BE_HIGH = {
    name
    for name, column in WINDOWED.items()
    if column.aggregate in (Aggregate.COUNT, Aggregate.SUM, Aggregate.MEAN, Aggregate.TREND)
}
INSTANT = timedelta(microseconds=1)
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Happening:
    """Something that happens, said twice: to the tables and to the live path."""

    name: str
    note: Callable[[History, str, datetime], object]
    say: Callable[[datetime], FreshEvent]


def _of_event(kind: str) -> Happening:
    amount = 120.35 if kind in ("purchase", "payment", "claim") else None
    return Happening(
        kind,
        lambda history, who, at: history.event(kind, at, who, amount=amount),
        lambda at: event(kind, occurred_at=at, amount=amount),
    )


def _of_activity(kind: str) -> Happening:
    return Happening(
        kind,
        lambda history, who, at: history.activity(kind, at, who),
        lambda at: event(kind, occurred_at=at),
    )


def _of_touch(medium: str) -> Happening:
    return Happening(
        f"{medium} touch",
        lambda history, who, at: history.touch(medium, at, who, cost=1.15),
        lambda at: touch(medium, occurred_at=at, cost=1.15),
    )


def _of_contact(name: str, *, reached: bool, offer: str | None) -> Happening:
    return Happening(
        name,
        lambda history, who, at: history.contact(
            at, who, known=at, waited_seconds=41.5, reached_agent=reached, offer_id=offer
        ),
        lambda at: past_contact(
            occurred_at=at,
            waited_seconds=41.5,
            reached_agent=reached,
            presented=offer is not None,
        ),
    )


def _of_outcome(accepted: bool) -> Happening:
    return Happening(
        "accepted" if accepted else "declined",
        lambda history, who, at: history.add(
            "outcomes", at=at, customer_id=who, contact_id=f"k{who}", accepted=accepted
        ),
        lambda at: outcome(occurred_at=at, accepted=accepted),
    )


HAPPENINGS = (
    *map(_of_event, EVENT_KINDS),
    *map(_of_activity, ACTIVITY_KINDS),
    *map(_of_touch, MEDIA),
    _of_contact("abandoned contact", reached=False, offer=None),
    _of_contact("contact without offer", reached=True, offer=None),
    _of_contact("contact with offer", reached=True, offer="term"),
    _of_outcome(True),
    _of_outcome(False),
)


def known_history(seed: int, *, customers: int) -> History:
    """Return a drawn history of which everything was known before NOW."""
    history = drawn_history(np.random.default_rng(seed), customers=customers)
    for table, rows in history.rows.items():
        kept = [row for row in rows if row["known_at"] < NOW]
        history.rows[table] = kept if table != "customers" else rows
    for number in range(len(HAPPENINGS)):
        history.customer(f"new-{number:02}", at=NOW - days(2))
    return history


def computed(history: History, folder: Path, *, as_of: datetime) -> Rows:
    """Return what the engine says of every customer, by customer."""
    tables = history.write(folder / f"{as_of:%H%M%S%f}" / "tables")
    frame = pq.read_table(build_population(tables, home=tables.parent, as_of=as_of))
    return {row["customer_id"]: row for row in frame.to_pylist()}


def refreshed(
    row: dict[str, Any],
    events: Sequence[FreshEvent],
    *,
    now: datetime,
    names: tuple[str, ...] = NAMES,
) -> Fresh:
    values = [row[name] for name in names]
    return fresh_values(
        values, names=names, stage=row["stage"], events=events, as_of=row["as_of"], now=now
    )


def different(
    fresh: Fresh, row: dict[str, Any], *, names: tuple[str, ...] = NAMES
) -> dict[str, tuple[Any, Any]]:
    """Return (ours, the engine's) of every column in which they differ."""
    found = dict(zip(names, fresh.values, strict=True)) | {"stage": fresh.stage}
    return {name: (value, row[name]) for name, value in found.items() if not same(value, row[name])}


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        # An engine's instant is a float of seconds: good to about a millionth of a second.
        return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-10)
    return bool(ours == theirs)


def test_every_kind_of_event_enters_every_column_as_the_engine_has_it(tmp_path: Path) -> None:
    history = known_history(11, customers=3 * len(HAPPENINGS))
    stored = computed(history, tmp_path, as_of=NOW)
    what = {who: HAPPENINGS[place % len(HAPPENINGS)] for place, who in enumerate(sorted(stored))}
    for who, happening in what.items():
        happening.note(history, who, NOW)
    engine = computed(history, tmp_path, as_of=NOW + INSTANT)

    changed: dict[str, set[str]] = {happening.name: set() for happening in HAPPENINGS}
    for who, happening in what.items():
        fresh = refreshed(stored[who], [happening.say(NOW)], now=NOW + INSTANT)
        assert different(fresh, engine[who]) == {}, (who, happening.name)
        changed[happening.name] |= set(different(fresh, stored[who]))

    assert changed.pop("declined") == set()
    assert all(changed.values())
    assert set().union(*changed.values()) == {"stage", "days_in_stage", *WINDOWED}


def test_days_later_only_what_left_a_window_may_differ_and_never_below(tmp_path: Path) -> None:
    history = known_history(12, customers=120)
    stored = computed(history, tmp_path, as_of=NOW)
    rng = np.random.default_rng(3)
    now = NOW + days(1.25)
    told: dict[str, list[FreshEvent]] = {}
    for who in stored:
        chosen = rng.choice(len(HAPPENINGS) - 2, size=rng.integers(0, 6), replace=False)
        for place in chosen:
            at = NOW + days(float(rng.random()) * 1.25)
            HAPPENINGS[place].note(history, who, at)
            told.setdefault(who, []).append(HAPPENINGS[place].say(at))
    engine = computed(history, tmp_path, as_of=now)

    wrong = 0
    for who, row in stored.items():
        some = tuple(rng.permutation(NAMES)[: len(NAMES) // 2].tolist())
        for names in (NAMES, some):
            fresh = refreshed(row, told.get(who, []), now=now, names=names)
            found = different(fresh, engine[who], names=names)
            assert set(found) <= MAY_BE_HIGH, who
            for name, (ours, theirs) in found.items():
                if WINDOWED[name].aggregate in (Aggregate.COUNT, Aggregate.SUM):
                    assert ours > theirs, (who, name)
            wrong += len(found) if names == NAMES else 0
    assert 0 < wrong < 0.01 * len(stored) * len(NAMES)


def kept(row: dict[str, Any], *, names: tuple[str, ...], happened: FreshEvent) -> Fresh:
    """Return the values of a vector that holds only some of the columns."""
    return fresh_values(
        [row[name] for name in names],
        names=names,
        stage=row["stage"],
        events=[happened],
        as_of=NOW,
        now=NOW,
    )


def test_a_mean_and_a_trend_stay_where_the_vector_lacks_the_counts_they_need(
    tmp_path: Path,
) -> None:
    history = History().customer()
    history.contact(NOW - days(9), waited_seconds=10.0).event("enquiry", NOW - days(40))
    row = computed(history, tmp_path, as_of=NOW)["ann"]
    wait, count = "mean_wait_seconds_last_365_days", "contacts_last_365_days"
    called = past_contact(occurred_at=NOW, waited_seconds=70.0, reached_agent=True, presented=False)
    asked = event("enquiry", occurred_at=NOW)

    assert kept(row, names=(wait,), happened=called).values == (10.0,)
    assert kept(row, names=(count, wait), happened=called).values == (2, 40.0)
    assert kept(row, names=("enquiries_trend",), happened=asked).values == (0.0,)


def test_a_mean_and_a_trend_of_nothing_need_no_counts(tmp_path: Path) -> None:
    row = computed(History().customer(), tmp_path, as_of=NOW)["ann"]
    called = past_contact(occurred_at=NOW, waited_seconds=70.0, reached_agent=True, presented=False)

    wait = kept(row, names=("mean_wait_seconds_last_365_days",), happened=called)
    trend = kept(row, names=("logins_trend",), happened=event("login", occurred_at=NOW))

    assert (wait.values, trend.values) == ((70.0,), (3.0,))


@pytest.mark.parametrize(("last", "trend"), [(29.5, 0.0), (89.5, None), (12.0, 0.6)])
def test_a_trend_without_its_counts_knows_when_the_last_row_has_left(
    last: float, trend: float | None
) -> None:
    names = ("logins_trend", "days_since_last_login")

    fresh = fresh_values([0.6, last], names=names, stage="lead", as_of=NOW, now=NOW + days(1))

    assert fresh.values == (trend, last + 1)


def test_nan_is_as_absent_as_none() -> None:
    row = {"days_since_last_claim": math.nan, "days_in_stage": math.nan, "stage": "prospect"}
    names = ("days_since_last_claim", "days_in_stage")
    later = NOW + days(1)

    still = fresh_values(
        [row[name] for name in names], names=names, stage="prospect", as_of=NOW, now=later
    )
    claimed = kept(row, names=names, happened=event("claim", occurred_at=NOW))

    assert all(absent(value) for value in still.values)
    assert claimed.values[0] == 0.0


def test_an_application_makes_a_lead_new_business_from_that_moment() -> None:
    fresh = fresh_values(
        [40.0, 50.0],
        names=("days_in_stage", "days_known"),
        stage="lead",
        events=[event("application", occurred_at=NOW + days(0.25))],
        as_of=NOW,
        now=NOW + days(1),
    )

    assert (fresh.stage, fresh.values) == ("new_business", (0.75, 51.0))


def test_what_was_before_the_stored_instant_is_left_out_and_counted() -> None:
    names = ("claims_last_30_days", "days_since_last_claim")
    claims = [event("claim", occurred_at=NOW - INSTANT), event("claim", occurred_at=NOW)]

    fresh = fresh_values(
        [0, None], names=names, stage="lead", events=claims, as_of=NOW, now=NOW + days(1)
    )

    assert (fresh.values, fresh.left_out) == ((1, 1.0), 1)


def test_a_clock_that_runs_ahead_or_behind_makes_no_negative_days() -> None:
    names = ("days_since_last_claim", "days_since_last_login")

    fresh = fresh_values(
        [5.0, 2.0],
        names=names,
        stage="lead",
        events=[event("claim", occurred_at=NOW + days(1))],
        as_of=NOW,
        now=NOW - days(1),
    )

    assert fresh.values == (0.0, 2.0)


def test_columns_of_a_dataset_of_ones_own_stay_as_they_are() -> None:
    fresh = fresh_values(
        ["red", 7, None],
        names=("colour", "balance", "duration"),
        stage="all",
        events=[event(kind, occurred_at=NOW) for kind in ACTIVITY_KINDS],
        as_of=NOW,
        now=NOW + days(1),
    )

    assert (fresh.values, fresh.stage) == (("red", 7, None), "all")


@pytest.mark.parametrize(
    ("make", "meant"),
    [
        (lambda: event("enquirey", occurred_at=NOW), "enquiry"),
        (lambda: touch("televison", occurred_at=NOW, cost=1.0), "television"),
    ],
)
def test_a_kind_that_does_not_exist_is_refused_with_the_nearest(
    make: Callable[[], FreshEvent], meant: str
) -> None:
    with pytest.raises(ContractError, match=f"Was '{meant}' meant"):
        make()


def test_every_kind_of_event_and_activity_can_be_fresh() -> None:
    assert {happening.name for happening in HAPPENINGS} >= set(FRESH_KINDS)
    assert set(FRESH_KINDS) == {*EVENT_KINDS, *ACTIVITY_KINDS}


def test_a_vector_carried_on_twice_is_the_one_carried_on_once(tmp_path: Path) -> None:
    stored = computed(known_history(14, customers=30), tmp_path, as_of=NOW)
    rng = np.random.default_rng(8)
    between, now = NOW + days(0.5), NOW + days(1)
    for row in stored.values():
        chosen = rng.choice(len(HAPPENINGS), size=4, replace=False)
        early = [HAPPENINGS[place].say(NOW + days(0.2)) for place in chosen[:2]]
        late = [HAPPENINGS[place].say(NOW + days(0.7)) for place in chosen[2:]]
        once = refreshed(row, [*late, *early], now=now)
        half = refreshed(row, early, now=between)
        carried = dict(zip(NAMES, half.values, strict=True)) | {
            "stage": half.stage,
            "as_of": between,
        }

        twice = refreshed(carried, late, now=now)

        assert twice.stage == once.stage
        for name, first, second in zip(NAMES, once.values, twice.values, strict=True):
            assert same(first, second), name
