"""Shares of the score add up to it, for every contact; where they would not, there are none."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest

from models.artefacts import write_contents
from models.candidates.boosted import Boosted
from models.candidates.forest import Forest
from models.encoding import Encoder
from models.errors import ModelSetFormatError
from models.live import LiveModelSet
from models.live_graph.encoder import DOUBLE, encoded
from models.live_graph.nodes import Graph
from models.live_graph.paths import shared_out
from models.live_graph.writing import write_graphs
from models.live_inputs import CODES, NUMBERS, OFFER, ROW, SHARES
from models.model_set import (
    CalibrationForm,
    SignalForm,
    live_file,
    reasons_file,
    reasons_trees_file,
)
from models.scorers import with_offer
from models.shares_form import read_shares
from models.signals import Task
from models.tried_rows import drawn_rows
from tests.models.live_graph.handmade_set import (
    ISOTONIC,
    SIGMOID,
    composed,
    encoder_of,
    line,
    signal,
    trees,
    written,
)

OFFERS = 3
RAW = CalibrationForm()


def told(folder: Path, encoder: Encoder, form: SignalForm, *, offers: int = OFFERS) -> LiveModelSet:
    """Return the set of one signal, with reasons against contacts drawn."""
    written(folder, encoder, {"accept": form}, offers=[f"offer{at}" for at in range(offers)])
    rng = np.random.default_rng(8)
    matrix = encoder.encode(drawn_rows(encoder, rng=rng, count=600))
    rows = with_offer(matrix, rng.integers(-1, offers, 600), offers)
    write_graphs(folder, rows={"all": rows})
    write_contents(folder)
    return LiveModelSet.load(folder)


def grown(folder: Path, encoder: Encoder, kind: type[Forest] | type[Boosted], offers: int = OFFERS):
    return trees(
        folder, encoder, kind=kind, task=Task.PROBABILITY, stem="accept", offers=offers, steep=2.0
    )


@pytest.mark.parametrize("calibration", [RAW, SIGMOID, ISOTONIC])
@pytest.mark.parametrize("what", ["line", "boosted", "both", "forest"])
def test_shares_add_up_to_the_score_of_every_contact_and_offer(
    tmp_path: Path, what: str, calibration: CalibrationForm
) -> None:
    encoder = encoder_of()
    parts = {
        "line": lambda: [line(encoder, offers=OFFERS)],
        "boosted": lambda: [grown(tmp_path, encoder, Boosted)],
        "both": lambda: [line(encoder, offers=OFFERS), grown(tmp_path, encoder, Boosted)],
        "forest": lambda: [grown(tmp_path, encoder, Forest)],
    }[what]()
    form = signal(*parts, weights=(0.4, 0.7) if what == "both" else (), calibration=calibration)
    if what == "forest":
        form = SignalForm(form.task, "forest", form.parts, (1.0,), 0.0, calibration)
    live = told(tmp_path, encoder, form)
    columns = drawn_rows(encoder, rng=np.random.default_rng(4), count=2000)
    scores = live.score_many(columns, profile="all").of("accept")
    known = live.shares_of("all")
    assert known is not None
    for offer in (0, 1, OFFERS - 1):
        shares = known.shares(live.many_inputs(columns), offer=offer)
        assert np.abs(shares[:, :-1]).max(axis=0).min() > 0
        np.testing.assert_allclose(
            known.chance(shares.sum(axis=1)), scores[:, offer], rtol=0, atol=1e-5
        )
        for at in range(0, 2000, 100):
            values = [columns[name][at] for name in live.features]
            one = known.one({ROW: live.score(values, profile="all").row}, offer=offer)
            np.testing.assert_allclose(one, shares[at], rtol=0, atol=1e-9)


def test_reasons_name_features_not_encoded_columns_largest_first(tmp_path: Path) -> None:
    encoder = encoder_of()
    live = told(tmp_path, encoder, signal(line(encoder, offers=OFFERS), calibration=RAW))
    values = dict(zip(live.features, ["search", 900.0, None], strict=True))
    reasons = live.reasons(list(values.values()), profile="all", offer=1, top=2)
    assert {each.feature for each in reasons} < set(live.features)
    assert abs(reasons[0].effect) >= abs(reasons[1].effect) > 0
    every = live.reasons(list(values.values()), profile="never seen", offer=1, top=9)
    assert every[:2] == reasons
    assert len({each.feature for each in every}) == len(every) == 3


@pytest.mark.parametrize("calibration", [RAW, SIGMOID, ISOTONIC])
def test_the_largest_effects_are_found_without_working_out_all(
    tmp_path: Path, calibration: CalibrationForm
) -> None:
    encoder = encoder_of()
    live = told(tmp_path, encoder, signal(line(encoder, offers=OFFERS), calibration=calibration))
    known = live.shares_of("all")
    assert known is not None
    columns = drawn_rows(encoder, rng=np.random.default_rng(5), count=200)
    shares = known.shares(live.many_inputs(columns), offer=0)
    score = shares.sum(axis=1, keepdims=True)
    effects = known.chance(score) - known.chance(score - shares[:, :-1])
    for at, by_feature in enumerate(effects):
        values = [columns[name][at] for name in live.features]
        top = live.reasons(values, profile="all", offer=0, top=1)
        if top:
            largest = np.abs(by_feature).max()
            place = known.features.index(top[0].feature)
            assert top[0].effect == pytest.approx(by_feature[place], abs=1e-12)
            assert abs(top[0].effect) == pytest.approx(largest, abs=1e-12)
        else:
            assert not by_feature.any()


def as_written_earlier(folder: Path, encoder: Encoder) -> None:
    """Put the reasons into one graph that encodes the contact itself, and keep the row inside."""
    form = read_shares(folder / reasons_file("all"))
    graph, rest = Graph(), len(form.features)
    bases = np.zeros((len(form.bases), rest + 1))
    bases[:, rest] = form.bases
    gather = np.eye(rest + 1)[list(form.targets)]
    constants = {
        "used": np.array(form.columns),
        "middle": np.array(form.means),
        "vectors": np.array(form.coefficients),
        "base": bases,
        "gather": gather,
    }
    named = {name: graph.constant(values, name=name) for name, values in constants.items()}
    taken = graph.add("Gather", encoded(graph, encoder).rows, named["used"], axis=1)
    off = graph.add("Sub", graph.add("Cast", taken, to=DOUBLE), named["middle"])
    moved = graph.add("Mul", off, graph.add("Gather", named["vectors"], OFFER))
    starts = graph.add("Gather", named["base"], OFFER)
    graph.renamed(graph.add("Gemm", moved, named["gather"], starts), SHARES)
    notes = {
        "features": json.dumps(form.features),
        "calibration": json.dumps(asdict(form.calibration)),
        "averages": json.dumps(form.averages),
    }
    inputs = {
        OFFER: (np.int64, None),
        NUMBERS: (np.float64, len(encoder.numeric)),
        CODES: (np.int64, len(encoder.nominal)),
    }
    model = graph.model("reasons", inputs=inputs, outputs={SHARES: (np.float64, None)}, notes=notes)
    (folder / reasons_file("all")).unlink()
    (folder / reasons_trees_file("all")).write_bytes(model.SerializeToString())
    scores = onnx.load(folder / live_file("all"))
    scores.graph.output.remove(next(each for each in scores.graph.output if each.name == ROW))
    (folder / live_file("all")).write_bytes(scores.SerializeToString())
    write_contents(folder)


def test_a_set_of_an_earlier_version_gives_the_same_reasons(tmp_path: Path) -> None:
    encoder = encoder_of()
    live = told(tmp_path, encoder, signal(line(encoder, offers=OFFERS)))
    values = ["search", 900.0, None]
    found = live.score(values, profile="all")
    as_written_earlier(tmp_path, encoder)
    earlier = LiveModelSet.load(tmp_path)

    before = earlier.score(values, profile="all")

    assert (found.row is None, before.row is None) == (False, True)
    np.testing.assert_array_equal(before.matrix, found.matrix)
    wanted = live.reasons(values, profile="all", offer=1, row=found.row)
    assert len(wanted) == 3
    assert live.reasons(values, profile="all", offer=1) == wanted
    given = earlier.reasons(values, profile="all", offer=1, row=before.row)
    assert [each.feature for each in given] == [each.feature for each in wanted]
    assert [each.effect for each in given] == pytest.approx([each.effect for each in wanted])


def test_reasons_that_were_changed_are_refused(tmp_path: Path) -> None:
    encoder = encoder_of()
    told(tmp_path, encoder, signal(line(encoder, offers=OFFERS)))
    path = tmp_path / reasons_file("all")
    path.write_text(path.read_text(encoding="utf-8").replace("0.3", "0.4", 1), encoding="utf-8")
    with pytest.raises(ModelSetFormatError, match=r"reasons/all.json .* is not what was written"):
        LiveModelSet.load(tmp_path)


def test_reasons_whose_trees_are_gone_are_refused(tmp_path: Path) -> None:
    encoder = encoder_of()
    told(tmp_path, encoder, signal(grown(tmp_path, encoder, Boosted)))
    (tmp_path / reasons_trees_file("all")).unlink()
    write_contents(tmp_path)
    with pytest.raises(ModelSetFormatError, match="trees in a profile's reasons"):
        LiveModelSet.load(tmp_path)


def test_those_whom_reasons_are_given_against_have_none_on_average(tmp_path: Path) -> None:
    encoder = encoder_of()
    live = told(tmp_path, encoder, signal(line(encoder, offers=OFFERS, size=0.3)))
    known = live.shares_of("all")
    assert known is not None
    drawn = drawn_rows(encoder, rng=np.random.default_rng(8), count=600)
    shares = known.shares(live.many_inputs(drawn), offer=0)
    np.testing.assert_allclose(shares[:, :-1].mean(axis=0), 0.0, atol=1e-6)


@pytest.mark.parametrize("what", ["a product", "an average in a sum"])
def test_where_shares_would_not_add_up_there_are_none(tmp_path: Path, what: str) -> None:
    encoder = encoder_of()
    parts = (
        [composed(encoder, offers=OFFERS)]
        if what == "a product"
        else [line(encoder, offers=OFFERS), grown(tmp_path, encoder, Forest)]
    )
    live = told(tmp_path, encoder, signal(*parts))
    assert live.shares_of("all") is None
    assert live.reasons(["search", 2.0, 40.0], profile="all", offer=0) == ()


def test_a_set_without_offers_has_reasons_too(tmp_path: Path) -> None:
    encoder = encoder_of()
    form = signal(line(encoder, offers=0), grown(tmp_path, encoder, Boosted, offers=0))
    live = told(tmp_path, encoder, form, offers=0)
    assert len(live.reasons(["search", 2.0, 20.0], profile="all", offer=-1)) == 3


def test_a_step_down_a_tree_is_its_features_share() -> None:
    # Column 0 halves four rows; column 1 halves those with column 0 below.
    tree = (0, 0.5, (1, 0.5, 1.0, 3.0), 10.0)
    rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    _, _, left, right = shared_out(tree, rows, target_of=np.array([0, 1]), base=2)
    assert right == {2: 6.0, 0: 4.0}
    assert left[2:] == ({2: 6.0, 0: -4.0, 1: -1.0}, {2: 6.0, 0: -4.0, 1: 1.0})
