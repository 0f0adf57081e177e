"""Sorts runs by how many of their outputs are silent: what questions 1 to 5 share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress, pairwise

import numpy as np

from analysis import forms
from analysis.claims import Criterion, exactly
from analysis.results import ASKED_FOR, SILENT_BELOW, Runs
from analysis.statistics import estimate, rate

WORDS = {0: "none", 1: "one", 2: "two", 3: "three", 4: "four"}


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


def stuck(runs: Runs, epoch: int | None = None) -> np.ndarray:
    """Whether an output of a run is silent after an epoch, or after the last: like `fine`."""
    return runs.silent[:, -1 if epoch is None else epoch - 1].any(axis=1)


def healthy(runs: Runs) -> np.ndarray:
    """Whether all outputs of a run are heard after every epoch: like `fine`."""
    return ~runs.silent.any(axis=(1, 2))


def healthy_in_all(*trainings: Runs) -> list[Runs]:
    """The runs of each training whose seeds are `healthy` in all of them, in their order.

    Of runs that are merely fine in the end, one may have had a silent output for longer.
    """
    shared = [runs.first(min(map(len, trainings))) for runs in trainings]
    chosen = np.all([healthy(runs) for runs in shared], axis=0)
    return [Runs(runs.experiment, tuple(compress(runs.records, chosen))) for runs in shared]


def epochs_to_match(ours: Runs, theirs: Runs) -> np.ndarray:
    """Epochs after which ours have the testing error that theirs end with.

    Returns
    -------
    ndarray of float, shape (seeds,)
        For each seed that is `healthy_in_all`; infinite where ours never have it.
    """
    ours, theirs = healthy_in_all(ours, theirs)
    return epochs_until(ours.history("val_loss") <= theirs.final("val_loss")[:, None])


def epochs_until(reached: np.ndarray) -> np.ndarray:
    """After how many epochs something is first reached.

    Parameters
    ----------
    reached : ndarray of bool, shape (runs, epochs)

    Returns
    -------
    ndarray of float, shape (runs,)
        Infinite where it never is.
    """
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def numbers(runs: Runs) -> dict:
    """What pages cite of an experiment with ReLU outputs.

    Of the first ten runs: ``ten_…``. Of all: ``stuck``, the runs with a silent output, with
    its rate and interval.
    """
    silent = counts(runs)
    _, low, high = rate(silent > 0)
    return {
        "runs": len(runs),
        "ten_stuck": int(np.sum(silent[:ASKED_FOR] > 0)),
        "ten_fine": int(np.sum(silent[:ASKED_FOR] == 0)),
        "stuck": int(np.sum(silent > 0)),
        "stuck_low": low,
        "stuck_high": high,
    }


def room(runs: Runs, values: np.ndarray) -> float:
    """Least distance between the groups of runs with 0, 1, 2, … silent outputs, in rising order."""
    silent = counts(runs)
    groups = [values[silent == count] for count in np.unique(silent)]
    # NumPy's least of any that is NaN is NaN, whose claims fail: a group may have diverged.
    return float(np.min([b.min() - a.max() for a, b in pairwise(groups)]))


def levels_table(runs: Runs) -> list[list[str]]:
    """How many runs lie on each level, and the mean errors of the trained networks there.

    Of errors alone: the accuracies of a level differ with the output of 0, see `only_zero`.
    """
    silent, rows = counts(runs), []
    for count in np.unique(silent):
        chosen = silent == count
        errors = (runs.after("loss")[chosen], runs.final("val_loss")[chosen])
        rows.append(
            [
                WORDS.get(count, f"{count}"),
                str(chosen.sum()),
                *(_mean(error, ".4f") for error in errors),
            ]
        )
    return [["silent outputs", f"runs of {len(runs)}", "training error", "testing error"], *rows]


def _mean(values: np.ndarray, form: str) -> str:
    """Mean of a level's runs, with its interval if they are enough for one."""
    if len(values) < 2:
        return forms.mean(values, form)
    return forms.with_half_width(*estimate(values), form)


def fine_means(runs: Runs) -> dict:
    """Means of the runs without silent outputs after the last epoch, of the trained networks.

    ``fine_gap`` is testing error minus training error.
    """
    chosen = fine(runs)
    values = {
        "train_error": runs.after("loss"),
        "error": runs.final("val_loss"),
        "accuracy": runs.final("val_accuracy"),
        "gap": gap(runs),
    }
    return {f"fine_{name}": float(value[chosen].mean()) for name, value in values.items()}


def ten_ends(runs: Runs) -> dict:
    """Between which training errors the first ten runs end, as plotted: fine and stuck ones."""
    ten = runs.first(ASKED_FOR)
    values = {}
    for name, chosen in (("fine", fine(ten)), ("stuck", stuck(ten))):
        ends = ten.final("loss")[chosen]
        values |= {f"ten_{name}_min": float(ends.min()), f"ten_{name}_max": float(ends.max())}
    return values


def gap(runs: Runs) -> np.ndarray:
    """Testing error minus training error of the trained networks: float, shape (runs,)."""
    return runs.final("val_loss") - runs.after("loss")


def below_from(runs: Runs) -> int:
    """The epoch from which the mean training error of ten runs stays below the testing error."""
    ten = runs.first(ASKED_FOR)
    above = ten.history("loss").mean(axis=0) >= ten.history("val_loss").mean(axis=0)
    return int(np.flatnonzero(above).max(initial=-1)) + 2


def changes(runs: Runs, limit: float = SILENT_BELOW) -> dict:
    """Outputs that are silent after the first epoch, fall silent later, or come back.

    Silent is here what fires on less than ``limit`` of the images of its own category.
    """
    silent = runs.own < limit
    return {
        "silent_at_first": int(silent[:, 0].sum()),
        "fell_later": int(np.sum(~silent[:, :-1] & silent[:, 1:])),
        "came_back": int(np.sum(silent[:, :-1] & ~silent[:, 1:])),
        "silent_at_last": int(silent[:, -1].sum()),
    }


def silent_everywhere(runs: Runs) -> np.ndarray:
    """Whether an output is zero on every training image: bool, shape (runs, epochs, 10)."""
    return (runs.own == 0) & (runs.others == 0)


def returns(runs: Runs, chosen: np.ndarray) -> np.ndarray:
    """Whether outputs that are silent after the first epoch are heard after the last.

    Parameters
    ----------
    runs : Runs
    chosen : ndarray of bool, shape (runs, 10)

    Returns
    -------
    ndarray of bool, shape (silent and chosen,)
    """
    return ~runs.silent[:, -1][runs.silent[:, 0] & chosen]


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
    silent = [early.before("own")[:, None], early.within("own"), early.own[:, :1]]
    return FirstEpoch(
        (0, *experiment.activity_at, experiment.steps_an_epoch),
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


def heard_again(runs: Runs) -> list[tuple[int, int, int]]:
    """Place of the run, epoch from 1, and output, wherever one is heard after it was silent."""
    places = np.argwhere(runs.silent[:, :-1] & ~runs.silent[:, 1:])
    return [(run, epoch + 2, output) for run, epoch, output in places.tolist()]


def settings_table(settings: dict[str, Runs], reference: Runs) -> list[list[str]]:
    """Settings side by side: stuck runs, the error of healthy ones, and silent outputs.

    Parameters
    ----------
    settings : dict
        Runs by label.
    reference : Runs
        What is matched is the testing error that these end with.
    """
    header = [
        "setting",
        f"stuck, of {len(reference)}",
        "healthy",
        "testing error",
        "testing accuracy",
        "epochs to match",
        "silent (zero on all)",
    ]
    rows = []
    for label, runs in settings.items():
        found, silent = rate(stuck(runs)), runs.silent[:, -1]
        epochs = np.median(epochs_to_match(runs, reference))
        rows.append(
            [
                label,
                f"{stuck(runs).sum()} ({forms.interval(found.low, found.high, '.0%')})",
                f"{healthy(runs).sum()}",
                _mean(runs.final("val_loss")[healthy(runs)], ".4f"),
                _mean(runs.final("val_accuracy")[healthy(runs)], ".2%"),
                f"{epochs:g}" if np.isfinite(epochs) else forms.MISSING,
                f"{silent.sum()} ({np.sum(silent & silent_everywhere(runs)[:, -1])})",
            ]
        )
    return [header, *rows]


def has_relu_outputs(runs: Runs) -> bool:
    """Whether outputs can fall silent at all."""
    return runs.experiment.layers[-1].activation == "relu"
