"""A model set folder from labelled rows: whole, reproducible, free of pickles and of judge rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.errors import ModelSetNotFoundError, TooFewRowsError, UnknownSignalError
from models.model_set import read_json, read_manifest, stamp
from models.pairs import Pairs
from models.planning import Labelled
from models.signals import Signal
from tests.models.labelled_world import SETTINGS, labelled_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "candidate"
    assemble(labelled_world(rare=120), out=out, settings=SETTINGS)
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_folder_holds_json_onnx_and_parquet_alone(folder: Path) -> None:
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {
        ".json",
        ".onnx",
        ".parquet",
    }
    assert not list(folder.parent.glob(".*"))


def test_a_profile_with_too_few_rows_is_answered_by_all_profiles(folder: Path) -> None:
    manifest = read_manifest(folder)
    answer = manifest.answer("accept", "prospect")
    assert answer is not None
    assert answer.uses == "all"
    assert answer.why is not None
    assert "fewer than 200" in answer.why
    models = CompiledModelSet.load(folder)
    world = labelled_world(rare=120)
    matrix, none = models.encode(world.columns), np.full(3000, -1)
    assert np.array_equal(
        models.predict("accept", matrix, profile=np.full(3000, "prospect"), offer=none),
        models.predict("accept", matrix, profile=np.full(3000, "never seen"), offer=none),
    )


def test_each_profile_learns_its_own_effect(folder: Path) -> None:
    models = CompiledModelSet.load(folder)
    few_and_many = {"visits": [0.0, 6.0], "age": [50.0, 50.0], "medium": ["search", "search"]}
    matrix, offer = models.encode(few_and_many), np.array([0, 0])
    lead = models.predict("accept", matrix, profile=np.array(["lead", "lead"]), offer=offer)
    other = models.predict("accept", matrix, profile=np.full(2, "purchaser"), offer=offer)
    assert lead[1] > lead[0] + 0.4
    assert other[1] < other[0] - 0.4
    names, effects = models.drivers(matrix, profile=np.array(["lead", "purchaser"]), top=2)
    assert names.shape == effects.shape == (2, 2)
    assert names[0, 0] == names[1, 0] == "visits"
    assert effects[0, 0] < 0
    assert effects[1, 0] < 0


def test_the_judge_rows_take_no_part(folder: Path, tmp_path: Path) -> None:
    """Whatever the judge rows' labels and features say, the models are the same."""
    world = labelled_world(rare=120)
    judged = set(pq.read_table(folder / "judge.parquet")["contact_id"].to_pylist())
    chosen = np.array([contact in judged for contact in world.ids.tolist()])
    assert 300 < chosen.sum() < 600
    other = tmp_path / "candidate"
    assemble(_turned_over(world, chosen), out=other, settings=SETTINGS)
    ours, theirs = files(folder), files(other)
    models = [name for name in ours if name.startswith(("accept/", "value/", "encoding"))]
    assert models
    assert all(ours[name] == theirs[name] for name in models)


def _turned_over(world: Labelled, chosen: np.ndarray) -> Labelled:
    pairs = {
        signal: Pairs(p.row, p.offer, np.where(chosen, 1 - p.label, p.label), p.weight)
        for signal, p in world.pairs.items()
    }
    columns = {**world.columns, "age": np.where(chosen, 999.0, world.columns["age"])}
    return replace(world, pairs=pairs, columns=columns)


def test_the_same_data_and_seed_give_the_same_folder(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "candidate"
    assemble(labelled_world(rare=120), out=again, settings=SETTINGS)
    assert files(folder) == files(again)


def test_the_evidence_names_every_candidate_and_the_judged_rows(folder: Path) -> None:
    metrics = read_json(folder / "metrics.json")
    accept = [m for m in metrics if m["signal"] == "accept" and m["profile"] == "lead"]
    assert {m["candidate"] for m in accept} == {
        "linear",
        "forest",
        "boosted",
        "combined",
        "champion",
        "all_profiles",
    }
    assert sum(m["is_champion"] for m in accept) == 1
    own = {m["candidate"]: m["auc"] for m in accept}
    assert own["champion"] > own["all_profiles"]
    rows = pq.read_table(folder / "judge.parquet").to_pandas()
    assert set(rows["signal"]) == {"accept", "value"}
    assert rows.groupby("signal").contact_id.nunique().eq(rows.groupby("signal").size()).all()
    curves = read_json(folder / "curves.json")
    assert {curve["signal"] for curve in curves} == {"accept"}


def test_settings_are_saved_whole(folder: Path) -> None:
    candidates = read_manifest(folder).settings["candidates"]
    assert candidates["bootstrap_share"] == 0.7
    assert candidates["feature_share"] > 0


def test_a_single_signal_with_too_few_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TooFewRowsError, match="At least 200 rows"):
        assemble(labelled_world(150), out=tmp_path / "set", settings=SETTINGS)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelSetNotFoundError, match="callworth train"):
        CompiledModelSet.load(tmp_path)
    models = CompiledModelSet.load(folder)
    matrix = models.encode({"visits": [1.0], "age": [40.0], "medium": [None]})
    with pytest.raises(UnknownSignalError, match="It has: accept, value"):
        models.predict("mood", matrix, profile=np.array(["lead"]), offer=np.array([0]))


def test_no_rows_are_no_error(folder: Path) -> None:
    models = CompiledModelSet.load(folder)
    matrix = models.encode({"visits": [], "age": [], "medium": []})
    none = np.zeros(0, dtype=np.intp)
    assert models.predict("accept", matrix, profile=np.array([], dtype=str), offer=none).size == 0


def test_a_stamped_set_has_its_version(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assemble(labelled_world(1200), out=copy, settings=SETTINGS)
    stamp(copy, version="17")
    assert CompiledModelSet.load(copy).version == "17"
    assert json.loads((copy / "manifest.json").read_text())["format"] == 1


def test_signals_of_amounts_come_in_money(folder: Path) -> None:
    models = CompiledModelSet.load(folder)
    world = labelled_world(rare=120)
    value = models.predict(
        Signal.VALUE,
        models.encode(world.columns),
        profile=world.profile,
        offer=world.pairs[Signal.VALUE].offer,
    )
    label = world.pairs[Signal.VALUE].label
    assert value.mean() == pytest.approx(label.mean(), rel=0.15)
