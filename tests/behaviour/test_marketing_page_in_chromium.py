"""A marketer opens the pages in a real browser, with no network beyond this machine.

The screenshots go to the folder named by CALLWORTH_SCREENSHOTS, else to the test's own folder.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.report import write_report
from serving.identity import KeyRing
from serving.pages.offers_report import report_path
from serving.pages.routes import build_pages
from tests.offers_models import promote_offers_model_set
from tests.offers_world import NEW_OFFER, OFFERS, UNTIL, write_offers_world

DESK = (1280, 900)
PHONE = (390, 844)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a marketer's home")
    tables = write_offers_world(folder, contacts=24_000, seed=3)
    promote_offers_model_set(folder)
    write_report(folder, tables=tables, as_of=UNTIL)
    return folder


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("CALLWORTH_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def serve(home: Path) -> Iterator[str]:
    """Serve the pages of a home on a free port of this machine; yield the address."""
    app = FastAPI()
    keys = KeyRing(home / "keys.toml", loopback=True)
    app.include_router(build_pages(home, keys=keys))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    running.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    running.join(timeout=20)


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    yield from serve(home)


@pytest.fixture(scope="module")
def empty_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve(tmp_path_factory.mktemp("nothing yet"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine; `make browser` installs it")
    with sync_playwright() as playwright:
        # Every name but this machine's resolves to nothing: what tries to leave, fails.
        closed = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=[closed, *sandbox])
        yield browser
        browser.close()


@dataclass
class Visit:
    """One tab, with all that it asked for and complained of."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def visit(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    scheme, (width, height) = getattr(request, "param", ("light", DESK))
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, device_scale_factor=2
    )
    visited = Visit(context.new_page())
    yield visited
    context.close()


LOOKS = [("light", DESK), ("dark", DESK), ("light", PHONE), ("dark", PHONE)]


def named(page: str, scheme: str, width: int) -> str:
    return f"{page}-{scheme}-{'phone' if width == PHONE[0] else 'desk'}.png"


@pytest.mark.parametrize(("visit", "look"), [(look, look) for look in LOOKS], indirect=["visit"])
def test_every_look_shows_all_offers_and_the_curve_and_stays_on_this_machine(
    visit: Visit, look: tuple[str, tuple[int, int]], address: str, shots: Path
) -> None:
    scheme, (width, _) = look
    page = visit.page
    page.goto(f"{address}/offers")
    rows = page.locator("table.offers tbody tr")
    assert rows.count() == len(OFFERS) + 1
    for offer in (*OFFERS, NEW_OFFER):
        assert page.get_by_role("link", name=offer.name, exact=True).is_visible()
    assert page.locator(".chart svg:visible").count() == 1
    page.screenshot(path=shots / named("offers", scheme, width), full_page=True)
    assert cut_off(page) == []
    page.get_by_role("link", name="Whole life", exact=True).click()
    page.wait_for_url("**/offers/whole_life")
    # The curve, then predicted against observed: each once for this width.
    assert page.locator(".chart svg:visible").count() == 2
    curve = page.locator(".chart svg:visible").first
    box = curve.bounding_box()
    assert box is not None
    assert box["width"] > 250
    assert curve.locator(".mark-line path").count() == 2
    page.screenshot(path=shots / named("offer", scheme, width), full_page=True)
    page.get_by_text("The curve as a table").click()
    assert page.locator("details[open] tbody tr").count() == 10
    assert cut_off(page) == []
    for offer in (*OFFERS, NEW_OFFER):
        page.goto(f"{address}/offers/{offer.offer_id}")
        assert cut_off(page) == []
    assert visit.hosts == {urlsplit(address).netloc}
    assert visit.complaints == []


CUT_OFF = """() => {
  const wide = node => node.scrollWidth > node.clientWidth + 1;
  const out = [...document.querySelectorAll('.chart text')].filter(word => {
    const card = word.closest('section').getBoundingClientRect();
    const box = word.getBoundingClientRect();
    return box.width && (box.left < card.left || box.right > card.right);
  });
  const boxes = [document.documentElement, ...document.querySelectorAll('.scroll')].filter(wide);
  return [...out.map(word => word.textContent), ...boxes.map(box => box.outerHTML.slice(0, 80))];
}"""


def cut_off(page: Page) -> list[str]:
    """Return what cannot be read without scrolling sideways, the charts' words too."""
    return list(page.evaluate(CUT_OFF))


def test_the_keyboard_reaches_the_content_and_sorts_the_table(visit: Visit, address: str) -> None:
    page = visit.page
    page.goto(f"{address}/offers")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.get_by_role("link", name="Presented").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/offers?sort=presented&order=desc")
    sorted_by = page.locator("th[aria-sort=descending]")
    assert sorted_by.inner_text().startswith("Presented")


# Relative luminance and contrast as in WCAG 2.2, measured on the colours that were painted.
CONTRASTS = """() => {
  const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.getClientRects().length) continue;
    const style = getComputedStyle(node);
    const inPicture = node.closest('svg');
    const ink = light(parse(inPicture ? style.fill : style.color));
    const paper = light(behind(inPicture ? inPicture.parentElement : node));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) poor.push(`${node.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("visit", LOOKS[:2], indirect=True)
def test_every_word_has_enough_contrast(visit: Visit, address: str) -> None:
    for path in ("/offers", "/offers/whole_life", "/offers/term_life", "/offers/none"):
        visit.page.goto(f"{address}{path}")
        assert visit.page.evaluate(CONTRASTS) == []


def test_before_the_first_report_the_page_says_what_to_run(
    visit: Visit, empty_address: str, shots: Path
) -> None:
    visit.page.goto(f"{empty_address}/offers")
    assert visit.page.get_by_text("callworth report", exact=True).is_visible()
    visit.page.screenshot(path=shots / "empty-light-desk.png", full_page=True)
    assert visit.complaints == []


def test_a_damaged_report_is_shown_as_words(visit: Visit, tmp_path: Path, shots: Path) -> None:
    report = report_path(tmp_path)
    report.parent.mkdir()
    report.write_text("{")
    for broken in serve(tmp_path):
        answer = visit.page.goto(f"{broken}/offers")
        assert answer is not None
        assert answer.status == 503
        assert visit.page.get_by_text("callworth report", exact=True).is_visible()
        visit.page.screenshot(path=shots / "damaged-light-desk.png", full_page=True)


def test_the_page_prints(visit: Visit, address: str, shots: Path) -> None:
    for name in ("offers", "offers/whole_life"):
        visit.page.goto(f"{address}/{name}")
        paper = shots / f"{name.replace('/', '-')}.pdf"
        visit.page.pdf(path=paper, format="A4", print_background=False)
        assert paper.read_bytes().startswith(b"%PDF-")
