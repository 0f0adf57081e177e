"""Drawings that explain what pages speak of: an output that is silent, a filter with pooling."""

from __future__ import annotations

import numpy as np

from analysis import drawn, style
from analysis.draw_a_digit import TITLES
from analysis.loaded import Results

#: Inches: how wide an image of a digit is, and how far apart they stand.
SIDE, GAP = 0.21, 0.03

#: Finds edges between a darker left and a brighter right. Not one that a network has learned.
EDGES = np.array([[-1, 0, 1]] * 3)


def silent_output(results: Results):
    """What ReLU makes of an output's weighted sums for ten digits: where it is heard, and silent.

    The networks are those that readers draw for, and the output is that which is silent in one.
    """
    kept = results.to_draw_for
    (digit,) = kept.networks["stuck"].silent
    sums = {
        name: kept.networks[name].sums(kept.examples)[:, digit] for name in ("healthy", "stuck")
    }
    every = np.concatenate(list(sums.values()))
    low, high = every.min() - 0.3, every.max() + 0.3
    figure, axes = style.figure(2, height=2.9, sharex=True, sharey=True)
    for ax, (name, values) in zip(axes, sums.items(), strict=True):
        (line,) = ax.plot([low, 0, high], [0, 0, high], color=style.theme().faint, lw=2)
        drawn.of_seeds(line, (), "ReLU")
        ax.set(xlim=(low, high), ylim=(-0.2, high + 0.1), xlabel=f"weighted sum of output {digit}")
        ax.set_title(f"{TITLES[name]} (seed {kept.networks[name].seed})")
        _images_over(ax, values, kept.examples, digit)
        ax.annotate("zero, slope 0", (low + 0.1, -0.05), va="top", fontsize=8)
        ax.annotate("slope 1", (high / 2, high / 3), va="top", fontsize=8)
    axes[0].set(ylabel=f"output {digit}", yticks=np.arange(0, high, 0.2))
    return figure


def _images_over(ax, sums: np.ndarray, images: np.ndarray, digit: int) -> None:
    """Each image over the dot where its sum is, in as many rows as it takes; ``digit`` stands out.

    Parameters
    ----------
    ax : Axes
        With its limits.
    sums : ndarray, shape (10,)
    images : ndarray of uint8, shape (10, 28, 28)
        One of each digit.
    digit : int
    """
    from matplotlib.colors import to_rgb
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    # A panel is about as wide as this.
    inch = np.ptp(ax.get_xlim()) / (0.42 * ax.figure.get_figwidth())
    ends = []  # of the images in each row so far
    for place in np.argsort(sums).tolist():
        x, output = sums[place], max(sums[place], 0)
        row = next((n for n, end in enumerate(ends) if x - end > (SIDE + GAP) * inch), len(ends))
        ends[row : row + 1] = [x]
        colour = style.theme().categories[1] if place == digit else style.theme().text
        ink = np.empty((*images[place].shape, 4))
        ink[..., :3], ink[..., 3] = to_rgb(colour), images[place] / 255
        rise = 72 * (SIDE + row * (SIDE + GAP))
        picture = AnnotationBbox(
            OffsetImage(ink, zoom=72 * SIDE / len(ink), interpolation="nearest"),
            (x, output),
            xybox=(-20 if output else 0, rise),  # beside the slope, not on it
            boxcoords="offset points",
            bboxprops={"fc": style.theme().page, "ec": "none"},  # stems of others pass behind
            pad=0,
            zorder=3 - 0.1 * row,
            arrowprops={"arrowstyle": "-", "color": style.theme().faint, "lw": 0.5},
        )
        ax.add_artist(picture)
        dot = ax.scatter(x, output, s=14, color=colour, lw=0, zorder=4)
        drawn.of_seeds(dot, (), f"image of {place}")
        if place == digit:
            ax.annotate(
                f"a {digit}: {output:.2f}",
                (x, output),
                xytext=(-34 if output else 14, rise),
                textcoords="offset points",
                ha="right" if output else "left",
                va="center",
                fontsize=8,
                color=colour,
            )


def filtered(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What a filter with ReLU makes of an image: shape (height - 2, width - 2) for one of 3 × 3."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.maximum((windows * kernel).sum(axis=(2, 3)), 0)


def pooled(image: np.ndarray) -> np.ndarray:
    """The largest of each 2 × 2 values: half as high and as wide."""
    height, width = image.shape
    return image.reshape(height // 2, 2, width // 2, 2).max(axis=(1, 3))


def convolution(picture: np.ndarray):
    """A filter that goes over an image, and max pooling; below, the numbers of one place.

    Parameters
    ----------
    picture : ndarray of uint8, shape (height, width, 3)
    """
    grey = picture.mean(axis=2) / 255
    edges = filtered(grey, EDGES)
    largest = pooled(edges)
    row, column = np.unravel_index(largest.argmax(), largest.shape)
    top, left = 2 * row, 2 * column
    figure, axes = style.figure(4, 2, height=3.9)
    shades = {"vmin": 0, "vmax": largest.max()}
    shown = (
        ("image", grey, (top, left, 4), "gray", {"vmin": 0, "vmax": 1}),
        ("filter and ReLU", edges, (top, left, 2), style.theme().sequence, shades),
        ("max pooling", largest, (row, column, 1), style.theme().sequence, shades),
    )
    for upper, lower, (title, values, (y, x, side), colours, limits) in zip(
        axes[0, [0, 2, 3]], axes[1, [0, 2, 3]], shown, strict=True
    ):
        _shades(upper, values, colours, limits)
        upper.set_title(f"{title}:\n{values.shape[0]} × {values.shape[1]}", fontsize=9)
        _frame(upper, x, y, side)
        _shades(lower, values[y : y + side, x : x + side], colours, limits, "{:.2f}")
        lower.set_title(f"{side} × {side} of it" if side > 1 else "the largest", fontsize=9)
    _shades(axes[1, 1], EDGES.astype(float), "gray", {"vmin": -1, "vmax": 1}, "{:.0f}")
    axes[1, 1].set_title("filter", fontsize=9)
    axes[0, 1].set_axis_off()
    axes[0, 1].annotate(
        "at each place:\nnine pixels times\nnine weights,\nsummed; below\nzero becomes 0",
        (0.5, 0.5),
        xycoords="axes fraction",
        ha="center",
        va="center",
        fontsize=8,
    )
    return figure


def _shades(ax, values: np.ndarray, colours: str, limits: dict, form: str = "") -> None:
    """Numbers as shades, and with a form also as figures."""
    shades = ax.imshow(values, cmap=colours, interpolation="nearest", **limits)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(True)
    for (row, column), value in np.ndenumerate(values) if form else ():
        look = {"ha": "center", "va": "center", "fontsize": 8}
        look["color"] = style.on(shades.to_rgba(value))
        ax.text(column, row, form.format(value).replace("-", "\N{MINUS SIGN}"), **look)


def _frame(ax, column: int, row: int, side: int) -> None:
    """Frame the place whose numbers stand below."""
    from matplotlib.patches import Rectangle

    look = {"fill": False, "edgecolor": style.theme().categories[1], "lw": 1.5}
    ax.add_patch(
        Rectangle((column - 0.5, row - 0.5), side, side, label="place shown below", **look)
    )
