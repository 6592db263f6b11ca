"""Amazon Connect's event: what an AWS Lambda function in a contact flow is called with.

The shape is that of the administrator guide, "Invoke AWS Lambda functions".
"""

from __future__ import annotations

import msgspec

from routing.answer import Decision
from routing.contact import Channel, Contact
from serving import examples
from serving.adapters.routers_file import ConnectSettings
from serving.adapters.said import Address, VendorId, contact_of

LONGEST_NOTE = 1_000
_CHANNELS = {"VOICE": Channel.VOICE, "CHAT": Channel.CHAT, "EMAIL": Channel.EMAIL}


class CustomerEndpoint(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """An address of the customer or of ours."""

    address: Address | None = None
    type: str | None = None


class ContactData(msgspec.Struct, frozen=True, rename="pascal", kw_only=True, omit_defaults=True):
    """The contact as the flow knows it."""

    contact_id: VendorId
    channel: str = "VOICE"
    initiation_method: str = "INBOUND"
    attributes: dict[str, str | None] = {}
    customer_endpoint: CustomerEndpoint | None = None
    system_endpoint: CustomerEndpoint | None = None


class Details(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """The contact, and what the block of the flow adds."""

    contact_data: ContactData
    parameters: dict[str, str | None] | None = None


class ConnectEvent(msgspec.Struct, frozen=True, rename="pascal"):
    """The event of a contact flow; attributes and parameters may hold partner, customer_id,
    reason, name, street, postcode and deadline_ms, a parameter before an attribute.
    """

    details: Details
    name: str = "ContactFlowEvent"


def as_contact(event: ConnectEvent) -> Contact:
    """Return the contact of an event; a channel we do not know is a message."""
    data = event.details.contact_data
    channel = _CHANNELS.get(data.channel.upper(), Channel.MESSAGE)
    if data.initiation_method.upper() == "CALLBACK":
        channel = Channel.CALLBACK
    customer, ours = data.customer_endpoint, data.system_endpoint
    told = {k: v for k, v in (event.details.parameters or {}).items() if v}
    return contact_of(
        {**data.attributes, **told},
        contact_id=data.contact_id,
        channel=channel,
        from_=customer.address if customer else None,
        to=ours.address if ours else None,
    )


def seconds_ahead(decision: Decision, settings: ConnectSettings) -> int:
    """Return by how many seconds the contact counts as older in its queue."""
    return settings.seconds_ahead.get(decision.value_group, 0)


EXAMPLE = ConnectEvent(
    Details(
        ContactData(
            contact_id="4a573372-1f28-4e26-b97b-XXXXXXXXXXX",
            channel="VOICE",
            initiation_method="INBOUND",
            customer_endpoint=CustomerEndpoint(examples.PHONE, "TELEPHONE_NUMBER"),
            system_endpoint=CustomerEndpoint("+15550199", "TELEPHONE_NUMBER"),
        ),
        {"reason": "quote", "deadline_ms": "2500"},
    )
)
