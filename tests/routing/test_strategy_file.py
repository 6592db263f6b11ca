import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from routing.defaults import standard_defaults
from routing.errors import (
    StrategyFileDamagedError,
    StrategySetNotFoundError,
    WriterBusyError,
)
from routing.index_secret import SECRET_FILE
from routing.open_set import OpenSet
from routing.strategy import Strategy
from routing.strategy_file import every_strategy, header_of, kept, rollback, verify
from routing.strategy_index import ContactDetails
from routing.strategy_pointer import read_pointer, writing_lock
from routing.strategy_writer import Published, StrategyWriter

Publish = Callable[..., Published]
Build = Callable[..., Strategy]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOBODY = ContactDetails()


def test_what_was_written_is_read_back(a_strategy: Build, publish: Publish) -> None:
    strategies = [a_strategy(f"c-{number}", value=float(number)) for number in range(2500)]
    published = publish([(one, NOBODY) for one in strategies])
    assert published.customers == 2500
    assert list(every_strategy(published.path)) == strategies
    assert verify(published.path).customers == 2500


def test_a_cut_that_nobody_reaches_is_kept(tmp_path: Path) -> None:
    with StrategyWriter(
        tmp_path,
        model_set="17",
        formed_at=NOW,
        defaults=[standard_defaults("main")],
        cuts={"main": (float("inf"), 3.5)},
    ) as writer:
        published = writer.publish()
    assert header_of(published.path).cuts == {"main": (None, 3.5)}


def test_the_label_is_the_day_and_a_running_number(a_strategy: Build, publish: Publish) -> None:
    days = (NOW, NOW, NOW + timedelta(days=1))
    assert [publish([(a_strategy(), NOBODY)], formed_at=day).label for day in days] == [
        "2026-11-22.1",
        "2026-11-22.2",
        "2026-11-23.1",
    ]


def test_nothing_is_left_or_published_when_writing_is_left_early(
    a_strategy: Build, tmp_path: Path
) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        StrategyWriter(
            tmp_path, model_set="17", formed_at=NOW, defaults=[standard_defaults("main")]
        ) as writer,
    ):
        writer.add([(a_strategy(), NOBODY)])
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_only_three_sets_are_kept(a_strategy: Build, publish: Publish, tmp_path: Path) -> None:
    for _ in range(5):
        publish([(a_strategy(), NOBODY)])
    assert [one.label for one in kept(tmp_path)] == ["2026-11-22.5", "2026-11-22.4", "2026-11-22.3"]
    assert [one.published for one in kept(tmp_path)] == [True, False, False]


def test_rollback_goes_back_set_by_set_until_there_is_none(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    for _ in range(3):
        publish([(a_strategy(), NOBODY)])
    assert [rollback(tmp_path), rollback(tmp_path)] == ["2026-11-22.2", "2026-11-22.1"]
    with pytest.raises(StrategySetNotFoundError, match=r"no strategy set before 2026-11-22\.1"):
        rollback(tmp_path)
    assert publish([(a_strategy(), NOBODY)]).label == "2026-11-22.4"


def test_rollback_to_a_damaged_set_leaves_the_one_in_force(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    first = publish([(a_strategy(), NOBODY)])
    second = publish([(a_strategy(), NOBODY)])
    first.path.write_bytes(first.path.read_bytes()[:5000])
    with pytest.raises(StrategyFileDamagedError):
        rollback(tmp_path)
    pointer = read_pointer(tmp_path)
    assert pointer is not None
    assert pointer.label == second.label


def test_a_changed_strategy_is_found_by_the_checksum(
    a_strategy: Build,
    publish: Publish,
) -> None:
    published = publish([(a_strategy(f"c-{number}"), NOBODY) for number in range(10)])
    connection = sqlite3.connect(published.path)
    connection.execute("UPDATE strategies SET body = (SELECT body FROM strategies LIMIT 1)")
    connection.commit()
    connection.close()
    with pytest.raises(StrategyFileDamagedError, match="does not hold what its header says"):
        verify(published.path)


def test_a_file_of_another_format_is_named(a_strategy: Build, publish: Publish) -> None:
    published = publish([(a_strategy(), NOBODY)])
    connection = sqlite3.connect(published.path)
    (body,) = connection.execute("SELECT body FROM header").fetchone()
    changed = json.dumps({**json.loads(body), "format": "other/9"}).encode()
    connection.execute("UPDATE header SET body = ?", (changed,))
    connection.commit()
    connection.close()
    with pytest.raises(StrategyFileDamagedError, match="has format 'other/9'"):
        header_of(published.path)


def test_a_damaged_pointer_is_mended_by_the_next_set(
    a_strategy: Build, publish: Publish, tmp_path: Path
) -> None:
    first = publish([(a_strategy(), NOBODY)])
    (tmp_path / "current.json").write_text("{")
    second = publish([(a_strategy(), NOBODY)])
    assert second.previous == first.label
    assert rollback(tmp_path) == first.label


def test_the_label_of_a_deleted_file_is_not_given_again(
    a_strategy: Build, publish: Publish
) -> None:
    first = publish([(a_strategy(), NOBODY)])
    first.path.unlink()
    assert publish([(a_strategy(), NOBODY)]).label == "2026-11-22.2"


def test_a_ready_made_answer_that_was_altered_is_damage_not_an_answer(
    a_strategy: Build, publish: Publish
) -> None:
    published = publish([(a_strategy("c-1"), NOBODY)])
    with closing(sqlite3.connect(published.path)) as connection:
        ((body,),) = connection.execute("SELECT body FROM answers").fetchall()
        altered = body.replace(b"A lead.", b'A "ead.')
        assert altered != body
        connection.execute("UPDATE answers SET body = ?", (altered,))
        connection.commit()
    found = OpenSet.open(published.path)
    with pytest.raises(StrategyFileDamagedError, match="not as it was written"):
        found.ready_by_customer("c-1")
    assert found.damage is not None


def test_a_second_writer_is_turned_away_and_halves_of_a_killed_one_are_cleared(
    tmp_path: Path,
) -> None:
    half = tmp_path / ".strategies-2026-11-22.1.sqlite.99.tmp"
    half.write_bytes(b"half")
    with writing_lock(tmp_path):
        assert not half.exists()
        with pytest.raises(WriterBusyError, match="Another run"), writing_lock(tmp_path):
            pass
    with writing_lock(tmp_path):
        pass


def test_no_phone_number_and_no_name_stands_in_the_file(
    a_strategy: Build,
    publish: Publish,
) -> None:
    details = ContactDetails(("+15555550100",), "Zebulon Quux", "1 Main St", "01101")
    body = publish([(a_strategy(), details)]).path.read_bytes()
    assert b"5555550100" not in body
    assert b"Quux" not in body
