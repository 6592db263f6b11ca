"""Where the sign-in answers."""

from __future__ import annotations

from urllib.parse import quote

BEGIN, BACK, END, ENDED = "/sign-in", "/sign-in/back", "/sign-out", "/signed-out"


def address_for(page: str) -> str:
    """Return where a browser goes to sign in, and come back to the page."""
    return f"{BEGIN}?page={quote(page, safe='')}"
