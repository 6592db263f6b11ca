"""As commonly written: FastAPI, a pydantic model for the request and one for the answer.

The answer holds what ours holds (read from the file named by PLAIN_ANSWER); nothing is looked up
and nothing is logged.
"""

from __future__ import annotations

import json
import os
import uuid
from datetime import datetime
from pathlib import Path
from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field


class Answers(BaseModel):
    """What the caller said at the menu."""

    reason: str | None = None
    name: str | None = None
    street: str | None = None
    postcode: str | None = None


class Contact(BaseModel):
    """One inbound contact."""

    contact_id: str
    channel: Literal["voice", "callback", "email", "chat", "message"]
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    partner: str | None = None
    customer_id: str | None = None
    answers: Answers | None = None
    deadline_ms: int | None = Field(None, gt=0)


class Customer(BaseModel):
    """Who it comes from."""

    customer_id: str
    identified_by: str
    stage: str


class Signals(BaseModel):
    """The modelled quantities."""

    accept: float | None
    lapse: float | None
    keep: float | None
    value: float | None


class Fallback(BaseModel):
    """A queue to try later."""

    queue: str
    after_seconds: int


class Route(BaseModel):
    """Where."""

    queue: str
    priority: int
    skills: dict[str, int]
    centre: str | None
    fallbacks: list[Fallback]


class Offer(BaseModel):
    """One offer."""

    offer_id: str
    present: bool
    likelihood: float
    uplift: float
    added_value: float
    why: str


class Handling(BaseModel):
    """How."""

    offers: list[Offer]
    note: str


class Reason(BaseModel):
    """One driver."""

    text: str
    effect: float


class Decision(BaseModel):
    """The answer."""

    decision_id: str
    contact_id: str
    source: str
    why: str | None
    partner: str | None
    customer: Customer | None
    value_group: str
    signals: Signals | None
    route: Route
    handling: Handling
    reasons: list[Reason]
    arm: str
    probability: float
    strategy_set: str | None
    model_set: str | None
    formed_at: datetime | None
    expires_at: datetime | None


app = FastAPI()
_ANSWER = Decision.model_validate(
    json.loads(Path(os.environ["PLAIN_ANSWER"]).read_text(encoding="utf-8"))
)


@app.post("/v1/decisions")
async def decide(contact: Contact) -> Decision:
    """Return the answer, with this contact's ids."""
    ids = {"decision_id": uuid.uuid4().hex, "contact_id": contact.contact_id}
    return _ANSWER.model_copy(update=ids)
