"""Results of others beside ours: what they cost, and what is drawn where."""

import numpy as np
import pytest
import tiny

from analysis import cost, ladder, published, style
from analysis.published import Point
from analysis.spec import Conv2D, Dense, Flatten

LAYERS = (Conv2D(5, 3), Conv2D(6, 3), Flatten(), Dense(10, "softmax"))

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


@pytest.mark.parametrize("networks", [1, 15])
def test_arithmetic_and_weights_are_those_of_all_networks_and_all_epochs(networks):
    experiment = tiny.experiment(epochs=7, validation=50)  # 64-8-10, trained on 250 images
    point = published.point("ours", 0.9, experiment, (-1, 1), networks)
    weights = 64 * 8 + 8 + 8 * 10 + 10
    operations = 7 * 250 * 2 * (2 * 64 * 8 + 3 * 8 * 10)
    assert point.teraflops == pytest.approx(networks * operations / 1e12)
    assert point.weights == networks * weights
    assert (point.label, point.accuracy, point.label_at) == ("ours", 0.9, (-1, 1))


def test_a_vote_costs_as_much_as_its_networks():
    one, fifteen = (
        next(p for p in published.MNIST if p.label == f"Deotte: {which}")
        for which in ("one", "vote of 15")
    )
    assert fifteen.teraflops == 15 * one.teraflops
    assert fifteen.weights == 15 * one.weights


def test_weights_of_others_are_those_of_the_layers_that_they_state():
    simard, ciresan = published.MNIST[:2]
    assert simard.weights == (784 + 1) * 800 + (800 + 1) * 10
    assert ciresan.weights == pytest.approx(12.11e6, rel=1e-3)  # as they state it
    # Counted by Keras: kernels, biases and what batch norm trains.
    assert published.DEOTTE.weights == 326_410
    jordan = {point.label: point.weights for point in published.CIFAR10}
    assert jordan["Jordan: 94"] == 1_971_352


def test_arithmetic_of_others_is_counted_as_ours():
    """A network that both ways can describe."""
    experiment = tiny.experiment(dataset="tiny-grey", layers=LAYERS, epochs=7)
    sides = [(6, 3, 1, 5), (4, 3, 5, 6), (1, 4, 6, 10)]
    assert published._teraflops(sides, 300, 7) == pytest.approx(ladder.teraflops(experiment))
    assert published._weights(sides) == cost.weights(experiment)
    assert published._weights(sides, per_unit=3) == cost.weights(experiment) + 2 * (5 + 6)
    assert published._weights(sides, per_output=0) == cost.weights(experiment) - 10


def test_arithmetic_of_deotte_is_that_of_his_epochs_and_images():
    # 15,162,752 products forward; the gradient of the first layer's input is not needed.
    operations = 2 * (3 * 15_162_752 - 26**2 * 9 * 32)
    assert published.DEOTTE.teraflops == pytest.approx(30 * 54_000 * operations / 1e12)


def test_convolutions_without_pooling_shrink_the_image_by_their_kernels():
    assert published._unpooled(7, 48, 96) == [(22, 7, 1, 48), (16, 7, 48, 96), (1, 16, 96, 10)]


def test_a_hundred_doubtful_images_are_each_read_by_five_people():
    assert len(published.READERS) == 100
    assert set(published.READERS.values()) == set(range(6))
    assert all(0 <= place < 10_000 for place in published.READERS)
    assert (published.READERS[947], published.READERS[3558], published.READERS[247]) == (0, 1, 5)
    assert published.MOST == 5 // 2 + 1


def test_a_label_stands_on_the_side_that_its_point_asks_for():
    points = [Point(f"{at}", 0.99, 10, 1_000, at) for at in ((-1, -1), (0, 1), (1, 0))]
    with style.drawing(style.LIGHT):
        texts = published.against_cost(points, [], images=100).axes[0].texts
    assert [(text.get_ha(), text.get_va()) for text in texts] == [
        ("right", "top"),
        ("center", "bottom"),
        ("left", "center"),
    ]
    assert [text.xyann for text in texts] == [(-7, -9), (0, 9), (7, 0)]
    # Those above or below a dot have a line to it, from the corner or side that is nearest.
    leaders = [text.arrowprops and text.arrowprops["relpos"] for text in texts]
    assert leaders == [(1, 1), (0.5, 0), None]


def test_arithmetic_of_an_is_that_of_three_networks_and_of_his_epochs_and_images():
    products, first = 0, 0
    for kernel, channels in (
        (3, range(32, 177, 16)),
        (5, range(32, 161, 32)),
        (7, range(48, 193, 48)),
    ):
        side, before = 28, 1
        for after in channels:
            side -= kernel - 1
            products += side**2 * kernel**2 * before * after
            first += side**2 * kernel**2 * after * (before == 1)
            before = after
        products += side**2 * before * 10
    operations = 2 * (3 * products - first)
    assert published.AN.teraflops == pytest.approx(150 * 60_000 * operations / 1e12)
