"""Calls over real SIP: 6,000 at 200 a second, and the server down, a second slow, killed half-way.

sipp calls Kamailio, which asks Callworth for each call through the example's bridge (examples/sip);
pools count only calls that carry their own queue's header. The bar: every call answered, as decided
while the server is well, and none lost in any other run. The run without a server is the measure of
the rest: what Kamailio and sipp take by themselves on the same cores. `make sip` installs both.
"""

from __future__ import annotations

import argparse
import sys

from examples.sip import programs
from examples.sip.__main__ import said
from examples.sip.run import Fault, Result, run


def holds(result: Result) -> bool:
    """Return whether a run met the bar."""
    if result.lost or result.callers.failed:
        return False
    return result.fault is not Fault.NONE or result.reached == result.wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=6_000)
    parser.add_argument("--a-second", type=int, default=200)
    given = parser.parse_args()
    if absent := programs.missing():
        sys.exit(absent)
    held = True
    for fault in Fault:
        result = run(count=given.calls, a_second=given.a_second, fault=fault)
        print(said(result), flush=True)
        held = held and holds(result)
    print(f"the bar: {'held' if held else 'missed'}")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
