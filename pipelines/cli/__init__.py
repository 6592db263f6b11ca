"""The command line: one step per verb."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the verb that the arguments name; `serve` starts without the others."""
    if sys.argv[1:2] == ["serve"]:
        from pipelines.cli.serve_alone import main as chosen
    else:
        from pipelines.cli.program import main as chosen
    chosen()
