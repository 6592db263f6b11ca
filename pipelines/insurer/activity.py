"""What customers do on their own: pages, log-ins, mails, menus, the app; mostly in bursts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.contract import ACTIVITY_CHANNELS, ACTIVITY_KINDS
from pipelines.insurer.journeys import Journeys
from pipelines.insurer.people import People
from pipelines.insurer.planned import Contacts
from pipelines.insurer.span import DAY_SECONDS, Span, Wholes, known_after
from pipelines.insurer.writing import Shelf, numbered, words

_DETAILS = (
    ("quote_page", "life_page", "home_page", "help_page"),
    ("website",),
    ("newsletter", "product_news"),
    ("sales", "billing", "claims"),
    ("pay", "view_policy", "ask"),
)
_ALL_DETAILS = tuple(word for words_ in _DETAILS for word in words_)
_DETAIL_STARTS = np.cumsum([0, *(len(d) for d in _DETAILS)])[:-1]
_DETAIL_COUNTS = np.array([len(d) for d in _DETAILS])
# How each burst spends itself over the kinds: readers, members, mail readers, app users, callers.
_STYLES = np.array(
    [
        (0.75, 0.08, 0.08, 0.04, 0.05),
        (0.15, 0.65, 0.08, 0.04, 0.08),
        (0.12, 0.06, 0.72, 0.04, 0.06),
        (0.10, 0.10, 0.06, 0.04, 0.70),
        (0.30, 0.12, 0.20, 0.30, 0.08),
    ]
)
_STYLE_SHARES = (0.32, 0.20, 0.24, 0.18, 0.06)
# A page is seen on the web, a mail opened in the mail, a menu heard on the phone.
_CHANNEL_OF_KIND = np.array([0, 0, 1, 2, 3])


@dataclass(frozen=True, slots=True)
class Activity:
    """Equal-length columns by customer and time known."""

    who: Wholes
    kind: Wholes
    at: Wholes
    known: Wholes


def browse(
    rng: np.random.Generator,
    *,
    people: People,
    journeys: Journeys,
    contacts: Contacts,
    span: Span,
) -> Activity:
    """Return the activity of a chunk: background, around the enquiry, and before contacts."""
    visits = rng.poisson(1.5 * people.engagement)
    idle = np.repeat(np.arange(people.size), visits)
    idle_at = (rng.random(idle.size) * span.seconds).astype(np.int64)
    asked = np.flatnonzero(journeys.enquiry < span.seconds)
    parts = [
        _bursts(rng, idle, idle_at, mean=3.4, shape=1.5, days_before=12.0),
        _bursts(rng, asked, journeys.enquiry[asked], mean=4.0, shape=1.0, days_before=8.0),
        _bursts(rng, contacts.who, contacts.at, mean=5.0, shape=0.7, days_before=14.0),
    ]
    who, kind, at = (np.concatenate(column) for column in zip(*parts, strict=True))
    known = known_after(rng, occurred=at)
    keep = np.flatnonzero((at >= 0) & (known <= span.seconds))
    keep = keep[np.argsort((who[keep] << 32) | known[keep], kind="stable")]
    return Activity(who[keep], kind[keep], at[keep], known[keep])


def write_activity(
    rng: np.random.Generator, *, activity: Activity, people: People, shelf: Shelf
) -> None:
    """Write the activity of a chunk."""
    kind = activity.kind
    detail = _DETAIL_STARTS[kind] + (rng.random(kind.size) * _DETAIL_COUNTS[kind]).astype(np.int64)
    shelf.write(
        "activity_events",
        columns={
            "activity_id": numbered(
                "v", numbers=shelf.next_numbers("activity_events", count=kind.size), width=9
            ),
            "customer_id": people.ids(activity.who),
            "kind": words(kind, names=ACTIVITY_KINDS),
            "channel": words(_CHANNEL_OF_KIND[kind], names=ACTIVITY_CHANNELS),
            "detail": words(np.where(kind == 1, -1, detail), names=_ALL_DETAILS),
            "occurred_at": shelf.span.stamps(activity.at),
            "known_at": shelf.span.stamps(activity.known),
        },
    )


def _bursts(
    rng: np.random.Generator,
    who: Wholes,
    at: Wholes,
    *,
    mean: float,
    shape: float,
    days_before: float,
) -> tuple[Wholes, Wholes, Wholes]:
    """Return who, kind and instant of the activity before each of these instants."""
    count = rng.poisson(mean * rng.gamma(shape, 1 / shape, who.size))
    burst = np.repeat(np.arange(who.size), count)
    style = rng.choice(len(_STYLES), who.size, p=_STYLE_SHARES)[burst]
    edges = np.cumsum(_STYLES, axis=1)[:, :-1]
    kind = (rng.random(burst.size)[:, None] > edges[style]).sum(axis=1)
    before = rng.exponential(days_before * DAY_SECONDS, burst.size).astype(np.int64)
    return who[burst], kind, at[burst] - before
