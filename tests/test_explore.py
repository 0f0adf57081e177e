"""Exploring the runs of a figure: what a dot tells, by mouse, finger and keyboard."""

import io
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import tiny
from test_site import NARROW, SITE, opened

from analysis import drawn, explore, figures, levels_figures, plots, style
from analysis.loaded import Results
from analysis.questions import q08
from analysis.results import Runs

SETTINGS, LIVING, ARMS = "q03-settings", "q08-living-units", "q08-arms"


# What a dot tells ------------------------------------------------------------------------


def test_a_run_tells_its_silent_outputs_dead_units_error_and_accuracy():
    own = np.ones((4, 1, 10))
    own[1, 0, 3] = own[2, 0, [0, 7]] = 0
    runs = tiny.runs(
        own=own,
        dead=[[[0]], [[1]], [[2]], [[0]]],
        val_loss=[[0.02], [0.03125], [0.5], [np.nan]],
        val_accuracy=[[0.95], [0.8765], [0.1], [np.nan]],
    )
    assert explore.told(runs) == [
        "no output silent; testing error 0.0200, testing accuracy 95.0%",
        "output 3 silent, 1 hidden unit dead; testing error 0.0312, testing accuracy 87.6%",
        "outputs 0, 7 silent, 2 hidden units dead; testing error 0.5000, testing accuracy 10.0%",
        "diverged",
    ]


def test_of_outputs_that_cannot_be_silent_only_dead_units_are_told():
    runs = tiny.runs(
        {"layers": tiny.mlp(8, output="softmax")}, dead=[[[0]], [[8]]], own=np.zeros((2, 1, 10))
    )
    assert [told.partition(";")[0] for told in explore.told(runs)] == [
        "no hidden unit dead",
        "8 hidden units dead",
    ]


@pytest.fixture
def settings():
    """Runs of two settings, drawn with a strip each."""
    made = {
        "slow\nrate": tiny.runs(val_accuracy=np.linspace(0.5, 1, 21)[:, None]),
        "fast": tiny.runs(val_accuracy=np.linspace(0.6, 0.9, 20)[:, None]),
    }
    return levels_figures.settings(made)


def test_a_dot_is_where_it_is_drawn_with_its_setting_and_seed(settings):
    drawing = io.BytesIO()
    settings.savefig(drawing, format="svg")
    svg = ElementTree.fromstring(drawing.getvalue())
    *_, width, height = map(float, svg.get("viewBox").split())
    uses = [
        (float(use.get("x")) / width, float(use.get("y")) / height)
        for group in svg.findall(".//{*}g")
        if group.get("id", "").startswith("PathCollection")
        for use in group.findall(".//{*}use")
    ]
    found = json.loads(explore.as_json(settings))
    assert [one["name"] for one in found] == ["slow rate", "fast"]
    assert [[dot[2] for dot in one["dots"]] for one in found] == [[*range(21)], [*range(20)]]
    assert found[0]["dots"][10][3].endswith("testing accuracy 75.0%")
    places = [dot[:2] for one in found for dot in one["dots"]]
    np.testing.assert_allclose(places, uses, atol=1e-3)


def test_levels_of_one_experiment_are_one_setting_with_the_seeds_of_its_dots():
    own = np.ones((3, 1, 10))
    own[0, 0, 3] = own[2, 0, 0] = 0
    runs = tiny.runs(own=own, val_loss=[[0.3], [0.1], [0.2]], val_accuracy=[[0.7], [0.9], [0.8]])
    figure = levels_figures.final_values(runs)
    figure.savefig(io.BytesIO(), format="svg")
    (found,) = json.loads(explore.as_json(figure))
    assert found["name"] == ""
    told = {seed: text.partition(";")[0] for _, _, seed, text in found["dots"]}
    assert told == {0: "output 3 silent", 1: "no output silent", 2: "output 0 silent"}


@pytest.mark.parametrize(
    "draw",
    [
        levels_figures.final_values,
        lambda runs: levels_figures.settings({"some": runs}),
        lambda runs: q08.living_units({q08.SHEET: runs}),
    ],
    ids=["levels", "settings", "living units"],
)
def test_dots_are_of_the_seeds_that_were_trained_whichever_they_are(draw):
    spec = tiny.experiment(seeds=(7, 5, 9))
    runs = Runs(spec, tuple(tiny.record(seed) for seed in spec.seeds))
    (found,) = json.loads(explore.as_json(draw(runs)))
    told = dict(zip((7, 5, 9), explore.told(runs), strict=True))
    assert {seed: text for _, _, seed, text in found["dots"]} == told


def test_dots_of_which_nothing_is_known_are_left_out():
    figure, ax = style.figure()
    dots = ax.scatter([0, 1], [0, 1])
    drawn.of_seeds(dots, range(2))
    plots.strips(ax, {"a": np.array([1.0])}, "b", "error")
    assert json.loads(explore.as_json(figure)) == []


def test_dots_are_a_file_beside_the_figure():
    spec = tiny.experiment()
    results = Results({spec: Runs(spec, tuple(tiny.record(seed) for seed in spec.seeds))})
    contents = figures.drawn(lambda results: levels_figures.final_values(results[spec]), results)
    files = dict(zip([path.suffix for path in figures.figure_files("x")], contents, strict=True))
    assert len(json.loads(files[".json"])[0]["dots"]) == len(spec.seeds)


# In a browser ----------------------------------------------------------------------------

on_site = pytest.mark.skipif(
    not (SITE / "q08.html").is_file() or "explore.js" not in (SITE / "q08.html").read_text(),
    reason="no page with runs to explore: run 'doit'",
)


def dots(name) -> list[dict]:
    return json.loads((figures.FIGURES / f"{name}.json").read_text())


def layer(page, name):
    found = page.locator(f"#{name} .dots")
    found.evaluate("layer => layer.scrollIntoView({ block: 'center' })")
    return found


def place(page, name, dot) -> tuple[float, float]:
    box = layer(page, name).bounding_box()
    return box["x"] + dot[0] * box["width"], box["y"] + dot[1] * box["height"]


def line(page, name) -> str:
    return page.locator(f"#{name} .explore p").inner_text()


def spoken(page) -> str:
    return page.locator("p.read-aloud[role=status]").text_content()


def ringed(page, name) -> list[tuple[float, float]]:
    """Where rings are, as shares of the drawing."""
    styles = page.locator(f"#{name} .ring:not([hidden])").evaluate_all(
        "rings => rings.map(ring => [ring.style.left, ring.style.top])"
    )
    return [tuple(round(float(side.rstrip("%")) / 100, 4) for side in sides) for sides in styles]


def of_seed(name, seed) -> list[tuple[float, float]]:
    return [tuple(d[:2]) for one in dots(name) for d in one["dots"] if d[2] == seed]


def lonely(name) -> list:
    """The dot that is farthest from any other, with its setting's name."""
    every = [(one["name"], dot) for one in dots(name) for dot in one["dots"]]
    places = np.array([dot[:2] for _, dot in every])
    far = np.linalg.norm(places[:, None] - places, axis=2) + np.eye(len(places))
    return every[int(far.min(axis=1).argmax())]


@pytest.fixture
def page(browser):
    with opened(browser, f"file://{SITE}/q03.html") as (page, faults):
        yield page
        assert faults == []


@pytest.fixture
def colours(browser):
    """The page with two figures of runs."""
    with opened(browser, f"file://{SITE}/q08.html") as (page, faults):
        yield page
        assert faults == []


@on_site
def test_a_mouse_at_a_dot_is_told_its_run_and_away_from_dots_nothing(page):
    setting, dot = lonely(SETTINGS)
    assert line(page, SETTINGS).startswith("Each dot is a run")
    x, y = place(page, SETTINGS, dot)
    page.mouse.move(x + 4, y - 4)
    assert line(page, SETTINGS) == f"Seed {dot[2]}, {setting}: {dot[3]}."
    assert ringed(page, SETTINGS) == of_seed(SETTINGS, dot[2])
    page.mouse.move(x + 40, y)
    assert line(page, SETTINGS).startswith("Each dot is a run")
    assert ringed(page, SETTINGS) == []


@on_site
def test_a_seed_that_is_clicked_stays_marked_in_all_figures_until_a_click_elsewhere(colours):
    page = colours
    _, dot = lonely(LIVING)
    page.mouse.click(*place(page, LIVING, dot))
    page.mouse.move(5, 5)
    assert line(page, LIVING) == f"Seed {dot[2]}: {dot[3]}."
    assert spoken(page) == line(page, LIVING)
    assert ringed(page, LIVING) == of_seed(LIVING, dot[2])
    _, other = lonely(ARMS)
    assert ringed(page, ARMS) == of_seed(ARMS, dot[2])
    page.mouse.click(*place(page, ARMS, other))
    assert ringed(page, LIVING) == of_seed(LIVING, other[2]) != []
    assert ringed(page, ARMS) == of_seed(ARMS, other[2])
    assert len(ringed(page, ARMS)) == len(dots(ARMS))
    page.mouse.click(*place(page, LIVING, (0.02, 0.02)))
    assert ringed(page, LIVING) == ringed(page, ARMS) == []


@on_site
def test_a_finger_is_told_a_run_and_scrolls_the_drawing(browser):
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.goto(f"file://{SITE}/q03.html")
        dot = min(dots(SETTINGS)[0]["dots"], key=lambda dot: dot[1])
        x, y = place(page, SETTINGS, dot)
        page.touchscreen.tap(x + 10, y - 12)
        assert line(page, SETTINGS).startswith(f"Seed {dot[2]}, ")
        box = page.locator(f"#{SETTINGS} .twins")
        box.evaluate("box => box.scrollLeft = 10_000")
        assert box.evaluate("box => box.scrollLeft") > 100
        last = max(dots(SETTINGS)[-1]["dots"], key=lambda dot: dot[1] < 0.4 and dot[0])
        page.touchscreen.tap(*place(page, SETTINGS, last))
        assert line(page, SETTINGS).startswith(f"Seed {last[2]}, ")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    finally:
        context.close()


@on_site
def test_the_keyboard_leads_from_seed_to_seed_and_from_setting_to_setting(page):
    first, second, *_, last = dots(SETTINGS)
    told = [{dot[2]: dot[3] for dot in one["dots"]} for one in (first, second, last)]
    layer(page, SETTINGS).focus()
    page.keyboard.press("ArrowRight")
    assert line(page, SETTINGS) == f"Seed 0, {first['name']}: {told[0][0]}."
    before = page.evaluate("scrollY")
    for key, name, seed, text in (
        ("ArrowRight", first["name"], 1, told[0][1]),
        ("ArrowDown", second["name"], 1, told[1][1]),
        ("ArrowLeft", second["name"], 0, told[1][0]),
        ("End", second["name"], 99, told[1][99]),
        ("ArrowRight", second["name"], 0, told[1][0]),
        ("ArrowLeft", second["name"], 99, told[1][99]),
        ("ArrowUp", first["name"], 99, told[0][99]),
        ("ArrowUp", last["name"], 99, told[2][99]),
        ("Home", last["name"], 0, told[2][0]),
    ):
        page.keyboard.press(key)
        assert line(page, SETTINGS) == spoken(page) == f"Seed {seed}, {name}: {text}.", key
        assert ringed(page, SETTINGS) == of_seed(SETTINGS, seed)
    assert page.evaluate("scrollY") == before
    page.keyboard.press("Escape")
    assert ringed(page, SETTINGS) == []
    assert spoken(page) == "No seed is chosen."


@on_site
def test_a_figure_is_one_tab_stop_and_tells_a_run_when_it_is_reached(page):
    layer(page, SETTINGS)
    page.locator(f"#{SETTINGS} a").first.focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.className") == "dots"
    assert line(page, SETTINGS).startswith("Seed 0, ")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"


@on_site
def test_rings_lie_over_whichever_twin_is_shown(page):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        image = page.locator(f"#{SETTINGS} img.only-{scheme}").bounding_box()
        assert layer(page, SETTINGS).bounding_box()["width"] == image["width"] > 500
        height = layer(page, SETTINGS).bounding_box()["height"]
        assert height == pytest.approx(image["height"], abs=0.5)


@on_site
def test_without_script_there_is_the_figure_and_nothing_of_this(browser):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"file://{SITE}/q03.html")
        assert page.locator(f"#{SETTINGS} img.only-light").is_visible()
        assert page.locator(f"#{SETTINGS} .explore").bounding_box()["height"] == 0
        assert "told" not in page.locator(f"#{SETTINGS}").inner_text()
    finally:
        context.close()


@on_site
def test_on_paper_there_is_the_figure_and_nothing_of_this(page):
    layer(page, SETTINGS).focus()
    page.keyboard.press("ArrowRight")
    page.emulate_media(media="print")
    assert page.locator(f"#{SETTINGS} img.only-light").is_visible()
    assert not page.locator(f"#{SETTINGS} .explore").is_visible()
    assert not page.locator(f"#{SETTINGS} .ring").first.is_visible()


@on_site
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_serious_fault_for_those_who_cannot_see_it(browser, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, f"file://{SITE}/q03.html") as (page, _):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        layer(page, SETTINGS).focus()
        page.keyboard.press("ArrowRight")
        found = axe.run(page).response["violations"]
    serious = [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")]
    assert serious == []


@on_site
def test_the_text_below_keeps_its_place_while_runs_are_told(page):
    layer(page, SETTINGS).focus()
    caption = page.locator(f"#{SETTINGS} figcaption").first
    before = caption.bounding_box()["y"]
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        assert caption.bounding_box()["y"] == before


@on_site
def test_pages_without_such_figures_do_not_load_what_they_need():
    assert "explore.js" not in (SITE / "methods.html").read_text()
    assert re.search("explore.js", (SITE / "q01.html").read_text())
