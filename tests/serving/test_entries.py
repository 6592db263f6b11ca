"""What the log keeps of a quick answer is what it keeps of the same decision made in full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from routing.contact import Channel, Contact
from routing.decision import decide
from routing.in_force import InForce
from routing.instants import Instants
from routing.quick import Quick
from routing.strategy_reader import StrategyReader
from serving import examples
from serving.entries import Asked, entry_of, entry_of_quick


@pytest.mark.parametrize("present", [True, False])
def test_both_ways_keep_the_same(
    home: Path, publish: Callable[..., str], a_strategy: Callable[..., object], present: bool
) -> None:
    offers = tuple(
        msgspec.structs.replace(one, present=one.present and present)
        for one in examples.STRATEGY.handling.offers
    )
    handling = msgspec.structs.replace(examples.STRATEGY.handling, offers=offers)
    publish([(a_strategy(handling=handling), examples.DETAILS)])
    in_force = InForce(strategies=StrategyReader(home / "strategies").snapshot())
    contact = Contact(contact_id="c-1", channel=Channel.VOICE, from_=examples.PHONE)
    instant = Instants()(examples.NOW)
    asked = Asked(contact, b"{}", "a router", instant, in_force.in_force_id)
    quick = Quick(in_force).answer(contact, instant)
    assert quick is not None
    full = decide(contact, in_force=in_force, now=examples.NOW)
    answer = msgspec.json.encode(full)
    wanted = entry_of(full, asked, answer=answer, seconds=0.001)
    assert entry_of_quick(quick, asked, seconds=0.001) == wanted
