"""One run of wrk: prepared POST bodies over and over, and what came back."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.processor import processor_seconds

# Every request is formatted once, before the clock starts; `done` prints what wrk counted.
_SCRIPT = """
local requests, at = {}, 0
function init(args)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  for body in io.lines(args[1]) do requests[#requests + 1] = wrk.format(nil, nil, nil, body) end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "longest": %d,' ..
    ' "refused": %d, "broken": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency.max, e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk counted: latencies in milliseconds; `refused` are answers that are not 2xx or 3xx,
    `broken` are connections that failed, stalled or timed out; `processor` is the server's
    processor time in microseconds a request.
    """

    connections: int
    a_second: float
    p50: float
    p99: float
    longest: float
    requests: int
    refused: int
    broken: int
    processor: float

    def line(self) -> str:
        """Return the figures as columns."""
        return (
            f"{self.connections:5}{self.a_second:12,.0f}{self.p50:10.2f}{self.p99:10.2f}"
            f"{self.longest:10.1f}{self.refused:9,}{self.broken:8,}{self.processor:11,.0f}"
        )


HEADING = (
    f"{'conn':>5}{'a second':>12}{'p50 ms':>10}{'p99 ms':>10}{'longest':>10}"
    f"{'non-2xx':>9}{'broken':>8}{'CPU us':>11}"
)


def demand_wrk() -> str:
    """Return the path of wrk, or end with what to do."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("This benchmark needs wrk: `apt-get install wrk`, or `brew install wrk`.")
    return found


def run_wrk(
    url: str, bodies: Sequence[bytes], *, connections: int, seconds: float, server: int
) -> Load:
    """Return the figures of one run with one thread: POST `bodies` in turn (none holds a newline).

    `server` is the process that answers.

    Raises RuntimeError with wrk's own words when it gave no result.
    """
    with tempfile.TemporaryDirectory() as scratch:
        script, lines = Path(scratch, "post.lua"), Path(scratch, "bodies.txt")
        script.write_text(_SCRIPT)
        lines.write_bytes(b"\n".join(bodies) + b"\n")
        asked = [demand_wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s"]
        asked += ["--latency", "-s", str(script), url, "--", str(lines)]
        before = processor_seconds(server)
        said = subprocess.run(asked, capture_output=True, text=True, check=False)
    used = processor_seconds(server) - before
    found = [line for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    if not found:
        raise RuntimeError(f"wrk gave no result: {(said.stderr or said.stdout).strip()}")
    read = json.loads(found[0].removeprefix("RESULT "))
    return Load(
        connections=connections,
        a_second=(read["requests"] - read["refused"]) / (read["microseconds"] / 1e6),
        p50=read["p50"] / 1e3,
        p99=read["p99"] / 1e3,
        longest=read["longest"] / 1e3,
        requests=read["requests"],
        refused=read["refused"],
        broken=read["broken"],
        processor=used / max(read["requests"], 1) * 1e6,
    )
