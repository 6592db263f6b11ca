"""The ready-made part of an answer: what needs no thought when the contact comes."""

from __future__ import annotations

import zlib

import msgspec

from routing.answer import (
    ShownHandling,
    shown_handling,
    shown_reasons,
    shown_route,
    shown_signals,
)
from routing.completion import NOTHING_TO_OFFER, PROACTIVE_LIKELIHOOD, complete
from routing.contact import ContactReason
from routing.instants import instant_of, microseconds
from routing.strategy import Strategy

_json = msgspec.json.Encoder().encode
_encode = msgspec.msgpack.Encoder().encode
_decode_handling = msgspec.json.Decoder(ShownHandling).decode
_CHECK_BYTES = 4
BIT_OF = {reason: 1 << place for place, reason in enumerate(ContactReason)}
_UNMOVED: dict[tuple[str, bool, bool], int] = {}
_MOST_ALIKE = 1_000  # stages are few; a table of many more holds words that are no stages


class Ready(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A strategy as it is answered where nothing changes it, with what decides whether it is.

    `before`, `after`, `handling` and `rest` are JSON texts: the answer from `partner` up to how the
    customer was identified, from there to the handling, the handling, and from there to the arm.
    `note` is what the handling says of the customer alone. Instants are microseconds since 1970,
    UTC; `presented` are the offers that are to be presented, best first; `value` is money, 0 where
    no model could say. `unmoved` has the bit of each reason (BIT_OF) that leaves route and handling
    as they are.
    """

    customer_id: str
    partner: str
    formed_at: int
    expires_at: int
    model_set: str
    presented: tuple[str, ...]
    value: float
    value_group: str
    queue: str
    unmoved: int
    before: bytes
    after: bytes
    handling: bytes
    note: str
    rest: bytes


def ready_of(strategy: Strategy) -> Ready:
    """Return the ready-made part of the strategy's answer."""
    before = (b'"partner":', _json(strategy.partner), b',"customer":{"customer_id":',
              _json(strategy.customer_id), b',"identified_by":"')  # fmt: skip
    after = (b'","stage":', _json(strategy.stage), b'},"value_group":',
             _json(strategy.value_group), b',"signals":', _json(shown_signals(strategy.signals)),
             b',"route":', _json(shown_route(strategy.route)),
             b',"handling":')  # fmt: skip
    return Ready(
        customer_id=strategy.customer_id,
        partner=strategy.partner,
        formed_at=microseconds(strategy.formed_at),
        expires_at=microseconds(strategy.expires_at),
        model_set=strategy.model_set,
        presented=tuple(one.offer_id for one in strategy.handling.offers if one.present),
        value=strategy.signals.value or 0.0,
        value_group=strategy.value_group,
        queue=strategy.route.queue,
        unmoved=_unmoved(strategy),
        before=b"".join(before),
        after=b"".join(after),
        handling=_json(shown_handling(strategy.handling)),
        note=strategy.handling.note,
        rest=b',"reasons":' + _json(shown_reasons(strategy)) + b',"arm":"',
    )


def held_handling(ready: Ready, *, why: str) -> bytes:
    """Return the handling's JSON with every offer held back, for this reason (without_offers)."""
    shown = _decode_handling(ready.handling)
    offers = tuple(
        msgspec.structs.replace(one, present=False, why=why) if one.present else one
        for one in shown.offers
    )
    note = " ".join(part for part in (ready.note, NOTHING_TO_OFFER) if part)
    return _json(ShownHandling(offers, note))


def sealed(ready: Ready) -> bytes:
    """Return the ready-made part as it lies in the file: MessagePack, then its CRC-32.

    What is answered as it lies there must be as it was written, also where a disk rots.
    """
    body = _encode(ready)
    return body + zlib.crc32(body).to_bytes(_CHECK_BYTES, "big")


def unsealed(body: bytes) -> memoryview:
    """Return the MessagePack without its check; msgspec.DecodeError where that differs."""
    held = memoryview(body)[:-_CHECK_BYTES]
    if zlib.crc32(held) != int.from_bytes(body[-_CHECK_BYTES:], "big"):
        raise msgspec.DecodeError("a ready-made answer is not as it was written")
    return held


def _unmoved(strategy: Strategy) -> int:
    """Return the bits of the reasons that change nothing; strategies that are alike share them."""
    likelihoods = [one.likelihood for one in strategy.handling.offers if one.present]
    likely = bool(likelihoods) and likelihoods[0] >= PROACTIVE_LIKELIHOOD
    alike = (strategy.stage, bool(likelihoods), likely)
    found = _UNMOVED.get(alike)
    if found is None:
        still = (r for r in ContactReason if complete(strategy, reason=r).why is None)
        found = sum(BIT_OF[reason] for reason in still)
        if len(_UNMOVED) < _MOST_ALIKE:
            _UNMOVED[alike] = found
    return found


def ending(ready: Ready, *, label: str) -> bytes:
    """Return the answer's last part, from the strategy set to its end."""
    named = (("strategy_set", label), ("model_set", ready.model_set),
             ("formed_at", instant_of(ready.formed_at)),
             ("expires_at", instant_of(ready.expires_at)))  # fmt: skip
    return b"".join(b',"%s":%s' % (name.encode(), _json(value)) for name, value in named) + b"}"
