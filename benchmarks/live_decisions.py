"""One whole live decision against the model call in it: look-up, bringing up to date, forming.

Customers of a home's strategy set, each with the stored feature values; in one process and thread,
contact by contact in turn:

bare      ONNX Runtime's `run` on the profile's graph, inputs ready
score     `LiveModelSet.score` of the stored values
expired   the whole decision of a contact whose strategy has expired: identify, look up, bring the
          values up to date, score, form, reasons, JSON
event     the same with one fresh event before the strategy expires
quick     the pre-formed decision of the same contact, for comparison

    python -m benchmarks.live_decisions --home callworth-home [--contacts 500]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.live_scoring import timed
from routing.answer import Decision, Source
from routing.contact import Channel, Contact
from routing.decision import decide
from routing.freshly_known import EventKind, KnownEvent
from routing.in_force import InForce
from routing.instants import Instants
from routing.quick import Quick
from routing.strategy_file import every_strategy
from routing.strategy_reader import StrategyReader
from routing.vectors import unpacked
from serving.live_store import LiveStore

EVENT = (KnownEvent(kind=EventKind.ENQUIRY),)
_json = msgspec.json.Encoder().encode


def compared(home: Path, count: int) -> dict[str, Callable[[int], Any]]:
    """Return what is compared, each as a function of a customer's place."""
    strategies, live = StrategyReader(home / "strategies").snapshot(), LiveStore(home / "models")
    scoring = live.current()
    assert strategies is not None, "no strategy set: callworth strategies form"
    assert scoring is not None, live.trouble
    in_force = InForce(strategies=strategies, live=scoring)
    quick = Quick(in_force)
    some = list(islice(every_strategy(strategies.path), count))
    formed_at = some[0].formed_at
    soon, late = formed_at + timedelta(hours=1), some[0].expires_at + timedelta(hours=1)
    contacts = [
        Contact(contact_id=f"k-{at}", channel=Channel.VOICE, partner=one.partner,
                customer_id=one.customer_id)
        for at, one in enumerate(some)
    ]  # fmt: skip
    eventful = [msgspec.structs.replace(one, events=EVENT) for one in contacts]
    models = scoring.models
    vectors = [strategies.vector_of(one.partner, one.customer_id) or b"" for one in some]
    values = [unpacked(vector) for vector in vectors]
    feeds = [dict(models.inputs(each)) for each in values]
    feeds = [{name: each.copy() for name, each in feed.items()} for feed in feeds]
    sessions = [models.session(one.stage) for one in some]
    instant = Instants()(soon)
    return {
        "bare": lambda at: sessions[at].run(["scores"], feeds[at]),
        "score": lambda at: models.score(values[at], profile=some[at].stage),
        "expired": lambda at: _json(_live(decide(contacts[at], in_force=in_force, now=late))),
        "event": lambda at: _json(_live(decide(eventful[at], in_force=in_force, now=soon))),
        "quick": lambda at: quick.answer(contacts[at], instant),
    }


def _live(decision: Decision) -> Decision:
    """Return the decision; a default would be quick, and a figure about nothing."""
    assert decision.source is Source.LIVE, decision.why
    return decision


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--contacts", type=int, default=500)
    given = parser.parse_args()
    started = time.perf_counter()
    told = timed(compared(given.home, given.contacts), given.contacts)
    bare = statistics.median(told["bare"])
    print("what        p50 us    p99 us  p50/bare")
    for name, each in told.items():
        middle = statistics.median(each)
        print(f"{name:10}{middle:8.0f}  {np.percentile(each, 99):8.0f}  {middle / bare:8.2f}")
    print(f"{given.contacts} contacts, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
