"""What is published: the strategy set, its secret and the kept ones, the model set, the plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from models.errors import ModelError
from models.live import LiveModelSet
from models.live_parity import has_graphs
from models.model_set import read_manifest
from models.promotion import ledger
from pipelines.doctor.finding import Finding, Looked, note, well, wrong
from routing.errors import RoutingError
from routing.slot_file import read_plan
from routing.strategy_file import header_of, kept, keys_for, verify
from routing.strategy_pointer import Pointer, file_of, read_pointer
from serving import offers_ledger
from serving.errors import ServingError
from serving.health import STALE_AFTER

_FORM = "Run `callworth strategies form`."


def strategies(looked: Looked) -> Iterator[Finding]:
    """Look at the strategy set in force: its file, its age, and whether all of it can be read."""
    folder = looked.settings.strategies_folder
    try:
        pointer = read_pointer(folder)
        if pointer is None:
            yield wrong(
                "strategies", f"No strategy set is published in {folder}.", f"{_FORM} Until then "
                "every contact gets its partner's default."
            )  # fmt: skip
            return
        path = folder / pointer.file
        header = verify(path, expected=header_of(path))
        yield from _size(looked, pointer)
    except RoutingError as error:
        yield wrong("strategies", error.fact, error.fix)
        return
    age = looked.now - header.formed_at
    said = f"set {header.label}: {header.customers:,} customers, {age // timedelta(hours=1)} h old"
    if age > STALE_AFTER:
        fix = f"{_FORM} Let it run every night: a timer, or `callworth retrain`."
        yield wrong("strategies", f"The strategies are old: {said}.", fix)
    else:
        yield well("strategies", f"{said}, whole")


def _size(looked: Looked, pointer: Pointer) -> Iterator[Finding]:
    size = (looked.settings.strategies_folder / pointer.file).stat().st_size
    if size != pointer.bytes:
        yield wrong(
            "strategies",
            f"{pointer.file} has {size} bytes where {pointer.bytes} were published.",
            "Restore it, or go back: `callworth strategies rollback`.",
        )


def secret(looked: Looked) -> Iterator[Finding]:
    """Look whether the secret fits the sets: without it nobody is recognised."""
    folder = looked.settings.strategies_folder
    try:
        pointer = read_pointer(folder)
        if pointer is not None:
            path = folder / pointer.file
            keys_for(path, header_of(path))
            yield well("secret", "the secret of the index fits the set in force")
    except RoutingError as error:
        yield wrong("secret", error.fact, error.fix)


def kept_sets(looked: Looked) -> Iterator[Finding]:
    """Look at the sets that are kept: one before, to go back to, and all of them readable."""
    folder = looked.settings.strategies_folder
    try:
        found = kept(folder) if folder.is_dir() else []
    except RoutingError as error:
        yield wrong(
            "kept sets",
            error.fact,
            "Remove the file: it can neither be gone back to nor explained from.",
        )
        return
    pointer = read_pointer(folder)
    previous = pointer.previous if pointer is not None else None
    if previous is None or not (folder / file_of(previous)).exists():
        yield note("kept sets", "There is no set to go back to yet.")
    else:
        yield well("kept sets", f"{len(found)} kept; `strategies rollback` goes to {previous}")


def model_set(looked: Looked) -> Iterator[Finding]:
    """Look at the promoted model set: its pointer, its files, and its graphs for live scores."""
    pointer = looked.settings.models_folder / ledger.POINTER
    if not pointer.exists():
        yield note(
            "model set",
            "No model set is promoted: nothing is scored live.",
            "Run `callworth train`, then `callworth promote`.",
        )
        return
    try:
        folder = pointer.parent / str(json.loads(pointer.read_text(encoding="utf-8"))["folder"])
        whole = has_graphs(folder)
        if whole:
            LiveModelSet.load(folder).warm()
        else:
            read_manifest(folder)
    except (ModelError, OSError, ValueError, KeyError) as error:
        fix = getattr(error, "fix", "Run `callworth rollback`, or promote a model set again.")
        fact = getattr(error, "fact", repr(error))
        yield wrong("model set", f"The promoted model set cannot be loaded: {fact}", fix)
        return
    if whole:
        yield well("model set", f"set {folder.name}, its live graphs answer")
    else:
        yield note(
            "model set",
            f"Set {folder.name} has no live graphs: an expired strategy gets a default.",
            "Train again with this version, then promote.",
        )


def plan(looked: Looked) -> Iterator[Finding]:
    """Look at the experiment's plan."""
    try:
        found = read_plan(looked.settings.experiment_file)
    except RoutingError as error:
        yield wrong("experiment", error.fact, error.fix)
    else:
        yield well("experiment", f"plan {found.label}" if found else "no experiment is planned")


def standings(looked: Looked) -> Iterator[Finding]:
    """Look at marketing's decisions on offers."""
    try:
        made = offers_ledger.changes(looked.home)
    except ServingError as error:
        yield wrong("offers", error.fact, error.fix)
    else:
        yield well("offers", f"{len(made)} decisions of marketing, unbroken")
