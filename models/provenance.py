"""What a model set says of itself, from the rows and settings that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from models.model_set import Answer, EffectAnswer, Manifest
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal
from models.splits import Split


def manifest_of(
    labelled: Labelled,
    splits: Mapping[Signal, Split],
    answers: list[Answer],
    *,
    name: str,
    settings: TrainingSettings,
    effects: tuple[EffectAnswer, ...],
) -> Manifest:
    """Return what the set says of itself: its parts' first and last instants among it."""

    def instant(part: str, signal: Signal, last: bool) -> str:
        chosen = getattr(splits[signal], part)
        if labelled.at is None or len(chosen) == 0:
            return ""
        at = labelled.at[labelled.pairs[signal].row[chosen]]
        return labelled.instant(int(at.max() if last else at.min()))

    first = next(iter(splits))
    return Manifest(
        version=name,
        features=tuple((feature, str(kind)) for feature, kind in labelled.kinds.items()),
        profiles=tuple(sorted(set(labelled.profile.tolist()))),
        offer_ids=labelled.offer_ids,
        answers=tuple(answers),
        as_of=labelled.as_of,
        trained_from=instant("fit", first, last=False),
        trained_until=instant("select", first, last=True),
        judged_from=instant("judge", first, last=False),
        fingerprint=labelled.fingerprint,
        counts=labelled.counts,
        settings=asdict(settings),
        listed=True,
        effects=effects,
    )
