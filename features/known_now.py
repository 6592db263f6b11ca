"""Feature values that somebody states now: they replace what was stored, checked by their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.contract import Kind
from features.errors import ContractError, nearest
from features.fresh_columns import Value

_SHOWN_CHARACTERS = 80


def with_known(
    values: Sequence[Value],
    *,
    names: Sequence[str],
    kinds: Mapping[str, Kind],
    known: Mapping[str, Value],
) -> tuple[Value, ...]:
    """Return the values with those of `known` in their places; None makes one unknown.

    Raises:
        ContractError: a name is not among `names`, or text is given for a number or the reverse.
    """
    made = list(values)
    places = {name: place for place, name in enumerate(names)} if known else {}
    for name, value in known.items():
        if name not in places:
            raise ContractError(
                f"There is no feature '{name[:_SHOWN_CHARACTERS]}'.",
                fix=f"Leave it out, or correct its name.{nearest(name, names)}",
            )
        nominal = kinds[name] is Kind.NOMINAL
        if value is not None and isinstance(value, str) is not nominal:
            raise ContractError(
                f"The feature '{name}' is {kinds[name]}, and {value!r:.80} was given.",
                fix=f"Give {'text' if nominal else 'a number'}, or null when it is not known.",
            )
        made[places[name]] = float(value) if isinstance(value, bool | int) else value
    return tuple(made)
