"""The encoder: no gaps out, nothing learnt from what it encodes, the same from JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from features.contract import Kind
from models.encoding import Encoder
from models.errors import EncodingError

KINDS = {
    "income": Kind.CONTINUOUS,
    "home_owner": Kind.BINARY,
    "household": Kind.ORDINAL,
    "medium": Kind.NOMINAL,
}


def columns(count: int = 400, *, seed: int = 0) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    return {
        "income": [None if x < 0.1 else float(np.exp(10 + x)) for x in rng.random(count)],
        "home_owner": [bool(x) for x in rng.integers(0, 2, count)],
        "household": [int(x) for x in rng.integers(1, 6, count)],
        "medium": [["search", "social", None][x] for x in rng.integers(0, 3, count)],
    }


def encoder() -> Encoder:
    return Encoder.fitted(columns(), kinds=KINDS)


def test_the_matrix_has_no_gaps_and_stable_names() -> None:
    found = encoder()
    matrix = found.encode(columns(seed=1))
    assert matrix.dtype == np.float32
    assert matrix.shape == (400, found.width)
    assert np.isfinite(matrix).all()
    assert set(found.names) == {
        "income",
        "home_owner",
        "household",
        "income absent",
        "medium=(absent)",
        "medium=search",
        "medium=social",
    }
    assert found.names == Encoder.fitted(columns(), kinds=KINDS).names


def test_an_unseen_category_is_all_zeros() -> None:
    found = encoder()
    row = {"income": [1.0], "home_owner": [True], "household": [2], "medium": ["radio"]}
    encoded = dict(zip(found.names, found.encode(row)[0].tolist(), strict=True))
    assert [encoded[name] for name in encoded if name.startswith("medium=")] == [0.0, 0.0, 0.0]


def test_an_absent_number_takes_the_median_and_says_so() -> None:
    found = encoder()
    row = {"income": [None], "home_owner": [None], "household": [float("nan")], "medium": [None]}
    encoded = dict(zip(found.names, found.encode(row)[0].tolist(), strict=True))
    assert encoded["income absent"] == 1.0
    assert encoded["medium=(absent)"] == 1.0
    assert np.isfinite(list(encoded.values())).all()


def test_arrays_and_lists_and_json_give_the_same() -> None:
    found = encoder()
    again = Encoder.from_json(json.loads(json.dumps(found.to_json())))
    lists = columns(seed=2)
    arrays = {name: np.array(values, dtype=object) for name, values in lists.items()}
    assert np.array_equal(found.encode(lists), again.encode(arrays))


def test_a_missing_column_is_named_with_the_nearest() -> None:
    row = {"incme": [1.0], "home_owner": [True], "household": [2], "medium": ["radio"]}
    with pytest.raises(EncodingError, match=r"'income' is missing.*Was 'incme' meant"):
        encoder().encode(row)


def test_text_in_a_numeric_column_is_named() -> None:
    row = {"income": ["much"], "home_owner": [True], "household": [2], "medium": ["radio"]}
    with pytest.raises(EncodingError, match="'income' holds a value that is no number"):
        encoder().encode(row)


def test_a_typing_error_stays_within_eight_deviations() -> None:
    row = {"income": [1e30], "home_owner": [True], "household": [2], "medium": ["radio"]}
    assert np.abs(encoder().encode(row)).max() <= 8.0


def test_known_is_what_is_neither_none_nor_not_a_number_in_the_order_of_the_features() -> None:
    found = encoder()
    rows = {
        "income": [None, float("nan"), 3.0],
        "home_owner": [True, None, False],
        "household": [2, 0, None],
        "medium": [None, "never seen", "search"],
    }
    known = found.known(rows)
    assert found.features == ("income", "home_owner", "household", "medium")
    assert known.tolist() == [
        [False, True, True, False],
        [False, False, True, True],
        [True, True, False, True],
    ]


def test_spreads_are_the_deviations_of_the_training_rows() -> None:
    spread = encoder().encode(columns()).std(axis=0)
    assert encoder().spreads == pytest.approx(spread, abs=1e-3)
