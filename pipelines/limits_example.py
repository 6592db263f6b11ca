"""A limits file to start from: every kind of limit, for the offers there are, commented out."""

from __future__ import annotations

from pathlib import Path

import duckdb

from features.errors import FeatureError
from features.quarantine import open_checked
from features.staging import staged_file
from routing.allocation.limits_file import FILE

_HEAD = """\
# What there is to present offers with; all amounts are for the horizon (docs/allocation.md).
# The next `callworth strategies form` keeps to it; `callworth limits` shows what each is worth.

offers_per_contact = 1
horizon_days = 7

# Agent minutes that presenting takes. Offers left out are measured, where contacts show it.
[presentation_minutes]
"""
_LIMITS = """
# Minutes that agents have: of a pool (a value group), with a licence, on a weekday, or in all.
# [[minutes]]
# at_most = 5400
# pool = "first"
# licence = "{licence}"
# weekday = "monday"

# How often an offer may be taken; counts = "presentations" for how often it may be presented.
# [[stock]]
# offer = "{offer}"
# at_most = 800

# Money that presenting may cost, by each offer's presentation_cost.
# [[budget]]
# at_most = 12000

# A floor: presentations of these offers, as a share of all expected contacts.
# [[share]]
# at_least = 0.05
# offers = ["{offer}"]

# No customer sees more presentations than this within the horizon, those of the last one included.
# [[cap]]
# at_most = 3

# Days for which an offer that was presented is not presented again.
# [[rest]]
# days = 30
"""


class LimitsFileExistsError(FeatureError):
    """There is a limits file already: an example must not replace it."""


def write_example(home: Path, *, tables: Path, quarantine: Path) -> Path:
    """Write HOME/limits.toml with the tables' offers and no limit that holds yet; return its path.

    Raises LimitsFileExistsError, DataNotFoundError.
    """
    path = home / FILE
    if path.exists():
        raise LimitsFileExistsError(
            f"{path} is there already.", fix="Edit it, or move it away and ask again."
        )
    source = open_checked(tables, quarantine=quarantine)
    source.require(("offers",))
    with duckdb.connect(config={"threads": 1}) as connection:
        source.attach(connection)
        offers = connection.execute(
            "SELECT offer_id, min(licence) FROM offers GROUP BY 1 ORDER BY 1"
        ).fetchall()
    minutes = "".join(f"{offer} = 5.0\n" for offer, _ in offers)
    offer, licence = offers[0] if offers else ("an_offer", "a_licence")
    with staged_file(path) as staged:
        limits = _LIMITS.format(offer=offer, licence=licence)
        staged.write_text(f"{_HEAD}{minutes}{limits}", encoding="utf-8")
    return path
