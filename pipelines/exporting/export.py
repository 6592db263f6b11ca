"""Write all that is held of one customer to a folder or a ZIP file, as JSON."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from features.errors import ContractError
from features.staging import staged_file, staged_folder
from pipelines.erasing.errors import CustomerNotHeldError
from pipelines.erasing.person import known_person
from pipelines.exporting.gathering import Row, held_of
from pipelines.workspace import Workspace

CONTENTS = "contents.json"
ZIP = ".zip"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: where, and how many rows of each store."""

    target: Path
    rows: dict[str, int]


def export(
    customer_id: str, *, home: Path, target: Path, now: datetime, partner: str | None = None
) -> Exported:
    """Write the customer's data to `target`, a folder or a file that ends in .zip, at once.

    One JSON file for each store, and `contents.json`. Readable by its owner alone. Raises
    CustomerNotHeldError where nothing is held, ContractError where the target lies in `home` or
    is there already.
    """
    home, target = home.resolve(), target.resolve()
    _demand_apart(target, home)
    person = known_person(customer_id, tables=Workspace(home).source(None), partner=partner)
    stores = dict(held_of(home, person))
    if not stores:
        raise CustomerNotHeldError(
            f"Nothing is held of a customer '{customer_id}' in {home}.",
            fix="Compare the id with the customers table: capitals and zeros count.",
        )
    rows = {name: len(found) for name, found in stores.items()}
    contents = {"customer_id": customer_id, "partner": person.partner, "exported_at": now,
                "rows": rows}  # fmt: skip
    files = {CONTENTS: _json(contents)}
    files |= {_file_name(name): _json(found) for name, found in stores.items()}
    _write(target, files)
    return Exported(target, rows)


def _demand_apart(target: Path, home: Path) -> None:
    if target.is_relative_to(home):
        raise ContractError(
            f"{target} lies in the home folder, where the next export would find it.",
            fix="Name a place outside it with --to.",
        )
    if target.exists():
        raise ContractError(f"{target} is there already.", fix="Name another place with --to.")


def _file_name(store: str) -> str:
    return store.replace("/", "-").replace("=", "-") + ".json"


def _json(value: Row | list[Row]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str)) + b"\n"


def _write(target: Path, files: dict[str, bytes]) -> None:
    before = os.umask(0o077)  # it is one person's
    try:
        if target.suffix == ZIP:
            with (
                staged_file(target) as staged,
                zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                for name, text in files.items():
                    archive.writestr(name, text)
            return
        with staged_folder(target) as folder:
            for name, text in files.items():
                (folder / name).write_bytes(text)
    finally:
        os.umask(before)
