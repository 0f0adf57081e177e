"""Letters in figures: large enough on a page, none cut off at an edge, none over another."""

from itertools import combinations

import pytest
from matplotlib.text import Text

from analysis import figures, style

#: In points: nine CSS pixels, for pages show figures in their own size.
SMALLEST = 9 * 72 / 96

#: Pixels by which boxes of letters may touch, for they are larger than what is drawn in them.
TOUCH = 2


@pytest.fixture
def letters(monkeypatch):
    """Gives the texts that drawing a figure draws, with the box of each in pixels."""
    drawn = []
    draw = Text.draw

    def noting(text, renderer, *arguments, **options):
        if text.get_visible() and text.get_text().strip():
            # That of the text alone: an annotation's has its leader, too.
            drawn.append((text, Text.get_window_extent(text, renderer)))
        return draw(text, renderer, *arguments, **options)

    def of(figure):
        figure.draw_without_rendering()  # which lays it out
        drawn.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Text, "draw", noting)
            figure.draw_without_rendering()
        return list(drawn)

    return of


def cut_off(figure, letters) -> list[str]:
    width, height = figure.bbox.size
    return [
        text.get_text()
        for text, box in letters
        if min(box.x0, box.y0) < -TOUCH or box.x1 > width + TOUCH or box.y1 > height + TOUCH
    ]


def over_each_other(letters) -> list[tuple[str, str]]:
    upright = [(text, box) for text, box in letters if text.get_rotation() % 90 == 0]
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in combinations(upright, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > TOUCH and min(a.y1, b.y1) - max(a.y0, b.y0) > TOUCH
    ]


@pytest.mark.parametrize("page", figures.BY_PAGE)
def test_letters_can_be_read(page, results, letters):
    for name, function in figures.BY_PAGE[page].items():
        with style.drawing(style.LIGHT):
            figure = function(results)
            texts = letters(figure)
        assert [text.get_text() for text, _ in texts if text.get_fontsize() < SMALLEST] == [], name
        assert cut_off(figure, texts) == [], name
        assert over_each_other(texts) == [], name


def test_letters_that_are_cut_off_or_over_each_other_are_found(letters):
    with style.drawing(style.LIGHT):
        figure, ax = style.figure()
        for text, x in (("inside", 0.5), ("upon it", 0.52), ("beyond", 1.5)):
            ax.text(x, 0.5, text, transform=figure.transFigure, in_layout=False)
        texts = letters(figure)
    assert cut_off(figure, texts) == ["beyond"]
    assert over_each_other(texts) == [("inside", "upon it")]
