"""The command line: one step per verb."""

from pipelines.cli.program import main

__all__ = ["main"]
