"""A difference tells which set is better, by what features, and who moves group."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.model_set import read_json, write_json
from models.report.difference import NothingToCompareError, difference
from models.report.page import write_report
from tests.models.conftest import PROFILES, MakeModelSet

WORSE = dict.fromkeys(("all", *PROFILES), -0.4)


def test_a_set_that_orders_better_is_said_to_be_better(
    make_model_set: MakeModelSet, home: Path
) -> None:
    found = difference(make_model_set("b"), champion=make_model_set("a", slopes=WORSE), home=home)
    assert {row.profile for row in found.measures} == {"every profile", *PROFILES}
    assert {row.measure for row in found.measures} == {"AUC", "log loss"}
    assert {row.verdict for row in found.measures} == {"better"}


def test_a_worse_set_is_said_to_be_worse(make_model_set: MakeModelSet, home: Path) -> None:
    found = difference(make_model_set("b", slopes=WORSE), champion=make_model_set("a"), home=home)
    assert {row.verdict for row in found.measures} == {"worse"}


def test_a_set_does_not_differ_from_itself(make_model_set: MakeModelSet, home: Path) -> None:
    same = make_model_set("a")
    found = difference(same, champion=same, home=home)
    assert all(row.gain == 0 for row in found.measures)
    assert all(move.rows == 0 for move in found.moves if move.before != move.after)
    assert all(row.new == row.old for row in found.weights)


def test_as_many_leave_the_higher_group_as_enter_it(
    make_model_set: MakeModelSet, home: Path
) -> None:
    old = make_model_set("a", slopes=WORSE)
    found = difference(make_model_set("b"), champion=old, home=home, share=0.2)
    rows = {(move.before, move.after): move.rows for move in found.moves}
    total = sum(rows.values())
    assert rows["higher", "lower"] == rows["lower", "higher"] > 0
    assert rows["higher", "higher"] + rows["higher", "lower"] == round(0.2 * total)


def test_a_changed_weight_is_told_with_both_effects(
    make_model_set: MakeModelSet, home: Path
) -> None:
    found = difference(make_model_set("b"), champion=make_model_set("a", slopes=WORSE), home=home)
    first = found.weights[0]
    assert (first.column, first.new, first.old) == ("age", 1.2, -0.4)


def test_features_that_came_and_went_are_named(make_model_set: MakeModelSet, home: Path) -> None:
    new = make_model_set("b")
    value = read_json(new / "manifest.json")
    write_json(
        new / "manifest.json",
        value | {"features": [["age", "continuous"], ["income", "continuous"]]},
    )
    found = difference(new, champion=make_model_set("a"), home=home)
    assert found.features_added == ("income",)
    assert found.features_removed == ("occupation", "visits")


def test_sets_without_a_common_unseen_contact_are_not_compared(
    make_model_set: MakeModelSet, home: Path
) -> None:
    later = make_model_set("a")
    value = read_json(later / "manifest.json")
    write_json(later / "manifest.json", value | {"judged_from": "2027-01-01T00:00:00+00:00"})
    with pytest.raises(NothingToCompareError):
        difference(make_model_set("b"), champion=later, home=home)


def test_the_page_opens_with_the_verdict(make_model_set: MakeModelSet, home: Path) -> None:
    new, old = make_model_set("b"), make_model_set("a", slopes=WORSE)
    text = write_report(new, champion=old, home=home).read_text()
    assert "orders callers better than the champion a" in text
    assert "Who moves group" in text
