"""The data sets: loaded through Keras or from a folder, and checked by digest."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Names a folder with ``mnist.npz`` and ``cifar10.npz``, where they cannot be downloaded.
FOLDER_VARIABLE = "REPORT_DATASETS"


class DatasetError(RuntimeError):
    """A data set that is absent or not the published one; the message says what to do."""


@dataclass(frozen=True)
class Source:
    """What a published data set is: shapes, digests and origin.

    Parameters
    ----------
    title : str
        Its usual name.
    categories : tuple of str
        Names of the ten categories, in the order of their labels.
    sha256 : dict
        Digest of each array's bytes (uint8, C order), by Keras's names of the arrays.
    shapes : dict
        Shape of each array.
    origin : str
        Where Keras downloads it from.
    credit : str
        Who made it, and its licence.
    """

    title: str
    categories: tuple[str, ...]
    sha256: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    origin: str
    credit: str

    @property
    def digest(self) -> str:
        """One SHA-256 for the whole data set: that of its arrays' digests, in order."""
        return hashlib.sha256("".join(self.sha256.values()).encode()).hexdigest()


DATASETS = {
    "mnist": Source(
        title="MNIST",
        categories=tuple("0123456789"),
        sha256={
            "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
            "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
            "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
            "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        },
        shapes={
            "x_train": (60000, 28, 28),
            "y_train": (60000,),
            "x_test": (10000, 28, 28),
            "y_test": (10000,),
        },
        origin="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        credit="Y. LeCun, C. Cortes and C. J. C. Burges, CC BY-SA 3.0",
    ),
    "cifar10": Source(
        title="CIFAR-10",
        categories=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        sha256={
            "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
            "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
            "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
            "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
        },
        shapes={
            "x_train": (50000, 32, 32, 3),
            "y_train": (50000,),
            "x_test": (10000, 32, 32, 3),
            "y_test": (10000,),
        },
        origin="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        credit="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    ),
}

#: Means and standard deviations of the three colours of CIFAR-10's training images, for pixels
#: from 0 to 1.
CIFAR10_MEAN, CIFAR10_DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


@dataclass(frozen=True)
class Dataset:
    """Images and labels, both sets.

    Attributes
    ----------
    x_train, x_test : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        Pixel values 0 to 255.
    y_train, y_test : ndarray of uint8, shape (n,)
        Labels 0 to 9.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def held_out(self, n: int) -> Dataset:
        """The same without the test set: the last n training images stand in its place.

        All as it is if n is 0.
        """
        if n == 0:  # of which -n would make no image to train on
            return self
        return Dataset(
            x_train=self.x_train[:-n],
            y_train=self.y_train[:-n],
            x_test=self.x_train[-n:],
            y_test=self.y_train[-n:],
        )


def load(name: str) -> Dataset:
    """The published data set of that name.

    Raises
    ------
    DatasetError
        If it is absent, unreadable or differs from the published one.
    """
    source = DATASETS[name]
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        path = Path(folder) / f"{name}.npz"
        arrays, place = _read(path, source), str(path)
    else:
        arrays, place = _download(name, source), "Keras's cache (~/.keras/datasets)"
    return Dataset(
        **{name: _checked(np.asarray(arrays[name]), name, source, place) for name in source.sha256}
    )


def _checked(array: np.ndarray, name: str, source: Source, place: str) -> np.ndarray:
    """The array if it is the published one, labels as a vector where they are a column."""
    shape = source.shapes[name]
    if array.shape == (*shape, 1):
        array = array[..., 0]
    array = np.ascontiguousarray(array)
    if (
        array.dtype != np.uint8
        or array.shape != shape
        or hashlib.sha256(array).hexdigest() != source.sha256[name]
    ):
        raise DatasetError(
            f"{name} in {place} is not the published {source.title}: expected uint8 {shape} "
            f"with SHA-256 {source.sha256[name][:12]}…, found {array.dtype} {array.shape}. "
            f"Delete it and download {source.title} anew from {source.origin}"
        )
    return array


def _read(path: Path, source: Source) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            return {name: archive[name] for name in source.sha256}
    except FileNotFoundError:
        raise DatasetError(
            f"no {source.title} at {path}: download {source.origin} and put its arrays there "
            f"({', '.join(source.sha256)}), or unset {FOLDER_VARIABLE} to let Keras download it"
        ) from None
    except NotADirectoryError as error:
        raise DatasetError(
            f"{path} cannot be read ({error.strerror}): {FOLDER_VARIABLE} names the folder that "
            "holds the file"
        ) from error
    except Exception as error:  # damaged archives raise a dozen kinds
        raise DatasetError(
            f"{path} is not a complete {source.title} archive ({error}): "
            f"download it anew from {source.origin}"
        ) from error


def _download(name: str, source: Source) -> dict[str, np.ndarray]:
    try:
        # In a process of its own, for Keras brings TensorFlow and its threads with it.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            (x_train, y_train), (x_test, y_test) = process.submit(_load_with_keras, name).result()
    except Exception as error:  # Keras raises a bare Exception when it cannot download
        raise DatasetError(
            f"{source.title} could not be loaded through Keras ({error}): download "
            f"{source.origin}, put its arrays ({', '.join(source.sha256)}) into a file "
            f"{name}.npz, and name the file's folder in {FOLDER_VARIABLE}"
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _load_with_keras(name: str):
    import keras

    return getattr(keras.datasets, name).load_data()
