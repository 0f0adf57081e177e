"""What networks get wrong on CIFAR-10, and what they take it for: what questions 9 and 10 share."""

from __future__ import annotations

import numpy as np

from analysis.claims import Claim, above
from analysis.datasets import DATASETS
from analysis.statistics import confusion, estimate, recall

NAMES = DATASETS["cifar10"].categories

_ANIMALS = np.isin(NAMES, ("bird", "cat", "deer", "dog", "frog", "horse"))

#: Images in a gallery, in its rows.
COLUMNS, ROWS = 6, 4


def all_wrong(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Places of the test images that no network gets right, in rising order.

    Parameters
    ----------
    predictions : ndarray, shape (runs, images)
    labels : ndarray, shape (images,)
    """
    return np.flatnonzero((predictions != labels).all(axis=0))


def shown(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Places of a gallery's images: the first that every run gets wrong."""
    return all_wrong(predictions, labels)[: COLUMNS * ROWS]


def all_wrong_by_chance(predictions: np.ndarray, labels: np.ndarray) -> float:
    """How many images all networks would miss if each missed its own share by chance."""
    wrong = 1 - recall(predictions, labels)
    return float(np.bincount(labels, minlength=10) @ wrong.prod(axis=0))


def shared_by(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Share of all runs' mistakes on images that 0, 1, 2, … runs miss: float, (runs + 1,)."""
    missing = (predictions != labels).sum(axis=0)
    mistakes = np.bincount(missing, minlength=len(predictions) + 1) * np.arange(
        len(predictions) + 1
    )
    return mistakes / mistakes.sum()


def majority(predictions: np.ndarray) -> np.ndarray:
    """What most runs say of each image, of equals the first category: int, shape (images,)."""
    from scipy import stats  # takes half a second to import

    return stats.mode(predictions, axis=0).mode.astype(int)


def pairs(matrix: np.ndarray) -> list[tuple[float, str, str]]:
    """Share of an actual category that is taken for another, the largest first."""
    shares = matrix / matrix.sum(axis=0)
    return sorted(
        (
            (float(share), NAMES[actual], NAMES[predicted])
            for (predicted, actual), share in np.ndenumerate(shares)
            if predicted != actual
        ),
        reverse=True,
    )


def within_kinds(matrix: np.ndarray) -> tuple[float, float]:
    """Share of mistakes on animals that name another animal, and on vehicles another vehicle."""
    return _kept_within(matrix, _ANIMALS), _kept_within(matrix, ~_ANIMALS)


def _kept_within(matrix: np.ndarray, kind: np.ndarray) -> float:
    """Share of the mistakes on images of a kind that name another category of it."""
    mistakes = np.where(np.eye(10, dtype=bool), 0, matrix)[:, kind]
    return float(mistakes[kind].sum() / mistakes.sum())


def numbers(predictions: np.ndarray, labels: np.ndarray, first: int) -> dict:
    """What pages cite: the ``first`` pairs, and which categories are easiest and hardest.

    Parameters
    ----------
    predictions : ndarray, shape (runs, images)
    labels : ndarray, shape (images,)
    first : int
    """
    found = recall(predictions, labels).mean(axis=0)
    missed = all_wrong(predictions, labels)
    values = {
        "easiest": NAMES[int(found.argmax())],
        "easiest_recall": float(found.max()),
        "hardest": NAMES[int(found.argmin())],
        "hardest_recall": float(found.min()),
        "all_right": int((predictions == labels).all(axis=0).sum()),
        "all_wrong": len(missed),
        "unanimous": int((np.ptp(predictions[:, missed], axis=0) == 0).sum()),
    }
    for i, (share, actual, predicted) in enumerate(
        pairs(confusion(predictions, labels))[:first], start=1
    ):
        values |= {
            f"pair{i}_share": share,
            f"pair{i}_actual": actual,
            f"pair{i}_predicted": predicted,
        }
    return values


def mixed_up(matrix: np.ndarray) -> np.ndarray:
    """Share of the images of two categories taken for the other one: symmetric, (10, 10).

    Both categories count alike. Of a category and itself it is 0.
    """
    shares = matrix / matrix.sum(axis=0)
    np.fill_diagonal(shares, 0)
    return (shares + shares.T) / 2


def cats_and_dogs(name: str, sentence: str, predictions: np.ndarray, labels: np.ndarray) -> Claim:
    """A claim that no two are mixed up as often as these.

    Parameters
    ----------
    name, sentence : str
    predictions : ndarray, shape (runs, images)
    labels : ndarray, shape (images,)
    """
    cat, dog = map(NAMES.index, ("cat", "dog"))
    others = mixed_up(confusion(predictions, labels))
    others[cat, dog] = others[dog, cat] = 0
    first, second = np.unravel_index(others.argmax(), others.shape)
    by_run = np.array([mixed_up(confusion(answers, labels)) for answers in predictions])
    return Claim(
        name,
        sentence,
        above(
            f"share of them mixed up, minus that of {NAMES[first]} and {NAMES[second]}, in points",
            estimate(by_run[:, cat, dog] - by_run[:, first, second]).times(100),
            form="+.1f",
        ),
    )
