"""Intervals and counts that say how far repeated runs can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean or a rate with its 95% interval."""

    mean: float
    low: float
    high: float

    def times(self, factor: float) -> Estimate:
        """In another unit, as 100 makes points of shares."""
        return Estimate(*(factor * value for value in self))

    def named(self, name: str) -> dict[str, float]:
        """As pages cite it: ``name``, ``name_low`` and ``name_high``."""
        return {name: self.mean, f"{name}_low": self.low, f"{name}_high": self.high}


def rate(found: np.ndarray) -> Estimate:
    """How often something is true, shape (runs,) of bool, after Wilson (1927)."""
    from scipy import stats  # takes half a second to import; here and below

    test = stats.binomtest(int(np.sum(found)), len(found))
    interval = test.proportion_ci(0.95, method="wilson")
    return Estimate(float(np.mean(found)), float(interval.low), float(interval.high))


def estimate(values: np.ndarray) -> Estimate:
    """Mean of runs, shape (runs,), with Student's t.

    Raises
    ------
    ValueError
        With fewer than two runs, which say nothing of their spread.
    """
    from scipy import stats

    n = len(values)
    if n < 2:
        raise ValueError(f"an interval needs at least two runs; got {n}")
    mean = float(np.mean(values))
    half = float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return Estimate(mean, mean - half, mean + half)


def difference(ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """By how much ours are larger than theirs, in runs paired by seed.

    Runs as in `differences`.
    """
    return estimate(differences(ours, theirs))


def differences(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """By how much ours is larger than theirs in each pair of runs: float, shape (pairs, …).

    A pair has one seed: both are of shape (runs, …), in the order of the seeds from the first
    on, and where one has more runs, those are left out.
    """
    pairs = min(len(ours), len(theirs))
    return np.asarray(ours[:pairs], float) - np.asarray(theirs[:pairs], float)


def paired_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How likely chance alone parts two rates as much, in runs paired by seed.

    McNemar's exact test: of the pairs that differ, each way is as likely as the other.

    Parameters
    ----------
    ours, theirs : ndarray of bool, shape (runs,)
    """
    from scipy import stats

    only_ours, only_theirs = int(np.sum(ours & ~theirs)), int(np.sum(theirs & ~ours))
    if only_ours + only_theirs == 0:
        return 1.0
    return float(stats.binomtest(only_ours, only_ours + only_theirs).pvalue)


def difference_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How likely chance alone parts two means as much, either way; runs as in `differences`.

    Student's t test of the pairs' differences: below 0.05 where its 95% interval leaves out zero.
    """
    from scipy import stats

    apart = differences(ours, theirs)
    # SciPy's own test warns where they are nearly alike, and chance has next to no say.
    error = np.std(apart, ddof=1) / np.sqrt(len(apart))
    if error == 0:
        return float(apart[0] == 0)
    return float(2 * stats.t.sf(abs(np.mean(apart)) / error, len(apart) - 1))


def unpaired_p(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How likely chance alone parts two rates as much, in groups that have no pairs.

    Fisher's exact test.

    Parameters
    ----------
    ours, theirs : ndarray of bool, shapes (ours,) and (theirs,)
    """
    from scipy import stats

    table = [[np.sum(group), np.sum(~group)] for group in (ours, theirs)]
    return float(stats.fisher_exact(table).pvalue)


def correlation(x: np.ndarray, y: np.ndarray) -> Estimate:
    """Pearson's correlation of two values of each run, shapes (runs,), with Fisher's interval."""
    from scipy import stats

    found = stats.pearsonr(x, y)
    return Estimate(float(found.statistic), *map(float, found.confidence_interval(0.95)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, raised so that all together hold their level (Holm 1979).

    Raises
    ------
    ValueError
        If one is not a number, which has no place in their order.
    """
    if np.isnan(p_values).any():
        raise ValueError(f"p-values that are not numbers: {list(p_values)}")
    order = np.argsort(p_values)
    raised = np.asarray(p_values)[order] * np.arange(len(order), 0, -1)
    kept = np.empty(len(order))
    kept[order] = np.minimum(np.maximum.accumulate(raised), 1)
    return kept.tolist()


def rank_correlation(a: np.ndarray, b: np.ndarray) -> tuple[Estimate, float]:
    """Spearman's, with its 95% interval (Bonett & Wright 2000) and p-value.

    The p-value is the share of 100,000 random pairings whose correlation is as far from zero, for
    of few ranks the usual approximation gives too small ones.
    """
    from scipy import stats

    a, b = (stats.zscore(stats.rankdata(values)) for values in (a, b))
    rho = float(np.clip(np.mean(a * b), -1, 1))  # rounded, a perfect one may be beyond
    error = np.sqrt((1 + rho**2 / 2) / (len(a) - 3))
    with np.errstate(divide="ignore"):  # a perfect one has no room for an interval
        low, high = np.tanh(np.arctanh(rho) + stats.norm.ppf([0.025, 0.975]) * error)
    paired = stats.permutation_test(
        (a,),
        lambda paired, axis: np.abs(np.mean(paired * b, axis=axis)),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=99_999,
        rng=np.random.default_rng(0),
    )
    return Estimate(rho, float(low), float(high)), float(paired.pvalue)


def variance_shares(table: np.ndarray) -> tuple[Estimate, float, Estimate]:
    """Which shares of a table's variance are its rows', its columns', and how the two meet.

    Rows and columns are drawn at random and the table has one value for each pair, as when each
    of some weights is trained with each of some orders (analysis of variance without
    replication; what would come out below zero is zero).

    Parameters
    ----------
    table : ndarray, shape (rows, columns)

    Returns
    -------
    rows : Estimate
        Its interval is by a bootstrap over the rows (BCa), as is that of ``both``.
    columns : float
    both : Estimate
    """
    from scipy import stats

    shares = _variance_shares(table)

    def with_interval(part):
        ends = stats.bootstrap(
            (np.arange(len(table)),),
            lambda rows, axis: _variance_shares(table[rows])[part],
            n_resamples=10_000,
            rng=np.random.default_rng(0),
        ).confidence_interval
        return Estimate(float(shares[part]), float(ends.low), float(ends.high))

    return with_interval(0), float(shares[1]), with_interval(2)


def _variance_shares(tables: np.ndarray) -> np.ndarray:
    """`variance_shares` of tables of shape (…, rows, columns): shape (3, …)."""
    rows, columns = tables.shape[-2:]
    whole, of_rows, of_columns = (
        tables.mean(axis=axis, keepdims=True) for axis in ((-2, -1), -1, -2)
    )
    # The mean squares of rows and columns hold that of the rest, too, once a value.
    rest = np.sum((tables - of_rows - of_columns + whole) ** 2, (-2, -1))
    rest /= (rows - 1) * (columns - 1)
    by_rows = of_rows.var((-2, -1), ddof=1) - rest / columns
    by_columns = of_columns.var((-2, -1), ddof=1) - rest / rows
    parts = np.stack([np.maximum(by_rows, 0), np.maximum(by_columns, 0), rest])
    return parts / parts.sum(axis=0)


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


def recall(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of each category's images that each run gives to it: float, shape (runs, 10).

    Parameters
    ----------
    predictions : ndarray, shape (runs, images)
    labels : ndarray, shape (images,)
    """
    return np.stack([np.mean(predictions[:, labels == k] == k, axis=1) for k in range(10)], axis=1)


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
        Number of parts of equal width that the sureness, from 0 to 1, is divided into.

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
