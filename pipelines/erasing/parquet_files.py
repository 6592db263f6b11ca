"""A Parquet file without a person: their rows are dropped, and cells that name them emptied."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.staging import staged_file
from pipelines.erasing.person import Person

MAGIC = b"PAR1"
_BATCH_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Touched:
    """How many rows were dropped, and how many cells of other rows were emptied."""

    rows: int = 0
    cells: int = 0

    def __add__(self, other: Touched) -> Touched:
        """Return both together."""
        return Touched(self.rows + other.rows, self.cells + other.cells)

    def __bool__(self) -> bool:
        """Return whether there was anything."""
        return bool(self.rows or self.cells)


def erase_parquet(path: Path, person: Person) -> Touched:
    """Write the file anew without the person, where it holds something; all of it or nothing."""
    touched = Touched()
    for batch in batches(path):
        touched += _cleaned(batch, person)[1]
    if not touched:
        return touched
    with pq.ParquetFile(path) as file, staged_file(path) as staged:
        groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
        compression = groups[0].column(0).compression if groups else "ZSTD"
        with pq.ParquetWriter(staged, file.schema_arrow, compression=compression) as writer:
            for at in range(len(groups)):
                group = file.read_row_group(at).to_batches()
                kept = pa.Table.from_batches(
                    [_cleaned(one, person)[0] for one in group], file.schema_arrow
                )
                writer.write_table(kept, row_group_size=max(kept.num_rows, 1))
        _sync(staged)
    return touched


def rows_of(path: Path, person: Person) -> Iterator[dict[str, object]]:
    """Yield the person's rows, and those in which a cell names the person."""
    for batch in batches(path):
        theirs = _own_rows(batch, person)
        for column in _text_columns(batch):
            theirs = pc.or_(theirs, _naming(batch.column(column), person))
        yield from batch.filter(theirs).to_pylist()


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file, some at a time."""
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=_BATCH_ROWS)


def _cleaned(batch: pa.RecordBatch, person: Person) -> tuple[pa.RecordBatch, Touched]:
    own = _own_rows(batch, person)
    dropped = pc.sum(own).as_py() or 0
    kept = batch.filter(pc.invert(own)) if dropped else batch
    cells = 0
    for column in _text_columns(kept):
        naming = _naming(kept.column(column), person)
        count = pc.sum(naming).as_py() or 0
        if count:
            cells += count
            field = kept.schema.field(column)
            put = pa.scalar(None if field.nullable else "", field.type)
            emptied = pc.if_else(naming, put, kept.column(column))
            kept = kept.set_column(kept.schema.get_field_index(column), field, emptied)
    return kept, Touched(dropped, cells)


def _own_rows(batch: pa.RecordBatch, person: Person) -> pa.BooleanArray:
    own = pa.array([False] * batch.num_rows, pa.bool_())
    wanted = {"customer_id": [person.customer_id], "contact_id": sorted(person.contacts)}
    for name, values in wanted.items():
        if name in batch.schema.names and _is_text(batch.schema.field(name).type):
            found = pc.is_in(_plain(batch.column(name)), pa.array(values, pa.string()))
            own = pc.or_(own, found)
    return own


def _naming(column: pa.Array, person: Person) -> pa.BooleanArray:
    """Return which cells name the person: found loosely by Arrow, then looked at closely."""
    plain = _plain(column)
    loosely = pc.fill_null(pc.match_substring_regex(plain, person.finder.loosely), False)
    if not (pc.sum(loosely).as_py() or 0):
        return loosely
    closely = [
        may and person.finder.in_text(text)
        for may, text in zip(loosely.to_pylist(), plain.to_pylist(), strict=True)
    ]
    return pa.array(closely, pa.bool_())


def _text_columns(batch: pa.RecordBatch) -> list[str]:
    return [field.name for field in batch.schema if _is_text(field.type)]


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.string())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
