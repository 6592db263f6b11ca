"""The installation: Python, the packages against what the project asks for, and the port."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from pipelines.doctor.finding import Finding, Looked, note, well, wrong
from serving.errors import SettingsError
from serving.listening import PortTakenError, demand_free

OLDEST, NEWEST = (3, 11), (3, 13)
PACKAGE = "callworth"


def python_version(_looked: Looked) -> Iterator[Finding]:
    """Look at the version of Python."""
    now, said = sys.version_info[:2], ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= now <= NEWEST:
        yield well("python", f"Python {said}")
    else:
        yield wrong(
            "python",
            f"This is Python {said}; Callworth runs on 3.11 to 3.13.",
            "Make the environment anew with one of these: `make clean`, then `make demo`.",
        )


def packages(_looked: Looked) -> Iterator[Finding]:
    """Look at the packages that are installed, against the ranges that the project declares."""
    try:
        asked = [Requirement(one) for one in requires(PACKAGE) or ()]
    except PackageNotFoundError:
        yield note("packages", "Callworth runs from its folder: its packages were not compared.")
        return
    mine = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    faults = [fault for one in mine if (fault := unfit(one)) is not None]
    for fault in faults:
        yield wrong(
            "packages",
            fault,
            "Install the locked versions: pip install --require-hashes -r requirements.txt.",
        )
    if not faults:
        yield well("packages", f"{len(mine)} packages are of the versions asked for")


def unfit(asked: Requirement) -> str | None:
    """Return in words how a package does not fit what is asked, or None."""
    try:
        there = version(asked.name)
    except PackageNotFoundError:
        return f"{asked.name} is not installed; {asked.name}{asked.specifier} is needed."
    if asked.specifier.contains(there, prereleases=True):
        return None
    return f"{asked.name} is {there}; {asked.specifier} is needed."


def port(looked: Looked) -> Iterator[Finding]:
    """Look whether the server can listen where the settings say; a running one is no fault."""
    host, number = looked.settings.host, looked.settings.port
    try:
        demand_free(host, number)
    except PortTakenError as taken:
        yield note("port", f"{taken.fact} If that is Callworth, all is well.", taken.fix)
    except SettingsError as error:
        yield wrong("port", error.fact, error.fix)
    else:
        yield well("port", f"port {number} of {host} is free")
