"""Live scoring of one contact: a profile's whole model, encoding to uplift, in one ONNX call.

With numpy and ONNX Runtime alone. Batches go through `models.compiled`, which gives the same
numbers: what both may differ by is checked when a set is trained and when it is promoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from features.contract import Kind
from models.artefacts import demand_known
from models.encoding import Columns, Encoder
from models.errors import NotLiveError
from models.live_inputs import ROW, LiveInputs, Value
from models.live_reasons import LiveReasons, Reason
from models.live_shares import EarlierSharing, RowSharing, Sharing
from models.model_set import (
    ALL_PROFILES,
    ENCODING,
    LIVE,
    REASONS,
    Manifest,
    live_file,
    read_json,
    read_manifest,
)
from models.shares_form import read_shares
from models.signals import Signal

Scores: TypeAlias = NDArray[np.float64]

_UPLIFT = "uplift"
_SCORES = ("scores",)


@dataclass(frozen=True, slots=True)
class LiveScores:
    """The answers for one contact, or n: `matrix` is (signals + 1, k), or (n, signals + 1, k).

    Its rows are those of `names`, uplift last; NaN where the set has no such model. k is the number
    of offers, and 1, for no offer, in a set that has none. Probabilities, money for `value`.
    `row` is one contact's encoded row, which reasons can be given from.
    """

    names: tuple[str, ...]
    matrix: Scores
    row: NDArray[np.float32] | None = None

    def of(self, signal: str) -> Scores:
        """Return the (k,), or (n, k), scores of a signal, NaN where the set has no such signal."""
        if signal not in self.names:
            return np.full_like(self.matrix[..., -1, :], np.nan)
        return np.asarray(self.matrix[..., self.names.index(signal), :])

    @property
    def uplift(self) -> Scores:
        """What presenting each offer adds, against presenting nothing."""
        return np.asarray(self.matrix[..., -1, :])


class LiveModelSet:
    """A model set that answers one contact at a time; it never changes and any thread may ask."""

    def __init__(
        self,
        manifest: Manifest,
        encoder: Encoder,
        *,
        sessions: dict[str, Any],
        reasons: dict[str, LiveReasons] | None = None,
    ) -> None:
        self.version = manifest.version
        self.features = tuple(name for name, _ in manifest.features)
        self.kinds = {name: Kind(kind) for name, kind in manifest.features}
        self.offer_ids = manifest.offer_ids
        self.profiles = manifest.profiles
        self.signals = tuple(
            Signal(name) for name in dict.fromkeys(row.signal for row in manifest.answers)
        )
        self.encoder = encoder
        self.names = (*self.signals, _UPLIFT)
        self._shape = (len(self.names), max(len(self.offer_ids), 1))
        self._sessions = sessions
        self._reasons = reasons or {}
        self._all = sessions[ALL_PROFILES]
        # Graphs of an earlier version keep the encoded row to themselves.
        gives_row = any(each.name == ROW for each in self._all.get_outputs())
        self._outputs = (*_SCORES, ROW) if gives_row else _SCORES
        inputs = LiveInputs(self.features, encoder)
        self.inputs, self.many_inputs = inputs.one, inputs.many

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> LiveModelSet:
        """Return the live model set of a folder; `threads` are ONNX Runtime's, per call.

        Raises ModelSetNotFoundError, ModelSetFormatError, or NotLiveError for a set of an earlier
        version, which has no live graphs.
        """
        manifest = read_manifest(folder)
        demand_known(folder)
        if not (folder / live_file(ALL_PROFILES)).is_file():
            raise NotLiveError(
                f"Model set {manifest.version} in {folder} has no graphs for live answers.",
                fix="Train it again with this version: `callworth train`, then promote it.",
            )
        encoder = Encoder.from_json(read_json(folder / ENCODING))
        sessions = _sessions(folder / LIVE, threads=threads)
        reasons = _reasons(folder / REASONS, sessions, threads=threads)
        return cls(manifest, encoder, sessions=sessions, reasons=reasons)

    def score(self, values: Sequence[Value], *, profile: str) -> LiveScores:
        """Return the scores of one contact for every offer.

        `values` are raw, in the order of `features`; None and NaN count as absent. A profile that
        the set does not know is answered by the all-profiles models. Raises EncodingError when
        there are too few or too many, or a numeric one is no number.
        """
        session = self._sessions.get(profile, self._all)
        found, *row = session.run(self._outputs, self.inputs(values))
        return LiveScores(self.names, found.reshape(self._shape), *row)

    def score_many(self, columns: Columns, *, profile: str) -> LiveScores:
        """Return the scores of n contacts of one profile, from named columns of n raw values.

        Raises EncodingError when a column is missing or a numeric one holds text.
        """
        session = self._sessions.get(profile, self._all)
        (found,) = session.run(_SCORES, self.many_inputs(columns))
        return LiveScores(self.names, found.reshape(-1, *self._shape))

    def reasons(
        self,
        values: Sequence[Value],
        *,
        profile: str,
        offer: int,
        top: int = 3,
        row: NDArray[np.float32] | None = None,
    ) -> tuple[Reason, ...]:
        """Return what moves the chance that this contact accepts an offer, largest effect first.

        Exact shares of the score, or none at all: where the model is one whose score they would
        not add up to, or the set was written without them. `offer` is an index of `offer_ids`;
        `row` is that of the contact's scores, where they are known already.
        """
        known = self.shares_of(profile)
        if known is None:
            return ()
        feed = self.inputs(values) if row is None else {ROW: row}
        return known.top(feed, offer=offer, count=top)

    def shares_of(self, profile: str) -> LiveReasons | None:
        """Return what tells a profile's shares of the score; None where nothing does."""
        return self._reasons.get(profile if profile in self._sessions else ALL_PROFILES)

    def session(self, profile: str) -> Any:
        """Return the ONNX Runtime session that answers for a profile."""
        return self._sessions.get(profile, self._all)

    def warm(self) -> None:
        """Answer once for each profile, so that the first caller does not wait for memory."""
        nothing = [None] * len(self.features)
        for profile in self._sessions:
            self.score(nothing, profile=profile)
            self.reasons(nothing, profile=profile, offer=-1)


def _reasons(folder: Path, sessions: Mapping[str, Any], *, threads: int) -> dict[str, LiveReasons]:
    """Return who tells the reasons of each profile that has a file for them."""
    graphs = _sessions(folder, threads=threads)
    forms = {path.stem: read_shares(path) for path in sorted(folder.glob("*.json"))}
    sharing: dict[str, Sharing] = {
        profile: RowSharing(form, scoring=sessions[profile], trees=graphs.get(profile))
        for profile, form in forms.items()
    }
    earlier = graphs.keys() - forms.keys()
    sharing |= {profile: EarlierSharing(graphs[profile]) for profile in earlier}
    return {profile: LiveReasons(each) for profile, each in sharing.items()}


def _sessions(folder: Path, *, threads: int) -> dict[str, Any]:
    return {path.stem: _session(path, threads=threads) for path in sorted(folder.glob("*.onnx"))}


def _session(path: Path, *, threads: int) -> Any:
    """Return a session that answers at once: no thread waits for another, no memory is hoarded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
