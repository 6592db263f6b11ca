import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from routing.defaults import standard_defaults
from routing.errors import StrategyFileDamagedError
from routing.strategy import Strategy
from routing.strategy_file import rollback
from routing.strategy_index import ContactDetails
from routing.strategy_pointer import POINTER
from routing.strategy_reader import StrategyReader
from routing.strategy_writer import Published, StrategyWriter

Publish = Callable[..., Published]
Build = Callable[..., Strategy]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
JANE = ContactDetails(("555-555-0100",), "Jane Doe", "1 Main St", "01101")
JOHN = ContactDetails(("+1 555 555 0100",), "John Doe", "1 Main St", "01101")


class Clock:
    """A clock that stands until it is moved; seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_customer_is_found_by_id_phone_and_answers(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    jane = a_strategy("c-jane")
    publish([(jane, JANE), (a_strategy("c-other"), ContactDetails())])
    reader = StrategyReader(tmp_path)
    assert reader.by_customer("main", "c-jane") == jane
    assert reader.by_phone("main", "(555) 555-0100") == [jane]
    assert reader.by_answers("main", name="JANE DOE", postcode="01101") == [jane]
    assert reader.by_answers("main", street="1 main st", postcode="01101") == [jane]
    assert reader.by_answers("main", name="Jane Doe") == []
    assert reader.by_customer("main", "c-nobody") is None
    assert reader.by_phone("main", "anonymous") == []


def test_a_household_comes_the_most_valuable_first(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    publish([(a_strategy("c-john", value=5.0), JOHN), (a_strategy("c-jane", value=9.0), JANE)])
    reader = StrategyReader(tmp_path)
    assert [s.customer_id for s in reader.by_phone("main", "+15555550100")] == ["c-jane", "c-john"]
    named = reader.by_phone("main", "+15555550100", name="john doe")
    assert [s.customer_id for s in named] == ["c-john"]
    alone = reader.by_answers("main", name="Jane Doe", street="1 Main St", postcode="01101")
    assert [s.customer_id for s in alone] == ["c-jane"]


def test_partners_do_not_see_each_others_customers(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    entries = [(a_strategy("m", partner="main"), JANE), (a_strategy("n", partner="north"), JANE)]
    publish(entries, partners=("main", "north"))
    reader = StrategyReader(tmp_path)
    assert [s.customer_id for s in reader.by_phone("north", "+15555550100")] == ["n"]
    assert reader.by_customer("north", "m") is None


def test_without_a_published_set_there_is_nothing_and_a_reason(tmp_path: Path) -> None:
    reader = StrategyReader(tmp_path / "nowhere")
    assert reader.current is None
    assert reader.by_customer("main", "c-1") is None
    assert reader.problem is not None
    assert "No strategy set is published" in reader.problem


def test_the_pointer_is_looked_at_once_a_second(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    clock = Clock()
    reader = StrategyReader(tmp_path, clock=clock)
    publish([(a_strategy(), JANE)])
    assert reader.current == "2026-11-22.1"
    publish([(a_strategy(), JANE)])
    clock.now = 0.9
    assert reader.current == "2026-11-22.1"
    clock.now = 1.0
    assert reader.current == "2026-11-22.2"
    rollback(tmp_path)
    clock.now = 2.0
    assert reader.current == "2026-11-22.1"


@pytest.mark.parametrize("keep", [0, 100, 6000])
def test_a_truncated_set_is_not_taken_and_the_one_before_stays(
    a_strategy: Build, publish: Publish, tmp_path: Path, keep: int
) -> None:
    clock = Clock()
    reader = StrategyReader(tmp_path, clock=clock)
    publish([(a_strategy(), JANE)])
    assert reader.current == "2026-11-22.1"
    second = publish([(a_strategy(), JANE)])
    second.path.write_bytes(second.path.read_bytes()[:keep])
    clock.now = 1.0
    assert reader.current == "2026-11-22.1"
    assert reader.problem is not None
    assert "were written" in reader.problem
    assert StrategyReader(tmp_path).current is None


def test_a_file_truncated_while_open_is_a_named_error(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    entries = [(a_strategy(f"c-{number}"), ContactDetails()) for number in range(3000)]
    published = publish(entries)
    reader = StrategyReader(tmp_path)
    assert reader.current is not None
    with published.path.open("r+b") as file:
        file.truncate(8192)
    with pytest.raises(StrategyFileDamagedError, match="cannot be read"):
        for number in range(3000):
            reader.by_customer("main", f"c-{number}")


@pytest.mark.parametrize("text", ["", "{", '{"label": 3}', "\xff\xfe"])
def test_a_spoilt_pointer_leaves_the_set_in_force(
    a_strategy: Build, publish: Publish, tmp_path: Path, text: str
) -> None:
    clock = Clock()
    reader = StrategyReader(tmp_path, clock=clock)
    publish([(a_strategy(), JANE)])
    assert reader.current is not None
    (tmp_path / POINTER).write_text(text)
    clock.now = 1.0
    assert reader.current == "2026-11-22.1"
    assert reader.problem is not None


def test_a_folder_out_of_reach_is_a_problem_only_until_it_is_back(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    clock = Clock()
    publish([(a_strategy(), JANE)])
    folder, away = tmp_path / "link", tmp_path / "elsewhere"
    folder.symlink_to(tmp_path)
    reader = StrategyReader(folder, clock=clock)
    assert (reader.current, reader.problem) == ("2026-11-22.1", None)
    folder.rename(away)
    folder.symlink_to(folder)  # a loop: the folder can be reached no more
    clock.now = 1.0
    assert reader.current == "2026-11-22.1"
    assert reader.problem is not None
    assert "out of reach" in reader.problem
    folder.unlink()
    away.rename(folder)
    clock.now = 2.0
    assert (reader.current, reader.problem) == ("2026-11-22.1", None)


def test_sets_switch_under_readers_without_a_miss_or_a_step_back(
    a_strategy: Build, tmp_path: Path
) -> None:
    customers = 300

    def put(model_set: str) -> None:
        with StrategyWriter(
            tmp_path, model_set=model_set, formed_at=NOW, defaults=[standard_defaults("main")]
        ) as writer:
            writer.add((a_strategy(f"c-{n}"), ContactDetails()) for n in range(customers))
            writer.publish()

    put("1")
    reader = StrategyReader(tmp_path, check_seconds=0.0)
    stop, problems, reads = threading.Event(), [], [0, 0]

    def read(place: int) -> None:
        last = 0
        while not stop.is_set():
            found = reader.snapshot()
            if found is None:
                problems.append("no set")
                continue
            number = int(found.header.model_set)
            if number < last:
                problems.append(f"back from {last} to {number}")
            last = number
            if found.by_customer("main", f"c-{reads[place] % customers}") is None:
                problems.append("a miss")
            reads[place] += 1

    threads = [threading.Thread(target=read, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for number in range(2, 7):
        put(str(number))
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert min(reads) > 10
    assert reader.current == "2026-11-22.6"


@pytest.mark.parametrize(
    "pointer",
    [
        b'{"label":"x","file":"a\\u0000b","bytes":1}',
        b'{"label":"x","file":"../elsewhere.sqlite","bytes":1}',
        b'{"x":' + b"[" * 50_000,
        b"",
    ],
)
def test_a_bad_pointer_never_costs_the_set_that_is_open(
    a_strategy: Build, publish: Publish, tmp_path: Path, pointer: bytes
) -> None:
    publish([(a_strategy("c-jane"), JANE)])
    clock = Clock()
    reader = StrategyReader(tmp_path, clock=clock)
    label = reader.current
    (tmp_path / POINTER).write_bytes(pointer)
    clock.now += 2
    assert reader.current == label
    assert reader.problem
    assert reader.by_customer("main", "c-jane") is not None


def test_a_file_that_is_mended_is_read_anew(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    published = publish([(a_strategy(f"c-{n}"), JANE) for n in range(2000)])
    clock = Clock()
    reader = StrategyReader(tmp_path, clock=clock)
    assert reader.current == published.label
    whole = published.path.read_bytes()
    published.path.chmod(0o644)
    published.path.write_bytes(whole[:8192] + bytes(len(whole) - 8192))
    with pytest.raises(StrategyFileDamagedError):
        for n in range(2000):
            reader.by_customer("main", f"c-{n}")
    published.path.write_bytes(whole)
    clock.now += 2
    assert reader.by_customer("main", "c-1999") is not None
    clock.now += 2
    assert reader.current == published.label
    assert reader.problem is None
