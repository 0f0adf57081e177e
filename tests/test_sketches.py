"""Drawings that explain: what they show is computed, and is what their captions say."""

import numpy as np

from analysis import sketches, style
from analysis.questions import q09


def test_a_filter_sums_products_at_every_place_and_leaves_nothing_negative():
    image = np.array([[0, 0, 5, 0], [0, 0, 5, 0], [0, 0, 5, 0]])
    kernel = np.array([[-1, 0, 1]] * 3)
    assert sketches.filtered(image, kernel).tolist() == [[15, 0]]


def test_pooling_keeps_the_largest_of_each_two_by_two():
    image = np.array([[1, 2, 0, 0], [3, 4, 0, 9], [5, 0, 7, 7], [0, 0, 7, 8]])
    assert sketches.pooled(image).tolist() == [[4, 9], [5, 8]]


def test_a_silent_output_has_no_positive_sum_and_a_heard_one_only_that_of_its_own_image(results):
    with style.drawing(style.LIGHT):
        healthy, stuck = sketches.silent_output(results).axes
    (digit,) = results.to_draw_for.networks["stuck"].silent
    for ax, heard in ((healthy, [digit]), (stuck, [])):
        dots = {dot.series: dot.get_offsets()[0].tolist() for dot in ax.collections}
        assert len(dots) == 10
        fires = [place for place in range(10) if dots[f"image of {place}"][0] > 0]
        assert fires == heard
        assert all(output == max(total, 0) for total, output in dots.values())


def test_outputs_are_relu_of_the_sums(results):
    kept = results.to_draw_for
    network = kept.networks["stuck"]
    sums = network.sums(kept.examples)
    np.testing.assert_array_equal(np.maximum(sums, 0), network.outputs(kept.examples))


def test_numbers_below_a_convolution_are_those_inside_the_frames(results):
    with style.drawing(style.LIGHT):
        axes = np.array(q09.convolution(results).axes).reshape(2, 4)
    for column, side in ((0, 4), (2, 2), (3, 1)):
        (frame,) = axes[0, column].patches
        left, top = (round(corner + 0.5) for corner in frame.get_xy())
        whole, part = (ax.images[0].get_array() for ax in axes[:, column])
        np.testing.assert_array_equal(whole[top : top + side, left : left + side], part)
        shown = [float(text.get_text()) for text in axes[1, column].texts]
        np.testing.assert_allclose(shown, np.ravel(part), atol=0.005)
    pixels, filtered, pooled = (axes[1, column].images[0].get_array() for column in (0, 2, 3))
    np.testing.assert_allclose(sketches.filtered(pixels, sketches.EDGES), filtered)
    assert sketches.pooled(filtered) == pooled == axes[0, 3].images[0].get_array().max()
