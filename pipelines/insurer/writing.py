"""How rows reach the disk: readable ids, words for codes, and one Parquet file per chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.contract import TABLES, Type
from pipelines.insurer.errors import InsurerError
from pipelines.insurer.span import Floats, Span, Wholes

_UNIQUE = ("event_id", "activity_id", "attribution_id", "demographic_id", "contact_id", "phone")
_ARROW: dict[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.NUMBER: pa.float64(),
    Type.WHOLE: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.TIME: pa.timestamp("us", tz="UTC"),
}


def numbered(prefix: str, *, numbers: Wholes, width: int) -> pa.Array:
    """Return text ids such as `c0000012`; a negative number becomes null."""
    if numbers.size and int(numbers.max()) >= 10**width:
        raise InsurerError(
            f"The id {prefix}{int(numbers.max())} needs more than {width} digits.",
            fix="Ask for fewer customers.",
        )
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    letters = np.empty((numbers.size, head.size + width), dtype=np.uint8)
    letters[:, : head.size] = head
    left = np.maximum(numbers, 0)
    for place in range(head.size + width - 1, head.size - 1, -1):
        left, digit = np.divmod(left, 10)
        letters[:, place] = digit + ord("0")
    ends = np.arange(numbers.size + 1, dtype=np.int32) * np.int32(head.size + width)
    text = pa.StringArray.from_buffers(
        numbers.size, pa.py_buffer(ends), pa.py_buffer(letters.reshape(-1))
    )
    absent = numbers < 0
    return pc.if_else(pa.array(~absent), text, None) if absent.any() else text


def words(codes: Wholes, *, names: Sequence[str]) -> pa.Array:
    """Return the name of each code; a negative code becomes null."""
    index = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(index, pa.array(list(names), pa.string())).cast(
        pa.string()
    )


def numbers(values: Floats) -> pa.Array:
    """Return the values; NaN becomes null."""
    return pa.array(values, mask=np.isnan(values))


def repeated(word: str, *, count: int) -> pa.Array:
    """Return one word `count` times."""
    return pa.repeat(pa.scalar(word), count)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the parts of one partner's tables go; row numbers never repeat over all partners."""

    root: Path
    span: Span
    partner: str
    given: dict[str, int] = field(default_factory=dict)
    parts: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, partner: str) -> Shelf:
        """Return the shelf of another partner, which goes on counting where this one stands."""
        return replace(self, partner=partner)

    def next_numbers(self, of: str, *, count: int) -> Wholes:
        """Return `count` numbers that were not given before for this kind of row."""
        first = self.given.get(of, 0)
        self.given[of] = first + count
        return np.arange(first, first + count, dtype=np.int64)

    def write(self, table: str, *, columns: Mapping[str, pa.Array]) -> None:
        """Write one part of a contract table; the columns must be the contract's."""
        declared = TABLES[table]
        given = self._with_partner(columns)
        if set(given) != set(declared.column_names):
            odd = sorted(set(given) ^ set(declared.column_names))
            raise InsurerError(f"The generated {table} differ in {odd}.", fix="Correct the module.")
        schema = pa.schema(
            [pa.field(c.name, _ARROW[c.type], nullable=c.nullable) for c in declared.columns]
        )
        rows = pa.table([given[name] for name in schema.names], schema=schema)
        self._put(table, rows)

    def write_truth(self, table: str, *, columns: Mapping[str, pa.Array]) -> None:
        """Write one part of a truth table."""
        self._put(f"truth/{table}", pa.table(self._with_partner(columns)))

    def _with_partner(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        count = len(next(iter(columns.values())))
        return {"partner": repeated(self.partner, count=count), **columns}

    def _put(self, table: str, rows: pa.Table) -> None:
        part = self.parts.get((table, self.partner), 0)
        self.parts[table, self.partner] = part + 1
        path = self.root / table / f"partner={self.partner}" / f"part-{part:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        # A dictionary only costs where no word repeats.
        repeating = [f.name for f in rows.schema if f.type == pa.string() and f.name not in _UNIQUE]
        pq.write_table(rows, path, compression="snappy", use_dictionary=repeating)
