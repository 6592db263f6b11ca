"""A set whose live graphs do not give its own numbers is not published, by force or otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from models import packing
from models.artefacts import write_contents
from models.errors import ParityError
from models.live import LiveModelSet
from models.live_graph.writing import write_graphs
from models.promotion import ledger, live_graphs, switch
from models.promotion.gate import GateRefusedError, GateSettings
from models.promotion.switch import Decided, Promotion
from tests.models.promotion.test_switch import FolderShelf
from tests.models.spoilt_graph import changed_constant, plant

MakeModelSet = Callable[..., Path]
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def shelf(tmp_path: Path) -> FolderShelf:
    (tmp_path / "shelf").mkdir()
    return FolderShelf(tmp_path / "shelf")


@pytest.fixture
def folder(make_model_set: MakeModelSet) -> Path:
    made = make_model_set()
    write_graphs(made)
    write_contents(made)
    return made


def promoted(shelf: FolderShelf, home: Path, scratch: Path, *, force: bool = False) -> Promotion:
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    return switch.promote(
        shelf,
        home=home,
        version=None,
        decided=Decided("ann", "fresher", NOW),
        settings=GateSettings(),
        force=force,
        scratch=scratch,
    )


def test_graphs_travel_with_the_set_and_the_report_says_how_near_they_are(
    shelf: FolderShelf, folder: Path, home: Path, tmp_path: Path
) -> None:
    shelf.register(folder)
    promotion = promoted(shelf, home, tmp_path / "scratch")
    assert LiveModelSet.load(promotion.folder).version == "1"
    rule = promotion.report.rules[-1]
    assert (rule.name, rule.holds, rule.rows) == ("live graphs", True, 10_000)
    assert "on 10,000 contacts of every profile" in rule.sentence


def test_one_changed_weight_is_refused_and_nothing_comes_into_force(
    shelf: FolderShelf, folder: Path, home: Path, tmp_path: Path
) -> None:
    plant(folder, changed_constant("vectors", by=1e-3))
    shelf.register(folder)
    with pytest.raises(GateRefusedError, match="furthest for accept of profile 'lead'"):
        promoted(shelf, home, tmp_path / "scratch")
    with pytest.raises(ParityError, match="live graphs"):
        promoted(shelf, home, tmp_path / "scratch", force=True)
    assert ledger.in_force(home) is None
    assert shelf.champion is None


def test_a_set_in_force_whose_graph_went_wrong_is_fetched_again(
    shelf: FolderShelf, folder: Path, home: Path, tmp_path: Path
) -> None:
    shelf.register(folder)
    in_force = promoted(shelf, home, tmp_path / "scratch").folder
    plant(in_force, changed_constant("vectors"))
    with pytest.raises(ParityError):
        packing.try_out(in_force)
    promoted(shelf, home, tmp_path / "scratch")
    packing.try_out(in_force)


def test_judged_contacts_are_what_it_is_compared_on_where_they_have_every_feature(
    folder: Path, home: Path
) -> None:
    plant(folder, changed_constant("vectors", by=10.0))
    table = pq.read_table(home / "features" / "training.parquet")
    judged = {name: np.array(table[name].to_pylist()) for name in ("age", "visits", "occupation")}
    rng = np.random.default_rng(1)
    assert not live_graphs.rule(folder, columns=judged, rng=rng).holds
    # Everybody is of the mean age, where the changed weight moves nothing.
    same = judged | {"age": np.full(len(table), np.nan)}
    mean = live_graphs.rule(folder, columns=same, rng=rng)
    drawn = live_graphs.rule(folder, columns={"age": same["age"]}, rng=rng)
    assert mean.challenger < drawn.challenger / 5


def test_a_set_without_graphs_passes_and_the_rule_says_so(make_model_set: MakeModelSet) -> None:
    rule = live_graphs.rule(make_model_set(), columns={}, rng=np.random.default_rng(0))
    assert rule.holds
    assert "Train again for live ones" in rule.sentence
