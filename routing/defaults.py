"""What a contact gets when no strategy can be used: by the customer's stage, or for strangers."""

from __future__ import annotations

import msgspec

from routing.strategy import Route
from routing.tasks import Stage, Task, route_to, task_of

SECOND = "second"

_NOTES = {
    Stage.PROSPECT: "No strategy at hand: find out what the caller is looking for.",
    Stage.LEAD: "No strategy at hand: the caller has enquired before; ask about that enquiry.",
    Stage.NEW_BUSINESS: "No strategy at hand: the caller has applied; check the application first.",
    Stage.PURCHASER: "No strategy at hand: the caller is insured with us; serve the request first.",
}
UNKNOWN_NOTE = "The caller is not known to us: ask for name and postcode before anything else."


class Default(msgspec.Struct, frozen=True):
    """The value group, the route and the text for the agent where no strategy can be used."""

    value_group: str
    route: Route
    note: str


class PartnerDefaults(msgspec.Struct, frozen=True):
    """The defaults of one partner: for callers unknown to it, and by stage for known ones."""

    partner: str
    unknown: Default
    stages: dict[str, Default]

    def of_stage(self, stage: str) -> Default:
        """Return the default of the stage, or that for unknown callers where it has none."""
        return self.stages.get(stage, self.unknown)


def standard_defaults(partner: str) -> PartnerDefaults:
    """Return the defaults a partner starts with: its tasks' common queues, nothing offered."""
    return PartnerDefaults(
        partner=partner,
        unknown=Default(SECOND, route_to(Task.SERVICE, group=1), UNKNOWN_NOTE),
        stages={
            stage.value: Default(SECOND, route_to(task_of(stage), group=1), _NOTES[stage])
            for stage in Stage
        },
    )
