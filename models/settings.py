"""What can be set before training; saved whole with the model set."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.candidates.contract import CandidateSettings
from models.splits import Shares


@dataclass(frozen=True, slots=True)
class UpliftSettings:
    """How a profile's effects are elected; without learners the set's own models answer."""

    # By name, from models.uplift.learners; X and DR take three times as long (decision 107).
    learners: tuple[str, ...] = ("response", "s", "t", "r")
    # Of more contacts to fit on a random sample is taken.
    most_rows: int = 8_000
    # A profile with fewer contacts with an offer, or with nothing, to fit on has no election.
    fewest_rows: int = 300
    # A simpler contender wins when it is this close to the best.
    tolerance_errors: float = 1.0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a model set is trained; the same for every profile and signal."""

    seed: int = 0
    # Fits that run at the same time, each on one thread.
    jobs: int = 2
    # "cuda" where the GPU wheel of XGBoost is installed.
    device: str = "cpu"
    # Fit the champion again on the fit and the select part (docs/decisions/022).
    refit: bool = True
    # A profile with fewer rows, or rows of either class, to fit on uses the all-profiles model.
    fewest_rows: int = 400
    fewest_positives: int = 40
    # A simpler candidate wins when it is this close to the best (docs/decisions/021).
    tolerance_errors: float = 0.25
    # Origins at which candidates are compared; 0 leaves it to the rows (models.origins).
    origins: int = 0
    # Whether the recent past may weigh more, where that foretells better (models.views).
    recency: bool = True
    # Seconds to search for candidates' settings, per signal, and the most trials; 0: no search.
    search_seconds: float = 0.0
    search_trials: int = 25
    # Baseline pairs are contacts times offers: of more than these a weighted sample is taken.
    baseline_rows: int = 30_000
    shares: Shares = field(default_factory=Shares)
    candidates: CandidateSettings = field(default_factory=CandidateSettings)
    uplift: UpliftSettings = field(default_factory=UpliftSettings)
