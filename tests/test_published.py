"""Results of others beside ours: what is drawn where."""

import numpy as np
import pytest

from analysis import published, style
from analysis.published import Point

OURS = [Point("ours", 0.99, 10, 1_000)]
THEIRS = [
    Point("theirs", 0.998, 2_000, 30_000, label_at=(-1, 0)),
    Point("unknown cost", 0.95, None, 500),
    Point("unknown size", 0.96, 50, None),
]


@pytest.fixture
def axes():
    with style.drawing(style.LIGHT):
        return published.against_cost(OURS, THEIRS, images=10_000).axes


def test_mistakes_are_drawn_against_arithmetic_and_against_weights(axes):
    places = [[c.get_offsets()[0].tolist() for c in ax.collections] for ax in axes]
    np.testing.assert_allclose(places[0], [[10, 100], [2_000, 20], [50, 400]])
    np.testing.assert_allclose(places[1], [[1_000, 100], [30_000, 20], [500, 500]])
    assert "10,000 test images" in axes[0].get_ylabel()


def test_what_is_not_known_is_left_out(axes):
    labels = [[text.get_text() for text in ax.texts] for ax in axes]
    assert labels == [["ours", "theirs", "unknown size"], ["ours", "theirs", "unknown cost"]]


def test_ours_are_filled_and_theirs_are_not(axes):
    filled = [len(collection.get_facecolor()) > 0 for collection in axes[1].collections]
    assert filled == [True, False, False]
