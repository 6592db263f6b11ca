"""Handing one customer all that a workspace holds of them."""
