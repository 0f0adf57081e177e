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


def reliability(
    outputs: np.ndarray, labels: np.ndarray, bins: int = 10
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often answers are right, by how sure of them a network is.

    Parameters
    ----------
    outputs : ndarray, shape (images, 10) or (runs, images, 10)
        Softmax outputs.
    labels : ndarray of int, shape (images,)
    bins : int
        Into so many parts of equal width the sureness from 0 to 1 is divided.

    Returns
    -------
    sure, right : ndarray of float, shape (bins,)
        Mean of the largest output, and share of right answers; NaN where there are none.
    counts : ndarray of int, shape (bins,)
        Answers.
    """
    largest = outputs.max(axis=-1).ravel()
    hits = (outputs.argmax(axis=-1) == labels).ravel()
    places = np.minimum((largest * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):
        sure, right = (np.bincount(places, values, bins) / counts for values in (largest, hits))
    return sure, right, counts


def calibration_error(outputs: np.ndarray, labels: np.ndarray) -> float:
    """How far sureness and share of right answers are apart in `reliability`, on average."""
    sure, right, counts = reliability(outputs, labels)
    some = counts > 0
    return float(np.average(np.abs(sure - right)[some], weights=counts[some]))
