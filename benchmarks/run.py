"""Print every figure that the README quotes: each benchmark in turn, each its own command."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "callworth-home"
OF_A_HOME = (
    "features_against_handwritten",
    "fresh_values",
    "strategies_at_scale",
    "decisions_over_http",
    "steady_latency",
    "cold_start",
    "swaps",
    "set_effects",
    "live_scoring",
    "live_decisions",
)
ALONE = (
    "installed_size",
    "generate",
    "champion_against_single",
    "per_caller_choice",
    "real_data",
    "cdnow",
    "immature_labels",
    "lapse_survival",
    "interval_coverage",
    "allocation",
    "training_cost",
    "pages",
    "decision_log",
    "slow_connections",
    "on_off",
    "uplift_hillstrom",
    "policy_value",
)
# Not in the list: `automl`, which needs an environment of its own and an hour;
# `decisions_against_peers`, which needs wrk and makes an environment for each peer; and
# `strategy_store`, which needs half an hour and 30 GB of disk; nor `sip_calls`, which needs
# Debian's kamailio and sipp (`make sip`).


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=HOME, help="a home that `make demo` made")
    parser.add_argument("only", nargs="*", help="names of benchmarks; all of them if none")
    chosen = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in chosen.only or (*ALONE, *OF_A_HOME):
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        if name in OF_A_HOME:
            command += ["--home", str(chosen.home)]
        print(f"\n== {name}", flush=True)
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
