"""The function: hands the flow's event on to Callworth, and its answer back to the flow.

Set CALLWORTH_URL (such as https://callworth.example.com) and CALLWORTH_KEY in its environment, and
in the block of the flow a time-out of three seconds or more. It needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any

FLAT, ROUTING = "/v1/adapters/connect", "/v1/adapters/connect/routing"
# What starting the function and the way back take.
MARGIN_MS = 300
_USUAL_MS = 2_500


def lambda_handler(event: dict[str, Any], context: Any, *, path: str = FLAT) -> dict[str, Any]:
    """Return what the flow reads at $.External; without an answer, that there is none.

    `queue` is empty then: let the flow go on to its own queue where it is.
    """
    left_ms = _left_ms(context)
    event = dict(event, Details=dict(event["Details"]))
    told = event["Details"].get("Parameters") or {}
    event["Details"]["Parameters"] = {**told, "deadline_ms": str(left_ms)}
    request = urllib.request.Request(
        os.environ["CALLWORTH_URL"].rstrip("/") + path,
        json.dumps(event).encode(),
        {"content-type": "application/json", "x-api-key": os.environ.get("CALLWORTH_KEY", "")},
    )
    try:
        with urllib.request.urlopen(request, timeout=left_ms / 1000) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError) as error:
        print(f"no decision: {error}")
        return {"queue": "", "source": "none", "why": "Callworth did not answer."}


def routing_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the routing data as JSON: set the block's response to JSON for it."""
    return lambda_handler(event, context, path=ROUTING)


def _left_ms(context: Any) -> int:
    """Return how long may be waited: what is left of the function's time, less the margin."""
    if context is None:
        return _USUAL_MS
    return max(1, int(context.get_remaining_time_in_millis()) - MARGIN_MS)
