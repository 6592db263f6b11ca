"""What a replay found, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.replay import Replayed
from pipelines.replay_tally import Changed, Difference


def text_of(found: Replayed) -> str:
    """Return the difference in words: what share changes, what it is worth, examples."""
    return "\n".join((*_heading(found), *_difference(found.difference)))


def _heading(found: Replayed) -> Iterator[str]:
    n = found.difference.contacts
    yield f"{n:,} of {found.logged:,} logged decisions decided again with set {found.strategy_set}"
    for one in found.left_out:
        yield f"  left out {one.decisions:,}: {one.why}"


def _difference(found: Difference) -> Iterator[str]:
    if not found.contacts:
        return
    if not found.changed.contacts:
        yield "No difference: every contact gets the same group, queue and offer."
        return
    worth = found.worth
    yield f"{_share(found.changed)} change, worth {worth.total:+,.2f} in expected added value"
    bounds = f"from {worth.low:+.4f} to {worth.high:+.4f}"
    yield f"  that is {worth.mean:+.4f} a contact, {bounds} (95 %)"
    yield f"  value group  {_share(found.value_group)}"
    yield f"  queue        {_share(found.queue)}"
    yield f"  offer        {_share(found.offer)}"
    yield "The largest changes:"
    for change in found.largest:
        kind = (
            f"{change.what.replace('_', ' ')} {change.before or 'none'} to {change.after or 'none'}"
        )
        yield f"  {change.contacts:8,}  {change.worth:+12,.2f}  {kind}"
        if change.reason:
            yield f"            such as: {change.reason}"
    yield "Examples, those worth most first:"
    for one in found.examples:
        old, new = one.before, one.after
        yield (
            f"  {one.contact_id}: {old.value_group}, {old.queue}, {old.offer_id or 'no offer'}"
            f" ({old.added_value:,.2f}) to {new.value_group}, {new.queue},"
            f" {new.offer_id or 'no offer'} ({new.added_value:,.2f})"
        )


def _share(changed: Changed) -> str:
    return f"{changed.share:.1%} ({changed.contacts:,})"
