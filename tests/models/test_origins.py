"""Origins: nothing held is older than what was fitted, no row is held twice, the last is given."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates.contract import Rows
from models.origins import origins_of


def rows(count: int, *, start: int = 0, dated: bool = True) -> Rows:
    rng = np.random.default_rng(count)
    at = np.arange(start, start + count) if dated else np.zeros(count, dtype=np.int64)
    return Rows(
        np.arange(start, start + count, dtype=np.float32)[:, None],
        np.full(count, -1),
        0,
        (rng.random(count) < 0.3).astype(np.float64),
        np.ones(count),
        at.astype(np.int64),
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_each_span_follows_what_was_fitted_before_it() -> None:
    fit, select = rows(700), rows(150, start=700)
    found = origins_of(fit, select, count=3, rng=rng())
    assert len(found) == 3
    for origin in found:
        assert origin.fit.at.max() < origin.held.at.min()
    assert [len(origin.held) for origin in found] == [150, 150, 150]
    assert (found[-1].fit, found[-1].held) == (fit, select)


def test_no_row_is_held_twice() -> None:
    for dated in (True, False):
        fit, select = rows(700, dated=dated), rows(150, start=700, dated=dated)
        held = np.concatenate(
            [o.held.matrix[:, 0] for o in origins_of(fit, select, count=3, rng=rng())]
        )
        assert len(np.unique(held)) == len(held) == 450


def test_folds_of_undated_rows_fit_on_all_the_others() -> None:
    fit, select = rows(700, dated=False), rows(150, start=700, dated=False)
    for origin in origins_of(fit, select, count=3, rng=rng()):
        both = np.concatenate([origin.fit.matrix[:, 0], origin.held.matrix[:, 0]])
        assert sorted(both) == list(range(850))


@pytest.mark.parametrize(("held", "expected"), [(150, 2), (9000, 1)])
def test_many_held_rows_need_one_origin(held: int, expected: int) -> None:
    fit, select = rows(5 * held), rows(held, start=5 * held)
    assert len(origins_of(fit, select, count=0, rng=rng())) == expected


def test_an_origin_with_too_little_before_it_is_left_out() -> None:
    fit, select = rows(700), rows(300, start=700)
    assert len(origins_of(fit, select, count=5, rng=rng())) == 2
