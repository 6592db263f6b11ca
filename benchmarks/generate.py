"""How fast the demo world is generated, and in how much memory: `python benchmarks/generate.py`."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from pipelines.insurer import generate

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--partners", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        root = generate(
            Path(folder) / "world",
            customers=given.customers,
            partners=given.partners,
            until=UNTIL,
        )
        seconds = time.perf_counter() - begun
        written = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux
    figures = {
        "customers": given.customers,
        "seconds": round(seconds, 2),
        "customers_per_second": round(given.customers / seconds),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6),
        "written_mb": round(written / 1e6, 1),
        "cores": os.cpu_count(),
    }
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):22} {value:>12,}")


if __name__ == "__main__":
    main()
