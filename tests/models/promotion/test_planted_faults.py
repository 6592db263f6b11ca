"""Faults planted in really trained model sets are caught by the gate; the healthy twin passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.contract import Kind
from models.assembly import assemble
from models.candidates.contract import CandidateSettings
from models.compiled import CompiledModelSet
from models.model_set import JUDGE, Count
from models.pairs import Pairs
from models.planning import Labelled
from models.promotion import contest, gate
from models.promotion.gate import GateReport, Papers
from models.promotion.gate_file import GateSettings, Overall, gate_of
from models.settings import TrainingSettings
from models.signals import Signal

COUNT = 6000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = TrainingSettings(
    candidates=CandidateSettings(trees=10, tree_depth=4, rounds=(10, 30)), fewest_rows=200
)
SOUND = Papers(now=NOW, as_of=NOW, last_contact=NOW - timedelta(days=21), signed=True)
# What is fitted on or selected by; the judge part after it keeps its true labels.
FITTED = np.arange(COUNT) < 0.85 * COUNT


def world(*, seed: int = 1) -> Labelled:
    """Return contacts of two profiles; visits, age and region tell who accepts."""
    rng = np.random.default_rng(seed)
    row = np.arange(COUNT)
    visits, age = rng.poisson(2, COUNT).astype(float), rng.normal(50, 10, COUNT)
    region = rng.choice(np.array(["north", "south", "west"], dtype=object), COUNT)
    profile = np.where(row % 2 == 0, "lead", "purchaser")
    score = 0.7 * (visits - 2) + 0.05 * (age - 50) + 0.4 * (region == "west") - 1
    accepted = (rng.random(COUNT) < 1 / (1 + np.exp(-score))).astype(np.float64)
    pairs = Pairs(row, np.zeros(COUNT, dtype=np.intp), accepted, np.ones(COUNT))
    start = datetime(2025, 3, 1, tzinfo=UTC)
    step = timedelta(days=340) / COUNT
    at = [int((start + place * step).timestamp() * 1e6) for place in range(COUNT)]
    return Labelled(
        columns={"visits": visits, "age": age, "region": region},
        kinds={"visits": Kind.CONTINUOUS, "age": Kind.CONTINUOUS, "region": Kind.NOMINAL},
        ids=np.array([f"k{place}" for place in row]),
        profile=profile,
        at=np.array(at, dtype=np.int64),
        offer_ids=("life",),
        pairs={Signal.ACCEPT: pairs},
        counts=(Count("contacts", COUNT),),
        fingerprint="0" * 16,
        as_of=NOW.isoformat(),
        dated=True,
        customer=np.array([f"c{place // 2}" for place in row]),
    )


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> CompiledModelSet:
    """Return a champion that was fitted on other contacts of the same kind."""
    out = tmp_path_factory.mktemp("champion") / "set"
    early = world(seed=2)
    assert early.at is not None
    year = int(timedelta(days=365).total_seconds() * 1e6)
    assemble(replace(early, at=early.at - year), out=out, settings=SETTINGS)
    return CompiledModelSet.load(out)


def verdict(
    labelled: Labelled,
    champion: CompiledModelSet,
    *,
    out: Path,
    papers: Papers = SOUND,
) -> GateReport:
    folder = out / "challenger"
    assemble(labelled, out=folder, settings=SETTINGS)
    met = contest.meet(folder / JUDGE, home=out, champion=champion)
    # Equal on average: a small loss by chance must not hide what is looked for here.
    settings = replace(gate_of(out), overall=Overall(least_gain=-0.02))
    return gate.judge(met, settings=settings, papers=papers)


def failing(report: GateReport) -> set[str]:
    return {
        rule.name.split()[0] if rule.name != "one column" else "one column"
        for rule in report.failing
    }


def with_labels(labelled: Labelled, label: np.ndarray) -> Labelled:
    pairs = replace(labelled.pairs[Signal.ACCEPT], label=label)
    return replace(labelled, pairs={Signal.ACCEPT: pairs})


def test_the_healthy_twin_passes_every_rule(champion: CompiledModelSet, tmp_path: Path) -> None:
    report = verdict(world(), champion, out=tmp_path)
    assert report.holds, [rule.sentence for rule in report.failing]
    names = {rule.name for rule in report.rules}
    assert {"segments", "one column", "jump", "above chance", "signature"} <= names
    assert {"fresh contacts", "fresh training", "calibration lead"} <= names


def test_a_leak_column_is_named(champion: CompiledModelSet, tmp_path: Path) -> None:
    healthy, rng = world(), np.random.default_rng(3)
    label = healthy.pairs[Signal.ACCEPT].label
    leaky = replace(
        healthy,
        columns={**healthy.columns, "talk_seconds": 150 + 250 * label + 80 * rng.random(COUNT)},
        kinds={**healthy.kinds, "talk_seconds": Kind.CONTINUOUS},
    )
    report = verdict(leaky, champion, out=tmp_path)
    assert failing(report) == {"one column", "jump"}
    assert "talk_seconds" in report.failing[0].sentence


def test_shuffled_labels_are_caught(champion: CompiledModelSet, tmp_path: Path) -> None:
    healthy = world()
    label = np.random.default_rng(4).permutation(healthy.pairs[Signal.ACCEPT].label)
    assert "above" in failing(verdict(with_labels(healthy, label), champion, out=tmp_path))


def test_a_challenger_fitted_on_shuffled_labels_is_caught(
    champion: CompiledModelSet, tmp_path: Path
) -> None:
    healthy = world()
    label = healthy.pairs[Signal.ACCEPT].label.copy()
    label[FITTED] = np.random.default_rng(5).permutation(label[FITTED])
    assert "overall" in failing(verdict(with_labels(healthy, label), champion, out=tmp_path))


def test_a_segment_gone_bad_is_named(champion: CompiledModelSet, tmp_path: Path) -> None:
    healthy = world()
    label = healthy.pairs[Signal.ACCEPT].label.copy()
    # An export turned the outcomes of the west around until shortly before the judge part.
    west = (healthy.columns["region"] == "west") & FITTED
    label[west] = 1 - label[west]
    report = verdict(with_labels(healthy, label), champion, out=tmp_path)
    said = next(rule.sentence for rule in report.failing if rule.name == "segments")
    assert "region = west" in said


def test_a_miscalibrated_challenger_is_caught(champion: CompiledModelSet, tmp_path: Path) -> None:
    healthy = world()
    label = healthy.pairs[Signal.ACCEPT].label.copy()
    # A third of the refusals were booked as sales: the order stays, the level does not.
    wrong = FITTED & (label == 0) & (np.random.default_rng(7).random(COUNT) < 1 / 3)
    label[wrong] = 1
    found = failing(verdict(with_labels(healthy, label), champion, out=tmp_path))
    assert "calibration" in found
    assert "above" not in found


@pytest.mark.parametrize(
    ("papers", "rule"),
    [
        (replace(SOUND, last_contact=NOW - timedelta(days=120)), "fresh contacts"),
        (replace(SOUND, now=NOW + timedelta(days=500)), "fresh training"),
        (replace(SOUND, signed=False), "signature"),
    ],
)
def test_stale_data_and_a_missing_signature_are_caught(
    champion: CompiledModelSet, tmp_path: Path, papers: Papers, rule: str
) -> None:
    report = verdict(world(), champion, out=tmp_path, papers=papers)
    assert [each.name for each in report.failing] == [rule]


def test_the_last_contact_is_read_from_the_judged_rows(tmp_path: Path) -> None:
    assemble(world(), out=tmp_path / "set", settings=SETTINGS)
    last = contest.last_contact(tmp_path / "set" / JUDGE)
    assert last is not None
    assert NOW - timedelta(days=26) < last < NOW - timedelta(days=24)


def test_without_a_champion_a_leak_is_still_caught(tmp_path: Path) -> None:
    healthy = world()
    label = healthy.pairs[Signal.ACCEPT].label
    leaky = replace(
        healthy,
        columns={**healthy.columns, "sold_flag": label.copy()},
        kinds={**healthy.kinds, "sold_flag": Kind.BINARY},
    )
    assemble(leaky, out=tmp_path / "set", settings=SETTINGS)
    report = gate.judge(
        contest.first_rows(tmp_path / "set" / JUDGE), settings=GateSettings(), papers=SOUND
    )
    assert [rule.name for rule in report.failing] == ["one column"]
