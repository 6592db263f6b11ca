"""Offers under limits: who is offered what, where minutes, stock and budget do not suffice."""
