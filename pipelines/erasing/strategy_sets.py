"""The kept strategy sets without a person: each file written anew beside, verified, swapped."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import msgspec

from features.staging import staged_file
from pipelines.erasing.person import Person
from routing.strategy import Strategy
from routing.strategy_file import Header, connect, header_of, verify
from routing.strategy_pointer import (
    file_of,
    labels,
    point_at,
    read_pointer,
    sync_folder,
    writing_lock,
)
from routing.strategy_writer import TABLES

_EVERY_PART = (
    "SELECT strategies.body, answers.body, coalesce(vectors.body, x'')"
    " FROM strategies JOIN answers USING (number) LEFT JOIN vectors USING (number)"
    " ORDER BY number"
)


@dataclass(frozen=True, slots=True)
class HeldStrategy:
    """A person's strategy in one set: its row, and what was known then (a packed vector)."""

    number: int
    strategy: Strategy
    vector: bytes


def erase_strategies(folder: Path, person: Person) -> int:
    """Take the person out of every kept set; returns how many strategies went.

    A set keeps its label, so that decisions of others are still rebuilt from it; the pointer is
    written anew, so that readers open the new file. Raises WriterBusyError while strategies are
    formed.
    """
    if not folder.is_dir():
        return 0
    gone = 0
    with writing_lock(folder):
        for label in labels(folder):
            path = folder / file_of(label)
            held = list(strategies_of(path, person))
            if held:
                _write_without(path, [one.number for one in held])
                gone += len(held)
        # Always: a run that was killed may have swapped a file whose readers were not yet told.
        pointer = read_pointer(folder)
        if pointer is not None:
            point_at(folder, pointer.label, previous=pointer.previous)
    return gone


def strategies_of(path: Path, person: Person) -> Iterator[HeldStrategy]:
    """Yield the strategies that a file holds of the person."""
    decoder = msgspec.msgpack.Decoder(Strategy)
    sql = (
        "SELECT number, strategies.body, coalesce(vectors.body, x'') FROM strategies"
        " LEFT JOIN vectors USING (number) WHERE instr(strategies.body, ?)"
    )
    with closing(connect(path)) as connection:
        for number, body, vector in connection.execute(sql, (person.customer_id.encode(),)):
            strategy = decoder.decode(body)
            if strategy.customer_id == person.customer_id:
                yield HeldStrategy(number, strategy, vector)


def _write_without(path: Path, numbers: list[int]) -> None:
    with staged_file(path) as staged:
        shutil.copyfile(path, staged)
        with closing(sqlite3.connect(staged, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=MEMORY")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("BEGIN IMMEDIATE")
            for number in numbers:
                for table in (*TABLES, "keys"):
                    connection.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
            header = _counted(connection, header_of(path))
            connection.execute("UPDATE header SET body = ?", (msgspec.json.encode(header),))
            connection.execute("COMMIT")
        verify(staged, expected=header)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(path.parent)


def _counted(connection: sqlite3.Connection, header: Header) -> Header:
    """Return the header with the counts and the checksum of what is left."""
    checksum, customers = blake2b(digest_size=16), 0
    for parts in connection.execute(_EVERY_PART):
        customers += 1
        for part in parts:
            checksum.update(part)
    ((keys,),) = connection.execute("SELECT count(*) FROM keys").fetchall()
    return msgspec.structs.replace(
        header, customers=customers, keys=keys, checksum=checksum.hexdigest()
    )
