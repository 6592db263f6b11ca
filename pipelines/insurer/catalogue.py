"""What the insurer sells, and who sells it: offers, centres and agents, shared by all partners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.contract import Stage
from pipelines.insurer.names import listed
from pipelines.insurer.span import Flags, Floats, Wholes

STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer: money per sale, and `weights`, how often it is tried at each stage (0: never)."""

    offer_id: str
    name: str
    product: str
    licence: str
    margin: float
    presentation_cost: float
    lapse_cost: float
    maturity_days: int
    weights: tuple[float, float, float, float]


OFFERS = (
    Offer("term_life", "Term life", "term_life", "life", 420.0, 4.0, 140.0, 90, (3, 3, 2, 2)),
    Offer("whole_life", "Whole life", "whole_life", "life", 700.0, 6.0, 150.0, 120, (0, 2, 3, 2)),
    Offer("home", "Home cover", "home", "property", 260.0, 3.0, 80.0, 60, (2, 2, 0, 3)),
    Offer("motor", "Motor cover", "motor", "property", 310.0, 3.0, 90.0, 60, (2, 3, 2, 2)),
    Offer("legal", "Legal help", "legal", "general", 150.0, 2.0, 40.0, 60, (1, 0, 2, 2)),
)
OFFER_IDS = tuple(offer.offer_id for offer in OFFERS)
OFFER_PRODUCTS = tuple(offer.product for offer in OFFERS)
LIFE: Flags = np.array([offer.licence == "life" for offer in OFFERS])
MARGINS: Floats = np.array([offer.margin for offer in OFFERS])
MATURITY_DAYS: Wholes = np.array([offer.maturity_days for offer in OFFERS])
WEIGHTS: Floats = np.array([offer.weights for offer in OFFERS], dtype=np.float64).T  # stage x offer
ELIGIBLE: Flags = WEIGHTS > 0

CENTRES = (("north", "Hartford", 24), ("south", "Tampa", 18))
AGENTS = 40
FIRST_POOL_AGENTS = 14
# Every third agent may sell life, every second property, all of them general.
_AGENT_NAMES = listed(
    "Ada Ben Cleo Dan Eva Finn Gia Hal Ida Jon Kim Lea Max Nia Oz Pam Quin Ria Sam Tea "
    "Ugo Val Wes Xia Yan Zoe Abe Bea Cal Dee Eli Fay Gus Hope Ian Joy Kit Lou Mia Ned"
)


def licences_of(agent: int) -> tuple[str, ...]:
    """Return the licences of an agent by number; the first pool holds all of them."""
    if agent < FIRST_POOL_AGENTS:
        return ("general", "property", "life")
    held = ["general"]
    if agent % 2 == 0:
        held.append("property")
    if agent % 3 == 0:
        held.append("life")
    return tuple(held)


def agent_id(agent: int) -> str:
    """Return the name by which tables call an agent."""
    return f"a{agent:03d}"


def agents_with(licence: str) -> Wholes:
    """Return the numbers of the agents who hold a licence."""
    return np.array([a for a in range(AGENTS) if licence in licences_of(a)], dtype=np.int64)


def tables() -> dict[str, dict[str, pa.Array]]:
    """Return the columns of the three catalogue tables by name."""
    return {"offers": _offers(), "agents": _agents(), "centres": _centres()}


def _offers() -> dict[str, pa.Array]:
    return {
        "offer_id": pa.array(OFFER_IDS),
        "name": pa.array([offer.name for offer in OFFERS]),
        "product": pa.array([offer.product for offer in OFFERS]),
        "margin": pa.array([offer.margin for offer in OFFERS]),
        "presentation_cost": pa.array([offer.presentation_cost for offer in OFFERS]),
        "lapse_cost": pa.array([offer.lapse_cost for offer in OFFERS]),
        "licence": pa.array([offer.licence for offer in OFFERS]),
        "maturity_days": pa.array([offer.maturity_days for offer in OFFERS]),
        "eligible_stages": pa.array(
            [
                ";".join(s for s, w in zip(STAGES, offer.weights, strict=True) if w)
                for offer in OFFERS
            ]
        ),
    }


def _agents() -> dict[str, pa.Array]:
    pools = ["first" if a < FIRST_POOL_AGENTS else "second" for a in range(AGENTS)]
    return {
        "agent_id": pa.array([agent_id(a) for a in range(AGENTS)]),
        "name": pa.array(_AGENT_NAMES),
        "centre": pa.array([CENTRES[a % 2][0] for a in range(AGENTS)]),
        "pool": pa.array(pools),
        "licences": pa.array([";".join(licences_of(a)) for a in range(AGENTS)]),
        "skill_level": pa.array(
            [3 + a % 3 if pool == "first" else 1 + a % 3 for a, pool in enumerate(pools)]
        ),
    }


def _centres() -> dict[str, pa.Array]:
    names, cities, seats = zip(*CENTRES, strict=True)
    return {
        "centre": pa.array(names),
        "city": pa.array(cities),
        "seats": pa.array(seats),
    }
