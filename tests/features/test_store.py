from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import store
from features.catalogue import FEATURES
from features.errors import ContractError, DataNotFoundError
from features.frame import build_training, view_path
from tests.customer_history import NOW, drawn_history

NAMES = tuple(feature.name for feature in FEATURES)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    tables = drawn_history(np.random.default_rng(5), customers=30).write(folder / "tables")
    build_training(tables, home=folder, as_of=NOW)
    store.register(folder, model_set="7")
    return folder


def asked_for(home: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = pd.read_parquet(home / "features" / "training.parquet")
    frame = frame.sort_values("contact_id", ignore_index=True)
    rows = frame[["contact_id", "customer_id", "as_of"]]
    return frame, rows.rename(columns={"as_of": "event_timestamp"})


def test_feast_and_our_join_give_the_same_values(home: Path) -> None:
    ours, rows = asked_for(home)

    theirs = store.historical(home, rows, "model_set_7").sort_values(
        "contact_id", ignore_index=True
    )

    assert len(theirs) == len(ours)
    pd.testing.assert_frame_equal(theirs[list(NAMES)], ours[list(NAMES)], check_exact=True)


def test_feast_sees_nothing_that_was_created_after_the_instant(home: Path) -> None:
    _, rows = asked_for(home)
    early = rows.assign(event_timestamp=rows["event_timestamp"] - timedelta(days=4000))

    found = store.historical(home, early, "model_set_7")

    assert len(found) == len(rows)
    assert found["days_known"].isna().all()


def test_lineage_leads_from_a_model_set_to_its_features(home: Path) -> None:
    some = ("days_since_last_enquiry", "age", "logins_trend")

    name = store.register(home, model_set="8", features=some)

    assert name == "model_set_8"
    assert set(store.features_of(home, name)) == set(some)
    assert store.features_of(home, "model_set_7") == NAMES
    assert set(store.services(home)) >= {"model_set_7", "model_set_8"}


def test_an_unknown_service_and_an_unknown_feature_are_named(home: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"Registered: .*model_set_7"):
        store.features_of(home, "model_set_99")
    with pytest.raises(ContractError, match="Was 'age' meant"):
        store.register(home, model_set="9", features=["agee"])


def test_what_was_not_built_or_registered_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="lacks the feature views: events"):
        store.register(tmp_path, model_set="1")
    with pytest.raises(DataNotFoundError, match="no feature registry"):
        store.services(tmp_path)


def test_feast_leaves_the_process_environment_alone(home: Path) -> None:
    store.services(home)

    assert not [name for name in os.environ if name.upper().startswith("PROMETHEUS_MULTIPROC")]


def test_views_lie_where_feast_looks(home: Path) -> None:
    assert view_path(home, view="events").is_file()
    assert (home / "feast" / "registry.db").is_file()
    assert [file.name for file in (home / "feast").iterdir()] == ["registry.db"]
