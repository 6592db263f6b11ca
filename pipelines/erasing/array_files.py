"""A file of arrays (.npz) without a person; a search of bytes would miss its texts (UTF-32)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.staging import staged_file
from pipelines.erasing.person import Person
from pipelines.erasing.sqlite_files import crossed_out

ENDING = ".npz"


def is_arrays(path: Path) -> bool:
    """Return whether the file is one of numpy's archives."""
    return path.suffix == ENDING and zipfile.is_zipfile(path)


def erase_arrays(path: Path, person: Person) -> int:
    """Overwrite each text that names the person by as many x; returns how many there were.

    The numbers beside it stay: without the id they are nobody's.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    named = {name: naming for name, array in arrays.items() if (naming := _naming(array, person))}
    if not named:
        return 0
    for name, places in named.items():
        flat = arrays[name].reshape(-1)
        for place in places:
            flat[place] = crossed_out(str(flat[place]), person)
    with staged_file(path) as staged, staged.open("wb") as target:
        np.savez(target, **arrays)
    return sum(map(len, named.values()))


def arrays_name(path: Path, person: Person) -> bool:
    """Return whether a text in the file names the person."""
    with np.load(path, allow_pickle=False) as file:
        return any(_naming(file[name], person) for name in file.files)


def _naming(array: NDArray[Any], person: Person) -> list[int]:
    """Return the places, in the array made flat, of the texts that name the person."""
    if array.dtype.kind != "U":
        return []
    texts = array.reshape(-1).tolist()
    return [place for place, text in enumerate(texts) if person.finder.in_text(text)]
