"""Plots that several questions draw: each takes axes and arrays, and draws into the axes.

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
    ax.set(xlabel="epoch", ylabel=ylabel, xlim=(1, epochs[-1]))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.margins(y=0.08)
    groups = {label: [i for i, other in enumerate(labels) if other == label] for label in labels}
    label_ends(
        ax,
        [float(np.mean(lasts[runs, 1])) for runs in groups.values()],
        [label if len(runs) == 1 else f"{label} (× {len(runs)})" for label, runs in groups.items()],
        [colours[runs[0]] for runs in groups.values()],
    )


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
    """Texts beside the right edge of the axes, near their heights but never over each other."""
    low, high = ax.get_ylim()
    line = 0.052 * 3.4 / ax.figure.get_figheight()  # a line of text, in heights of the axes
    wanted = (np.asarray(heights) - low) / (high - low)
    for text, place, colour in zip(texts, spread(wanted, line), colours, strict=True):
        ax.annotate(
            text,
            (1, place),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=colour,
        )


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places at least ``gap`` apart, in the order of those wanted and near them."""
    order = np.argsort(wanted, kind="stable")
    # Each label is pushed into the centre of the pile it would otherwise overlap.
    piles: list[list[float]] = []
    for place in np.asarray(wanted)[order]:
        piles.append([place])
        while len(piles) > 1 and _bottom(piles[-1], gap) < _top(piles[-2], gap) + gap:
            piles[-2:] = [piles[-2] + piles[-1]]
    places = np.empty(len(order))
    places[order] = [_bottom(pile, gap) + i * gap for pile in piles for i in range(len(pile))]
    return places


def _bottom(pile: list[float], gap: float) -> float:
    return float(np.mean(pile)) - gap * (len(pile) - 1) / 2


def _top(pile: list[float], gap: float) -> float:
    return float(np.mean(pile)) + gap * (len(pile) - 1) / 2


def silent_colour(count: int) -> str:
    """The colour of a run with so many silent outputs; the same on every page."""
    colours = style.theme().categories
    return colours[min(count, 3)]


def silent_labels(silent: np.ndarray) -> list[str]:
    """'none silent', '4 silent', '0, 7 silent', …, for silent outputs of shape (runs, 10)."""
    return [
        ", ".join(str(digit) for digit in np.flatnonzero(run)) + " silent"
        if run.any()
        else "none silent"
        for run in silent
    ]


def strips(ax, groups: dict[str, np.ndarray], colours: Sequence, ylabel: str) -> list:
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
    """
    generator = np.random.default_rng(0)  # only moves dots sideways, to part them
    drawn_dots = []
    for place, (values, colour) in enumerate(zip(groups.values(), colours, strict=True)):
        offsets = generator.uniform(-0.3, 0.3, len(values))
        dots = ax.scatter(place + offsets, values, s=11, c=colour, alpha=0.75, linewidths=0)
        drawn.of_seeds(dots, range(len(values)))
        drawn_dots.append(dots)
    ax.set_xticks(range(len(groups)), groups)
    ax.tick_params(axis="x", length=0)
    ax.set(ylabel=ylabel, xlim=(-0.5, len(groups) - 0.5))
    return drawn_dots


def by_size(ax, sizes: Sequence[int], values: np.ndarray, colour: str, ylabel: str) -> None:
    """Runs and their mean with its 95% t interval against a size on a log axis.

    Parameters
    ----------
    ax : Axes
    sizes : sequence of int
    values : ndarray, shape (sizes, runs)
    colour, ylabel : str
    """
    for size, runs in zip(sizes, values, strict=True):
        dots = ax.scatter([size] * len(runs), runs, s=14, color=colour, alpha=0.35, linewidths=0)
        drawn.of_seeds(dots, range(len(runs)))
    intervals = np.array([estimate(runs)[1:] for runs in values])
    ax.fill_between(sizes, *intervals.T, color=colour, alpha=0.2, linewidth=0)
    mean = ax.plot(sizes, values.mean(axis=1), "-", color=colour, marker="_", ms=11, mew=1.8)
    drawn.of_seeds(*mean, (), "mean")
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.set(xlabel="hidden neurons", ylabel=ylabel)


def lifelines(ax, silent: np.ndarray) -> None:
    """Which outputs are silent in which epochs: a row a run, a bar a silent output.

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
                bar = ax.plot([start - 0.45, end + 0.45], [y, y], color=colour, lw=2.4)
                places = [(start, run + 1), (end, run + 1)]
                drawn.of_seeds(*bar, run, f"output {digit}", places)
                ax.annotate(
                    str(digit), (start - 0.58, y), ha="right", va="center", fontsize=7, color=colour
                )
    ax.set_yticks(range(runs), range(1, runs + 1))
    ax.set(xlabel="epoch", ylabel="run", xlim=(0, epochs + 0.6), ylim=(runs - 0.4, -0.6))
    ax.xaxis.get_major_locator().set_params(integer=True)
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
    sns.heatmap(
        np.ma.masked_where(right, matrix),
        ax=ax,
        cmap=style.theme().sequence,
        mask=right,
        cbar=False,
        square=True,
        xticklabels=categories,
        yticklabels=categories,
        linewidths=0.4,
        linecolor=style.theme().page,
    )
    shade = matrix / np.where(right, 0, matrix).max()
    on_dark_page = style.theme() is style.DARK
    for (row, column), count in np.ndenumerate(matrix):
        strong = shade[row, column] > 0.5 and row != column
        ax.text(
            column + 0.5,
            row + 0.5,
            f"{count:,}",
            ha="center",
            va="center",
            fontsize=7.5,
            fontweight="bold" if row == column else "normal",
            color=("#111111" if on_dark_page else "#ffffff") if strong else style.theme().text,
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
