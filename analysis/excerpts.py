"""Keeps the few images of a data set that pages show, and all its labels.

With them figures, confusion matrices and votes need no data set. ``<data set>.json`` holds what is
kept and where it is from, ``<data set>.png`` the images one below the other.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import datasets, results
from analysis.files import write_whole

#: How many of the first training images are kept.
TRAINING_IMAGES = 10

#: Says which test images to keep, by their places, given the labels of all of them.
Choice = Callable[[np.ndarray], Sequence[int]]


@dataclass(frozen=True)
class Excerpt:
    """What is kept of a data set.

    Attributes
    ----------
    train : ndarray of uint8, shape (10, height, width) or (10, height, width, 3)
        The first training images.
    train_labels : ndarray of uint8, shape (images,)
        The labels of the whole training set.
    test : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        The test images asked for.
    test_numbers : ndarray of int, shape (n,)
        Their places in the test set.
    test_labels : ndarray of uint8, shape (images,)
        The labels of the whole test set.
    """

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_numbers: np.ndarray
    test_labels: np.ndarray

    def test_images(self, numbers: Sequence[int]) -> np.ndarray:
        """The kept test images at these places of the test set."""
        kept = self.test_numbers.tolist()
        return self.test[[kept.index(number) for number in numbers]]


def is_current(name: str, choose: Choice, folder: Path = results.FOLDER) -> bool:
    """Whether the excerpt on disk is of the data set named and has the test images chosen."""
    try:
        kept = json.loads((folder / f"{name}.json").read_text())
        return (
            kept["digest"] == datasets.DATASETS[name].digest
            and len(kept["train_labels"]) == datasets.DATASETS[name].shapes["y_train"][0]
            and kept["test_numbers"] == list(choose(_labels(kept["test_labels"])))
        )
    except (OSError, ValueError, KeyError, TypeError, results.LedgerError):
        return False


def keep(name: str, choose: Choice, folder: Path = results.FOLDER) -> None:
    """Write the excerpt of a data set.

    Raises
    ------
    analysis.datasets.DatasetError
        If the data set is absent or altered.
    """
    from PIL import Image

    data, source = datasets.load(name), datasets.DATASETS[name]
    test_numbers = list(choose(data.y_test))
    images = np.concatenate([data.x_train[:TRAINING_IMAGES], data.x_test[test_numbers]])
    png = io.BytesIO()
    Image.fromarray(np.concatenate(images)).save(png, "PNG", optimize=True)
    write_whole(folder / f"{name}.png", png.getvalue())
    kept = {
        "title": source.title,
        "credit": source.credit,
        "origin": source.origin,
        "digest": source.digest,
        "train_labels": _digits(data.y_train),
        "test_numbers": test_numbers,
        "test_labels": _digits(data.y_test),
    }
    write_whole(folder / f"{name}.json", json.dumps(kept, indent=1).encode() + b"\n")


def load(name: str, folder: Path = results.FOLDER) -> Excerpt:
    """The excerpt of a data set."""
    from PIL import Image

    kept = json.loads((folder / f"{name}.json").read_text())
    numbers = np.array(kept["test_numbers"], int)
    with Image.open(folder / f"{name}.png") as image:
        images = np.split(np.asarray(image), TRAINING_IMAGES + len(numbers))
    return Excerpt(
        train=np.array(images[:TRAINING_IMAGES]),
        train_labels=_labels(kept["train_labels"]),
        test=np.array(images[TRAINING_IMAGES:]),
        test_numbers=numbers,
        test_labels=_labels(kept["test_labels"]),
    )


def _digits(labels: np.ndarray) -> str:
    return "".join(map(str, labels.tolist()))


def _labels(digits: str) -> np.ndarray:
    return np.array(list(digits), np.uint8)
