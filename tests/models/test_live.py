"""Live scores are the batch scores, for any contact, known or not, in whatever order it is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from models.artefacts import write_contents
from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.errors import EncodingError, ModelSetFormatError, NotLiveError
from models.live import LiveModelSet
from tests.models.labelled_world import SETTINGS, labelled_world

ROWS = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "candidate"
    assemble(labelled_world(rare=120), out=out, settings=SETTINGS)
    return out


@pytest.fixture(scope="module")
def live(folder: Path) -> LiveModelSet:
    return LiveModelSet.load(folder)


def contacts() -> list[list[float | str | None]]:
    """Contacts as a menu would tell them: whole numbers, texts, gaps, and categories never seen."""
    rng = np.random.default_rng(5)
    ages = [None if p % 11 == 0 else float(a) for p, a in enumerate(rng.normal(50, 20, ROWS))]
    media = [("search", "social", None, "skywriting", float("nan"))[p % 5] for p in range(ROWS)]
    visits = [(3, True, None, float("inf"), 1e9, -2.5)[p % 6] for p in range(ROWS)]
    return [list(row) for row in zip(visits, ages, media, strict=True)]


@pytest.mark.parametrize("profile", ["all", "lead", "purchaser", "prospect", "never seen"])
def test_one_contact_gets_live_what_a_batch_would_give_it(
    folder: Path, live: LiveModelSet, profile: str
) -> None:
    models = CompiledModelSet.load(folder)
    given = contacts()
    columns = {name: [row[at] for row in given] for at, name in enumerate(live.features)}
    matrix, whose = models.encode(columns), np.full(ROWS, profile)
    found = [live.score(row, profile=profile) for row in given]
    together = live.score_many(columns, profile=profile)
    for signal in models.signals:
        for offer in range(len(models.offer_ids)):
            batch = models.predict(signal, matrix, profile=whose, offer=np.full(ROWS, offer))
            alone = np.array([scores.of(signal)[offer] for scores in found])
            np.testing.assert_allclose(alone, batch, rtol=0, atol=1e-5 * max(1.0, batch.std()))
            np.testing.assert_array_equal(alone, together.of(signal)[:, offer])


def test_it_says_what_it_holds_and_nan_for_what_it_does_not(live: LiveModelSet) -> None:
    assert (live.version, live.offer_ids) == ("candidate", ("home", "life"))
    assert live.features == ("visits", "age", "medium")
    assert live.signals == ("accept", "value")
    scores = live.score([1, 40, "search"], profile="lead")
    assert scores.of("accept").shape == scores.uplift.shape == (2,)
    assert np.isnan(scores.of("lapse")).all()
    assert np.isnan(scores.uplift).all()


def test_many_threads_get_their_own_answers(live: LiveModelSet) -> None:
    given = contacts()
    alone = [live.score(row, profile="lead").matrix for row in given]
    wrong: list[int] = []

    def ask(first: int) -> None:
        for at in range(first, ROWS, 4):
            if not np.array_equal(
                live.score(given[at], profile="lead").matrix, alone[at], equal_nan=True
            ):
                wrong.append(at)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_scores_that_were_given_stay_when_the_next_contact_comes(live: LiveModelSet) -> None:
    live.warm()
    first = live.score([1, 40, "search"], profile="lead")
    before = first.matrix.copy()
    live.score([6, 70, "social"], profile="lead")
    np.testing.assert_array_equal(first.matrix, before)


def test_a_number_that_is_none_and_a_row_of_the_wrong_length_are_refused(
    live: LiveModelSet,
) -> None:
    with pytest.raises(EncodingError, match="'age' holds 'old'"):
        live.score([1, "old", "search"], profile="lead")
    with pytest.raises(EncodingError, match="2 values were given for 3 features"):
        live.score([1, 40], profile="lead")


def test_a_set_of_an_earlier_version_answers_batches_and_says_why_not_live(
    folder: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(folder, earlier)
    shutil.rmtree(earlier / "live")
    write_contents(earlier)
    assert CompiledModelSet.load(earlier).signals == ("accept", "value")
    with pytest.raises(NotLiveError, match="no graphs for live answers"):
        LiveModelSet.load(earlier)


def test_a_graph_that_was_changed_or_taken_out_is_refused(folder: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(folder, spoilt)
    (spoilt / "live" / "lead.onnx").unlink()
    with pytest.raises(ModelSetFormatError, match=r"live/lead.onnx .* is not there"):
        LiveModelSet.load(spoilt)


def test_live_scoring_needs_numpy_and_onnx_runtime_alone(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from models.live import LiveModelSet; "
        f"LiveModelSet.load(Path({str(folder)!r})).warm(); "
        "heavy = {'onnx', 'pandas', 'sklearn', 'xgboost', 'scipy', 'pyarrow', 'duckdb'}; "
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
