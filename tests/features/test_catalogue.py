from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from features.catalogue import FEATURES, VIEWS, Feature, feature_named, phrase
from features.contract import TABLES, Kind
from features.errors import ContractError


def documented(root: Path) -> dict[str, tuple[str, ...]]:
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (\w+) \| (.+) \|$",
        (root / "docs" / "features.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    return {name: (view, kind, words) for name, view, kind, words in rows}


def test_every_name_is_there_once() -> None:
    names = [feature.name for feature in FEATURES]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", name) for name in names)


def test_the_documentation_lists_every_feature_as_it_is(root: Path) -> None:
    declared = {f.name: (f.view, f.kind.value, f.phrase) for f in FEATURES}

    assert documented(root) == declared, "run `python -m tests.features.write_docs_table`"


def test_views_read_tables_of_the_contract() -> None:
    for view in VIEWS:
        assert set(view.tables) <= set(TABLES)
        assert all(feature.view == view.name for feature in view.features)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("days_since_last_enquiry", 6.4, "asked for a quote 6 days ago"),
        ("days_since_last_enquiry", 1.9, "asked for a quote a day ago"),
        ("days_since_last_enquiry", 0.2, "asked for a quote today"),
        ("days_since_last_enquiry", None, "never asked for a quote"),
        ("page_views_last_30_days", 0, "no page view in the last 30 days"),
        ("page_views_last_30_days", 1, "1 page view in the last 30 days"),
        ("page_views_last_30_days", 12.0, "12 page views in the last 30 days"),
        ("payments_amount_last_90_days", 1240.5, "paid 1,240 in the last 90 days"),
        ("logins_trend", 2.45, "logins at 2.5 times their usual pace"),
        ("logins_trend", float("nan"), "no logins in the last 90 days"),
        ("first_touch_medium", "direct_mail", "first reached by direct mail"),
        ("first_touch_medium", "none", "never reached by advertising"),
        ("life_event", "moved_house", "life event: moved house"),
        ("has_email", 1, "e-mail address known"),
        ("income", 52_000.0, "income about 52,000"),
        ("age", None, "no known age"),
    ],
)
def test_a_value_is_said_in_plain_words(name: str, value: object, said: str) -> None:
    assert phrase(name, value) == said


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_says_every_kind_of_value(feature: Feature) -> None:
    values: tuple[object, ...] = (None, float("nan"), 0, 1, 3.7)
    if feature.kind is Kind.NOMINAL:
        values = (None, "none", "some_word")

    for value in values:
        said = feature.say(value)
        assert said
        assert "{" not in said
        assert "_" not in said


def test_an_unknown_name_is_told_which_one_may_be_meant() -> None:
    with pytest.raises(ContractError, match="Was 'enquiries_last_30_days' meant"):
        feature_named("enquiries_last_30_day")


def test_the_catalogue_brings_no_engine() -> None:
    code = "import features.catalogue, sys; print(sorted({'duckdb', 'pyarrow', 'pandas', 'feast'} "
    found = subprocess.run(
        [sys.executable, "-c", code + "& set(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"
