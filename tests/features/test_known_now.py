from __future__ import annotations

from typing import Any

import pytest

from features.contract import Kind
from features.errors import ContractError
from features.known_now import with_known

NAMES = ("age", "language", "has_phone")
KINDS = {"age": Kind.CONTINUOUS, "language": Kind.NOMINAL, "has_phone": Kind.BINARY}


def known(**values: Any) -> tuple[Any, ...]:
    return with_known((None, "en", 1), names=NAMES, kinds=KINDS, known=values)


def test_what_is_known_now_replaces_what_was_stored() -> None:
    assert known(age=44, has_phone=False) == (44.0, "en", 0.0)


def test_null_makes_a_feature_unknown() -> None:
    assert known(language=None) == (None, None, 1)


def test_nothing_known_changes_nothing() -> None:
    assert known() == (None, "en", 1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"agee": 3.0}, "no feature 'agee'.*Was 'age' meant"),
        ({"age": "old"}, "'age' is continuous, and 'old' was given. Give a number"),
        ({"language": 3.0}, "'language' is nominal, and 3.0 was given. Give text"),
        ({"has_phone": "yes"}, "'has_phone' is binary"),
    ],
)
def test_a_wrong_name_or_value_is_refused_in_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ContractError, match=words):
        known(**wrong)
