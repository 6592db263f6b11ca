"""What became known after a contact must not change what the contact is taught from."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.catalogue import VIEWS
from features.contract import ACTIVITY_KINDS, EVENT_KINDS, MEDIA
from features.frame import build_training, view_path
from tests.customer_history import NOW, History, days, drawn_history

CUT = NOW - days(60)


@pytest.fixture(scope="module")
def history() -> History:
    return drawn_history(np.random.default_rng(3), customers=25)


def backfilled(history: History, *, known: datetime) -> History:
    """Return the history with a row of every kind before the cut, known only at `known`."""
    late = deepcopy(history)
    for customer in {row["customer_id"] for row in history.rows["customers"]}:
        for back in (1, 20, 80, 200):
            at: dict[str, Any] = {"at": CUT - days(back), "known": known, "customer_id": customer}
            for kind in EVENT_KINDS:
                late.add("customer_events", kind=kind, amount=999.0, **at)
            for kind in ACTIVITY_KINDS:
                late.add("activity_events", kind=kind, **at)
            for medium in MEDIA:
                late.add("attributions", medium=medium, cost=9.0, **at)
            late.add("demographics", level="individual", income=1.0, life_event="retired", **at)
            late.add("contacts", reached_agent=False, offer_id="term", **at)
            late.add("outcomes", offer_id="term", accepted=True, **at)
    for number in range(5):
        late.add("demographics", at=CUT - days(2), known=known, level="postcode",
                 postcode=f"p{number}", income=2.0)  # fmt: skip
    return late


def contents(home: Path, tables: Path) -> dict[str, Any]:
    """Return the frame and the views, built now, of the contacts up to the cut."""
    frame = pq.read_table(build_training(tables, home=home, as_of=NOW))
    views = {view.name: pq.read_table(view_path(home, view=view.name)) for view in VIEWS}
    return {
        "training": frame.filter(pc.less_equal(frame["as_of"], CUT)),
        **{n: v.filter(pc.less_equal(v["event_timestamp"], CUT)) for n, v in views.items()},
    }


def test_late_rows_do_not_change_the_training_frame(history: History, tmp_path: Path) -> None:
    before = contents(tmp_path / "a", history.write(tmp_path / "before"))

    late = backfilled(history, known=CUT)
    after = contents(tmp_path / "b", late.write(tmp_path / "after"))

    assert before["training"].num_rows > 40
    for name, table in before.items():
        assert after[name].equals(table), name


def test_the_same_rows_known_in_time_do_change_it(history: History, tmp_path: Path) -> None:
    before = contents(tmp_path / "a", history.write(tmp_path / "before"))

    early = backfilled(history, known=CUT - days(399))
    for row in (row for rows in early.rows.values() for row in rows):
        row["known_at"] = max(row["known_at"], row["occurred_at"])
    after = contents(tmp_path / "b", early.write(tmp_path / "after"))

    changed = [name for name, table in before.items() if not after[name].equals(table)]
    assert set(changed) == {"training", *(view.name for view in VIEWS)} - {"profile"}


def test_a_contacts_own_outcome_is_not_among_its_features(tmp_path: Path) -> None:
    at = NOW - timedelta(days=30)
    history = History().customer().contact(at, contact_id="k1", offer_id="term", known=at)
    tables = history.write(tmp_path / "before")
    before = pq.read_table(build_training(tables, home=tmp_path / "a", as_of=NOW))

    history.add("outcomes", at=at, known=at, contact_id="k1", customer_id="ann",
                offer_id="term", accepted=True)  # fmt: skip
    history.event("issue", at).event("lapse", at + days(3))
    tables = history.write(tmp_path / "after")
    after = pq.read_table(build_training(tables, home=tmp_path / "b", as_of=NOW))

    assert after.equals(before)
