"""Every kind of part, calibration and effect gives in the graph what it gives in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from features.contract import Kind
from models.candidates.boosted import Boosted
from models.candidates.forest import Forest
from models.live import LiveModelSet
from models.live_graph.offered import seen_by, shared_trees
from models.live_parity import furthest_apart, has_graphs
from models.model_set import CalibrationForm, SignalForm
from models.signals import Task
from models.uplift.effect_form import EffectPart
from tests.models.live_graph.handmade_set import (
    ISOTONIC,
    KINDS,
    composed,
    encoder_of,
    line,
    signal,
    trees,
    written,
)
from tests.models.spoilt_graph import changed_constant, changed_leaves, plant

OFFERS = 3
RAW, SCALED = CalibrationForm(), CalibrationForm("scaled", 0.9, 0.1)


def apart(folder: Path) -> float:
    return furthest_apart(folder, rng=np.random.default_rng(2)).by


@pytest.mark.parametrize("calibration", [RAW, CalibrationForm("sigmoid", 0.6, 0.2), ISOTONIC])
@pytest.mark.parametrize("steep", [2.0, 60.0])
@pytest.mark.parametrize("kind", [Forest, Boosted])
def test_probabilities_of_trees_and_lines_together(
    tmp_path: Path, kind: type[Forest] | type[Boosted], steep: float, calibration: CalibrationForm
) -> None:
    encoder = encoder_of()
    grown = trees(
        tmp_path, encoder, kind=kind, task=Task.PROBABILITY, stem="accept", offers=OFFERS,
        steep=steep,
    )  # fmt: skip
    both = signal(line(encoder, offers=OFFERS), grown, weights=(0.4, 0.7), calibration=calibration)
    straight = signal(line(encoder, offers=OFFERS, seed=5), calibration=calibration)
    folder = written(tmp_path, encoder, {"accept": both, "baseline": straight})
    # Between two knots 0.01 apart a rounding of float32 trees counts forty times.
    assert apart(folder) < 1e-5


@pytest.mark.parametrize("calibration", [RAW, SCALED])
def test_amounts_of_every_kind(tmp_path: Path, calibration: CalibrationForm) -> None:
    encoder = encoder_of()
    parts = [
        trees(tmp_path, encoder, kind=kind, task=Task.AMOUNT, stem=f"part{at}", offers=OFFERS)
        for at, kind in enumerate((Forest, Boosted))
    ]
    made = composed(encoder, offers=OFFERS)
    value = signal(
        made, *parts, made, task=Task.AMOUNT, weights=(0.5, 0.2, 0.3, 1.0), calibration=calibration
    )
    folder = written(tmp_path, encoder, {"value": value, "accept": signal(line(encoder, offers=3))})
    assert apart(folder) < 1e-6


def test_effects_are_a_sum_of_models_some_asked_with_nothing(tmp_path: Path) -> None:
    encoder = encoder_of()
    grown = trees(
        tmp_path, encoder, kind=Boosted, task=Task.PROBABILITY, stem="with", offers=OFFERS
    )
    effects = [
        EffectPart(1.0, signal(grown, calibration=RAW), offered=True),
        EffectPart(-1.0, signal(grown, line(encoder, offers=OFFERS)), offered=False),
        EffectPart(0.01, signal(line(encoder, offers=OFFERS), task=Task.AMOUNT), offered=True),
    ]
    forms = {"accept": signal(line(encoder, offers=OFFERS))}
    folder = written(tmp_path, encoder, forms, effects=effects)
    assert apart(folder) < 1e-6
    live = LiveModelSet.load(folder)
    told = ["search", 2.0, 40.0]
    assert np.isfinite(live.score(told, profile="lead").uplift).all()
    assert np.isnan(live.score(told, profile="nobody").uplift).all()


@pytest.mark.parametrize("kept", ["age", "medium"])
def test_columns_of_one_kind_alone(tmp_path: Path, kept: str) -> None:
    encoder = encoder_of({kept: KINDS[kept]})
    folder = written(tmp_path, encoder, {"accept": signal(line(encoder, offers=OFFERS))})
    assert apart(folder) < 1e-9
    value = 41.0 if KINDS[kept] is Kind.CONTINUOUS else "search"
    live = LiveModelSet.load(folder)
    known, unknown = (live.score([each], profile="all").of("accept") for each in (value, None))
    assert not np.allclose(known, unknown)


def test_a_set_without_offers_has_one_column(tmp_path: Path) -> None:
    encoder = encoder_of()
    grown = trees(tmp_path, encoder, kind=Boosted, task=Task.PROBABILITY, stem="accept", offers=0)
    form = signal(line(encoder, offers=0), grown)
    folder = written(tmp_path, encoder, {"accept": form}, offers=())
    assert apart(folder) < 1e-6
    scores = LiveModelSet.load(folder).score(["search", 2.0, 40.0], profile="all")
    assert scores.of("accept").shape == (1,)


def everything(folder: Path) -> dict[str, SignalForm]:
    encoder = encoder_of()
    grown = [
        trees(folder, encoder, kind=kind, task=Task.PROBABILITY, stem=f"p{at}", offers=OFFERS)
        for at, kind in enumerate((Forest, Boosted))
    ]
    made = composed(encoder, offers=OFFERS)
    return {
        "accept": signal(line(encoder, offers=OFFERS), *grown),
        "keep": signal(line(encoder, offers=OFFERS, seed=9), calibration=ISOTONIC),
        "value": signal(made, task=Task.AMOUNT, calibration=SCALED),
    }


@pytest.mark.parametrize(
    "constant",
    ["mean", "scale", "fill", "flags", "vectors", "shifts", "weights", "answers", "losses", "rise"],
)
def test_a_change_of_any_constant_is_seen(tmp_path: Path, constant: str) -> None:
    folder = written(tmp_path, encoder_of(), everything(tmp_path))
    assert has_graphs(folder)
    plant(folder, changed_constant(constant), profile="all")
    assert not apart(folder) <= 1e-5


def test_a_change_of_a_leaf_is_seen(tmp_path: Path) -> None:
    folder = written(tmp_path, encoder_of(), everything(tmp_path))
    plant(folder, changed_leaves, profile="all")
    assert not apart(folder) <= 1e-5


def test_graphs_are_written_alike_each_time_and_hold_to_the_standard(tmp_path: Path) -> None:
    both = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        folder = written(tmp_path / name, encoder_of(), everything(tmp_path / name))
        onnx.checker.check_model(onnx.load(folder / "live" / "all.onnx"))
        both.append((folder / "live" / "all.onnx").read_bytes())
    assert both[0] == both[1]


def test_offers_that_see_the_same_tree_share_it() -> None:
    # Columns 0 and 1 are features, 2 to 4 the offers' own.
    tree = (0, 0.5, (3, 1.0, (1, 0.0, -1.0, 2.0), 5.0), (4, 1.0, 0.25, 0.25))
    assert seen_by(tree, offer=1, width=2) == (0, 0.5, 5.0, 0.25)
    assert seen_by(tree, offer=-1, width=2) == (0, 0.5, (1, 0.0, -1.0, 2.0), 0.25)
    shared = shared_trees(tree, offers=(0, 1, 2), width=2)
    assert sorted(shared.values()) == [[0, 2], [1]]
