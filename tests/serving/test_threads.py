"""Work in threads: its answer or error comes back, and what nobody waits for is left out."""

from __future__ import annotations

import asyncio
import threading

import pytest

from serving.threads import Threads


def test_an_answer_and_an_error_come_back() -> None:
    async def run() -> None:
        threads = Threads(2, name="test")
        assert await threads.begin(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await threads.begin(lambda: 1 // 0)

    asyncio.run(run())


def test_what_has_ended_was_told_before_its_answer_is_there() -> None:
    ended: list[int] = []

    async def run() -> None:
        threads = Threads(2, name="test")
        for at in range(200):
            await threads.begin(lambda: None, ended=lambda at=at: ended.append(at))  # type: ignore[misc]
            assert ended == list(range(at + 1))

    asyncio.run(run())


def test_work_that_nobody_waits_for_any_more_is_left_out_and_still_ends() -> None:
    gate, done, ended = threading.Event(), [], []

    async def run() -> None:
        threads = Threads(1, name="test")
        first = threads.begin(lambda: gate.wait(30))
        second = threads.begin(lambda: done.append(2), ended=lambda: ended.append(2))
        second.cancel()
        gate.set()
        assert await first
        await threads.begin(lambda: done.append(3))

    asyncio.run(run())
    assert (done, ended) == ([3], [2])


def test_an_event_loop_that_has_ended_is_not_told_and_harms_no_thread() -> None:
    gate, done = threading.Event(), threading.Event()
    threads = Threads(1, name="test")

    async def leave() -> None:
        threads.begin(lambda: gate.wait(30))

    async def again() -> int:
        threads.leave(done.set)
        return int(await threads.begin(lambda: 3))

    asyncio.run(leave())
    gate.set()
    assert asyncio.run(again()) == 3
    assert done.is_set()


def test_threads_start_with_the_first_work_and_keep_no_process_from_ending() -> None:
    before = threading.active_count()
    threads = Threads(3, name="lazy")
    assert threading.active_count() == before

    async def run() -> None:
        await threads.begin(lambda: None)

    asyncio.run(run())
    mine = [one for one in threading.enumerate() if one.name.startswith("lazy-")]
    assert len(mine) == 3
    assert all(one.daemon for one in mine)
