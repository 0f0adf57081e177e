"""Sorts runs by how many of their outputs are silent: what questions 1 to 5 share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis import forms, plots, style
from analysis.claims import Criterion, exactly
from analysis.datasets import DATASETS
from analysis.results import SILENT_BELOW, Runs
from analysis.spec import Experiment
from analysis.statistics import difference, estimate, rate

#: The runs that the assignment asks for; the others extend them to a rate.
ASKED_FOR = 10

_WORDS = {0: "none", 1: "one", 2: "two", 3: "three", 4: "four"}


def counts(runs: Runs) -> np.ndarray:
    """Silent outputs of each run after the last epoch: int, shape (runs,)."""
    return runs.silent[:, -1].sum(axis=1)


def fine(runs: Runs) -> np.ndarray:
    """Whether all outputs of a run are heard after the last epoch: bool, shape (runs,)."""
    return counts(runs) == 0


def only_zero(runs: Runs) -> np.ndarray:
    """Whether the output of 0 is a run's one silent output: bool, shape (runs,).

    These runs' accuracy hides the fault: for a 0 all outputs are zero, and the tie goes to 0.
    """
    return runs.silent[:, -1, 0] & (counts(runs) == 1)


def only_other(runs: Runs) -> np.ndarray:
    """Whether a run has one silent output, another than that of 0: bool, shape (runs,)."""
    return ~runs.silent[:, -1, 0] & (counts(runs) == 1)


def stuck_more(ours: Runs, theirs: Runs) -> tuple[float, float]:
    """95% interval of how much larger our rate of runs with a silent output is, paired by seed."""
    _, low, high = difference(~fine(ours), ~fine(theirs))
    return low, high


def epochs_to_match(ours: Runs, theirs: Runs) -> int:
    """Epochs after which ours have the training error that theirs end with.

    Means of the runs that are fine.
    """
    target = theirs.final("loss")[fine(theirs)].mean()
    return int(np.argmax(ours.history("loss")[fine(ours)].mean(axis=0) <= target)) + 1


def numbers(runs: Runs) -> dict:
    """What pages cite of an experiment with ReLU outputs.

    Of the first ten runs: ``ten_…``. Of all: ``stuck``, the runs with a silent output, with
    its rate and interval, and for each ``level``, the number of silent outputs up to "three or
    more", how many runs there are and their mean error and accuracy after the last epoch.
    """
    silent, n = counts(runs), len(runs)
    _, low, high = rate(silent > 0)
    values = {
        "runs": n,
        "ten_stuck": int(np.sum(silent[:ASKED_FOR] > 0)),
        "ten_fine": int(np.sum(silent[:ASKED_FOR] == 0)),
        "stuck": int(np.sum(silent > 0)),
        "stuck_low": low,
        "stuck_high": high,
    }
    for level in range(4):
        chosen = silent == level if level < 3 else silent >= level
        values[f"level{level}_runs"] = int(chosen.sum())
        for name, history, form in (
            ("error", runs.after("loss"), ".4f"),
            ("val_error", runs.final("val_loss"), ".4f"),
            ("accuracy", runs.after("accuracy"), ".1%"),
            ("val_accuracy", runs.final("val_accuracy"), ".1%"),
        ):
            values[f"level{level}_{name}"] = _mean(history[chosen], form)
    return values


def _mean(values: np.ndarray, form: str) -> str:
    """Mean of a level's runs, with its interval if they are enough for one."""
    mean = forms.mean(values, form)
    if len(values) < 2:
        return mean
    _, low, high = estimate(values)
    return f"{mean} {forms.half_width(low, high, form)}"


def fine_means(runs: Runs) -> dict:
    """Means of the runs without silent outputs after the last epoch.

    ``fine_gap`` is testing error minus training error of the trained networks.
    """
    chosen = fine(runs)
    values = {
        "train_error": runs.final("loss"),
        "error": runs.final("val_loss"),
        "accuracy": runs.final("val_accuracy"),
        "gap": runs.final("val_loss") - runs.after("loss"),
    }
    return {f"fine_{name}": float(value[chosen].mean()) for name, value in values.items()}


def below_from(runs: Runs) -> int:
    """The epoch from which the mean training error of ten runs stays below the testing error."""
    ten = runs.first(ASKED_FOR)
    above = ten.history("loss").mean(axis=0) >= ten.history("val_loss").mean(axis=0)
    return int(np.flatnonzero(above).max(initial=-1)) + 2


def changes(runs: Runs) -> dict:
    """Outputs that are silent after the first epoch, fall silent later, or come back."""
    silent = runs.silent
    return {
        "silent_at_first": int(silent[:, 0].sum()),
        "fell_later": int(np.sum(~silent[:, :-1] & silent[:, 1:])),
        "came_back": int(np.sum(silent[:, :-1] & ~silent[:, 1:])),
        "silent_at_last": int(silent[:, -1].sum()),
    }


@dataclass(frozen=True)
class FirstEpoch:
    """Which outputs are silent when, from before any training to the end of it.

    Made by `first_epoch`. An output that fell silent and came back between two counts is not seen.

    Parameters
    ----------
    steps : tuple of int
        After which it was counted: 0 before training, the last at the end of the first epoch.
    silent : ndarray of bool, shape (runs, steps, 10)
    in_the_end : ndarray of bool, shape (runs, 10)
        After the last epoch.
    """

    steps: tuple[int, ...]
    silent: np.ndarray
    in_the_end: np.ndarray

    @property
    def start(self) -> np.ndarray:
        """Outputs that are silent before training: bool, shape (runs, 10)."""
        return self.silent[:, 0]

    @property
    def stayed(self) -> np.ndarray:
        """Outputs that start silent and end so, whatever they are between; like `start`."""
        return self.start & self.in_the_end

    @property
    def fell(self) -> np.ndarray:
        """Outputs that do not start silent but end so; like `start`."""
        return ~self.start & self.in_the_end

    @property
    def falls(self) -> np.ndarray:
        """Outputs that were heard at one count and silent at the next: int, shape (steps - 1,)."""
        return np.sum(~self.silent[:, :-1] & self.silent[:, 1:], axis=(0, 2))

    @property
    def rises(self) -> np.ndarray:
        """The other way round."""
        return np.sum(self.silent[:, :-1] & ~self.silent[:, 1:], axis=(0, 2))

    @property
    def last_fall(self) -> tuple[int, int]:
        """Between which two counted steps an output was last seen to fall silent."""
        place = int(np.flatnonzero(self.falls)[-1])
        return self.steps[place], self.steps[place + 1]

    def numbers(self) -> dict:
        """Outputs that start silent, that are pulled up, stay or fall; and when most are silent."""
        by_step = self.silent.sum(axis=(0, 2))
        most = int(by_step.argmax())
        last_from, last_by = self.last_fall
        return {
            "start_silent": int(self.start.sum()),
            "pulled_up": int(np.sum(self.start & ~self.in_the_end)),
            "stayed_silent": int(self.stayed.sum()),
            "fell": int(self.fell.sum()),
            "end_silent": int(self.in_the_end.sum()),
            "most_silent": int(by_step[most]),
            "most_silent_step": self.steps[most],
            "last_fall_from": last_from,
            "last_fall_by": last_by,
        }


def first_epoch(early: Runs, runs: Runs) -> FirstEpoch:
    """Joins runs of one epoch, looked into at some steps, with the same trained to the end.

    Whether they are the same is for `same_beginning` to say.
    """
    experiment = early.experiment
    images = DATASETS[experiment.dataset].shapes["x_train"][0] - experiment.validation
    silent = [early.before("own")[:, None], early.within("own"), early.own[:, :1]]
    return FirstEpoch(
        (0, *experiment.activity_at, -(-images // experiment.batch_size)),
        np.concatenate(silent, axis=1) < SILENT_BELOW,
        runs.silent[:, -1],
    )


def same_beginning(early: Runs, runs: Runs) -> Criterion:
    """Two trainings of the same seeds have the same first epoch, to the last digit."""
    differ = [
        np.sum(early.before("own") != runs.before("own")),
        *(
            np.sum(early.history(name)[:, 0] != runs.history(name)[:, 0])
            for name in ("loss", "accuracy", "val_loss", "val_accuracy", "own", "others")
        ),
    ]
    return exactly("values of the first epoch that differ", int(sum(differ)), 0)


def first_epoch_figure(trainings: dict[str, FirstEpoch]):
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
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False
    )
    return figure


def curves(ax, runs: Runs, name: str, ylabel: str) -> None:
    """A history of the first ten runs, coloured and labelled by their silent outputs."""
    ten = runs.first(ASKED_FOR)
    plots.run_curves(
        ax,
        ten.history(name),
        plots.silent_labels(ten.silent[:, -1]),
        [plots.silent_colour(count) for count in counts(ten)],
        ylabel,
    )


def small_curves(runs: Runs, name: str):
    """A history of the first ten runs, coloured by their silent outputs, for the home page."""
    ten = runs.first(ASKED_FOR)
    return plots.small_curves(ten.history(name), [plots.silent_colour(n) for n in counts(ten)])


def curves_figure(runs: Runs, name: str, ylabel: str):
    """`curves` as a figure of its own."""
    figure, ax = style.figure()
    curves(ax, runs, name, ylabel)
    return figure


def error_figures(page: str, experiment: Experiment) -> dict[str, Callable]:
    """The two plots that questions 2 to 4 ask for, by figure name."""
    return {
        f"{page}-training-error": lambda results: curves_figure(
            results[experiment], "loss", "training error"
        ),
        f"{page}-testing-error": lambda results: curves_figure(
            results[experiment], "val_loss", "testing error"
        ),
    }


def curves_of_all(runs: Runs, name: str, ylabel: str):
    """A history of the first ten runs of a network without ReLU outputs, as a figure."""
    ten = runs.first(ASKED_FOR).history(name)
    figure, ax = style.figure()
    colour = style.theme().categories[0]
    plots.run_curves(ax, ten, ["all runs"] * len(ten), [colour] * len(ten), ylabel)
    return figure


def levels_figure(runs: Runs):
    """Error and accuracy of all runs after the last epoch, by their silent outputs."""
    silent = counts(runs)
    error, accuracy = runs.final("val_loss"), runs.final("val_accuracy")
    zero_silent = runs.silent[:, -1, 0]
    diamond = {"s": 30, "facecolors": "none", "marker": "D"}
    figure, ax = style.figure()
    for count in np.unique(silent):
        chosen = silent == count
        colour = plots.silent_colour(count)
        ax.scatter(error[chosen & ~zero_silent], accuracy[chosen & ~zero_silent], s=16, c=colour)
        ax.scatter(
            error[chosen & zero_silent],
            accuracy[chosen & zero_silent],
            edgecolors=colour,
            **diamond,
        )
        ax.annotate(
            f"{_WORDS.get(count, count)} silent",
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


def settings_figure(settings: dict[str, Runs], name: str = "val_accuracy"):
    """Every run's final value under several settings, coloured by its silent outputs.

    Parameters
    ----------
    settings : dict
        Runs by label, as they stand on the axis.
    name : {"val_accuracy", "val_loss"}
    """
    figure, ax = style.figure()
    colours = [
        [plots.silent_colour(count) for count in counts(runs)]
        if has_relu_outputs(runs)
        else plots.silent_colour(0)
        for runs in settings.values()
    ]
    ylabel = {"val_accuracy": "testing accuracy", "val_loss": "testing error"}[name]
    plots.strips(ax, {label: runs.final(name) for label, runs in settings.items()}, colours, ylabel)
    legend = ["none silent", "one silent", "two silent", "three or more"]
    heights = (0.9, 0.8, 0.7, 0.6) if name == "val_accuracy" else (0.1, 0.3, 0.5, 0.7)
    low, high = ax.get_ylim()
    plots.label_ends(
        ax,
        [low + height * (high - low) for height in heights],
        legend,
        [plots.silent_colour(count) for count in range(4)],
    )
    return figure


def has_relu_outputs(runs: Runs) -> bool:
    """Whether outputs can fall silent at all."""
    return runs.experiment.layers[-1].activation == "relu"
