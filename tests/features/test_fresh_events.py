from __future__ import annotations

from features.fresh_events import event, events_of_contact
from tests.customer_history import NOW


def test_a_menu_choice_counts_only_where_the_tables_note_it_before_the_contact() -> None:
    chosen = {"channel": "voice", "chose": True, "at": NOW}

    assert events_of_contact(**chosen, menu_noted_first=False) == ()
    assert events_of_contact(**chosen, menu_noted_first=True) == (
        event("voice_menu", occurred_at=NOW),
    )


def test_a_contact_itself_never_counts() -> None:
    for channel, chose in (("voice", False), ("chat", True), ("email", True)):
        assert events_of_contact(channel=channel, chose=chose, at=NOW, menu_noted_first=True) == ()
