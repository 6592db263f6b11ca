"""The evidence on effects: honest parts, the rules side by side, and the numbers of the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.assembly import assemble
from models.model_set import read_json
from tests.models.logged_world import LOGGED_SETTINGS, logged_world

COUNT = 6000


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    labelled, _ = logged_world(COUNT)
    out = tmp_path_factory.mktemp("evidence") / "set"
    assemble(labelled, out=out, settings=LOGGED_SETTINGS)
    return {row["profile"]: row for row in read_json(out / "uplift.json")}


def test_every_profile_and_all_together_are_judged(rows: dict[str, Any]) -> None:
    assert set(rows) == {"lead", "purchaser", "all"}
    assert rows["all"]["contacts"] == rows["lead"]["contacts"] + rows["purchaser"]["contacts"]
    assert {one["name"] for one in rows["lead"]["standings"]} == {"own", "response", "t"}
    assert "buyers per 1,000 contacts" in rows["lead"]["found"]


def test_contacts_are_judged_that_no_model_was_fitted_on(rows: dict[str, Any]) -> None:
    # About fifteen hundredths, the last in time, of either kind of contact.
    assert 0.1 * COUNT < rows["all"]["contacts"] < 0.16 * COUNT


def test_observed_effects_rise_with_predicted_ones(rows: dict[str, Any]) -> None:
    for offer in rows["all"]["offers"]:
        predicted = [tenth["predicted"] for tenth in offer["tenths"]]
        assert predicted == sorted(predicted, reverse=True)
        low, high = offer["slope"]["low"], offer["slope"]["high"]
        assert low > 0
        assert low < 1.2
        assert high > 0.6


def test_intervals_hold_the_true_average_effects(rows: dict[str, Any]) -> None:
    _, effects = logged_world(COUNT)
    late = effects[-rows["all"]["contacts"] :]
    for offer in rows["all"]["offers"]:
        true = late[:, ["home", "life"].index(offer["offer_id"])].mean()
        # An interval that misses would do so by much less than half of its width again.
        reach = offer["average"]["high"] - offer["average"]["low"]
        assert abs(offer["average"]["value"] - true) < 0.75 * reach


def test_the_strategys_rule_earns_more_than_nobody_and_than_one_for_all(
    rows: dict[str, Any],
) -> None:
    policies = {each["policy"]: each for each in rows["all"]["policies"]}
    assert list(policies) == ["strategy", "own_models", "response", "best_average", "nobody"]
    assert policies["nobody"]["strategy_ahead"]["low"] > 0
    assert policies["best_average"]["strategy_ahead_in_money"]["value"] > 0
    assert policies["nobody"]["money_added"]["value"] == 0
    assert policies["strategy"]["strategy_ahead"]["value"] == 0


def test_the_true_value_of_the_rule_lies_in_its_interval(rows: dict[str, Any]) -> None:
    value = next(p for p in rows["all"]["policies"] if p["policy"] == "nobody")["doubly_robust"]
    # With nothing presented, contacts buy at the baseline's rate.
    assert value["low"] < 0.275 < value["high"]


def test_qini_is_told_per_profile_and_not_where_chances_differ(rows: dict[str, Any]) -> None:
    lead = rows["lead"]["offers"][0]["qini"]
    assert lead["low"] < lead["value"] < lead["high"]
    assert lead["value"] > 0
    # All contacts of this world have the same chances, so their Qini is told as well.
    assert rows["all"]["offers"][0]["qini"] is not None


def test_the_budget_curve_begins_at_nothing(rows: dict[str, Any]) -> None:
    curve = rows["all"]["budget"]
    assert (curve[0]["share"], curve[0]["added"]) == (0.0, 0.0)
    assert np.all(np.diff([point["share"] for point in curve]) > 0)
    assert max(point["added"] for point in curve) > 50
