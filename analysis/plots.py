"""Plots that several questions draw: all but `small_curves` draw arrays into given axes.

The runs in an array are those of the seeds from 0 on, unless something else is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from analysis import drawn, style
from analysis.statistics import estimate


def run_curves(
    ax,
    values: np.ndarray,
    labels: Sequence[str],
    colours: Sequence[str],
    ylabel: str,
    seeds: Sequence[int] | None = None,
) -> None:
    """One curve a run against the epoch, labelled at its end.

    A run that diverged ends with a cross where its last value is, and is labelled so.

    Parameters
    ----------
    ax : Axes
    values : ndarray, shape (runs, epochs)
        NaN from where a run diverged.
    labels : sequence of str
        One a run; runs with the same label share one at their mean, with their number.
    colours : sequence of str
        One a run.
    ylabel : str
    seeds : sequence of int, optional
        One a curve, where they are not those from 0 on.
    """
    labels, lasts = _curves(ax, values, labels, colours, seeds)
    ax.set(ylabel=ylabel)
    groups = {label: [i for i, other in enumerate(labels) if other == label] for label in labels}
    label_ends(
        ax,
        [float(np.mean(lasts[runs])) for runs in groups.values()],
        [label if len(runs) == 1 else f"{label} (× {len(runs)})" for label, runs in groups.items()],
        [colours[runs[0]] for runs in groups.values()],
    )


def _curves(
    ax,
    values: np.ndarray,
    labels: Sequence[str],
    colours: Sequence[str],
    seeds: Sequence[int] | None,
) -> tuple[list[str], np.ndarray]:
    """The curves of `run_curves`; returns how each is to be called, and its last value."""
    epochs = np.arange(1, values.shape[1] + 1)
    diverged = np.isnan(values[:, -1])
    labels = ["diverged" if d else label for label, d in zip(labels, diverged, strict=True)]
    lasts = np.array([_last_value(curve) for curve in values])
    seeds = range(len(values)) if seeds is None else seeds
    for seed, curve, colour, label, (epoch, last) in zip(
        seeds, values, colours, labels, lasts, strict=True
    ):
        (line,) = ax.plot(epochs, curve, color=colour, alpha=0.85, solid_capstyle="round")
        drawn.of_seeds(line, seed, label)
        if np.isnan(curve[-1]):
            ax.plot([epoch], [last], "x", color=colour)
    ax.set(xlim=(1, epochs[-1]))
    epoch_axis(ax, epochs[-1])
    ax.margins(y=0.08)
    return labels, lasts[:, 1]


def training_beside_testing(
    axes,
    training: np.ndarray,
    testing: np.ndarray,
    labels: Sequence[str],
    colours: Sequence[str],
    ylabel: str,
) -> None:
    """`run_curves` in training and in testing, in two panels that share a scale and the labels.

    Parameters
    ----------
    axes : sequence of Axes, length 2
        Which share their y axis, with its limits if it is to have other than the curves give.
    training, testing : ndarray, shape (runs, epochs)
    labels, colours : sequence of str
        One a run, in both panels.
    ylabel : str
    """
    _curves(axes[0], training, labels, colours, None)
    run_curves(axes[1], testing, labels, colours, "")
    axes[0].set(ylabel=ylabel)
    for ax, title in zip(axes, ("training", "testing"), strict=True):
        ax.set(title=title)


def mark(ax, place: tuple[float, float], seed: int, words: str, colour: str, up: int):
    """A ring where something happens to a run, and beside it what.

    Parameters
    ----------
    ax : Axes
    place : tuple of float
    seed : int
        Whose run it is.
    words, colour : str
    up : int
        How many points above the ring the words stand; negative if below.
    """
    ring = ax.scatter(*place, s=36, facecolors="none", edgecolors=colour, lw=1.3, zorder=3)
    drawn.of_seeds(ring, seed, words)
    low, high = ax.get_xlim()
    is_late = place[0] > (low + high) / 2
    ax.annotate(
        words,
        place,
        xytext=(-8 if is_late else 8, up),
        textcoords="offset points",
        ha="right" if is_late else "left",
        va="center",
        fontsize=8,
        color=colour,
        # Curves that run behind the words do not strike them through.
        bbox={"fc": style.theme().page, "ec": "none", "pad": 1, "alpha": 0.85},
        arrowprops=leader(colour, relpos=(is_late, 0.5)) | {"shrinkB": 4},
    )


def epoch_axis(ax, epochs: int) -> None:
    """Name the axis of epochs, and number the first, where there are few all, and every fifth."""
    ax.set(xlabel="epoch")
    ax.set_xticks(range(1, epochs + 1) if epochs <= 10 else [1, *range(5, epochs + 1, 5)])


def mean_with_interval(ax, values: np.ndarray, colour: str, series: str, line: str = "-") -> None:
    """A mean of runs against the epoch, with a band for its interval.

    Parameters
    ----------
    ax : Axes
    values : array_like, shape (epochs, 3)
        Mean, and both ends of its interval.
    colour : str
    series : str
        Of what it is the mean.
    line : str
        How Matplotlib calls the line's pattern.
    """
    mean, low, high = np.transpose(values)
    epochs = np.arange(1, len(mean) + 1)
    band = ax.fill_between(epochs, low, high, color=colour, alpha=0.15, lw=0)
    (curve,) = ax.plot(epochs, mean, line, color=colour)
    for artist in (band, curve):
        drawn.of_seeds(artist, (), series)
    ax.set(xlim=(1, epochs[-1]))
    epoch_axis(ax, epochs[-1])


def training_and_testing(ax, training: np.ndarray, testing: np.ndarray, ylabel: str) -> None:
    """`run_curves` of what the same runs did in training and in testing, each in its colour.

    Parameters
    ----------
    ax : Axes
    training, testing : ndarray, shape (runs, epochs)
    ylabel : str
    """
    runs, colours = len(training), style.theme().categories[:2]
    run_curves(
        ax,
        np.concatenate([training, testing]),
        ["training"] * runs + ["testing"] * runs,
        [colours[0]] * runs + [colours[1]] * runs,
        ylabel,
        [*range(runs)] * 2,
    )


def small_curves(values: np.ndarray, colours: Sequence[str], seeds: Sequence[int] | None = None):
    """`run_curves` in small: a figure of one curve a run, for the home page."""
    figure, ax = style.small_figure()
    seeds = range(len(values)) if seeds is None else seeds
    for seed, curve, colour in zip(seeds, values, colours, strict=True):
        drawn.of_seeds(*ax.plot(curve, color=colour, lw=1.1, alpha=0.9), seed)
    return figure


def _last_value(curve: np.ndarray) -> tuple[int, float]:
    """Epoch, from 1, and value before a run diverged; (1, 0) if that was in the first."""
    finite = np.flatnonzero(np.isfinite(curve))
    return (int(finite[-1]) + 1, float(curve[finite[-1]])) if len(finite) else (1, 0.0)


def label_ends(ax, heights: Sequence[float], texts: Sequence[str], colours: Sequence[str]) -> None:
    """Texts beside the right edge of the axes, never over each other, each led to its height."""
    from matplotlib.transforms import ScaledTranslation

    rows = ax.get_subplotspec().get_gridspec().nrows
    line = 0.052 * 3.4 * rows / ax.figure.get_figheight()  # of text, in heights of the axes
    right, _ = ax.get_xlim()[1], ax.get_ylim()  # settles the limits, which the next line takes
    in_axes = ax.transScale + ax.transLimits
    wanted = in_axes.transform([(right, height) for height in heights])[:, 1]
    beside = ax.transAxes + ScaledTranslation(13 / 72, 0, ax.figure.dpi_scale_trans)
    for text, height, place, colour in zip(
        texts, heights, spread(wanted, line), colours, strict=True
    ):
        ax.annotate(
            text,
            (1, height),
            xycoords=ax.get_yaxis_transform(),
            xytext=(1, place),
            textcoords=beside,
            va="center",
            fontsize=8.5,
            color=colour,
            annotation_clip=False,
            arrowprops=leader(colour),
        )


def leader(colour: str, relpos: tuple[float, float] = (0, 0.5)) -> dict:
    """A thin line from words to what they are about, as Matplotlib's ``arrowprops``.

    Parameters
    ----------
    colour : str
    relpos : tuple of float
        Where it begins, in shares of the words' width and height from their lower left corner.
    """
    look = {"arrowstyle": "-", "color": colour, "lw": 0.7, "shrinkA": 1, "shrinkB": 1}
    return look | {"relpos": relpos}


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places at least ``gap`` apart, in the order of those wanted and as near them as can be.

    That is so by the sum of squares. Shape (labels,), of both.
    """
    from scipy import optimize  # takes half a second to import

    if not len(wanted):  # which SciPy is not made for
        return np.empty(0)
    order, steps = np.argsort(wanted, kind="stable"), gap * np.arange(len(wanted))
    places = np.empty(len(order))
    places[order] = optimize.isotonic_regression(np.asarray(wanted)[order] - steps).x + steps
    return places


def silent_colour(count: int) -> str:
    """The colour of a run with so many silent outputs; the same on every page."""
    colours = style.theme().categories
    return colours[min(count, 3)]


def strips(
    ax,
    groups: dict[str, np.ndarray],
    colours: Sequence,
    ylabel: str,
    seeds: Sequence[Sequence[int]] | None = None,
) -> list:
    """Every run as a dot, a strip for each group; returns the dots of each.

    Without means: these runs lie on levels, and a mean over levels describes none of them.

    Parameters
    ----------
    ax : Axes
    groups : dict
        Values of the runs, shape (runs,), by label.
    colours : sequence
        For each group a colour, or one for each of its runs.
    ylabel : str
    seeds : sequence of sequence of int, optional
        Of each group's runs, where they are not those from 0 on.
    """
    generator = np.random.default_rng(0)  # only moves dots sideways, to part them
    drawn_dots = []
    for place, ((name, values), colour) in enumerate(zip(groups.items(), colours, strict=True)):
        offsets = generator.uniform(-0.3, 0.3, len(values))
        dots = ax.scatter(place + offsets, values, s=11, c=colour, alpha=0.75, linewidths=0)
        drawn.of_seeds(dots, range(len(values)) if seeds is None else seeds[place], name)
        drawn_dots.append(dots)
    ax.set_xticks(range(len(groups)), groups)
    ax.tick_params(axis="x", length=0)
    ax.set(ylabel=ylabel, xlim=(-0.5, len(groups) - 0.5))
    return drawn_dots


def by_size(
    ax, sizes: Sequence[int], values: np.ndarray, colour: str, ylabel: str, series: str = "runs"
) -> None:
    """Runs and their mean with its 95% t interval against a size on a log axis.

    Parameters
    ----------
    ax : Axes
    sizes : sequence of int
    values : ndarray, shape (sizes, runs)
    colour, ylabel : str
    series : str
        What has this colour.
    """
    for size, runs in zip(sizes, values, strict=True):
        dots = ax.scatter([size] * len(runs), runs, s=14, color=colour, alpha=0.35, linewidths=0)
        drawn.of_seeds(dots, range(len(runs)), series)
    intervals = np.array([estimate(runs)[1:] for runs in values])
    band = ax.fill_between(sizes, *intervals.T, color=colour, alpha=0.2, linewidth=0)
    mean = ax.plot(sizes, values.mean(axis=1), "-", color=colour, marker="_", ms=11, mew=1.8)
    for mark in (band, *mean):
        drawn.of_seeds(mark, (), f"mean of {series}")
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.set(xlabel="hidden neurons", ylabel=ylabel)


def lifelines(ax, silent: np.ndarray) -> None:
    """Which outputs are silent after which epochs: a row a seed, a line a silent output.

    Parameters
    ----------
    ax : Axes
    silent : ndarray of bool, shape (runs, epochs, 10)
    """
    runs, epochs, _ = silent.shape
    for run in range(runs):
        digits = np.flatnonzero(silent[run].any(axis=0))
        colour = silent_colour(int(silent[run, -1].sum()))
        for place, digit in enumerate(digits):
            y = run + (place - (len(digits) - 1) / 2) * 0.44
            for start, end in _stretches(silent[run, :, digit]):
                after = np.arange(start, end + 1)
                line = ax.plot(
                    after, np.full(len(after), y), color=colour, lw=2, marker="o", ms=3.6
                )
                places = [(epoch, run) for epoch in after]
                drawn.of_seeds(*line, run, f"output {digit} silent", places)
                look = {"va": "center", "fontsize": 8, "color": colour}
                ax.annotate(str(digit), (start - 0.35, y), ha="right", **look)
                if end < epochs:
                    ax.annotate("heard again", (end + 0.35, y), ha="left", **look)
    ax.set(ylabel="seed", xlim=(0, epochs + 0.4), ylim=(runs - 0.4, -0.6))
    ax.set_yticks(range(runs), range(runs))
    epoch_axis(ax, epochs)
    for run in range(runs + 1):
        ax.axhline(run - 0.5, color=style.theme().faint, lw=0.4, alpha=0.5)


def _stretches(marks: np.ndarray) -> list[tuple[int, int]]:
    """First and last epoch, from 1, of each unbroken stretch of true marks."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(int), [0]])))
    return [(int(start) + 1, int(end)) for start, end in edges.reshape(-1, 2)]


def confusion(ax, matrix: np.ndarray, categories: Sequence[str]) -> None:
    """A confusion matrix with its counts; mistakes are shaded, right answers are not.

    Parameters
    ----------
    ax : Axes
    matrix : ndarray of int, shape (10, 10)
        Rows predicted, columns actual.
    categories : sequence of str
    """
    import seaborn as sns

    right = np.eye(len(matrix), dtype=bool)
    most = np.where(right, 0, matrix).max()
    sns.heatmap(
        np.ma.masked_where(right, matrix),
        ax=ax,
        cmap=style.theme().sequence,
        mask=right,
        vmin=0,
        vmax=most,
        cbar=False,
        square=True,
        xticklabels=categories,
        yticklabels=categories,
        linewidths=0.4,
        linecolor=style.theme().page,
    )
    shades = ax.collections[0]
    for (row, column), count in np.ndenumerate(matrix):
        colour = style.theme().text if row == column else style.on(shades.to_rgba(count))
        ax.text(
            column + 0.5,
            row + 0.5,
            f"{count:,}",
            ha="center",
            va="center",
            fontsize=7.5,
            fontweight="bold" if row == column else "normal",
            color=colour,
        )
    ax.set(xlabel="actual", ylabel="predicted")
    ax.tick_params(length=0, rotation=0)


def images(axes, pictures: np.ndarray, titles: Sequence[str]) -> None:
    """Images, each in axes of its own, under their titles.

    Parameters
    ----------
    axes : sequence of Axes
    pictures : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
    titles : sequence of str
    """
    for ax, picture, title in zip(axes, pictures, titles, strict=True):
        ax.imshow(picture, cmap="gray_r" if picture.ndim == 2 else None, interpolation="nearest")
        ax.set_title(title, loc="center", pad=3)
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set_visible(True)


def ten_outputs(ax, outputs: np.ndarray, left: int = 0) -> None:
    """A network's ten outputs for an image as bars from ``left`` on, the largest in colour."""
    colours = [style.theme().faint] * 10
    colours[int(outputs.argmax())] = style.theme().categories[0]
    ax.bar(range(left, left + 10), outputs, color=colours)


def answers(axes, predictions: np.ndarray, categories: Sequence[str]) -> None:
    """Below each of some images what several networks say of it, and how many of them.

    Parameters
    ----------
    axes : iterable of matplotlib.axes.Axes
    predictions : ndarray of int, shape (runs, images)
    categories : sequence of str
        Names of the categories.
    """
    for ax, said in zip(axes, predictions.T, strict=True):
        counts = Counter(said.tolist()).most_common()
        lines = [f"{categories[category]} {count}" for category, count in counts[:3]]
        if len(counts) > 3:
            lines[2:] = [f"others {sum(count for _, count in counts[2:])}"]
        ax.set_xlabel("\n".join(lines), fontsize=7.5, linespacing=1.25)
