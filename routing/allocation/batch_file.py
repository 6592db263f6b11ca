"""A batch of customers as a file: numpy arrays in one archive, without pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from routing.allocation.batch import CustomerBatch

ArrayOf = NDArray[Any]


def arrays_of(batch: CustomerBatch) -> dict[str, ArrayOf]:
    """Return the arrays of a batch by the names of its fields, without those that are None."""
    found = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return {name: values for name, values in found.items() if values is not None}


def batch_from(arrays: Mapping[str, ArrayOf]) -> CustomerBatch:
    """Return the batch of these arrays; KeyError where a needed one is not there."""
    optional = {"presented", "days_since_presented", "kept_uplift"}
    names = [field.name for field in fields(CustomerBatch)]
    return CustomerBatch(
        **{name: arrays[name] for name in names if name not in optional or name in arrays}
    )


def write_batch(target: Path | BinaryIO, batch: CustomerBatch) -> None:
    """Write the batch; a path without the ending .npz gets it."""
    np.savez(target, **arrays_of(batch))  # type: ignore[arg-type]  # taken for an option


def read_batch(path: Path) -> CustomerBatch:
    """Return the batch of a file that `write_batch` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return batch_from({name: arrays[name] for name in arrays.files})
