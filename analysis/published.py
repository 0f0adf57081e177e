"""What others have published of both data sets, and a plot of results by what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis import cost, drawn, ladder, plots, style
from analysis.spec import Experiment


@dataclass(frozen=True)
class Point:
    """One network, or several that answer together.

    Parameters
    ----------
    label : str
    accuracy : float
        On the test set.
    teraflops : float or None
        Arithmetic of the whole training, in 10¹² operations; None where it is not known.
    weights : int
        Of all networks together.
    label_at : tuple of int, each -2 to 2
        Where its label stands, in steps: left or right of it, and below or above.
    """

    label: str
    accuracy: float
    teraflops: float | None
    weights: int
    label_at: tuple[int, int] = (1, 0)


def point(
    label: str,
    accuracy: float,
    experiment: Experiment,
    label_at: tuple[int, int] = (1, 0),
    networks: int = 1,
) -> Point:
    """So many networks of an experiment."""
    arithmetic, weights = ladder.teraflops(experiment), cost.weights(experiment)
    return Point(label, float(accuracy), networks * arithmetic, networks * weights, label_at)


#: A layer as others state it: pixels across its outputs and its kernel, channels in and out.
_Layer = tuple[int, int, int, int]


def _teraflops(layers: Sequence[_Layer], images: int, epochs: int) -> float:
    """Arithmetic of one network's training, counted as `analysis.cost` does."""
    products = [side**2 * kernel**2 * before * after for side, kernel, before, after in layers]
    return 2 * (3 * sum(products) - products[0]) * images * epochs / 1e12


def _weights(layers: Sequence[_Layer], per_unit: int = 1, per_output: int = 1) -> int:
    """Kernels, and so many numbers more for each channel: bias, factor and shift."""
    *hidden, outputs = [after for *_, after in layers]
    kernels = sum(kernel**2 * before * after for _, kernel, before, after in layers)
    return kernels + per_unit * sum(hidden) + per_output * outputs


def _dense(*sizes: int) -> list[_Layer]:
    return [(1, 1, before, after) for before, after in pairwise(sizes)]


def _unpooled(kernel: int, *channels: int) -> list[_Layer]:
    """An and others' network: convolutions of images of 28 pixels, and ten outputs."""
    sides = range(28 - kernel + 1, 0, -(kernel - 1))
    convolutions = [
        (side, kernel, before, after)
        for side, (before, after) in zip(sides, pairwise((1, *channels)), strict=False)
    ]
    side, *_, last = convolutions[-1]
    return [*convolutions, (1, side, last, 10)]


_DEOTTE: list[_Layer] = [
    (26, 3, 1, 32),
    (24, 3, 32, 32),
    (12, 5, 32, 32),
    (10, 3, 32, 64),
    (8, 3, 64, 64),
    (4, 5, 64, 64),
    (1, 4, 64, 128),
    (1, 1, 128, 10),
]
_CIRESAN = _dense(29 * 29, 2500, 2000, 1500, 1000, 500, 10)
_AN = [_unpooled(3, *range(32, 177, 16)), _unpooled(5, *range(32, 161, 32))]
_AN += [_unpooled(7, *range(48, 193, 48))]

#: Images that each of Deotte's networks was trained on: he holds out a tenth.
DEOTTE_IMAGES = 54_000

# See the page's references. Arithmetic is counted from the layers, images and epochs that they
# state, where they do. Deotte states means, An and others the best of many votes, and Byerly's is
# taken at its best epoch.
DEOTTE = Point(
    "Deotte: one",
    0.99641,  # the mean of 1,500
    _teraflops(_DEOTTE, DEOTTE_IMAGES, epochs=30),
    _weights(_DEOTTE, per_unit=3),
    (-1, 0),
)
AN = Point(
    "An: vote of 3",
    0.9987,
    sum(_teraflops(layers, 60_000, epochs=150) for layers in _AN),
    sum(_weights(layers, per_unit=2, per_output=2) for layers in _AN),
)
#: Of An and others' best vote of votes.
AN_BEST = 0.9991
MNIST = (
    Point("Simard: one hidden layer of 800", 0.9930, None, _weights(_dense(784, 800, 10)), (0, 1)),
    Point(
        "Cireşan: five hidden layers",
        0.9965,
        _teraflops(_CIRESAN, 60_000, epochs=800),
        _weights(_CIRESAN),
    ),
    DEOTTE,
    Point("Deotte: vote of 15", 0.99745, 15 * DEOTTE.teraflops, 15 * DEOTTE.weights, (2, 0)),
    Point("Byerly", 0.9983, None, 1_500_000, (-1, 0)),
    AN,
)

# Of CIFAR-10: arithmetic as Jordan states it, for 93% counted from the layers and the epochs of a
# program of his repository; that for 96% is a later version than his paper's. He and others' is
# counted from their layers and 64,000 steps of 128 images. Jordan states means of 50 to 1,000
# runs, with views; He and others the test error of one, and of the deeper network the mean of
# five.
JORDAN_93 = Point("Jordan: 93", 0.930, 180, 568_728, (-1, -1))
JORDAN_94 = Point("Jordan: 94", 0.9401, 360, 1_971_352, (-1, -1))
JORDAN_95 = Point("Jordan: 95", 0.9501, 1_390, 4_604_440, (-1, -1))
JORDAN_96 = Point("Jordan: 96", 0.9603, 4_910, 9_915_416, (-1, 0))
CIFAR10 = (
    JORDAN_93,
    JORDAN_94,
    JORDAN_95,
    JORDAN_96,
    Point("He: 20 layers", 0.9125, 2_000, 270_000, (0, 1)),
    Point("He: 110 layers", 0.9339, 12_400, 1_700_000, (0, 1)),
)

# A hundred test images of MNIST whose labels a network had put in doubt, by how many of five
# people chose the digit that they are labelled with (Northcutt, Athalye & Mueller 2021).
_PLACES = {
    0: "947 2462 2597 2654 6651",
    1: "3558 5937",
    2: "1621 1901 2130 3520 6783 8527 9679 9729",
    3: "1232 1393 2035 3422 4201 4823 4956 9664",
    4: "449 717 740 1226 1681 2293 2380 2454 2836 3869 4007 4497 4874 5955 6572 6576 9009",
    5: (
        "247 259 321 340 445 582 619 720 726 810 938 1014 1033 1039 1112 1119 1299 1364 "
        "1530 1709 2043 2109 2135 2182 2406 2447 2896 2921 2927 2939 3060 3073 3206 3503 "
        "3597 3767 3778 3850 3906 4176 4207 4224 4639 4783 4860 4876 4880 4978 5887 6505 "
        "6597 6625 7434 7842 8094 8408 9634 9642 9755 9888"
    ),
}

#: Of the five people, those who chose an image's label, by its place in the test set.
READERS = {int(place): n for n, places in _PLACES.items() for place in places.split()}
#: So many of them are most.
MOST = 3


def against_cost(ours: Sequence[Point], theirs: Sequence[Point], images: int, unit: str = "TFLOP"):
    """Mistakes on the test set by arithmetic and by weights, on logarithmic axes.

    Parameters
    ----------
    ours, theirs : sequence of Point
        Drawn filled, and hollow in grey.
    images : int
        Of the test set.
    unit : str
        Of arithmetic: TFLOP or PFLOP.
    """
    figure, axes = style.figure(1, 2, height=7.2)
    measures = {
        "teraflops": (f"arithmetic of the training, {unit}", {"TFLOP": 1, "PFLOP": 1000}[unit]),
        "weights": ("weights of all networks together", 1),
    }
    colour, faint = style.theme().categories[0], style.theme().faint
    for ax, (name, (xlabel, scale)) in zip(axes, measures.items(), strict=True):
        for point, own in [(p, True) for p in ours] + [(p, False) for p in theirs]:
            x, y = getattr(point, name), images * (1 - point.accuracy)
            if x is None:
                continue
            x /= scale
            edge = colour if own else faint
            dot = ax.scatter([x], [y], s=26, facecolor=edge if own else "none", edgecolor=edge)
            drawn.of_seeds(dot, (), point.label)
            right, up = point.label_at
            text_colour = colour if own else style.theme().text
            corner = tuple(0.5 - 0.5 * np.sign(point.label_at))
            ax.annotate(
                point.label,
                (x, y),
                xytext=(7 * right, 9 * up),
                textcoords="offset points",
                ha=("center", "left", "right")[(right > 0) - (right < 0)],
                va=("center", "bottom", "top")[(up > 0) - (up < 0)],
                fontsize=8,
                color=text_colour,
                # Above or below, it could belong to the next dot.
                arrowprops=plots.leader(text_colour, corner) | {"shrinkB": 3} if up else None,
            )
        ax.set(xscale="log", yscale="log", xlabel=xlabel)
        ax.set_ylabel(f"mistakes on {images:,} test images")
        style.plain_ticks(ax.yaxis)
        ax.margins(x=0.12, y=0.08)
    return figure
