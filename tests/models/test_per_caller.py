"""The model per caller: two histories, two models, and the sums that tell why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.contract import Kind
from models.artefacts import write_contents
from models.compiled import CompiledModelSet
from models.encoding import Encoder
from models.errors import EncodingError
from models.model_set import Answer, CalibrationForm, LinearForm, Manifest, SignalForm, write_json
from models.per_caller import ByImportance, Chosen, by_stage
from models.signals import Task

KINDS = {
    "page_views": Kind.CONTINUOUS,
    "claims": Kind.CONTINUOUS,
    "age": Kind.CONTINUOUS,
    "medium": Kind.NOMINAL,
}
# What each profile's own model listens to; `new` has too few rows for one.
EFFECTS: dict[str, dict[str, float]] = {
    "all": {"page_views": 0.3, "claims": 0.3, "medium=radio": 0.2},
    "lead": {"page_views": 0.9, "age": -0.1},
    "purchaser": {"claims": -2.7, "age": 0.3},
}
USES = {"all": "all", "lead": "lead", "purchaser": "purchaser", "new": "all"}
Write = Callable[..., CompiledModelSet]


def history(**known: Sequence[object]) -> dict[str, Sequence[object]]:
    """Return the columns of callers of whom only this is known."""
    count = len(next(iter(known.values()), [None]))
    return {name: known.get(name, [None] * count) for name in KINDS}


def training_rows() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    views = rng.normal(10, 4, 400)
    return {
        # A page view is sometimes not known, a claim and an age always were.
        "page_views": np.where(rng.random(400) < 0.2, np.nan, views),
        "claims": rng.normal(5, 2, 400),
        "age": rng.normal(50, 10, 400),
        "medium": rng.choice(np.array(["radio", "search", None], dtype=object), 400),
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes and loads a model set whose models listen as told."""

    def written(
        effects: Mapping[str, Mapping[str, float]] = EFFECTS, *, reasons: bool = True
    ) -> CompiledModelSet:
        encoder = Encoder.fitted(training_rows(), kinds=KINDS)
        for profile, by in effects.items():
            pairs = tuple((encoder.names.index(name), value) for name, value in by.items())
            form = LinearForm(-1.0, pairs, (0.0, 0.4), ())
            signal = SignalForm(
                Task.PROBABILITY, "linear", (form,), (1.0,), 0.0, CalibrationForm(),
                reasons=form if reasons else None,
            )  # fmt: skip
            write_json(tmp_path / "accept" / f"{profile}.json", signal)
        write_json(tmp_path / "encoding.json", encoder.to_json())
        write_json(
            tmp_path / "manifest.json",
            Manifest(
                version="17",
                features=tuple((name, str(kind)) for name, kind in KINDS.items()),
                profiles=("lead", "new", "purchaser"),
                offer_ids=("home", "life"),
                answers=tuple(
                    Answer("accept", profile, uses, "linear", f"accept/{uses}.json")
                    for profile, uses in USES.items()
                ),
                as_of="", trained_from="", trained_until="", judged_from="", fingerprint="",
            ),
        )  # fmt: skip
        write_contents(tmp_path)
        return CompiledModelSet.load(tmp_path)

    return written


def chosen(
    models: CompiledModelSet, columns: Mapping[str, Sequence[object]], *stages: str
) -> Chosen:
    rule = ByImportance(models)
    return rule.choose(columns, models.encode(columns), stage=np.array(stages))


def test_two_callers_with_different_event_histories_get_different_models(write: Write) -> None:
    columns = history(page_views=[25.0, 10.0], claims=[5.0, 12.0], age=[50.0, 50.0])
    found = chosen(write(), columns, "lead", "lead")
    assert found.profile.tolist() == ["lead", "purchaser"]
    assert found.model.tolist() == ["lead", "purchaser"]


def test_the_reason_names_the_sums_the_features_and_their_signs(write: Write) -> None:
    columns = history(page_views=[10.0], claims=[12.0], age=[60.0])
    found = chosen(write(), columns, "lead")
    sums = found.sums(0)
    why = found.why(0)
    assert set(sums) == {"all", "lead", "purchaser"}
    runner_up = max(by for name, by in sums.items() if name != "purchaser")
    told = re.findall(r"\d\.\d\d(?= |;| for)", why)
    assert told[:2] == [f"{sums['purchaser']:.2f}", f"{runner_up:.2f}"]
    assert "matters most to the purchaser model" in why
    assert re.search(r"first claims \(-\d\.\d\d\) and age \(\+\d\.\d\d\)", why)


def test_importance_is_the_sum_worked_out_by_hand(write: Write) -> None:
    models = write()
    columns = history(page_views=[18.0], claims=[9.0], age=[30.0])
    row = dict(zip(models.encoder.names, models.encode(columns)[0].tolist(), strict=True))
    means = dict(zip(models.encoder.names, models.encoder.means.tolist(), strict=True))
    moved = abs(0.9 * (row["page_views"] - means["page_views"])) + abs(0.1 * row["age"])
    assert chosen(models, columns, "lead").sums(0)["lead"] == pytest.approx(moved / 1.0, abs=1e-6)


def test_a_model_does_not_win_for_larger_coefficients_alone(write: Write) -> None:
    shouting = {**EFFECTS, "purchaser": {"claims": -27.0, "age": 3.0}}
    columns = history(page_views=[25.0], claims=[6.0], age=[50.0])
    assert chosen(write(shouting), columns, "purchaser").profile.tolist() == ["lead"]


@pytest.mark.parametrize("absent", ["page_views", "claims", "medium"])
def test_what_is_not_known_counts_nothing(write: Write, absent: str) -> None:
    effects = {**EFFECTS, "lead": {"page_views": 0.9, "page_views absent": 2.0, "medium=radio": 1}}
    models = write(effects)
    known: dict[str, Any] = {"page_views": [30.0], "claims": [14.0], "medium": ["radio"]}
    whole = chosen(models, history(**known), "lead").sums(0)
    without = chosen(models, history(**{**known, absent: [None]}), "lead").sums(0)
    alone = chosen(models, history(**{absent: known[absent]}), "lead").sums(0)
    for model in whole:
        assert without[model] == pytest.approx(whole[model] - alone[model])
    assert max(alone.values()) > 0


def test_of_whom_nothing_is_known_the_stage_answers(write: Write) -> None:
    columns = history(age=[None, None, None])
    found = chosen(write(), columns, "purchaser", "lead", "new")
    assert found.profile.tolist() == ["purchaser", "lead", "new"]
    assert not found.importance.any()
    assert found.why(0) == (
        "Nothing that is known matters to any model: the purchaser model answers by stage."
    )


def test_a_stage_that_the_set_does_not_know_has_the_model_for_all_unless_another_matters_more(
    write: Write,
) -> None:
    columns = history(page_views=[None, 30.0], medium=["radio", None])
    found = chosen(write(), columns, "never seen", "never seen")
    assert found.model.tolist() == ["all", "lead"]
    assert "the model for all profiles" in found.why(0)
    # What `predict` takes: a stage whose own choice it is keeps its name, for the other signals.
    assert found.profile.tolist() == ["never seen", "lead"]


def test_the_same_callers_are_answered_alike_in_any_company_and_order(write: Write) -> None:
    models, rng = write(), np.random.default_rng(5)
    columns = {name: list(values) for name, values in training_rows().items()}
    stages = rng.choice(["lead", "purchaser", "new"], 400)
    whole = chosen(models, columns, *stages)
    order = rng.permutation(400)
    mixed = {name: [values[at] for at in order] for name, values in columns.items()}
    again = chosen(models, mixed, *stages[order])
    assert np.array_equal(whole.profile[order], again.profile)
    assert np.allclose(whole.importance[order], again.importance)
    assert [whole.why(int(at)) for at in order] == [again.why(row) for row in range(400)]
    assert len(set(whole.model.tolist())) == 3


def test_without_linear_forms_the_stage_answers(write: Write) -> None:
    columns = history(claims=[12.0])
    found = chosen(write(reasons=False), columns, "lead")
    assert (found.profile.tolist(), found.models, found.sums(0)) == (["lead"], (), {})
    assert "by stage" in found.why(0)


def test_a_missing_column_is_named(write: Write) -> None:
    models = write()
    matrix = models.encode(history(claims=[12.0]))
    with pytest.raises(EncodingError, match="'page_views' is missing"):
        ByImportance(models).choose({"claims": [1.0]}, matrix, stage=np.array(["lead"]))


def test_by_stage_leaves_everybody_with_the_stage(write: Write) -> None:
    models, columns = write(), history(page_views=[30.0], claims=[14.0])
    stage = np.array(["new"])
    assert by_stage(columns, models.encode(columns), stage=stage) is stage
