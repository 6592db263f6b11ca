"""A limits file says what is wrong with it, and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from routing.allocation.errors import LimitsFileError
from routing.allocation.limits import (
    AgentMinutes,
    Budget,
    ContactCap,
    Counts,
    Limits,
    MinimumShare,
    OfferStock,
    RestDays,
)
from routing.allocation.limits_file import Known, limits_of, read_limits

KNOWN = Known(
    offers=("term_life", "whole_life", "home"),
    licences=("life", "property"),
    pools=("first", "second"),
    partners=("north", "south"),
)


@pytest.fixture
def example(root: Path) -> str:
    return (root / "docs" / "allocation.md").read_text().split("```toml\n")[1].split("```")[0]


def read(tmp_path: Path, text: str) -> Limits:
    path = tmp_path / "limits.toml"
    path.write_text(text)
    return read_limits(path, known=KNOWN)


def test_the_documented_example_says_every_kind(tmp_path: Path, example: str) -> None:
    limits = read(tmp_path, example)

    assert limits == Limits(
        offers_per_contact=1,
        horizon_days=7.0,
        shared=(
            AgentMinutes(5_400.0, pool="first", licence="life", weekday="monday"),
            OfferStock(800.0, offer="term_life", counts=Counts.ACCEPTANCES),
            Budget(12_000.0),
            MinimumShare(0.05, offers=("home",), partner="north"),
        ),
        own=(ContactCap(3.0), RestDays(30.0)),
        presentation_minutes={"term_life": 6.0, "whole_life": 8.0, "home": 4.5},
    )


def test_without_a_file_there_is_no_limit(tmp_path: Path) -> None:
    assert limits_of(tmp_path, known=KNOWN) == Limits()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[minuts]]\nat_most = 3", "Was 'minutes' meant"),
        ("[[stock]]\noffer = 'term_lif'\nat_most = 3", "Was 'term_life' meant"),
        ("[[minutes]]\nat_most = 3\npool = 'frist'", "Was 'first' meant"),
        ("[[minutes]]\nat_most = 3\nlicence = 'lif'", "Was 'life' meant"),
        ("[[minutes]]\nat_most = 3\nweekday = 'mondy'", "Was 'monday' meant"),
        ("[[minutes]]\nat_mots = 3", "Was 'at_most' meant"),
        ("[[budget]]\nat_most = -3", "from 0 to"),
        ("[[budget]]\nat_most = nan", "from 0 to"),
        ("[[budget]]\nat_most = true", "from 0 to"),
        ("[[budget]]\noffers = ['home']", "lacks 'at_most'"),
        ("[[share]]\nat_least = 1.5", "from 0 to 1"),
        ("[[share]]\nat_least = 0.1\npartner = 'est'", "unknown partner 'est'"),
        ("[[stock]]\nat_most = 3\noffer = 'home'\ncounts = 'acceptance'", "'acceptances' meant"),
        ("[budget]\nat_most = 3", "Write \\[\\[budget\\]\\]"),
        ("offers_per_contact = 0", "at least 1"),
        ("[presentation_minutes]\nterm = 3", "Was 'term_life' meant"),
        ("[[budget]]\nat_most = 1\n[[budget]]\nat_most = 2", "twice"),
        ("offers_per_contact = ", "no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LimitsFileError, match=told) as caught:
        read(tmp_path, text)

    assert caught.value.status == 422


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LimitsFileError, match="There is no limits file"):
        read_limits(tmp_path / "limits.toml", known=KNOWN)


def test_each_key_is_documented(root: Path) -> None:
    page = (root / "docs" / "allocation.md").read_text()
    keys = ("minutes", "stock", "budget", "share", "cap", "rest", "offers_per_contact")
    keys += ("horizon_days", "presentation_minutes", "pool", "licence", "weekday", "counts")
    assert not [key for key in keys if f"`{key}`" not in page]
