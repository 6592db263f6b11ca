"""Every page in a real Chromium: axe finds nothing serious, the keyboard does all, paper holds it.

The screenshots go to the folder named by CALLWORTH_SCREENSHOTS, else to the test's own folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.experiments.report import write_experiment
from pipelines.report import write_report
from routing.offer_states import OfferState
from serving import offers_ledger
from serving.identity import KeyRing
from serving.offers_ledger import ledger_path
from serving.pages.routes import PAGES, build_pages
from tests.experiment_reports import a_report
from tests.formed_sets import form_two_sets
from tests.limits_home import write_limits_home
from tests.offers_models import promote_offers_model_set
from tests.offers_world import UNTIL, write_offers_world

DESK, PHONE = (1280, 900), (390, 844)
LOOKS = [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)]
# Half a minute each: one of each scheme and size, the others with the slow tests.
AXE_LOOKS = (("light", DESK), ("dark", PHONE))
OFFER = "/offers/whole_life"
# Each page as it is, and each state that it may be in.
ADDRESSES = {
    "offers": "/offers",
    "offer": OFFER,
    "offer-paused": "/offers/pet_cover?changed=paused",
    "offer-unknown": "/offers/none",
    "compare": "/compare",
    "report": "/report",
    "sets": "/strategies/diff",
    "sets-unknown": "/strategies/diff?from=a&to=b",
    "nothing": "/nothing",
    "limits": "/limits",
    "limits-what-if": "/limits?limit=budget&to=4000&offer=term_life&margin=20",
    "limits-wrong": "/limits?limit=budget&to=much",
    "experiment": "/experiment",
}
SHEET_PIXELS = 1000  # what a sheet of A4 holds between its margins
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def report_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everyone's home")
    tables = write_offers_world(folder, contacts=12_000, seed=3)
    promote_offers_model_set(folder)
    write_report(folder, tables=tables, as_of=UNTIL)
    form_two_sets(folder)
    write_limits_home(folder)
    write_experiment(folder, a_report(effect=0.06))
    return folder


@pytest.fixture(scope="module")
def home(report_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a home with decisions")
    shutil.copytree(report_home / "reports", folder / "reports")
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    steps = (
        ("pet_cover", OfferState.PAUSED, "Complaints about the waiting period, see ticket 4711."),
        ("pet_cover", OfferState.APPROVED, "The wording is mended."),
        ("pet_cover", OfferState.PAUSED, "A long word: " + "extraordinarily" * 12),
        ("travel_year", OfferState.ENDED, "No longer sold."),
    )
    for number, (offer, to, why) in enumerate(steps):
        now = at + timedelta(days=number)
        offers_ledger.change(folder, offer_id=offer, to=to, by="ann", why=why, now=now)
    return folder


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("CALLWORTH_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve the pages of a home on a free port of this machine; yield the address."""
    app = FastAPI()
    app.include_router(build_pages(home, keys=KeyRing(home / "keys.toml", loopback=True)))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    running.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        running.join(timeout=20)


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served(home) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine; `make browser` installs it")
    with sync_playwright() as playwright:
        closed = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=[closed, *sandbox])
        yield browser
        browser.close()


@contextmanager
def tab(browser: Browser, scheme: str, size: tuple[int, int]) -> Iterator[Page]:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=2,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # Chromium reports a page's own status of 4xx as an error on its console.
    assert [said for said in complaints if "Failed to load resource" not in said] == []


def serious(page: Page) -> list[str]:
    """Return what axe finds that keeps somebody out, each with its first place."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS
    ]


OVER = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        pytest.param(*look, marks=() if look in AXE_LOOKS else pytest.mark.slow, id=str(look))
        for look in LOOKS
    ],
)
def test_axe_finds_nothing_serious_on_any_page(
    chromium: Browser, address: str, shots: Path, scheme: str, size: tuple[int, int]
) -> None:
    with tab(chromium, scheme, size) as page:
        for name, path in ADDRESSES.items():
            page.goto(f"{address}{path}")
            for details in page.locator("summary").all():
                details.click()
            width = "phone" if size == PHONE else "desk"
            page.screenshot(path=shots / f"every-{name}-{scheme}-{width}.png", full_page=True)
            assert serious(page) == [], path
            assert not page.evaluate(OVER), path


def test_axe_would_find_a_button_without_a_name(chromium: Browser) -> None:
    with tab(chromium, "light", DESK) as page:
        page.set_content("<html lang=en><title>A</title><main><h1>A</h1><button></button></main>")
        assert [found.partition(":")[0] for found in serious(page)] == ["button-name"]


def test_every_page_of_the_navigation_is_among_those_judged() -> None:
    assert {page.path for page in PAGES if page.label} <= set(ADDRESSES.values())


@pytest.mark.parametrize("state", ["empty", "damaged"])
def test_pages_without_a_report_are_open_to_everyone_too(
    chromium: Browser, tmp_path: Path, home: Path, shots: Path, state: str
) -> None:
    if state == "damaged":
        for report in (home / "reports").iterdir():
            (tmp_path / "reports").mkdir(exist_ok=True)
            (tmp_path / "reports" / report.name).write_text("{")
    with served(tmp_path) as found, tab(chromium, "light", DESK) as page:
        for line in PAGES:
            if line.label:
                answer = page.goto(f"{found}{line.path}")
                assert answer is not None
                assert answer.status == (503 if state == "damaged" else 200)
                assert serious(page) == []
                page.screenshot(path=shots / f"every-{line.name}-{state}.png")


def test_an_edited_file_of_decisions_is_said_on_the_page(
    chromium: Browser, tmp_path: Path, home: Path, shots: Path
) -> None:
    shutil.copytree(home, tmp_path / "home")
    path = ledger_path(tmp_path / "home")
    path.write_text(path.read_text().replace("ann", "eve"))
    with served(tmp_path / "home") as found, tab(chromium, "light", DESK) as page:
        page.goto(f"{found}{OFFER}")
        assert "states.jsonl" in page.get_by_role("alert").inner_text()
        assert page.locator("form").count() == 0
        assert serious(page) == []
        page.screenshot(path=shots / "every-offer-edited.png", full_page=True)


def focused(page: Page) -> str:
    """Return what has the focus, as its own text, value or name."""
    return str(
        page.evaluate(
            "(e => e.value && e.type === 'radio' ? e.value : e.name || e.textContent.trim())"
            "(document.activeElement)"
        )
    )


def test_an_offer_is_paused_and_approved_by_the_keyboard_alone(
    chromium: Browser, tmp_path: Path, home: Path, shots: Path
) -> None:
    shutil.copytree(home, tmp_path / "home")
    with served(tmp_path / "home") as found, tab(chromium, "light", DESK) as page:
        page.goto(f"{found}{OFFER}")
        walked = []
        while focused(page) != "paused" and len(walked) < 60:
            page.keyboard.press("Tab")
            walked.append(focused(page))
        assert walked[0] == "Skip to the content"
        assert "Offers" in walked
        assert walked[-1] == "paused"
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        assert focused(page) == "why"
        page.keyboard.type("   ")
        page.keyboard.press("Tab")
        assert focused(page) == "Save the decision"
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert "A reason is missing." in page.get_by_role("alert").inner_text()
        assert page.locator("input[value=paused]").is_checked()
        assert serious(page) == []
        page.screenshot(path=shots / "every-offer-refused.png", full_page=True)
        page.get_by_label("Reason").fill("")
        page.keyboard.type("<b>Out of stock</b>")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/offers/whole_life?changed=paused#state")
        assert "It is paused." in page.get_by_role("status").inner_text()
        assert page.get_by_role("cell", name="<b>Out of stock</b>").is_visible()
        assert serious(page) == []
        page.reload()  # sends nothing twice
        assert page.get_by_text("Every decision on it (1)").is_visible()
        page.locator("input[value=approved]").check()
        page.get_by_label("Reason").fill("Back in stock")
        page.get_by_role("button", name="Save the decision").click()
        page.wait_for_url("**?changed=approved#state")
    last = offers_ledger.changes(tmp_path / "home")[-2:]
    assert [(one.becomes, one.by) for one in last] == [
        (OfferState.PAUSED, "anyone on this machine"),
        (OfferState.APPROVED, "anyone on this machine"),
    ]


def test_a_page_of_another_site_cannot_send_the_form(
    chromium: Browser, tmp_path: Path, home: Path
) -> None:
    shutil.copytree(home, tmp_path / "home")
    count = len(offers_ledger.changes(home))
    with served(tmp_path / "home") as found, tab(chromium, "light", DESK) as page:
        page.goto(f"{found}{OFFER}")
        token = page.locator("input[name=token]").get_attribute("value")
        page.goto("about:blank")
        page.set_content(
            f'<form method="post" action="{found}{OFFER}/state">'
            f'<input name="token" value="{token}"><input name="seen" value="0">'
            '<input name="to" value="paused"><input name="why" value="mischief">'
            "<button>Win a prize</button></form>"
        )
        page.get_by_role("button").click()
        page.get_by_text("was not sent from a page of this server").wait_for()
    assert len(offers_ledger.changes(tmp_path / "home")) == count


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_every_page_prints(chromium: Browser, address: str, shots: Path, name: str) -> None:
    with tab(chromium, "light", DESK) as page:
        page.goto(f"{address}{ADDRESSES[name]}")
        paper = shots / f"every-{name}.pdf"
        page.pdf(path=paper, format="A4", print_background=False)
        assert paper.read_bytes().startswith(b"%PDF-")
        page.emulate_media(media="print")
        assert not page.locator("nav[aria-label=Pages]").is_visible()
        assert not page.locator("button").first.is_visible()
        assert page.locator("h1").is_visible()


def test_no_offer_of_the_report_is_split_over_two_sheets(
    chromium: Browser, address: str, shots: Path
) -> None:
    with tab(chromium, "light", DESK) as page:
        page.goto(f"{address}/report")
        page.emulate_media(media="print")
        offers = page.locator("article.printed")
        kept = offers.evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")
        heights = offers.evaluate_all("all => all.map(one => one.offsetHeight)")
    assert kept == ["avoid"] * 6
    assert max(heights) < SHEET_PIXELS / 2
