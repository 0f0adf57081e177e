"""Drawing a digit on the page, in a real browser: what one draws, and what networks say of it."""

import re

import numpy as np
import pytest
from test_site import NARROW, PAGES, SITE, opened

from analysis import networks
from analysis.questions import EXPERIMENTS

WITH_A_PLACE = [name for name in PAGES if "draw-a-digit.js" in (SITE / name).read_text()]
KEPT = networks.load()
COLUMNS = list(KEPT.networks)

pytestmark = pytest.mark.skipif(not WITH_A_PLACE, reason="no page with a place to draw: run 'doit'")


def come_near(page):
    page.locator("figure:has(.draw-a-digit)").scroll_into_view_if_needed()
    page.wait_for_selector(".draw-a-digit canvas")


@pytest.fixture(scope="module")
def drawing(browser):
    """The page from a file, at the place; and what went wrong on it."""
    with opened(browser, f"file://{SITE}/{WITH_A_PLACE[0]}") as (page, faults):
        assert page.locator(".draw-a-digit canvas").count() == 0  # until one comes near
        come_near(page)
        yield page, faults


@pytest.fixture
def page(drawing):
    """The same, with nothing drawn."""
    page, _ = drawing
    page.get_by_role("button", name="Clear").click()
    return page


def seen(page) -> np.ndarray:
    """The image that is shown as what networks see: uint8, shape (28, 28)."""
    values = page.evaluate(
        """() => [...document.querySelector(".draw-a-digit .seen canvas")
            .getContext("2d").getImageData(0, 0, 28, 28).data]"""
    )
    return np.array(values, np.uint8).reshape(28, 28, 4)[..., 3]


def table(page) -> dict[str, list[str]]:
    """What the table says, by network: ten outputs and the answer."""
    rows = page.locator(".draw-a-digit :is(tbody, tfoot) tr").all()
    cells = [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]
    columns = zip(*cells, strict=True)
    return dict(zip(COLUMNS, ([*column] for column in columns), strict=True))


def expected(image) -> dict[str, list[str]]:
    """The same, of the weights that are kept."""

    def shown(value):
        return "0" if value == 0 else "<0.01" if value < 0.005 else f"{value:.2f}"

    found = {}
    for name, network in KEPT.networks.items():
        values = network.outputs(image[None])[0]
        marks = ["\nsilent" if digit in network.silent else "" for digit in range(10)]
        rows = [shown(value) + mark for value, mark in zip(values, marks, strict=True)]
        nothing = ", for all are zero" if not values.any() else ""
        found[name] = [*rows, f"{values.argmax()}{nothing}"]
    return found


def check_shows(page, image):
    assert {
        name: [" ".join(c.split()) for c in column] for name, column in table(page).items()
    } == {name: [" ".join(c.split()) for c in column] for name, column in expected(image).items()}


def draw(page, *points):
    """Draw a line through points, in hundredths of the paper's sides, with the mouse."""
    box = page.locator(".draw-a-digit .paper canvas").bounding_box()
    (x, y), *others = [
        (box["x"] + box["width"] * x / 100, box["y"] + box["height"] * y / 100) for x, y in points
    ]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(50)  # a frame is drawn


def span(inked) -> int:
    """Pixels from the first to the last that is true."""
    places = np.flatnonzero(inked)
    return int(places[-1] - places[0] + 1)


def centre_of_mass(image) -> tuple[float, float]:
    places = np.arange(28)
    return (image.sum(axis=0) @ places / image.sum(), image.sum(axis=1) @ places / image.sum())


# Against Keras ---------------------------------------------------------------------------


def test_fifty_test_images_have_the_outputs_that_keras_gives_them(drawing, mnist, engine):
    from analysis.training import build

    page, _ = drawing
    images = mnist.x_test[:50]
    for name, kept in KEPT.networks.items():
        network = build.network(EXPERIMENTS[kept.experiment], images, seed=0)
        network.set_weights(kept.weights)
        outputs = page.evaluate(
            """([name, images]) => images.map(
                image => DrawADigit.outputs(DrawADigit.networks[name], image))""",
            [name, images.reshape(50, 784).tolist()],
        )
        wanted = network.predict(images.astype(np.float32) / 255, verbose=0)
        np.testing.assert_allclose(outputs, wanted, rtol=0, atol=5e-5)


def test_examples_are_shown_with_what_the_kept_weights_say(page):
    for digit, image in enumerate(KEPT.examples):
        page.get_by_role("button", name=f"Test image of a {digit}").click()
        np.testing.assert_array_equal(seen(page), image)
        check_shows(page, image)


# What is drawn, as MNIST would have it ---------------------------------------------------


def test_a_small_line_far_from_the_middle_fills_the_box_and_is_centred(page):
    draw(page, (75, 70), (90, 72), (78, 95))
    image = seen(page)
    sides = [span(image.any(axis=axis)) for axis in (0, 1)]
    assert max(sides) == 20 and min(sides) < 20
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.5)
    check_shows(page, image)


def normalised(page, ink) -> np.ndarray | None:
    image = page.evaluate(
        "([ink, width]) => { const i = DrawADigit.normalised(ink, width); return i && [...i]; }",
        [np.asarray(ink, int).ravel().tolist(), ink.shape[1]],
    )
    return image and np.array(image, np.uint8).reshape(28, 28)


def test_a_drawing_is_scaled_to_20_pixels_with_grey_where_ink_ends_within_one(page):
    ink = np.zeros((40, 60), bool)
    ink[3:13, 25:55] = True  # 30 wide, 10 high: a pixel of the image is 1.5 of these
    wanted = np.zeros((28, 28))
    # Of 6.67 rows the last is two thirds full. The centre of mass, in rows 0 to 6 of that box
    # at 2.83, comes to 14 within half a pixel, and that in columns 0 to 19 at 9.5.
    wanted[11:17, 5:25], wanted[17, 5:25] = 255, 170
    found = normalised(page, ink)
    assert found[:, 5].any() or found[:, 4].any()
    shift = 5 - np.flatnonzero(found.any(axis=0))[0]  # at 9.5 either side is as near
    np.testing.assert_array_equal(np.roll(found, shift, axis=1), wanted)


def test_nothing_drawn_is_no_image(page):
    assert normalised(page, np.zeros((40, 60), bool)) is None


def test_images_of_mnist_drawn_larger_and_elsewhere_come_back_nearly_as_they_were(page, mnist):
    from PIL import Image

    images, found = mnist.x_test[:20], []
    for image in images:
        large = Image.fromarray(image).resize((84, 84), Image.Resampling.BILINEAR)
        ink = np.zeros((120, 100), bool)
        ink[30:114, 7:91] = np.asarray(large) >= 128
        found.append(normalised(page, ink))
    # Ink or paper is all that a drawing has, so greys differ, and edges by part of a pixel.
    apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(images, found, strict=True)]
    moved = [
        np.abs(np.roll(a, 1, axis=1).astype(int) - b).mean()
        for a, b in zip(images, found, strict=True)
    ]
    assert np.mean(apart) < np.mean(moved) / 2


# By mouse, finger and keyboard -----------------------------------------------------------


def test_the_silent_output_stays_at_zero_for_a_line_that_the_others_call_by_its_name(page):
    (digit,) = KEPT.networks["stuck"].silent
    assert digit == 1, "draw another digit here"
    draw(page, (55, 15), (48, 85))
    found = table(page)
    assert found["stuck"][digit].split() == ["0", "silent"]
    assert found["healthy"][-1] == found["softmax"][-1] == str(digit)


def test_clearing_leaves_nothing(page):
    draw(page, (30, 30), (60, 60))
    assert seen(page).any()
    page.get_by_role("button", name="Clear").click()
    assert not seen(page).any()
    assert {cell.split()[0] for column in table(page).values() for cell in column} == {"–"}


def test_drawing_on_an_example_begins_afresh(page):
    page.get_by_role("button", name="Test image of a 0").click()
    draw(page, (55, 15), (48, 85))
    alone = seen(page)
    page.get_by_role("button", name="Clear").click()
    draw(page, (55, 15), (48, 85))
    np.testing.assert_array_equal(seen(page), alone)


def test_the_keyboard_alone_draws_and_what_is_said_is_read_aloud(page):
    paper = page.locator(".draw-a-digit").get_by_role("application")
    paper.focus()
    tip = page.locator(".draw-a-digit .tip")
    before = page.evaluate("scrollY")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert tip.is_visible()
    assert not seen(page).any()  # the pen is up
    said, said_of_pen = page.locator(".draw-a-digit [role=status]").all()
    page.keyboard.press("Space")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(50)
    assert said_of_pen.text_content() == "Pen down."
    image = seen(page)
    assert span(image.any(axis=1)) == 20 > 2 * span(image.any(axis=0))
    page.wait_for_function(
        "document.querySelector('.draw-a-digit [role=status]').textContent.includes('healthy')"
    )
    told = said.text_content()
    assert re.search(r"question 1, stuck: \d.*; output 1 is 0\.", told)
    page.keyboard.press("Space")
    assert (said_of_pen.text_content(), said.text_content()) == ("Pen up.", told)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    np.testing.assert_array_equal(seen(page), image)
    assert page.evaluate("scrollY") == before
    page.keyboard.press("Delete")
    assert not seen(page).any()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Clear"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    np.testing.assert_array_equal(seen(page), KEPT.examples[0])


def test_a_finger_draws_and_does_not_scroll(browser):
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.goto(f"file://{SITE}/{WITH_A_PLACE[0]}")
        come_near(page)
        page.get_by_role("button", name="Clear").tap()
        paper = page.locator(".draw-a-digit .paper canvas")
        paper.scroll_into_view_if_needed()
        box, before = paper.bounding_box(), page.evaluate("scrollY")
        finger = context.new_cdp_session(page)

        def touch(kind, *place):
            points = [{"x": x, "y": y} for x, y in place]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        x, y = box["x"] + box["width"] / 2, box["y"] + 30
        touch("touchStart", (x, y))
        for step in range(1, 11):
            touch("touchMove", (x, y + 15 * step))
        touch("touchEnd")
        page.wait_for_timeout(50)
        assert span(seen(page).any(axis=1)) == 20
        assert page.evaluate("scrollY") == before
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    finally:
        context.close()


def test_on_a_phone_one_sees_the_outputs_while_one_draws(browser):
    with opened(browser, f"file://{SITE}/{WITH_A_PLACE[0]}") as (page, _):
        page.set_viewport_size(NARROW)
        come_near(page)
        paper, table, examples = (
            page.locator(f".draw-a-digit {part}").bounding_box()
            for part in (".paper", "table.outputs", ".examples")
        )
        assert paper["y"] + paper["height"] < table["y"] < examples["y"]
        assert table["y"] + table["height"] - paper["y"] < 700  # fits, with the bar above


# Where nobody can draw, and for all readers ----------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_place_has_no_serious_fault_for_those_who_cannot_see_it(browser, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, f"file://{SITE}/{WITH_A_PLACE[0]}") as (page, _):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        come_near(page)
        found = axe.run(page, context=".draw-a-digit").response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found] == []


def test_on_paper_the_still_figure_takes_its_place(page):
    still = page.locator("figure:has(.draw-a-digit) img.only-light")
    canvas = page.locator(".draw-a-digit .paper canvas")
    assert canvas.is_visible() and not still.is_visible()
    page.emulate_media(media="print")
    assert still.is_visible() and not canvas.is_visible()
    page.emulate_media(media="screen")


def test_without_script_there_is_the_still_figure_and_no_empty_place(browser):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"file://{SITE}/{WITH_A_PLACE[0]}")
        assert page.locator("figure:has(.draw-a-digit) img").first.is_visible()
        assert page.locator(".draw-a-digit").bounding_box()["height"] == 0
    finally:
        context.close()


def test_without_its_networks_there_is_the_still_figure(browser):
    with opened(browser, f"file://{SITE}/{WITH_A_PLACE[0]}") as (page, _):
        page.route("**/draw-a-digit-networks.js", lambda route: route.abort())
        figure = page.locator("figure:has(.draw-a-digit)")
        figure.scroll_into_view_if_needed()
        figure.locator("img.only-light").wait_for(state="visible")


def test_the_text_below_keeps_its_place_when_the_networks_come(browser):
    with opened(browser, f"file://{SITE}/{WITH_A_PLACE[0]}") as (page, _):
        figure = page.locator("figure:has(.draw-a-digit)")
        before = figure.bounding_box()["height"]
        come_near(page)
        assert figure.bounding_box()["height"] == pytest.approx(before, abs=10)


def test_nothing_went_wrong_all_the_while(drawing):
    assert drawing[1] == []
