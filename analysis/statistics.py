"""Intervals and counts that say how far repeated runs can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np


def wilson(count: int, n: int) -> tuple[float, float]:
    """95% interval of a rate seen ``count`` times in ``n`` (Wilson 1927)."""
    from scipy import stats  # takes half a second to import; here and below

    interval = stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def t_interval(values: np.ndarray) -> tuple[float, float]:
    """95% interval of the mean of runs, shape (runs,), by Student's t.

    Raises
    ------
    ValueError
        With fewer than two runs, which say nothing of their spread.
    """
    from scipy import stats

    n = len(values)
    if n < 2:
        raise ValueError(f"an interval needs at least two runs; got {n}")
    half = stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
    return float(np.mean(values) - half), float(np.mean(values) + half)


def paired_interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """95% bootstrap interval (BCa) of the mean difference between runs of the same seeds.

    Parameters
    ----------
    ours, theirs : ndarray, shape (runs,)
        One value a run, in the order of the seeds.
    """
    from scipy import stats

    differences = ours - theirs
    if np.ptp(differences) == 0:  # which the bootstrap cannot resample into anything else
        return float(differences[0]), float(differences[0])
    interval = stats.bootstrap(
        (differences,), np.mean, rng=np.random.default_rng(0), n_resamples=10_000
    ).confidence_interval
    return float(interval.low), float(interval.high)


def confusion(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How often each category was given to images of each: int, shape (10, 10).

    Rows are the categories predicted, columns the actual ones.

    Parameters
    ----------
    predictions : ndarray, shape (images,) or (runs, images)
    labels : ndarray, shape (images,)
    """
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (predictions, np.broadcast_to(labels, predictions.shape)), 1)
    return matrix


def vote(outputs: np.ndarray) -> np.ndarray:
    """What networks answer together, each with the weight of its own certainty.

    Parameters
    ----------
    outputs : ndarray, shape (runs, images, 10)
        Softmax outputs.

    Returns
    -------
    ndarray of int, shape (images,)
        The category whose mean output is largest.
    """
    return outputs.mean(axis=0).argmax(axis=1)


def votes_of(size: int, outputs: np.ndarray) -> Iterator[np.ndarray]:
    """The `vote` of every choice of ``size`` networks out of all."""
    for chosen in combinations(range(len(outputs)), size):
        yield vote(outputs[list(chosen)])
