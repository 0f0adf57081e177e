"""Colours that every reader can tell apart: on the page, colour-blind, and in grey print."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from analysis import style

# What people without one of the three cones see, in linear RGB: G. M. Machado, M. M. Oliveira
# and L. A. F. Fernandes (2009), A Physiologically-based Model for Simulation of Color Vision
# Deficiency, IEEE Transactions on Visualization and Computer Graphics 15, 1291-1298.
SEEN_BY = {
    "all cones": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}

# Of CIE: from linear sRGB to XYZ, of white 1.
XYZ = np.array([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]])

THEMES = pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=lambda theme: theme.name)


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Lightness from 0 to 100 and two axes of colour, in which distances are as we see them."""
    xyz = XYZ @ np.clip(rgb, 0, 1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    """As the Web Content Accessibility Guidelines define it, from 1 to 21."""
    low, high = sorted(XYZ[1] @ linear(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white():
    assert contrast("black", "white") == pytest.approx(21)
    assert lab(linear("white")) == pytest.approx([100, 0, 0], abs=0.05)


@THEMES
def test_small_letters_can_be_read(theme):
    for colour in (*theme.categories, theme.text):
        assert contrast(colour, theme.page) >= 4.5, colour
    assert contrast(theme.faint, theme.page) >= 3  # lines and dots


@THEMES
@pytest.mark.parametrize("seen", SEEN_BY.values(), ids=SEEN_BY)
def test_colours_are_told_apart(theme, seen):
    for pair in combinations(theme.categories, 2):
        one, other = (lab(seen @ linear(colour)) for colour in pair)
        assert np.linalg.norm(one - other) > 20, pair


@THEMES
def test_colours_are_told_apart_in_grey(theme):
    lightness = sorted(lab(linear(colour))[0] for colour in theme.categories)
    assert min(np.diff(lightness)) > 8
