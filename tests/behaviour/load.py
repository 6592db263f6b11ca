"""Routers that ask a server without pause while something befalls it; every answer is kept."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.behaviour.running_server import CUSTOMERS, PATIENCE_SECONDS, logged, phone_of

# A pause after each answer leaves the processor to the server; a new connection now and then
# reaches workers that came later.
_PAUSE_SECONDS = 0.002
_CONTACTS_A_CONNECTION = 25
_HEADERS = {"content-type": "application/json"}

Contact = dict[str, Any]


def known_caller(number: int) -> Contact:
    """Return the contact of a customer who has a strategy."""
    return {
        "contact_id": f"call-{number}", "channel": "voice", "from": phone_of(number % CUSTOMERS),
    }  # fmt: skip


def durably(number: int) -> Contact:
    """Return a contact whose decision is to be on disk before it is answered."""
    return {**known_caller(number), "durable": True}


def scored_now(number: int) -> Contact:
    """Return a contact that the model set scores now, every other time."""
    return (
        {**known_caller(number), "features": {"age": 20 + number % 50}}
        if number % 2
        else (known_caller(number))
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What one contact got: a status (0 where both askings broke), how far its log entry was, the
    answer, and how often it was asked.
    """

    contact_id: str
    status: int
    logged: str
    body: Any
    asked: int = 1


class Line:
    """One router's connection; a contact whose connection breaks is asked once more on another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: http.client.HTTPConnection | None = None
        self._carried = 0

    def ask(self, contact: Contact) -> Answer:
        """Return the answer to one contact."""
        body = json.dumps(contact).encode()
        for asked in (1, 2):
            try:
                return self._ask(contact["contact_id"], body, asked=asked)
            except (OSError, http.client.HTTPException):
                self.close()
        return Answer(contact["contact_id"], 0, "", None, 2)

    def _ask(self, contact_id: str, body: bytes, *, asked: int) -> Answer:
        if self._carried >= _CONTACTS_A_CONNECTION:
            self.close()
        self._carried += 1
        if self._open is None:
            self._open = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=PATIENCE_SECONDS
            )
        self._open.request("POST", "/v1/decisions", body, _HEADERS)
        found = self._open.getresponse()
        kept = found.headers.get("callworth-logged", "")
        return Answer(contact_id, found.status, kept, _as_json(found.read()), asked)

    def close(self) -> None:
        """Close the connection; the next contact opens another."""
        if self._open is not None:
            self._open.close()
            self._open, self._carried = None, 0


def _as_json(body: bytes) -> Any:
    """Return the decoded body, or the body itself where it is no JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return body


@contextmanager
def under_load(
    port: int, *, routers: int = 4, contact: Callable[[int], Contact] = known_caller
) -> Iterator[list[Answer]]:
    """Ask all the time until the block ends; the list that it yields grows with each answer."""
    answers: list[Answer] = []
    numbers, ended = count(), threading.Event()

    def ask() -> None:
        line = Line(port)
        while not ended.is_set():
            answers.append(line.ask(contact(next(numbers))))
            time.sleep(_PAUSE_SECONDS)
        line.close()

    threads = [threading.Thread(target=ask) for _ in range(routers)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def wait_for_more(answers: list[Answer], more: int = 50) -> None:
    """Wait until so many more contacts were answered."""
    wanted, until = len(answers) + more, time.monotonic() + PATIENCE_SECONDS
    while len(answers) < wanted:
        assert time.monotonic() < until, "no more contacts are answered"
        time.sleep(0.01)


def check_answered(answers: list[Answer]) -> None:
    """Check that each contact got its own route, from one whole set or from none."""
    assert answers
    for one in answers:
        assert one.status == 200 and isinstance(one.body, dict), one
        assert one.body["contact_id"] == one.contact_id
        assert one.body["route"]["queue"], one
        if one.body["source"] == "strategy":
            assert one.body["handling"]["note"] == f"formed by {one.body['model_set']}", one
    pairs = {(one.body["strategy_set"], one.body["model_set"]) for one in strategies(answers)}
    assert len(pairs) == len({label for label, _ in pairs}), f"mixed: {pairs}"


def strategies(answers: list[Answer]) -> list[Answer]:
    """Return the answers that came from a strategy."""
    return [one for one in answers if one.status == 200 and one.body["source"] == "strategy"]


def check_logged(home: Path, answers: list[Answer], *, all_of_them: bool = True) -> None:
    """Check that acknowledged decisions are in the log, once; all others too, or durable ones."""
    rows = logged(home)
    found = Counter(decision_id for decision_id, _ in rows)
    assert max(found.values()) == 1
    promised = [one for one in answers if all_of_them or one.logged == "durable"]
    missing = [one for one in promised if one.body["decision_id"] not in found]
    assert not missing, f"{len(missing)} of {len(promised)} are missing: {missing[:3]}"
    asked = {one.contact_id: one.asked for one in answers}
    times = Counter(contact_id for _, contact_id in rows)
    assert all(times[contact_id] <= asked[contact_id] for contact_id in asked)
