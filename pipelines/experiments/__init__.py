"""Experiments of hours on against hours off: the plan, the log of it, and what it says."""
