"""The log of presented offers as one line per contact: what was given, allowed and bought.

A contact counts when it reached an agent, something could have been presented (an offer was, or
nothing with a probability below 1), and its answer window and settling time are over
(models.pairs). Its outcome is 1 when anything was bought within the window, whichever offer: what
an offer takes from another one is no gain. A contact that was given what the catalogue does not
allow its stage and partner is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.contract import ALL_PARTNERS
from features.quarantine import open_checked
from models.pairs import ANSWER_DAYS, SETTLING_DAYS
from models.uplift.net_value import Economics

_FRAME = """
CREATE TEMP VIEW frame AS SELECT file_row_number AS row, contact_id, partner, as_of, stage,
  offer_id, offer_probability FROM read_parquet('{path}', file_row_number = true)
"""
_OFFERS = """
SELECT offer_id, partner, eligible_stages, margin, presentation_cost, lapse_cost
FROM (SELECT DISTINCT ON (offer_id) * FROM offers) ORDER BY offer_id
"""
_CONTACTS = f"""
SELECT frame.row, frame.partner, frame.stage, coalesce(frame.offer_id, '') AS offer_id,
  frame.offer_probability AS probability,
  EXISTS (SELECT 1 FROM outcomes AS sale
    WHERE sale.contact_id = frame.contact_id AND sale.accepted AND sale.known_at < $as_of
      AND sale.occurred_at < frame.as_of + INTERVAL {ANSWER_DAYS} DAY) AS bought
FROM frame
WHERE frame.offer_probability > 0 AND (frame.offer_id IS NOT NULL OR frame.offer_probability < 1)
  AND frame.as_of + INTERVAL {ANSWER_DAYS + SETTLING_DAYS} DAY <= $as_of
ORDER BY frame.row
"""


@dataclass(frozen=True, slots=True)
class LoggedRows:
    """n contacts of a training frame that could have been given any of k offers, or nothing.

    `row` (n,) is the contact's row in the frame, `action` (n,) the offer's index or -1,
    `eligible` (n, k), `probability` (n,) the logged one of the action taken, `outcome` (n,) 0 or
    1, or money. `economics` is what the offers earn and cost, where the catalogue says so.
    """

    row: NDArray[np.intp]
    action: NDArray[np.intp]
    eligible: NDArray[np.bool_]
    probability: NDArray[np.float64]
    outcome: NDArray[np.float64]
    economics: Economics | None = None

    def __len__(self) -> int:
        return len(self.row)


def read_logged(frame: Path, *, tables: Path, quarantine: Path, as_of: datetime) -> LoggedRows:
    """Return the logged contacts of the training frame at `frame`, in its row order.

    Offers are numbered by offer id, as in models.pairs. Rows of `tables` that their check set
    aside in `quarantine` count for nothing. Raises DataNotFoundError when tables are not there.
    """
    source = open_checked(tables, quarantine=quarantine)
    source.require(("contacts", "outcomes", "offers"))
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        source.attach(connection, absent=True)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_FRAME.format(path=str(frame).replace("'", "''")))
        offers = connection.execute(_OFFERS).fetchnumpy()
        contacts = connection.execute(_CONTACTS, {"as_of": as_of}).fetchnumpy()
    return _logged(contacts, offers)


def _logged(contacts: dict[str, Any], offers: dict[str, Any]) -> LoggedRows:
    text = {name: np.asarray(contacts[name], dtype=np.str_) for name in ("partner", "stage")}
    given = np.asarray(contacts["offer_id"], dtype=np.str_)
    eligible = np.zeros((len(given), len(offers["offer_id"])), dtype=np.bool_)
    action = np.where(given == "", -1, len(offers["offer_id"]))
    for place, (offer, partner, stages) in enumerate(
        zip(offers["offer_id"], offers["partner"], offers["eligible_stages"], strict=True)
    ):
        sold = (text["partner"] == partner) | (partner == ALL_PARTNERS)
        eligible[:, place] = sold & np.isin(text["stage"], str(stages).split(";"))
        action[given == str(offer)] = place
    known = action < len(offers["offer_id"])
    kept = np.flatnonzero(known)
    kept = kept[(action[kept] < 0) | eligible[kept, action[kept]]]
    kept = kept[eligible[kept].any(axis=1)]
    money = (np.asarray(offers[name], dtype=np.float64) for name in _MONEY)
    return LoggedRows(
        row=np.asarray(contacts["row"], dtype=np.intp)[kept],
        action=action[kept].astype(np.intp),
        eligible=eligible[kept],
        probability=np.asarray(contacts["probability"], dtype=np.float64)[kept],
        outcome=np.asarray(contacts["bought"], dtype=np.float64)[kept],
        economics=Economics(*money),
    )


_MONEY = ("margin", "presentation_cost", "lapse_cost")
