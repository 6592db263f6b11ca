"""From labelled rows to a model set folder: split, encode, elect, judge, compile, prove, write."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from features.progress import Track, silent
from features.staging import staged_folder
from models.artefacts import write_contents
from models.candidates.contract import Name
from models.candidates.linear import Linear
from models.compiled import CompiledModelSet
from models.effect_elections import elect_profiles
from models.effect_evidence import write_effect_evidence
from models.effect_writing import write_profiles
from models.encoding import Encoder
from models.evidence import Judged, write_evidence
from models.fallback import settled
from models.live_graph.writing import write_graphs
from models.model_set import (
    ALL_PROFILES,
    ENCODING,
    MANIFEST,
    MONTHS,
    PATHS,
    SEARCH,
    Answer,
    Manifest,
    SignalForm,
    write_json,
)
from models.months import months_of
from models.paths import path_rows
from models.planning import Election, Labelled, SignalRows, plan_elections, split_pairs
from models.provenance import manifest_of
from models.proving import prove_batches, prove_live
from models.reason_rows import reason_rows
from models.search import Searched
from models.searched import search_rows, searched_settings
from models.selection import Elected, elect
from models.settings import TrainingSettings
from models.signals import Signal
from models.splits import Split


def assemble(
    labelled: Labelled, *, out: Path, settings: TrainingSettings, track: Track = silent
) -> Manifest:
    """Write the model set folder `out` and return its manifest; `out` appears whole or not at all.

    A search, where settings ask for one, keeps its journal beside `out`, and goes on from it.
    Raises TooFewRowsError when no signal has enough rows, ParityError when the compiled models
    do not give the fitted models' numbers.
    """
    splits = {
        signal: split_pairs(labelled, pairs, settings=settings)
        for signal, pairs in labelled.pairs.items()
    }
    encoder, matrix = _encoded(labelled, splits)
    jobs, answers = plan_elections(labelled, splits, settings=settings)
    rows_of = _rows_of(labelled, matrix)
    searched = searched_settings(
        jobs, rows_of, labelled=labelled, settings=settings, folder=out.parent, track=track
    )
    elected = _elections(jobs, rows_of, searched, settings=settings, track=track)
    answers = settled(answers, jobs=jobs, elected=elected, rows_of=rows_of)
    used = {(answer.signal, answer.uses) for answer in answers}
    jobs = [job for job in jobs if (job.signal, job.profile) in used]
    profiles = elect_profiles(
        labelled, splits, matrix, answers=answers, elected=elected, settings=settings, track=track
    )
    with staged_folder(out) as folder:
        write_json(folder / ENCODING, encoder.to_json())
        _compile_all(jobs, elected, folder, track=track)
        effects = write_profiles(profiles, folder)
        manifest = manifest_of(
            labelled, splits, answers, name=out.name, settings=settings, effects=effects
        )
        write_json(folder / MANIFEST, manifest)
        rows = reason_rows(labelled, splits, rows_of)
        compiled = _sealed(folder, reasons=rows, threads=settings.jobs)
        prove_batches(compiled, elected, rows_of, jobs, effects=profiles)
        prove_live(folder, compiled, elected, labelled=labelled, effects=profiles)
        judged = list(_judged(labelled, splits, rows_of, answers, elected, compiled))
        write_evidence(folder, judged, labelled=labelled)
        if profiles:
            write_effect_evidence(
                folder, profiles, labelled=labelled, compiled=compiled, seed=settings.seed
            )
        write_json(folder / MONTHS, list(_by_month(labelled, judged, elected)))
        write_json(folder / PATHS, path_rows(encoder.names, elected, jobs))
        if settings.search_seconds:
            write_json(folder / SEARCH, search_rows(searched))
    return manifest


def _encoded(
    labelled: Labelled, splits: Mapping[Signal, Split]
) -> tuple[Encoder, NDArray[np.float32]]:
    """Return the encoder and all rows encoded; it learns from no row that any signal is judged on.

    It learns from the select rows too: it looks at no label, and a category that came up late
    must not be unknown to the final fit.
    """
    judged: NDArray[np.bool_] = np.zeros(len(labelled.ids), dtype=bool)
    known: NDArray[np.bool_] = np.zeros(len(labelled.ids), dtype=bool)
    for signal, split in splits.items():
        row = labelled.pairs[signal].row
        judged[row[split.judge]] = True
        known[row[split.fit]] = True
        known[row[split.select]] = True
    learnt = np.flatnonzero(known & ~judged)
    if len(learnt) == 0:
        learnt = np.flatnonzero(known)
    encoder = Encoder.fitted(
        {name: labelled.columns[name][learnt] for name in labelled.kinds}, kinds=labelled.kinds
    )
    return encoder, encoder.encode(labelled.columns)


def _elections(
    jobs: list[Election],
    rows_of: Mapping[Signal, SignalRows],
    searched: Mapping[Signal, Searched],
    *,
    settings: TrainingSettings,
    track: Track,
) -> dict[tuple[str, str], Elected]:
    def hold(job: Election) -> tuple[tuple[str, str], Elected]:
        rows = rows_of[job.signal]
        winner = elect(
            rows.take(job.fit),
            rows.take(job.select),
            task=job.signal.task,
            settings=searched[job.signal].settings,
            tolerance_errors=settings.tolerance_errors,
            refit=settings.refit,
            origins=settings.origins,
            recency=settings.recency,
        )
        return (str(job.signal), job.profile), winner

    found: dict[tuple[str, str], Elected] = {}
    # One thread a fit: on small problems BLAS threads wait for each other more than they work
    # (half of all the processor time of a training on 50,000 customers).
    with (
        track("Fitting models", total=len(jobs), unit="models") as done,
        warnings.catch_warnings(),
        threadpool_limits(limits=1),
    ):
        # An L1 path that is stopped early is judged on held rows like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Threads, not processes: every fit lets go of the interpreter, and nothing is copied.
        parallel = Parallel(
            n_jobs=settings.jobs, backend="threading", return_as="generator_unordered"
        )
        results: Iterator[Any] = parallel(delayed(hold)(job) for job in jobs)
        for key, winner in results:
            found[key] = winner
            done(1)
    return {(job.signal, job.profile): found[job.signal, job.profile] for job in jobs}


def _rows_of(labelled: Labelled, matrix: NDArray[np.float32]) -> dict[Signal, SignalRows]:
    at = np.zeros(len(matrix), dtype=np.int64) if labelled.at is None else labelled.at
    return {
        signal: SignalRows(matrix, len(labelled.offer_ids), pairs, at)
        for signal, pairs in labelled.pairs.items()
    }


def _compile_all(
    jobs: Sequence[Election],
    elected: Mapping[tuple[str, str], Elected],
    folder: Path,
    *,
    track: Track,
) -> None:
    with track("Compiling models", total=len(jobs), unit="models") as done:
        for job in jobs:
            winner = elected[job.signal, job.profile]
            _compile(winner, folder, signal=job.signal, profile=job.profile)
            done(1)


def _compile(winner: Elected, folder: Path, *, signal: str, profile: str) -> None:
    weights, shift = winner.candidate.weights()
    linear = winner.standings[Name.LINEAR].candidate
    assert isinstance(linear, Linear)
    form = SignalForm(
        task=winner.task,
        champion=winner.champion,
        parts=winner.candidate.forms(folder, stem=f"{signal}/{profile}"),
        weights=weights,
        shift=shift,
        calibration=winner.calibration,
        scale=winner.scale,
        reasons=linear.form_,
    )
    write_json(folder / signal / f"{profile}.json", form)


def _sealed(
    folder: Path, *, reasons: Mapping[str, NDArray[np.float32]], threads: int
) -> CompiledModelSet:
    """Join the live graphs, list what answers, and return the set as anybody would load it."""
    write_graphs(folder, rows=reasons)
    write_contents(folder)
    return CompiledModelSet.load(folder, threads=threads)


def _judged(
    labelled: Labelled,
    splits: Mapping[Signal, Split],
    rows_of: Mapping[Signal, SignalRows],
    answers: list[Answer],
    elected: Mapping[tuple[str, str], Elected],
    compiled: CompiledModelSet,
) -> Iterator[Judged]:
    """Yield each signal's and profile's judge rows with every prediction of them."""
    for answer in answers:
        signal = Signal(answer.signal)
        pairs, chosen = labelled.pairs[signal], splits[signal].judge
        if answer.profile != ALL_PROFILES:
            chosen = chosen[labelled.profile[pairs.row[chosen]] == answer.profile]
        if len(chosen) == 0:
            continue
        rows = rows_of[signal].take(chosen)
        winner = elected[answer.signal, answer.uses]
        both = [
            compiled.predict(
                signal, rows.matrix, profile=np.full(len(rows), profile), offer=rows.offer
            )
            for profile in (answer.profile, ALL_PROFILES)
        ]
        yield Judged(
            answer=answer,
            row=pairs.row[chosen],
            profile=labelled.profile[pairs.row[chosen]],
            offer=rows.offer,
            label=rows.label,
            weight=rows.weight,
            champion=both[0],
            answered=compiled.predict(
                signal,
                rows.matrix,
                profile=labelled.profile[pairs.row[chosen]],
                offer=rows.offer,
            ),
            all_profiles=both[1],
            candidates={name: winner.predict_as(name, rows) for name in winner.standings},
            select_losses={name: s.loss for name, s in winner.standings.items()},
        )


def _by_month(
    labelled: Labelled, judged: Sequence[Judged], elected: Mapping[tuple[str, str], Elected]
) -> Iterator[dict[str, Any]]:
    """Yield the months of each signal and profile that has a model of its own."""
    if labelled.at is None:
        return
    for part in judged:
        answer = part.answer
        if answer.uses == answer.profile:
            yield from months_of(
                elected[answer.signal, answer.uses],
                signal=answer.signal,
                profile=answer.profile,
                dated=labelled.dated,
                judged=(labelled.at[part.row], part.label, part.candidates),
            )
