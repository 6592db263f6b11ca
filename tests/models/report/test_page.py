"""The page holds every part, fetches nothing, and takes no name in the data for markup."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from models.assembly import assemble
from models.errors import ModelSetNotFoundError
from models.model_set import CARD, DECILES, MONTHS, REPORT, SEGMENTS
from models.report.page import write_report
from tests.models.labelled_world import SETTINGS, labelled_world

HOSTILE = "<script>alert(1)</script>"
PARTS = ["champion", "signal-accept", "signal-value", "uplift", "segments", "fairness", "features"]
PARTS += ["path", "rows", "settings", "origin", "card"]


class Seen(HTMLParser):
    """What a page holds: its tags with their attributes, and the texts of its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "set"
    assemble(labelled_world(), out=out, settings=SETTINGS)
    return out


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "set"))


def test_the_page_has_every_part_and_a_picture_for_each_profile(folder: Path) -> None:
    page = write_report(folder, champion=None)
    seen = Seen(page.read_text())
    assert page == folder / REPORT
    assert [held["id"] for tag, held in seen.tags if tag == "section"] == PARTS
    assert sum(tag == "svg" for tag, _ in seen.tags) >= 10


def test_the_page_runs_nothing_and_fetches_nothing(folder: Path) -> None:
    seen = Seen(write_report(folder, champion=None).read_text())
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in seen.tags}
    for tag, held in seen.tags:
        assert not any(name.startswith("on") or name == "src" for name in held), tag
        assert (held.get("href") or "#").startswith("#")


def test_a_hostile_profile_is_shown_as_text(folder: Path) -> None:
    for path in folder.glob("*.json"):
        said = json.dumps(HOSTILE)
        path.write_text(path.read_text().replace('"lead"', said).replace('"visits"', said))
    text = write_report(folder, champion=None).read_text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in (folder / CARD).read_text()


@pytest.mark.parametrize("file", [SEGMENTS, MONTHS, DECILES, "metrics.json", "curves.json"])
def test_a_file_of_evidence_that_is_absent_costs_its_part_alone(folder: Path, file: str) -> None:
    (folder / file).unlink()
    seen = Seen(write_report(folder, champion=None).read_text())
    assert [held["id"] for tag, held in seen.tags if tag == "section"] == PARTS


def test_an_absent_part_says_why(folder: Path) -> None:
    (folder / SEGMENTS).unlink()
    text = write_report(folder, champion=None).read_text()
    assert "segments.json is not in this model set" in text
    assert "There is no champion yet" in text


def test_evidence_of_unknown_columns_is_shown_as_tables(folder: Path) -> None:
    rows = [
        {
            "signal": "accept",
            "group": "age up to 40",
            "gap": 0.125,
            "gap_low": -0.5,
            "gap_high": 0.75,
            "told": [{"rows": 77}],
        }
    ]
    (folder / "fairness.json").write_text(json.dumps(rows))
    text = write_report(folder, champion=None).read_text()
    assert "<td>age up to 40</td>" in text
    assert '<td class="n">0.125<small>-0.500 to 0.750</small></td>' in text
    assert "77</td>" in text


def test_a_champion_that_cannot_be_compared_is_said_not_raised(
    folder: Path, tmp_path: Path
) -> None:
    text = write_report(folder, champion=tmp_path / "nowhere").read_text()
    assert "Not compared with the champion." in text


def test_a_folder_without_a_model_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelSetNotFoundError):
        write_report(tmp_path, champion=None)


def test_the_card_says_purpose_metrics_and_limits(folder: Path) -> None:
    write_report(folder, champion=None)
    text = (folder / CARD).read_text()
    for heading in ("Purpose", "Data", "Metrics on", "Known weak", "Fairness", "Limits"):
        assert f"## {heading}" in text
    assert "| accept | lead | linear |" in text
