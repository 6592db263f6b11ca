"""Real SIP in front of a real server: where the calls go while the server is well, and while not.

`python -m examples.sip` prints one line for each run. It needs Debian's kamailio and sipp; nothing
listens anywhere but on loopback, and everything that it starts it also ends.
"""

from __future__ import annotations

import argparse
import sys

from examples.sip import programs
from examples.sip.run import Fault, Result, run


def said(result: Result) -> str:
    """Return one run in a line."""
    pools = ", ".join(f"{pool} {count}" for pool, count in result.reached.items())
    return (
        f"server {result.fault.value:9} {sum(result.wanted.values()):6,} calls: {pools};"
        f" lost {result.lost}, sent again {result.callers.sent_again};"
        f" rang within ms: {' '.join(f'{k} {v}' for k, v in result.callers.rang_within.items())}"
    )


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--a-second", type=int, default=100)
    parser.add_argument("--fault", choices=[*Fault], help="only this run; else all of them")
    given = parser.parse_args()
    if absent := programs.missing():
        sys.exit(absent)
    faults = [Fault(given.fault)] if given.fault else list(Fault)
    results = []
    for fault in faults:
        results.append(run(count=given.calls, a_second=given.a_second, fault=fault))
        print(said(results[-1]), flush=True)
    sys.exit(1 if any(result.lost for result in results) else 0)


if __name__ == "__main__":
    main()
