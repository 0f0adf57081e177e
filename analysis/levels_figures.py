"""Draws runs by their silent outputs: the figures that questions 1 to 5 share."""

from __future__ import annotations

import numpy as np

from analysis import drawn, explore, forms, levels, plots, style
from analysis.levels import FirstEpoch
from analysis.results import ASKED_FOR, Runs
from analysis.statistics import estimate, rate


def first_epoch(trainings: dict[str, FirstEpoch]):
    """How many outputs are silent after how many steps, by whether they started so.

    Parameters
    ----------
    trainings : dict
        By label, which stands above; one without a label stands alone.
    """
    rows = len(trainings)
    figure, axes = style.figure(1, rows, 1.1 + 1.5 * rows, sharex=True, sharey=True, squeeze=False)
    colours = style.theme().categories
    for ax, (label, training) in zip(axes[:, 0], trainings.items(), strict=True):
        counted = np.concatenate([training.silent, training.in_the_end[:, None]], axis=1)
        started = training.start[:, None]
        bottom = np.zeros(counted.shape[1])
        for chosen, colour, name in (
            (started, colours[0], "silent before training"),
            (~started, colours[1], "heard before training"),
        ):
            heights = np.sum(counted & chosen, axis=(0, 2))
            ax.bar(range(len(heights)), heights, 0.8, bottom, color=colour, lw=0, label=name)
            bottom += heights
        for place, height in enumerate(bottom):
            ax.annotate(
                f"{height:.0f}",
                (place, height),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        ax.set(ylabel="silent outputs", title=label)
        ax.tick_params(axis="x", length=0)
        ax.margins(y=0.1)
    steps = ["none", *(f"{step:,}" for step in training.steps[1:]), "all"]
    axes[-1, 0].set_xticks(range(len(steps)), steps)
    axes[-1, 0].set_xlabel("steps of training")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False
    )
    return figure


def curves(runs: Runs, name: str, ylabel: str, **size: float):
    """A history of the first ten runs, coloured and labelled by their silent outputs."""
    ten = runs.first(ASKED_FOR)
    figure, ax = style.figure(**size)
    plots.run_curves(ax, ten.history(name), *_looks(ten), ylabel)
    _mark_heard_again(ax, ten, name)
    return figure


#: What the axis of squared error spans in questions 2 to 4, whose plots are to be compared.
ERRORS = (0.005, 0.09)


def errors(runs: Runs):
    """The two plots that questions 2 to 4 ask for: `curves` of both errors, on one scale."""
    ten = runs.first(ASKED_FOR)
    figure, axes = style.figure(2, height=3.7, sharey=True)
    axes[0].set(yscale="log", ylim=ERRORS)
    style.plain_ticks(axes[0].yaxis)
    plots.training_beside_testing(
        axes, ten.history("loss"), ten.history("val_loss"), *_looks(ten), "error (mean squared)"
    )
    for ax, name in zip(axes, ("loss", "val_loss"), strict=True):
        _mark_heard_again(ax, ten, name)
    return figure


def _looks(ten: Runs) -> tuple[list[str], list[str]]:
    """Labels and colours of runs, by the outputs that end silent."""
    colours = [plots.silent_colour(count) for count in levels.counts(ten)]
    return [forms.silent(np.flatnonzero(run)) for run in ten.silent[:, -1]], colours


def _mark_heard_again(ax, ten: Runs, name: str) -> None:
    """Mark where an output is heard again, in words on that side on which the run ends."""
    silent, is_error = levels.counts(ten), name.endswith("loss")
    below = {"loss": -85, "val_loss": -60}.get(name, -26)  # where no curves are
    for run, epoch, output in levels.heard_again(ten):
        plots.mark(
            ax,
            (epoch, ten.history(name)[run, epoch - 1]),
            ten.seeds[run],
            f"output {output}\nheard again",
            plots.silent_colour(silent[run]),
            up=24 if is_error and silent[run] else below,
        )


def small_curves(runs: Runs, name: str):
    """A history of the first ten runs, coloured by their silent outputs, for the home page."""
    ten = runs.first(ASKED_FOR)
    return plots.small_curves(
        ten.history(name), [plots.silent_colour(n) for n in levels.counts(ten)]
    )


def errors_of_all(runs: Runs, ylabel: str):
    """`errors` of a network without ReLU outputs, whose error has a scale of its own."""
    ten = runs.first(ASKED_FOR)
    figure, axes = style.figure(2, height=3.4, sharey=True)
    axes[0].set(yscale="log")
    style.plain_ticks(axes[0].yaxis)
    looks = ["all runs"] * len(ten), [style.theme().categories[0]] * len(ten)
    plots.training_beside_testing(
        axes, ten.history("loss"), ten.history("val_loss"), *looks, ylabel
    )
    return figure


def final_values(runs: Runs):
    """Error and accuracy of all runs after the last epoch, by their silent outputs."""
    silent = levels.counts(runs)
    error, accuracy = runs.final("val_loss"), runs.final("val_accuracy")
    zero_silent = runs.silent[:, -1, 0]
    diamond = {"s": 30, "facecolors": "none", "marker": "D"}
    figure, ax = style.figure()
    for count in np.unique(silent):
        chosen = silent == count
        colour = plots.silent_colour(count)
        level = f"{levels.WORDS.get(count, count)} silent"
        for some, said, look in (
            (chosen & ~zero_silent, level, {"s": 16, "c": colour}),
            (
                chosen & zero_silent,
                f"{level}, output 0 among them",
                {"edgecolors": colour} | diamond,
            ),
        ):
            dots = ax.scatter(error[some], accuracy[some], **look)
            drawn.of_seeds(dots, np.array(runs.seeds)[some], said)
            explore.of_runs(dots, runs)
        ax.annotate(
            level,
            (error[chosen].mean(), accuracy[chosen].max()),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=colour,
        )
    ax.scatter([], [], edgecolors=style.theme().text, label="output 0 among the silent", **diamond)
    ax.legend(frameon=False, loc="lower left", fontsize=8.5)
    ax.margins(x=0.09, y=0.12)
    ax.set(xlabel="testing error after the last epoch", ylabel="testing accuracy")
    return figure


def settings(settings: dict[str, Runs], name: str = "val_accuracy"):
    """Every run's final value under several settings, coloured by its silent outputs.

    Parameters
    ----------
    settings : dict
        Runs by label, as they stand on the axis.
    name : {"val_accuracy", "val_loss"}
    """
    figure, ax = style.figure()
    colours = [
        [plots.silent_colour(count) for count in levels.counts(runs)]
        if levels.has_relu_outputs(runs)
        else plots.silent_colour(0)
        for runs in settings.values()
    ]
    ylabel = {"val_accuracy": "testing accuracy", "val_loss": "testing error"}[name]
    values = {label: runs.final(name) for label, runs in settings.items()}
    seeds = [runs.seeds for runs in settings.values()]
    for dots, (label, runs) in zip(
        plots.strips(ax, values, colours, ylabel, seeds), settings.items(), strict=True
    ):
        explore.of_runs(dots, runs, label)
    silent_legend(figure)
    return figure


def silent_legend(figure, most: int = 3) -> None:
    """Say above a figure which colour stands for how many silent outputs, up to so many."""
    from matplotlib.lines import Line2D

    words = ["none", "one", "two", "three or more"][: most + 1]
    keys = [
        Line2D([], [], color=plots.silent_colour(count), marker="o", ls="", label=word)
        for count, word in enumerate(words)
    ]
    figure.legend(
        handles=keys,
        title="silent outputs:",
        alignment="left",
        loc="outside upper left",
        ncols=len(keys),
        frameon=False,
        handletextpad=0.1,
        fontsize=8.5,
        title_fontsize=8.5,
    )


def rates(by_optimizer: dict[str, dict[float, Runs]]):
    """Runs with a silent output, and the error of healthy ones, against the learning rate.

    Parameters
    ----------
    by_optimizer : dict
        By the optimizer's name, of at most two, and the learning rate.
    """
    figure, axes = style.figure(2, height=3.0)
    n = len(by_optimizer)
    # Those of the overlay in question 4.
    colours, lines = style.theme().categories[:3:2][:n], ("o-", "s--")[:n]
    for (name, by_rate), colour, line in zip(by_optimizer.items(), colours, lines, strict=True):
        shares = [rate(levels.stuck(runs)) for runs in by_rate.values()]
        errors = [
            estimate(runs.final("val_loss")[levels.healthy(runs)]) for runs in by_rate.values()
        ]
        for ax, estimates in zip(axes, (shares, errors), strict=True):
            means, lows, highs = np.transpose(estimates)
            reach = [means - lows, highs - means]
            bars = ax.errorbar(
                list(by_rate), means, reach, color=colour, fmt=line, ms=4, capsize=2, label=name
            )
            for mark in bars.get_children():
                drawn.of_seeds(mark, (), name)
    for ax, label in zip(
        axes, ("runs with a silent output", "testing error of healthy runs"), strict=True
    ):
        ax.set(xscale="log", xlabel="learning rate", ylabel=label)
        style.plain_ticks(ax.xaxis, digits=(1,))
        ax.margins(0.08, 0.1)
    axes[0].set_ylim(0, 1)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[1].set_ylim(bottom=0)
    axes[0].legend(frameon=False, loc="lower left")
    return figure
