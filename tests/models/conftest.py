"""A small workspace whose model sets are written by hand, so that their quality is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

from features.contract import Kind
from models.artefacts import write_contents
from models.compiled import CompiledModelSet
from models.encoding import Encoder
from models.judging.measures import judge
from models.model_set import (
    Answer,
    CalibrationForm,
    Count,
    LinearForm,
    Manifest,
    SignalForm,
    write_json,
)
from models.signals import Task

CONTACTS = 3000
PROFILES = ("lead", "purchaser")
OFFERS = ("home", "life")
KINDS = {"age": Kind.CONTINUOUS, "visits": Kind.CONTINUOUS, "occupation": Kind.NOMINAL}
START = datetime(2026, 1, 1, tzinfo=UTC)
JUDGED_FROM = START + timedelta(minutes=CONTACTS // 2)
# What age truly does to the log-odds of acceptance, per standard deviation.
TRUE_SLOPE = 1.2

MakeModelSet = Callable[..., Path]


@pytest.fixture(scope="session")
def frame() -> pa.Table:
    """Contacts in order of time; older callers accept more."""
    rng = np.random.default_rng(11)
    age = rng.normal(50, 10, CONTACTS)
    accepted = rng.random(CONTACTS) < 1 / (1 + np.exp(0.5 - TRUE_SLOPE * (age - 50) / 10))
    return pa.table(
        {
            "contact_id": [f"c{place}" for place in range(CONTACTS)],
            "as_of": pa.array(
                [START + timedelta(minutes=place) for place in range(CONTACTS)],
                pa.timestamp("us", tz="UTC"),
            ),
            "stage": [PROFILES[place % 2] for place in range(CONTACTS)],
            "offer_id": [OFFERS[place % 3 % 2] for place in range(CONTACTS)],
            "age": age,
            "visits": pa.array(
                [None if p % 7 == 0 else p % 5 for p in range(CONTACTS)], pa.int64()
            ),
            "occupation": ["nurse" if place % 3 else "baker" for place in range(CONTACTS)],
            "accepted": accepted,
        }
    )


@pytest.fixture
def home(tmp_path: Path, frame: pa.Table) -> Path:
    """A workspace, in a folder with a space in its name, that holds the training frame."""
    return _home(tmp_path, frame)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory, frame: pa.Table) -> Path:
    """A workspace like `home`, for tests that only look."""
    return _home(tmp_path_factory.mktemp("shared"), frame)


def _home(folder: Path, frame: pa.Table) -> Path:
    home = folder / "my home"
    (home / "features").mkdir(parents=True)
    pq.write_table(frame.drop_columns(["accepted"]), home / "features" / "training.parquet")
    return home


@pytest.fixture(scope="session")
def make_model_set(tmp_path_factory: pytest.TempPathFactory, frame: pa.Table) -> MakeModelSet:
    """Return a function that writes a model set folder with the given slopes of age."""

    def make(
        name: str = "candidate",
        *,
        slopes: Mapping[str, float] | None = None,
        judged_from: datetime = JUDGED_FROM,
    ) -> Path:
        folder = tmp_path_factory.mktemp("sets") / name
        columns = {feature: frame[feature].to_pylist() for feature in KINDS}
        encoder = Encoder.fitted(columns, kinds=KINDS)
        for profile in ("all", *PROFILES):
            slope = (slopes or {}).get(profile, TRUE_SLOPE)
            write_json(folder / "accept" / f"{profile}.json", _form(encoder, slope))
        write_json(folder / "value" / "all.json", _form(encoder, 80.0, task=Task.AMOUNT))
        write_json(folder / "encoding.json", encoder.to_json())
        write_json(folder / "manifest.json", _manifest(name, judged_from))
        write_contents(folder)
        _write_evidence(folder, frame, encoder, judged_from=judged_from)
        return folder

    return make


def _form(encoder: Encoder, slope: float, *, task: Task = Task.PROBABILITY) -> SignalForm:
    linear = LinearForm(
        intercept=-0.5,
        coefficients=((encoder.names.index("age"), slope), (encoder.names.index("visits"), -0.01)),
        offers=(0.0,) * len(OFFERS),
        products=(),
    )
    return SignalForm(
        task, "linear", (linear,), (1.0,), 0.0, CalibrationForm("sigmoid"), reasons=linear
    )


def _manifest(name: str, judged_from: datetime) -> Manifest:
    answers = [
        Answer("accept", profile, profile, "linear", f"accept/{profile}.json")
        for profile in ("all", *PROFILES)
    ]
    answers += [
        Answer("value", profile, "all", "linear", "value/all.json", "too few sales are mature")
        for profile in ("all", *PROFILES)
    ]
    return Manifest(
        version=name,
        features=tuple((feature, str(kind)) for feature, kind in KINDS.items()),
        profiles=PROFILES,
        offer_ids=OFFERS,
        answers=tuple(answers),
        as_of="2026-03-01T00:00:00+00:00",
        trained_from=START.isoformat(),
        trained_until=(judged_from - timedelta(minutes=1)).isoformat(),
        judged_from=judged_from.isoformat(),
        fingerprint="0123456789abcdef",
        counts=(Count("contacts", CONTACTS),),
        settings={"seed": 7, "candidates": {"trees": 100}},
    )


def _write_evidence(
    folder: Path, frame: pa.Table, encoder: Encoder, *, judged_from: datetime
) -> None:
    rows = frame.filter(pa.compute.greater_equal(frame["as_of"], pa.scalar(judged_from)))
    label = rows["accepted"].cast(pa.float64()).to_numpy()
    models = CompiledModelSet.load(folder)
    profile = np.array(rows["stage"].to_pylist())
    offer = np.array([OFFERS.index(name) for name in rows["offer_id"].to_pylist()])
    matrix = encoder.encode({name: rows[name].to_pylist() for name in KINDS})
    predicted = models.predict("accept", matrix, profile=profile, offer=offer)
    pq.write_table(
        pa.table(
            {
                "contact_id": rows["contact_id"],
                "offer_id": rows["offer_id"],
                "profile": rows["stage"],
                "signal": ["accept"] * len(rows),
                "label": label,
                "prediction": predicted,
                "prediction_all_profiles": predicted,
            }
        ),
        folder / "judge.parquet",
    )
    metrics = [
        {"signal": "accept", "profile": name, "candidate": candidate, "is_champion": True}
        | asdict(judge(label[profile == name], predicted[profile == name], task=Task.PROBABILITY))
        for name in PROFILES
        for candidate in ("linear", "champion")
    ]
    write_json(folder / "metrics.json", metrics)
