from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from models.uplift.logged_rows import LoggedRows, read_logged
from tests.models.contacts_world import AS_OF, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def logged(world: World) -> tuple[list[str], LoggedRows]:
    """Return the log and the names of its contacts."""
    world.write()
    found = read_logged(
        world.folder / "training.parquet",
        tables=world.folder,
        quarantine=world.folder / "quarantine",
        as_of=AS_OF,
    )
    return [str(world.frame[row]["contact_id"]) for row in found.row], found


def test_only_contacts_with_a_choice_whose_window_is_over_are_logged(world: World) -> None:
    world.contact("offered", "home")
    world.contact("nothing", None, probability=0.25)
    world.contact("no choice", None, probability=1.0)
    world.contact("young", "home", at=AS_OF - timedelta(days=20))
    world.contact("hung up", "home", reached=False)
    names, found = logged(world)
    assert names == ["offered", "nothing"]
    assert found.action.tolist() == [0, -1]
    assert found.probability.tolist() == [0.3, 0.25]


def test_anything_bought_within_the_window_counts(world: World) -> None:
    for name, offer, days in (("this", "home", 1), ("another", "life", 1), ("late", "home", 15)):
        world.contact(name, "home")
        world.sold(name, offer, after_days=days)
    names, found = logged(world)
    assert dict(zip(names, found.outcome, strict=True)) == {"this": 1, "another": 1, "late": 0}


def test_offers_are_eligible_by_stage_and_seller(world: World) -> None:
    world.sellers["home"] = "another partner"
    world.contact("mine", None)
    world.contact("theirs", None, partner="another partner")
    names, found = logged(world)
    # "life" is for prospects; of the leads, only the other partner's may have "home".
    assert names == ["theirs"]
    assert found.eligible.tolist() == [[True, False]]


def test_what_the_catalogue_does_not_allow_is_left_out(world: World) -> None:
    world.contact("allowed", "home")
    world.contact("not for leads", "life")
    assert logged(world)[0] == ["allowed"]
