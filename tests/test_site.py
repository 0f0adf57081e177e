"""The built pages in a real browser: from a server and from a file, wide and narrow."""

import gzip
from contextlib import contextmanager, suppress
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from conftest import ROOT

SITE = ROOT / "_build" / "html"
#: But for the one that servers show for wrong addresses, whose links begin at their root.
PAGES = sorted(path.name for path in SITE.glob("*.html") if path.name != "404.html")

pytestmark = pytest.mark.skipif(not PAGES, reason="no pages: run 'doit'")
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 400, "height": 800}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serves the site from a folder of a server; gives its address."""
    root = tmp_path_factory.mktemp("server")
    (root / "some").mkdir()
    (root / "some" / "folder").symlink_to(SITE)

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=root))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/some/folder/"
    server.shutdown()
    server.server_close()


# What moves while a page loads, as the browser adds it up; up to 0.1 counts as good.
SHIFTS = """new PerformanceObserver(list => {
    for (const shift of list.getEntries()) window.shifted = (window.shifted || 0) + shift.value
}).observe({type: "layout-shift", buffered: true})"""
PAINTED = "performance.getEntriesByName('first-contentful-paint').length"


@contextmanager
def opened(browser, address):
    """A page, loaded as from afar, its drawings after its text; and what went wrong on it."""
    from playwright.sync_api import Error  # where there is a browser there is Playwright

    # Without motion colours change at once where the scheme does.
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    page, faults = context.new_page(), []
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))

    def elsewhere(request):
        url = urlsplit(request.url)
        if url.scheme in ("http", "https") and url.netloc != urlsplit(address).netloc:
            faults.append(f"asked another host: {request.url}")

    page.on("request", elsewhere)
    page.add_init_script(SHIFTS)

    def after_the_text(route):
        with suppress(Error):  # of a page that is closed before a late drawing comes
            page.wait_for_function(PAINTED)
            route.continue_()

    page.route("**/*.svg", after_the_text)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(200)
    try:
        yield page, faults
    finally:
        context.close()


@pytest.fixture(scope="module", params=PAGES)
def loaded(request, browser, server):
    """Each page in turn, loaded once for all tests of it."""
    with opened(browser, server + request.param) as (page, faults):
        yield page, faults


def check_is_whole(page, faults):
    assert page.locator("h1").first.inner_text().strip()
    assert faults == []


def test_page_loads_without_fault_or_another_host(loaded):
    check_is_whole(*loaded)


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_from_a_file_without_fault_or_another_host(browser, name):
    with opened(browser, f"file://{SITE}/{name}") as (page, faults):
        check_is_whole(page, faults)


def test_text_keeps_its_place_while_a_page_loads(loaded):
    page, _ = loaded
    assert page.evaluate("window.shifted || 0") < 0.05


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_serious_fault_for_those_who_cannot_see_it(loaded, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page, _ = loaded
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
    found = axe.run(page).response["violations"]
    serious = {
        fault["id"]: [node["html"][:200] for node in fault["nodes"][:3]]
        for fault in found
        if fault["impact"] in ("serious", "critical")
    }
    assert serious == {}


def test_page_is_not_wider_than_a_phone(loaded):
    page, _ = loaded
    page.set_viewport_size(NARROW)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(WIDE)
    assert width <= NARROW["width"]


@pytest.mark.parametrize("place", ["server", "file"])
def test_search_finds_words_of_the_text(browser, server, place):
    address = server if place == "server" else f"file://{SITE}/"
    with opened(browser, address + "search.html?q=dead") as (page, faults):
        page.wait_for_selector("#search-results li a")
        links = page.locator("#search-results li a").all_inner_texts()
        assert any("Question 8" in link for link in links), links
        # From a file a browser may not read the pages, so it shows no excerpts of them.
        assert faults == [] or place == "file"


def test_theme_switch_changes_the_figures(browser, server):
    with opened(browser, server + "q01.html") as (page, _):
        light, dark = page.locator("img.only-light").first, page.locator("img.only-dark").first
        assert light.is_visible() and not dark.is_visible()
        for _ in range(3):
            if page.evaluate("document.documentElement.dataset.theme") == "dark":
                break
            page.locator("button.theme-switch-button:visible").first.click()
        assert dark.is_visible() and not light.is_visible()


def test_home_page_is_small(browser, server):
    sizes = {}
    with browser.new_page(viewport=WIDE) as page:
        # Compressed, as GitHub Pages and others send it.
        page.on("response", lambda r: sizes.update({r.url: len(gzip.compress(r.body()))}))
        page.goto(server + "index.html", wait_until="networkidle")
    assert len(sizes) > 10
    assert sum(sizes.values()) < 2**20


# Without a browser -----------------------------------------------------------------------


class Parts(HTMLParser):
    """Addresses, places to jump to and images of a page."""

    def __init__(self, name):
        super().__init__()
        self.links, self.places, self.images = [], {""}, []
        self.feed((SITE / name).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.places.add(values.get("id", ""))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in ("img", "script") and "src" in values:
            self.links.append(values["src"])
        if tag == "link" and values.get("rel") == "stylesheet":
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values)


@pytest.fixture(scope="module")
def parts():
    return {name: Parts(name) for name in PAGES}


def test_every_link_and_download_leads_somewhere(parts):
    broken = []
    for name, page in parts.items():
        for link in page.links:
            url, place = urldefrag(link)
            parsed = urlsplit(url)
            if parsed.scheme in ("http", "https", "mailto"):
                continue
            target = unquote(parsed.path) or name
            if not (SITE / target).is_file() or (
                target in parts and unquote(place) not in parts[target].places
            ):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_every_image_says_what_it_shows(parts):
    images = [(name, image) for name, page in parts.items() for image in page.images]
    assert len(images) > 50
    assert [(name, image["src"]) for name, image in images if not image.get("alt")] == []
