"""The embedded demo world: an insurer whose every table, and the truth behind it, is generated."""

from pipelines.insurer.world import generate

__all__ = ["generate"]
