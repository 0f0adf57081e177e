"""Keeps the few images of a data set that pages show, all its labels, and its mean images.

With them figures, confusion matrices and votes need no data set. ``<data set>.json`` holds the
labels, the mean images and their digest, how many training images and which test images are kept,
the digest of their file, and where it all is from; ``<data set>.png`` the images one below the
other.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from analysis import datasets, results
from analysis.files import write_whole

#: How many of the first training images are kept.
TRAINING_IMAGES = 10


@dataclass(frozen=True)
class Excerpt:
    """What is kept of a data set.

    Parameters
    ----------
    train_labels : ndarray of uint8, shape (images,)
        The labels of the whole training set.
    test_labels : ndarray of uint8, shape (images,)
        The labels of the whole test set.
    test_numbers : ndarray of int, shape (n,)
        Places in the test set of the test images that are kept.
    png : Path
        Their file, after the first training images; read when an image is asked for.
    train_means : ndarray of uint8, shape (10, height, width) or with channels last, or None
        Mean of the training images of each category; None where there are only labels.
    """

    train_labels: np.ndarray
    test_labels: np.ndarray
    test_numbers: np.ndarray
    png: Path
    train_means: np.ndarray | None = None

    @property
    def sha256(self) -> dict[str, str]:
        """Digest of each array of labels, by the names that `analysis.datasets.Source` has."""
        return {"y_train": _digest(self.train_labels), "y_test": _digest(self.test_labels)}

    @property
    def train(self) -> np.ndarray:
        """The first training images: uint8, shape (10, height, width) or with channels last."""
        return self._images[:TRAINING_IMAGES]

    @property
    def test(self) -> np.ndarray:
        """The test images that are kept, shaped like ``train``."""
        return self._images[TRAINING_IMAGES:]

    def test_images(self, numbers: Sequence[int]) -> np.ndarray:
        """The kept test images at these places of the test set."""
        kept = self.test_numbers.tolist()
        return self.test[[kept.index(number) for number in numbers]]

    @cached_property
    def _images(self) -> np.ndarray:
        from PIL import Image

        with Image.open(self.png) as image:
            return np.array(np.split(np.asarray(image), TRAINING_IMAGES + len(self.test_numbers)))


#: Says which test images to keep, by their places, given an excerpt for its labels alone.
Choice = Callable[[Excerpt], Sequence[int]]


def is_current(name: str, choose: Choice, folder: Path = results.FOLDER) -> bool:
    """Whether the excerpt on disk has the labels of the data set and the images that pages show.

    Mean images are compared with their digest beside them, for the data set need not be here.
    """
    try:
        kept, source = load(name, folder), datasets.DATASETS[name]
        content = json.loads(_json_file(name, folder).read_text(encoding="utf-8"))
        return (
            content["digest"] == source.digest
            and content["images_digest"] == _digest(kept.png.read_bytes())
            and content["train_images"] == TRAINING_IMAGES
            and content["means_digest"] == _digest(kept.train_means)
            and kept.sha256.items() <= source.sha256.items()
            and kept.test_numbers.tolist() == list(choose(kept))
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

    data, source, png = datasets.load(name), datasets.DATASETS[name], _png_file(name, folder)
    test_numbers = list(choose(Excerpt(data.y_train, data.y_test, np.array([], int), png)))
    images = np.concatenate([data.x_train[:TRAINING_IMAGES], data.x_test[test_numbers]])
    means = _means(data.x_train, data.y_train)
    content = io.BytesIO()
    Image.fromarray(np.concatenate(images)).save(content, "PNG", optimize=True)
    write_whole(png, content.getvalue())
    kept = {
        "title": source.title,
        "credit": source.credit,
        "origin": source.origin,
        "digest": source.digest,
        "images_digest": _digest(content.getvalue()),
        "train_images": TRAINING_IMAGES,
        "train_labels": _digits(data.y_train),
        "train_means": _packed(means),
        "means_digest": _digest(means),
        "test_numbers": test_numbers,
        "test_labels": _digits(data.y_test),
    }
    write_whole(_json_file(name, folder), json.dumps(kept, indent=1).encode() + b"\n")


def load(name: str, folder: Path = results.FOLDER) -> Excerpt:
    """The excerpt of a data set.

    Raises
    ------
    analysis.results.LedgerError
        If it cannot be read.
    """
    path, shape = _json_file(name, folder), datasets.DATASETS[name].shapes["x_train"][1:]
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Excerpt(
            train_labels=_labels(kept["train_labels"]),
            test_labels=_labels(kept["test_labels"]),
            test_numbers=np.array(kept["test_numbers"], int),
            png=_png_file(name, folder),
            train_means=_unpacked(kept["train_means"], shape),
        )
    except Exception as error:  # damaged files raise a dozen kinds
        raise results.LedgerError(
            f"{path} cannot be read ({error!r}): bring it back with 'git checkout', or "
            f"'doit train:excerpt-{name}' makes it anew from the data set"
        ) from error


def _json_file(name: str, folder: Path) -> Path:
    return folder / f"{name}.json"


def _png_file(name: str, folder: Path) -> Path:
    return folder / f"{name}.png"


def _digest(content: bytes | np.ndarray) -> str:
    return hashlib.sha256(content).hexdigest()


def _means(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean image of each category, rounded: uint8, shape (10, height, width, …)."""
    means = [images[labels == category].mean(axis=0) for category in range(10)]
    return np.rint(means).astype(np.uint8)


def _packed(images: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(images.tobytes(), 9)).decode()


def _unpacked(text: str, shape: tuple[int, ...]) -> np.ndarray:
    content = zlib.decompress(base64.b64decode(text, validate=True))
    return np.frombuffer(content, np.uint8).reshape(-1, *shape)


def _digits(labels: np.ndarray) -> str:
    return "".join(map(str, labels.tolist()))


def _labels(digits: str) -> np.ndarray:
    return np.array(list(digits), np.uint8)
