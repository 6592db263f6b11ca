"""The tables of the page of an experiment as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from serving.pages.csv_tables import CsvTable
from serving.pages.experiment_plan import WEEKDAYS, clock
from serving.pages.experiment_shown import Shown
from serving.pages.experiment_wording import counts
from serving.pages.offers_report import Interval

_EFFECT = ("effect", "low", "high")
_MEASURES = (
    *("measure", "judged_by", "on", "off", *_EFFECT, "p"),
    *("lasting", "lasting_low", "lasting_high", "verdict", "days_needed", "days_left"),
)
_LOOKS = (
    *("measure", "day", "known_at", "contacts", "boundary_z", "boundary_p", "error_spent"),
    *(*_EFFECT, "p"),
)
_SLOTS = (
    *("day", "weekday", "starts", "arm", "contacts", "buyers", "buyers_per_contact"),
    "money_per_1000",
)


def _measures(shown: Shown) -> Iterator[tuple[object, ...]]:
    for row in shown.judged.measures:
        means, known = (row.on, row.off), (row.days_needed, row.days_left)
        ours = (*means, *_ends(row.effect), row.p, *_ends(row.lasting), row.verdict.value, *known)
        yield (row.name, "the plan", *ours)
        naive = (*means, *_ends(row.naive.effect), row.naive.p, *(None,) * 6)
        yield (row.name, "t-test, not to be trusted", *naive)


def _looks(shown: Shown) -> Iterator[tuple[object, ...]]:
    for row in shown.judged.measures:
        for look in row.looks:
            bounds = (look.z, look.level, look.spent)
            at = look.at.isoformat()
            yield (row.name, look.day, at, look.contacts, *bounds, *_ends(look.effect), look.p)


def _slots(shown: Shown) -> Iterator[tuple[object, ...]]:
    for slot in shown.judged.slots:
        arm = "on" if slot.on else "off"
        place = (slot.day, WEEKDAYS[slot.weekday], slot.starts, arm)
        yield (*place, slot.contacts, slot.buyers, slot.rate, slot.money)


def _power(shown: Shown) -> Iterator[tuple[object, ...]]:
    for row in shown.judged.measures:
        for point in row.power:
            yield (row.name, point.day, point.power, point.smallest)


def _plan(shown: Shown) -> Iterator[tuple[object, ...]]:
    for week in shown.weeks:
        for day in week.days:
            for slot, on in enumerate(day.on):
                starts = clock(slot * shown.plan.slot_minutes)
                yield (week.number, day.weekday, starts, "on" if on else "off")


def _counts(shown: Shown) -> Iterator[tuple[object, ...]]:
    yield from counts(shown.judged.counts)


def _ends(interval: Interval | None) -> tuple[float | None, ...]:
    if interval is None:
        return (None, None, None)
    return (interval.estimate, interval.low, interval.high)


def _table(
    what: str, head: Sequence[str], rows: Callable[[Shown], Iterable[Sequence[object]]]
) -> CsvTable[Shown]:
    return CsvTable(
        f"/experiment/{what}.csv", lambda shown: f"experiment-{shown.plan.label}-{what}", head, rows
    )


TABLES = (
    _table("measures", _MEASURES, _measures),
    _table("looks", _LOOKS, _looks),
    _table("slots", _SLOTS, _slots),
    _table("power", ("measure", "day", "power", "smallest_effect"), _power),
    _table("counts", ("contacts", "count"), _counts),
    _table("plan", ("week", "weekday", "starts", "arm"), _plan),
)
