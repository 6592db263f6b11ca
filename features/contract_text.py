"""The data contract as Markdown tables, as docs/data_contract.md shows them."""

from __future__ import annotations

from features.contract import Column, Table


def reference_table(table: Table) -> str:
    """Return the Markdown table of the columns of `table`."""
    lines = ["| column | type | may be empty | values |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {column.type} | {'yes' if column.nullable else 'no'} "
        f"| {_values(column, table)} |"
        for column in table.columns
    ]
    return "\n".join(lines)


def _values(column: Column, table: Table) -> str:
    said = []
    if column.name in table.key:
        said.append("key" if len(table.key) == 1 else "part of the key")
    if column.name in table.refers_to:
        said.append(f"a row of `{table.refers_to[column.name]}`")
    if column.allowed:
        said.append(", ".join(f"`{word}`" for word in column.allowed))
    if column.minimum is not None and column.maximum is not None:
        said.append(f"{column.minimum:g} to {column.maximum:g}")
    elif column.minimum is not None:
        said.append(f"at least {column.minimum:g}")
    return "; ".join(said)
