"""What the endpoints share, and the opening of it."""

from __future__ import annotations

from dataclasses import dataclass

from models.live import LiveModelSet
from routing.slot_file import PlanReader
from routing.strategy_reader import StrategyReader
from serving.adapters.routers_file import Routers, read_routers
from serving.clock import Clock
from serving.following import Following
from serving.identity import KeyRing
from serving.live_scoring import LiveScoring
from serving.live_store import LiveStore
from serving.log import DecisionLog
from serving.log_place import place_of
from serving.metrics import Metrics, new_metrics
from serving.model_store import ModelStore
from serving.offer_states import OfferStates
from serving.settings import Settings
from serving.sign_in.opening import SignInParts, open_sign_in


@dataclass(frozen=True, slots=True)
class Parts:
    """What the endpoints share."""

    settings: Settings
    routers: Routers
    clock: Clock
    keys: KeyRing
    sign_in: SignInParts | None
    strategies: StrategyReader
    experiment: PlanReader
    offers: OfferStates
    models: ModelStore
    live: LiveStore
    following: Following
    log: DecisionLog
    metrics: Metrics

    def live_models(self) -> LiveModelSet | None:
        """Return the model set that scores live, or None."""
        live = self.following.in_force.live
        return live.models if isinstance(live, LiveScoring) else None


def open_parts(settings: Settings, *, clock: Clock, apart: bool = False) -> Parts:
    """Return the parts; nothing runs before the application starts.

    With `apart` a process of its own writes the decision log.

    Raises KeysRequiredError where a key must be asked for and there is none.
    """
    strategies = StrategyReader(settings.strategies_folder, check_seconds=0.0)
    experiment = PlanReader(settings.experiment_file, check_seconds=0.0)
    offers = OfferStates(settings.home, check_seconds=0.0)
    live = LiveStore(settings.models_folder)
    sign_in = open_sign_in(settings.home, clock=lambda: clock().timestamp())
    log = DecisionLog(place_of(settings, apart=apart))
    return Parts(
        settings=settings,
        routers=read_routers(settings.home),
        clock=clock,
        keys=KeyRing.opened(settings, sessions=sign_in.sessions if sign_in else None),
        sign_in=sign_in,
        strategies=strategies,
        experiment=experiment,
        offers=offers,
        models=ModelStore(settings.models_folder),
        live=live,
        following=Following(
            strategies=strategies,
            experiment=experiment,
            offers=offers,
            models=live,
            hold_back_share=settings.hold_back_share,
            exploration=settings.exploration,
            introduce=lambda new: log.introduce(new.in_force_id, new.record),
        ),
        log=log,
        metrics=new_metrics(),
    )
