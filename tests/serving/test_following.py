"""Following what is published: what is new is taken whole, and what breaks is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest

from routing.in_force import InForce, in_force_from, read_record
from routing.offer_states import OfferState, Standing, Standings
from routing.open_set import OpenSet
from routing.strategy_reader import StrategyReader
from serving import examples
from serving.following import Following

Publish = Callable[..., str]


class Given:
    """Gives what a test put there; an error is raised."""

    def __init__(self, what: object = None) -> None:
        self.what = what

    def current(self) -> object:
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


def following(home: Path, offers: Given, heard: list[InForce]) -> Following:
    return Following(
        strategies=StrategyReader(home / "strategies", check_seconds=0.0),
        experiment=Given(),  # type: ignore[arg-type]
        offers=offers,  # type: ignore[arg-type]
        introduce=heard.append,
        hold_back_share=0.1,
    )


def _paused() -> Standings:
    return MappingProxyType(
        {"term_life": Standing(OfferState.PAUSED, "out of stock", examples.NOW)}
    )


def test_what_is_new_is_introduced_once_and_put_in_place(home: Path, publish: Publish) -> None:
    heard: list[InForce] = []
    offers = Given(MappingProxyType({}))
    follows = following(home, offers, heard)
    follows.look()
    assert follows.in_force.label is None
    label = publish()
    follows.look()
    follows.look()
    assert follows.in_force.label == label
    offers.what = _paused()
    before = follows.in_force
    follows.look()
    assert follows.in_force.standings == offers.what
    assert before.standings == {}  # whoever still answers with it sees no change
    assert [one.label for one in heard] == [None, label, label]
    assert len({one.in_force_id for one in heard}) == 3


def test_what_breaks_leaves_the_old_in_force_and_is_told(home: Path, publish: Publish) -> None:
    publish()
    offers = Given(MappingProxyType({}))
    follows = following(home, offers, [])
    follows.look()
    held = follows.in_force
    offers.what = ZeroDivisionError("no such luck")
    follows.look()
    assert follows.in_force is held
    assert follows.trouble is not None
    assert "no such luck" in follows.trouble
    offers.what = MappingProxyType({})
    follows.look()
    assert follows.trouble is None


def test_a_record_gives_back_what_was_in_force(home: Path, publish: Publish) -> None:
    label = publish()
    follows = following(home, Given(_paused()), [])
    follows.look()
    was = follows.in_force
    record = read_record(was.record)
    assert (record.strategy_set, record.hold_back_share) == (label, 0.1)
    again = in_force_from(record, strategies=was.strategies)
    assert (again.in_force_id, again.record) == (was.in_force_id, was.record)


def test_a_set_opened_by_one_thread_answers_in_another(home: Path, publish: Publish) -> None:
    label = publish()
    found = OpenSet.open(home / "strategies" / f"strategies-{label}.sqlite")
    found.warm()
    (ready,) = found.ready_by_customer(examples.STRATEGY.customer_id)
    assert ready.value_group == examples.STRATEGY.value_group
    assert found.ready_by_customer("nobody") == []


@pytest.mark.parametrize("harm", ["gone", "another", "rubbish"])
def test_without_its_secret_a_set_is_not_taken(home: Path, publish: Publish, harm: str) -> None:
    publish()
    secret = home / "strategies" / "index.key"
    if harm == "gone":
        secret.unlink()
    else:
        secret.chmod(0o600)
        secret.write_text("ab" * 32 if harm == "another" else "rubbish")
    reader = StrategyReader(home / "strategies")
    assert reader.snapshot() is None
    assert reader.problem is not None
    assert "index.key" in reader.problem
