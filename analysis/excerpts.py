"""Keeps the few images of a data set that pages show, and its test labels.

With them figures and confusion matrices need no data set. ``<data set>.json`` holds what is
kept and where it is from, ``<data set>.png`` the images one below the other.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import datasets, results
from analysis.files import write_whole

#: The first images of each set that are kept.
KEPT = {"train": 10, "test": 1}


@dataclass(frozen=True)
class Excerpt:
    """What is kept of a data set.

    Attributes
    ----------
    train, test : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        The first images of each set.
    train_labels : ndarray of uint8, shape (n,)
        Their labels.
    test_labels : ndarray of uint8, shape (images,)
        The labels of the whole test set.
    """

    train: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    test_labels: np.ndarray


def is_current(name: str, folder: Path = results.FOLDER) -> bool:
    """Whether the excerpt on disk was made from the data set that `analysis` names."""
    try:
        kept = json.loads((folder / f"{name}.json").read_text())
        return kept["digest"] == datasets.DATASETS[name].digest and kept["images"] == KEPT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def keep(name: str, folder: Path = results.FOLDER) -> None:
    """Write the excerpt of a data set.

    Raises
    ------
    analysis.datasets.DatasetError
        If the data set is absent or altered.
    """
    from PIL import Image

    data, source = datasets.load(name), datasets.DATASETS[name]
    images = np.concatenate([data.x_train[: KEPT["train"]], data.x_test[: KEPT["test"]]])
    png = io.BytesIO()
    Image.fromarray(np.concatenate(images)).save(png, "PNG", optimize=True)
    write_whole(folder / f"{name}.png", png.getvalue())
    kept = {
        "title": source.title,
        "credit": source.credit,
        "origin": source.origin,
        "digest": source.digest,
        "images": KEPT,
        "train_labels": _digits(data.y_train[: KEPT["train"]]),
        "test_labels": _digits(data.y_test),
    }
    write_whole(folder / f"{name}.json", json.dumps(kept, indent=1).encode() + b"\n")


def load(name: str, folder: Path = results.FOLDER) -> Excerpt:
    """The excerpt of a data set."""
    from PIL import Image

    kept = json.loads((folder / f"{name}.json").read_text())
    with Image.open(folder / f"{name}.png") as image:
        images = np.split(np.asarray(image), sum(KEPT.values()))
    return Excerpt(
        train=np.array(images[: KEPT["train"]]),
        test=np.array(images[KEPT["train"] :]),
        train_labels=_labels(kept["train_labels"]),
        test_labels=_labels(kept["test_labels"]),
    )


def _digits(labels: np.ndarray) -> str:
    return "".join(map(str, labels.tolist()))


def _labels(digits: str) -> np.ndarray:
    return np.array(list(digits), np.uint8)
