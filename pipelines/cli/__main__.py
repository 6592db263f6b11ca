"""`python -m pipelines.cli` is the same as `callworth`."""

from pipelines.cli import main

main()
