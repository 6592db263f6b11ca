"""What the generated insurer has to present offers with: a limits file for a week."""

from __future__ import annotations

from pipelines.insurer.catalogue import OFFERS

# Minutes of agents in a week per customer of the insurer: a little less than would be used.
_MINUTES = 0.045
_FIRST_LIFE_MINUTES = 0.015
_LIFE_TAKES, _OTHERS_TAKE = 7.0, 4.0


def week_of_limits(customers: int) -> str:
    """Return a limits file (docs/allocation.md) for an insurer of so many customers."""
    takes = "\n".join(
        f"{offer.offer_id} = {_LIFE_TAKES if offer.licence == 'life' else _OTHERS_TAKE}"
        for offer in OFFERS
    )
    return f"""\
# What there is to present offers with in a week: edit it, form strategies again, look at /limits.
offers_per_contact = 1
horizon_days = 7

# Agent minutes that presenting takes.
[presentation_minutes]
{takes}

[[minutes]]
at_most = {_MINUTES * customers:.0f}

[[minutes]]
at_most = {_FIRST_LIFE_MINUTES * customers:.0f}
pool = "first"
licence = "life"
"""
