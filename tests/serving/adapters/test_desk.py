"""The desk every adapter's contact takes: the same answer twice, in time, shed where too many."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from routing.answer import Decision
from routing.contact import Answers, Channel, Contact, ContactReason
from routing.in_force import NOTHING_IN_FORCE, InForce
from serving import examples
from serving.adapters.counters import Counters
from serving.adapters.desk import Call, Desk
from serving.answered import Answered, key_of, question_of
from serving.deadlines import Deadline
from serving.log_entry import LoggedDecision
from serving.shedding import Load

NOW = examples.NOW
PATIENT_MS, HASTY_MS = 60_000, 3_000


class Gate:
    """A decider that decides once it is opened; it counts whom it was asked for."""

    def __init__(self, *, is_open: bool = True, name: str = "a") -> None:
        self.name = name
        self.open = threading.Event()
        self.asked: list[str] = []
        if is_open:
            self.open.set()

    def answer(
        self, contact: Contact, *, now: datetime, in_force: InForce | None = None
    ) -> Decision:
        self.asked.append(contact.contact_id)
        self.open.wait(60)
        return msgspec.structs.replace(
            examples.DECISION,
            contact_id=contact.contact_id,
            decision_id=f"{self.name}-{contact.contact_id}-{len(self.asked)}",
        )


class InMemory:
    """A log that keeps its entries in a list."""

    def __init__(self) -> None:
        self.entries: list[LoggedDecision] = []

    def add(self, decision: LoggedDecision) -> bool:
        self.entries.append(decision)
        return True


class Nothing:
    in_force = NOTHING_IN_FORCE


class Place:
    """A desk with its parts at hand."""

    def __init__(
        self,
        folder: Path,
        gate: Gate,
        *,
        log: Any = None,
        most_in_flight: int = 64,
        most_remembered: int = 100,
    ) -> None:
        self.gate = gate
        self.log = log if log is not None else InMemory()
        self.registry = CollectorRegistry()
        self.load = Load(most_in_flight=most_in_flight)
        self.now = NOW
        self.answered = Answered(
            folder / "answered.sqlite",
            life=timedelta(hours=1),
            most_remembered=most_remembered,
        )
        self.desk = Desk(
            gate,
            Nothing(),
            answered=self.answered,
            log=self.log,
            counters=Counters.in_registry(self.registry),
            clock=lambda: self.now,
            load=self.load,
        )

    async def ask(
        self, contact_id: str = "c-1", *, by: str = "pbx", ms: int = PATIENT_MS, **more: Any
    ) -> Decision:
        contact = Contact(contact_id=contact_id, channel=Channel.VOICE, **more)
        deadline = Deadline.of(ms, started=time.perf_counter())
        return await self.desk.decide(Call(contact, "kamailio", by, deadline))

    def counted(self, kept: str) -> float:
        labels = {"adapter": "kamailio", "kept": kept}
        return self.registry.get_sample_value("callworth_adapter_answers_total", labels) or 0.0

    def late(self) -> float:
        name = "callworth_adapter_answers_late_total"
        return self.registry.get_sample_value(name, {"adapter": "kamailio"}) or 0.0


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Place]:
    return lambda gate=None, **parts: Place(tmp_path, gate or Gate(), **parts)


Made = Callable[..., Place]


def test_a_contact_that_asks_the_same_again_gets_the_same_answer(place: Made) -> None:
    here = place()

    async def run() -> None:
        first = await here.ask(from_=examples.PHONE, deadline_ms=200)
        here.now += timedelta(minutes=59)
        again = await here.ask(from_=examples.PHONE, deadline_ms=100)
        assert again == first

    asyncio.run(run())
    assert here.gate.asked == ["c-1"]
    assert len(here.log.entries) == 1
    assert (here.counted("decided"), here.counted("repeated")) == (1.0, 1.0)


def test_a_contact_that_says_more_or_another_asker_is_decided_anew(place: Made) -> None:
    here = place()

    async def run() -> None:
        found = [
            await here.ask(),
            await here.ask(answers=Answers(reason=ContactReason.CLAIM)),
            await here.ask(customer_id="main-000081"),
            await here.ask(by="another"),
        ]
        assert len({one.decision_id for one in found}) == 4

    asyncio.run(run())
    assert here.counted("repeated") == 0.0


def test_a_contact_that_asks_twice_at_once_is_decided_once(place: Made) -> None:
    here = place(Gate(is_open=False))

    async def run() -> None:
        asked = [asyncio.create_task(here.ask()) for _ in range(5)]
        await asyncio.sleep(0.05)
        here.gate.open.set()
        found = await asyncio.gather(*asked)
        assert len({one.decision_id for one in found}) == 1

    asyncio.run(run())
    assert len(here.gate.asked) == len(here.log.entries) == 1


def test_an_answer_is_forgotten_when_its_life_is_over(place: Made) -> None:
    here = place()

    async def run() -> None:
        first = await here.ask()
        here.now += timedelta(hours=1, seconds=1)
        assert (await here.ask()).decision_id != first.decision_id

    asyncio.run(run())


def _delete(file: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)


def test_the_memory_is_bounded_and_the_oldest_goes(place: Made, tmp_path: Path) -> None:
    here = place(most_remembered=10)

    async def run() -> None:
        for at in range(30):
            await here.ask(f"c-{at}")
        assert len(here.answered) == 10
        _delete(tmp_path / "answered.sqlite")
        await here.ask("c-29")
        await here.ask("c-0")

    asyncio.run(run())
    assert here.gate.asked.count("c-29") == 1
    assert here.gate.asked.count("c-0") == 2


def test_another_worker_gives_the_answer_that_the_first_one_gave(tmp_path: Path) -> None:
    one, other = Place(tmp_path, Gate()), Place(tmp_path, Gate(name="b"))
    more: dict[str, Any] = {"from_": "tel:+1\u2028555", "answers": Answers(name="Zoë \U0001f4de")}

    async def run() -> None:
        first = await one.ask(**more)
        assert await other.ask(**more) == first
        assert (await other.ask(**more, customer_id="c")) != first

    asyncio.run(run())
    assert other.counted("repeated") == 1.0
    assert len(other.gate.asked) == 1  # the one who said more
    assert len(other.log.entries) == 1


def test_of_workers_that_decide_at_once_all_give_the_answer_of_one(tmp_path: Path) -> None:
    gates = [Gate(is_open=False, name=name) for name in "abcd"]
    workers = [Place(tmp_path, gate) for gate in gates]

    async def run() -> None:
        asked = [asyncio.create_task(worker.ask()) for worker in workers]
        await asyncio.sleep(0.1)
        for gate in gates:
            gate.open.set()
        assert len({one.decision_id for one in await asyncio.gather(*asked)}) == 1

    asyncio.run(run())
    assert sum(len(worker.log.entries) for worker in workers) == 1


def test_many_workers_that_begin_at_once_share_one_file(tmp_path: Path) -> None:
    file = tmp_path / "log" / "answered.sqlite"
    workers = [Answered(file) for _ in range(8)]
    together = threading.Barrier(8)
    mine = [
        msgspec.structs.replace(examples.DECISION, decision_id=f"{at}")
        for at in range(len(workers))
    ]

    def begin(at: int) -> str:
        together.wait(30)
        return workers[at].keep(b"question", mine[at], now=NOW).decision_id

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(begin, range(len(workers))))
    assert len(found) == 1


def test_another_worker_repeats_the_default_that_left_for_want_of_time(tmp_path: Path) -> None:
    one, other = Place(tmp_path, Gate(is_open=False)), Place(tmp_path, Gate())

    async def run() -> None:
        first = await one.ask(ms=50)
        one.gate.open.set()
        for _ in range(1_000):
            if one.answered.look_up(key_of(question(), asked_by="pbx"), now=NOW):
                break
            await asyncio.sleep(0.01)
        assert await other.ask() == first

    asyncio.run(run())


def question() -> bytes:
    return question_of(Contact(contact_id="c-1", channel=Channel.VOICE))


@pytest.mark.parametrize("content", [b"", b"this is no database, whatever it is called" * 30])
def test_a_file_that_cannot_be_used_holds_up_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answered.sqlite").write_bytes(content)
    here = Place(tmp_path, Gate())

    async def run() -> None:
        assert await here.ask() == await here.ask()

    asyncio.run(run())
    assert here.gate.asked == ["c-1"]


def test_a_folder_in_place_of_the_file_holds_up_nobody(tmp_path: Path) -> None:
    (tmp_path / "answered.sqlite").mkdir()
    assert asyncio.run(Place(tmp_path, Gate()).ask()).decision_id == "a-c-1-1"


def test_deleting_the_file_forgets_what_other_workers_answered(tmp_path: Path) -> None:
    one, other = Place(tmp_path, Gate()), Place(tmp_path, Gate(name="b"))

    async def run() -> None:
        await one.ask()
        _delete(tmp_path / "answered.sqlite")
        await other.ask()
        await one.ask("c-2")
        assert (await other.ask("c-2")).decision_id == "a-c-2-2"

    asyncio.run(run())
    assert other.gate.asked == ["c-1"]
    assert sorted(path.name for path in tmp_path.iterdir())[0] == "answered.sqlite"


def test_the_default_leaves_before_the_deadline_and_says_why(place: Made) -> None:
    here = place(Gate(is_open=False))

    async def run() -> None:
        decision = await here.ask(ms=HASTY_MS, partner="main")
        assert not here.gate.open.is_set()
        assert decision.source == "default"
        assert decision.route.queue
        assert "3000 ms" in (decision.why or "")
        here.gate.open.set()

    asyncio.run(run())
    assert here.counted("timed_out") == 1.0
    assert here.late() == 0.0
    (entry,) = here.log.entries
    assert (entry.source, entry.contact_id) == ("default", "c-1")


def test_what_was_answered_for_want_of_time_is_answered_again(place: Made) -> None:
    here = place(Gate(is_open=False))

    async def run() -> None:
        first = await here.ask(ms=50)
        here.gate.open.set()
        assert await here.ask(ms=PATIENT_MS) == first

    asyncio.run(run())
    assert len(here.log.entries) == 1


def test_an_answer_after_the_deadline_is_counted_as_late(place: Made) -> None:
    here = place()

    async def run() -> None:
        contact = Contact(contact_id="c-1", channel=Channel.VOICE)
        over = Deadline.of(10, started=time.perf_counter() - 1.0)  # it waited for us to begin
        await here.desk.decide(Call(contact, "kamailio", "pbx", over))

    asyncio.run(run())
    assert here.late() == 1.0


def test_above_the_limit_the_next_ones_are_told_at_once(place: Made) -> None:
    here = place(Gate(is_open=False), most_in_flight=8)

    async def run() -> None:
        waiting = [asyncio.create_task(here.ask(f"c-{at}")) for at in range(8)]
        await asyncio.sleep(0)
        for at in range(8, 40):  # each is answered while the gate is shut
            decision = await here.ask(f"c-{at}")
            assert decision.source == "default"
            assert "8 contacts were being decided" in (decision.why or "")
        here.gate.open.set()
        assert all(one.source == "strategy" for one in await asyncio.gather(*waiting))

    asyncio.run(run())
    assert (here.counted("shed"), here.counted("decided")) == (32.0, 8.0)
    assert here.load.in_flight == 0
    assert len(here.log.entries) == 40


def test_a_thread_that_hangs_counts_as_in_hand_until_it_ends(place: Made) -> None:
    here = place(Gate(is_open=False), most_in_flight=2)

    async def run() -> None:
        await asyncio.gather(here.ask("a", ms=50), here.ask("b", ms=50))
        assert here.load.full
        assert "2 contacts" in ((await here.ask("c")).why or "")
        here.gate.open.set()

    asyncio.run(run())
    assert (here.counted("timed_out"), here.counted("shed")) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("milliseconds", "margin"), [(1, 1), (4, 4), (20, 5), (200, 20), (1_000, 100), (8_000, 250)]
)
def test_the_margin_is_a_tenth_within_its_bounds(milliseconds: int, margin: int) -> None:
    deadline = Deadline.of(milliseconds, started=0.0)
    assert deadline.margin_seconds == pytest.approx(margin / 1000)
