"""Real adapters over the real application, with a routers.toml in its home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ROUTERS = """
[kamailio]
default = "sip:default@127.0.0.1:5073"
queues.sales_first = "sip:first@127.0.0.1:5071"
queues.sales_any = "sip:second@127.0.0.1:5072"

[twilio]
auth_token = "12345"
public_url = "https://pbx.example.com"

[json.pbx]
constants.channel = "voice"
[json.pbx.contact]
contact_id = "call.id"
from = "call.ani"
reason = "menu.0.choice"
[json.pbx.answer]
"target.queue" = "route.queue"
"target.priority" = "route.priority"
"offer" = "presented"
"ref" = "decision_id"
"""


@pytest.fixture
def routers(home: Path) -> Callable[[str], None]:
    """Return a function that writes the home's routers.toml."""

    def _write(text: str = ROUTERS) -> None:
        home.mkdir(parents=True, exist_ok=True)
        (home / "routers.toml").write_text(text)

    return _write
