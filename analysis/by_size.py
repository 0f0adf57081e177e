"""Accuracy in training and in testing, also by size: what questions 6, 8 and 9 share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from analysis.loaded import Results
from analysis.results import ASKED_FOR, Runs
from analysis.spec import Experiment


def trained(runs: Runs) -> np.ndarray:
    """Accuracy of the trained networks on the whole training set: float, shape (runs,)."""
    return runs.after("accuracy")


def tested(runs: Runs) -> np.ndarray:
    """Accuracy of the trained networks on the test set: float, shape (runs,)."""
    return runs.final("val_accuracy")


def gap(runs: Runs) -> np.ndarray:
    """How far `trained` is above `tested`, in points: float, shape (runs,)."""
    return 100 * (trained(runs) - tested(runs))


def of_each(
    results: Results, by_size: Mapping[int, Experiment], values: Callable[[Runs], np.ndarray]
) -> np.ndarray:
    """What ``values`` gives for the first ten runs of each size: float, shape (sizes, 10)."""
    return np.array([values(results[spec].first(ASKED_FOR)) for spec in by_size.values()])
