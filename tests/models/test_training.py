"""The name of a model set: another training is another set, the very same one the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from models.pairs import Pairs
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal
from models.training import name_of
from tests.models.labelled_world import SETTINGS, labelled_world

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def with_one_more_sale(labelled: Labelled) -> Labelled:
    """Return the same rows with one refusal of them turned into a sale."""
    was = labelled.pairs[Signal.ACCEPT]
    label = was.label.copy()
    label[label.argmin()] = 1.0
    pairs = Pairs(was.row, was.offer, label, was.weight)
    return replace(labelled, pairs={**labelled.pairs, Signal.ACCEPT: pairs})


def test_the_name_says_the_instant_and_a_short_digest() -> None:
    name = name_of(labelled_world(100), settings=SETTINGS, as_of=AS_OF)
    assert re.fullmatch(r"candidate-20261101T000000Z-[0-9a-f]{8}", name)


def test_the_very_same_training_has_the_same_name() -> None:
    name = name_of(labelled_world(100), settings=SETTINGS, as_of=AS_OF)
    there = AS_OF.astimezone(timezone(timedelta(hours=5)))
    assert name_of(labelled_world(100), settings=replace(SETTINGS), as_of=there) == name


@pytest.mark.parametrize(
    ("labelled", "settings"),
    [
        pytest.param(labelled_world(100), replace(SETTINGS, seed=1), id="seed"),
        pytest.param(
            labelled_world(100),
            replace(SETTINGS, candidates=replace(SETTINGS.candidates, trees=11)),
            id="a candidate's setting",
        ),
        pytest.param(replace(labelled_world(100), fingerprint="1" * 16), SETTINGS, id="frame"),
        pytest.param(with_one_more_sale(labelled_world(100)), SETTINGS, id="labels"),
        pytest.param(
            replace(labelled_world(100), offer_ids=("home", "pet")), SETTINGS, id="offers"
        ),
    ],
)
def test_another_seed_or_other_data_is_another_name(
    labelled: Labelled, settings: TrainingSettings
) -> None:
    name = name_of(labelled_world(100), settings=SETTINGS, as_of=AS_OF)
    assert name_of(labelled, settings=settings, as_of=AS_OF) != name
