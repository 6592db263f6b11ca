"""The folder form of a model set: what lies in it and how each file is read and written.

manifest.json    what the set is: features, profiles, offers, which model answers what
encoding.json    the encoder
contents.json    the files that answer, with type and digest
metrics.json     how each candidate did on the judge part
curves.json      the points of the plots
deciles.json     predicted against what happened, by tenth, with intervals
months.json      how each candidate would have done, month by month
search.json      what was searched for, where it was
paths.json       what enters the linear candidate as its penalty falls
fairness.json    who is chosen, and how well it is told, by age, region and the like
report.html      all of it for a person to read, and card.md in short
segments.json    the segments in which the set is weakest
judge.parquet    the judge rows with their predictions
judge_columns.parquet             what was known of each judged contact: the raw features
uplift.json      how the effects were elected, and what they are worth on the judge part
uplift/<profile>.json             who answers for a profile's effects, with its parts beside it
<signal>/<profile>.json           a signal's model: parts, weights, calibration
<signal>/<profile>.<part>.onnx    the trees of a part
live/<profile>.onnx               everything of a profile in one graph, for live answers
reasons/<profile>.json            what each feature adds to its score of acceptance: lines
reasons/<profile>.onnx            and trees, where it has any
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from features.staging import staged_file
from models.errors import ModelSetFormatError, ModelSetNotFoundError

FORMAT = 1
MANIFEST = "manifest.json"
ENCODING = "encoding.json"
METRICS = "metrics.json"
CURVES = "curves.json"
DECILES = "deciles.json"
MONTHS = "months.json"
SEGMENTS = "segments.json"
FAIRNESS = "fairness.json"
PATHS = "paths.json"
SEARCH = "search.json"
UPLIFT = "uplift.json"
REPORT = "report.html"
CARD = "card.md"
JUDGE = "judge.parquet"
JUDGE_COLUMNS = "judge_columns.parquet"
# The profile of the model that is fitted on every profile's rows.
ALL_PROFILES = "all"
LIVE = "live"
REASONS = "reasons"


@dataclass(frozen=True, slots=True)
class LinearForm:
    """A linear score; `products` are (offer, column, coefficient) of offer-specific effects."""

    intercept: float
    coefficients: tuple[tuple[int, float], ...]
    offers: tuple[float, ...]
    products: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class TreeForm:
    """An ONNX file; its input is the encoded row with the offer's one-hot columns behind it."""

    candidate: str
    file: str


@dataclass(frozen=True, slots=True)
class ComposedForm:
    """An amount as a product: log-odds of a sale and of its lapse, the gain, the losses by offer.

    The last of `losses` is for no offer.
    """

    sale: LinearForm
    lapse: LinearForm
    gain: LinearForm
    losses: tuple[float, ...]


PartForm: TypeAlias = LinearForm | TreeForm | ComposedForm


@dataclass(frozen=True, slots=True)
class CalibrationForm:
    """How a score becomes a probability (or amount): `method` none, sigmoid, isotonic or scaled.

    sigmoid: 1 / (1 + exp(-(slope * score + shift))). isotonic: straight lines between the knots
    (score, value). scaled: slope * score + shift, for amounts.
    """

    method: str = "none"
    slope: float = 1.0
    shift: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SignalForm:
    """One signal's model for one profile: the weighted parts' scores, calibrated.

    Scores are log-odds for probabilities; for amounts they are in units of `scale` money.
    """

    task: str
    champion: str
    parts: tuple[PartForm, ...]
    weights: tuple[float, ...]
    shift: float
    calibration: CalibrationForm
    scale: float = 1.0
    # The linear candidate, whichever won: the reasons of a strategy come from it.
    reasons: LinearForm | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Which profile's model answers for a signal and profile, and why when it is another's."""

    signal: str
    profile: str
    uses: str
    champion: str
    file: str
    why: str | None = None
    # Which past it learned from (models.views).
    view: str = "all"


@dataclass(frozen=True, slots=True)
class EffectAnswer:
    """Who answers for a profile's effects, and why; `files` are the form and its parts.

    Without files it is the difference of the set's own models, acceptance less baseline.
    """

    profile: str
    learner: str
    found: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows were left after a step of the data's preparation."""

    step: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model set is; `version` is a label until the registry gives it a number."""

    version: str
    features: tuple[tuple[str, str], ...]
    profiles: tuple[str, ...]
    offer_ids: tuple[str, ...]
    answers: tuple[Answer, ...]
    as_of: str
    trained_from: str
    trained_until: str
    judged_from: str
    fingerprint: str
    counts: tuple[Count, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    # Whether the files that answer are listed (models.artefacts); sets of earlier versions did not.
    listed: bool = False
    # Who answers for the effects of each profile; sets of earlier versions have none elected.
    effects: tuple[EffectAnswer, ...] = ()
    format: int = FORMAT

    def answer(self, signal: str, profile: str) -> Answer | None:
        """Return which model answers; an unknown profile is answered by the all-profiles one."""
        found = {(row.signal, row.profile): row for row in self.answers}
        return found.get((signal, profile)) or found.get((signal, ALL_PROFILES))


def live_file(profile: str) -> str:
    """Return where a profile's live graph lies in a model set folder."""
    return f"{LIVE}/{profile}.onnx"


def reasons_file(profile: str) -> str:
    """Return where the form of a profile's reasons lies in a model set folder."""
    return f"{REASONS}/{profile}.json"


def reasons_trees_file(profile: str) -> str:
    """Return where the graph of the trees of a profile's reasons lies in a model set folder."""
    return f"{REASONS}/{profile}.onnx"


def write_json(path: Path, value: object) -> None:
    """Write JSON with stable key order; dataclasses become objects."""
    plain = asdict(value) if hasattr(value, "__dataclass_fields__") else value  # type: ignore[call-overload]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Return the JSON of a file of a model set.

    Raises ModelSetNotFoundError when it does not exist, ModelSetFormatError when it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelSetNotFoundError(
            f"There is no {path.name} in {path.parent}.",
            fix="Name a model set's folder; `callworth train` writes one.",
        ) from None
    except ValueError as error:
        raise ModelSetFormatError(
            f"{path} is damaged ({error}).", fix="Fetch the model set from the registry again."
        ) from None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a model set folder.

    Raises ModelSetNotFoundError when there is none, ModelSetFormatError for another format.
    """
    value = read_json(folder / MANIFEST)
    if value.get("format") != FORMAT:
        raise ModelSetFormatError(
            f"{folder} has format {value.get('format')}; this version reads {FORMAT}.",
            fix="Train the model set again with this version.",
        )
    return Manifest(
        **{
            **value,
            "features": tuple((name, kind) for name, kind in value["features"]),
            "profiles": tuple(value["profiles"]),
            "offer_ids": tuple(value["offer_ids"]),
            "answers": tuple(Answer(**row) for row in value["answers"]),
            "counts": tuple(Count(**row) for row in value["counts"]),
            "effects": tuple(
                EffectAnswer(**{**row, "files": tuple(row["files"])})
                for row in value.get("effects", ())
            ),
        }
    )


def stamp(folder: Path, *, version: str) -> None:
    """Give the model set in a folder its registered version, in one step."""
    value = read_json(folder / MANIFEST)
    with staged_file(folder / MANIFEST) as staged:
        write_json(staged, {**value, "version": version})


def read_signal(path: Path) -> SignalForm:
    """Return one signal's model; the ONNX files are named in it, not read."""
    value = read_json(path)
    return SignalForm(
        task=value["task"],
        champion=value["champion"],
        parts=tuple(_part(part) for part in value["parts"]),
        weights=tuple(value["weights"]),
        shift=value["shift"],
        calibration=read_calibration(value["calibration"]),
        scale=value["scale"],
        reasons=None if value["reasons"] is None else _linear(value["reasons"]),
    )


def read_calibration(value: dict[str, Any]) -> CalibrationForm:
    """Return a calibration from the JSON of it."""
    return CalibrationForm(**{**value, "knots": tuple((x, y) for x, y in value["knots"])})


def _part(value: dict[str, Any]) -> PartForm:
    if "file" in value:
        return TreeForm(**value)
    if "losses" not in value:
        return _linear(value)
    parts = {name: _linear(value[name]) for name in ("sale", "lapse", "gain")}
    return ComposedForm(**parts, losses=tuple(value["losses"]))


def _linear(value: dict[str, Any]) -> LinearForm:
    return LinearForm(
        intercept=value["intercept"],
        coefficients=tuple((int(column), float(by)) for column, by in value["coefficients"]),
        offers=tuple(value["offers"]),
        products=tuple((int(o), int(c), float(by)) for o, c, by in value["products"]),
    )
