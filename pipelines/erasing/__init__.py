"""Erasing one customer from everything that a workspace holds, and proving that it is done."""
