"""What test-time augmentation gains: networks that look at each image once, and several times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis import forms
from analysis.loaded import Results, computed_once
from analysis.spec import Experiment
from analysis.statistics import Estimate, difference, vote


def right(results: Results, experiment: Experiment) -> np.ndarray:
    """Whether each run is right on each image with views: bool, shape (runs, images)."""
    return results[experiment].outputs.argmax(axis=2) == results.labels(experiment)


def right_by_one_view(results: Results, experiment: Experiment) -> np.ndarray:
    """Like `right`, of the networks that look at each image once."""
    return results[experiment].predictions == results.labels(experiment)


@computed_once
def right_together(results: Results, experiment: Experiment) -> np.ndarray:
    """Whether the vote of all runs is right, with views if they have them: bool, (images,)."""
    return vote(results[experiment].outputs) == results.labels(experiment)


def accuracy(results: Results, experiment: Experiment) -> np.ndarray:
    """Share of images that each run gets right with views: float, shape (runs,)."""
    return right(results, experiment).mean(axis=1)


def gain(results: Results, experiment: Experiment) -> Estimate:
    """Points of accuracy over one view, of the same networks."""
    one = results[experiment].final("val_accuracy")
    return difference(accuracy(results, experiment), one).times(100)


def rows(results: Results, named: Mapping[str, Experiment]) -> list[list[str]]:
    """A table with a row for each experiment; see `analysis.questions`.

    Parameters
    ----------
    named : mapping from str to Experiment
        By what the table calls them.
    """
    table = [["networks", "images", "one view", "several views", "gain, points (95% interval)"]]
    for name, experiment in named.items():
        table.append(
            [
                name,
                "held out" if experiment.validation else "test set",
                f"{results[experiment].final('val_accuracy').mean():.2%}",
                f"{accuracy(results, experiment).mean():.2%}",
                forms.points(*gain(results, experiment)),
            ]
        )
    return table
