"""Scoring a contact now: what was known and what has become known, through the live model set."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from features.catalogue import phrase
from features.errors import FeatureError
from features.fresh import fresh_values
from features.fresh_events import FreshEvent, event
from features.known_now import with_known
from models.live import LiveModelSet
from models.live import LiveScores as ModelScores
from routing.forming_one import NAN, OfferScore
from routing.freshly_known import KnownEvent
from routing.known import Known, LiveScoreError, LiveScores
from routing.strategy import Reason
from routing.vectors import Value

_log = logging.getLogger("callworth.serving")

_LIFE_EVENT = "life_event"
_SCORED = OfferScore.__struct_fields__
_UNKNOWN = OfferScore()


class LiveScoring:
    """Scores contacts with one model set; what goes wrong is told and never raised as it is."""

    def __init__(self, models: LiveModelSet) -> None:
        self.models = models
        self._places = {name: place for place, name in enumerate(models.features)}
        # The names that were found equal last: to compare a hundred words takes a while.
        self._same_names: tuple[str, ...] = models.features
        self._offers = {offer: place for place, offer in enumerate(models.offer_ids)}
        # Where each of an offer's scores lies among those of the model set, None where nowhere.
        rows = {name: row for row, name in enumerate(models.names)}
        self._rows = tuple(rows.get(name) for name in _SCORED)

    @property
    def version(self) -> str:
        """The version of the model set."""
        return self.models.version

    def scores(self, known: Known, *, offers: tuple[str, ...]) -> LiveScores:
        """Return the scores of one customer for these offers; LiveScoreError where it cannot."""
        try:
            return self._scores(known, offers)
        except FeatureError as error:
            raise LiveScoreError(error.fact, fix=error.fix) from error
        except Exception as error:  # whatever a model raises, the contact gets its route
            _log.error("a live score failed", exc_info=error)
            raise LiveScoreError(f"{error!r}.", fix="Look into the server's output.") from error

    def reasons(self, scores: LiveScores, *, offer_id: str) -> tuple[Reason, ...]:
        """Return what moves the chance that the offer is accepted: exact, or none; never raises."""
        offer = self._offers.get(offer_id)
        if offer is None:
            return ()
        try:
            found = self.models.reasons(
                scores.values, profile=scores.stage, offer=offer, row=scores.row
            )
            places, values = self._places, scores.values
            return tuple(
                [
                    Reason(phrase(one.feature, values[places[one.feature]]), round(one.effect, 4))
                    for one in found
                ]
            )
        except Exception as error:  # an answer without reasons is still one
            _log.error("the reasons of a live score failed", exc_info=error)
            return ()

    def _scores(self, known: Known, offers: tuple[str, ...]) -> LiveScores:
        fresh = fresh_values(
            known.values,
            names=known.names,
            stage=known.stage,
            events=[_fresh(one, known) for one in known.events],
            as_of=known.as_of,
            now=known.now,
        )
        values, said = self._stated(self._in_order(fresh.values, known.names), known)
        if fresh.left_out:
            said.append(f"{fresh.left_out} events are older than what was known before.")
        found = self.models.score(values, profile=fresh.stage)
        return LiveScores(
            model_set=self.version,
            stage=fresh.stage,
            values=values,
            offers=self._offer_scores(found, offers),
            life_event=self._life_event(values),
            why=" ".join(said) or None,
            row=found.row,
        )

    def _offer_scores(self, found: ModelScores, offers: tuple[str, ...]) -> tuple[OfferScore, ...]:
        """Return the scores of these offers; of one that the model set does not know, none."""
        rows = found.matrix.tolist()
        nothing = [NAN] * len(rows[0])
        scored = [nothing if row is None else rows[row] for row in self._rows]
        by_offer = [*zip(*scored, strict=True)]
        places = [self._offers.get(offer) for offer in offers]
        return tuple(
            [_UNKNOWN if place is None else OfferScore(*by_offer[place]) for place in places]
        )

    def _in_order(self, values: Sequence[Value], names: tuple[str, ...]) -> tuple[Value, ...]:
        """Return the values in the order of the model set; what the set did not hold is unknown."""
        if names is self._same_names or names == self.models.features:
            self._same_names = names
            return tuple(values)
        by_name = dict(zip(names, values, strict=True))
        return tuple(by_name.get(name) for name in self.models.features)

    def _stated(
        self, values: tuple[Value, ...], known: Known
    ) -> tuple[tuple[Value, ...], list[str]]:
        """Return the values with those that came with the contact, and what could not be used."""
        if not known.features:
            return values, []
        try:
            stated = with_known(
                values, names=self.models.features, kinds=self.models.kinds, known=known.features
            )
        except FeatureError as error:
            return values, [f"The features sent were not used: {error.fact}"]
        return stated, []

    def _life_event(self, values: Sequence[Value]) -> str:
        if _LIFE_EVENT not in self.models.kinds:
            return ""
        value = values[self._places[_LIFE_EVENT]]
        return "" if value in (None, "none") else phrase(_LIFE_EVENT, value)


def _fresh(one: KnownEvent, known: Known) -> FreshEvent:
    return event(one.kind, occurred_at=one.occurred_at or known.now, amount=one.amount)
