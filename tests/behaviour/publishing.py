"""A process that publishes one strategy set after the other until it is killed.

python tests/behaviour/publishing.py HOME NAME
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from tests.behaviour.running_server import publish


def publish_without_end(home: Path, name: str) -> None:
    """Publish sets that name their model set NAME-0, NAME-1, ...; write the labels."""
    for number in count():
        sys.stdout.write(publish(home, model_set=f"{name}-{number}") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    publish_without_end(Path(sys.argv[1]), sys.argv[2])
