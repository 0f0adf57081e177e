"""A data set of a few small images, experiments on it and results for it."""

import hashlib
from dataclasses import replace

import numpy as np

from analysis import datasets
from analysis.datasets import Dataset, Source
from analysis.results import Runs, packed
from analysis.spec import SGD, Experiment, mlp


def dataset(n_train: int = 300, n_test: int = 100, side: int = 8) -> Dataset:
    """Ten patterns under noise; the same for ever, as NumPy promises of this generator."""
    random = np.random.RandomState(0)
    patterns = random.randint(0, 256, (10, side, side))

    def some(n):
        labels = random.randint(0, 10, n)
        images = (patterns[labels] + random.randint(0, 256, (n, side, side))) // 2
        return images.astype(np.uint8), labels.astype(np.uint8)

    return Dataset(*some(n_train), *some(n_test))


DATA = dataset()
SOURCE = Source(
    title="Tiny",
    categories=tuple("0123456789"),
    sha256={name: hashlib.sha256(array).hexdigest() for name, array in vars(DATA).items()},
    shapes={name: array.shape for name, array in vars(DATA).items()},
    origin="https://example.org/tiny.npz",
    credit="nobody, CC0",
)


def with_channels(n: int) -> Source:
    """The same of images with an axis for so many channels, as convolutions want them."""
    shapes = {
        name: (*shape, n) if len(shape) > 1 else shape for name, shape in SOURCE.shapes.items()
    }
    return replace(SOURCE, title=f"Tiny, {n} channels", shapes=shapes)


def register() -> None:
    """Make data sets that experiments may name, in this process for good."""
    datasets.DATASETS["tiny"] = SOURCE
    datasets.DATASETS["tiny-grey"] = with_channels(1)
    datasets.DATASETS["tiny-colour"] = with_channels(3)


def experiment(**changes) -> Experiment:
    """A small experiment; what the test is about is named in ``changes``."""
    values = {
        "name": "q00-tiny",
        "dataset": "tiny",
        "layers": mlp(8, output="relu"),
        "loss": "squared_error",
        "optimizer": SGD(learning_rate=0.1),
        "epochs": 2,
        "seeds": (0, 1, 2),
    }
    return Experiment(**values | changes)


def record(seed: int, epochs: int = 2) -> dict:
    """A result as the engine might give it, different for each seed."""
    value = 1 / (seed + 2)
    return {
        "seed": seed,
        "history": {
            **dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), [value] * epochs),
            "dead": [[0]] * epochs,
            "own": [[value] * 10] * epochs,
            "others": [[value] * 10] * epochs,
        },
        "before": {"answer": [0.0] * 10},
        "after": {"loss": value, "accuracy": value, "answer": [value] * 10},
        "predictions": str(seed % 10) * len(DATA.y_test),
        "seconds": 1.5,
        "provenance": {"tensorflow": "2", "keras": "3", "machine": "two cores"},
    }


def runs(spec: dict | None = None, **values) -> Runs:
    """Runs that are made up: of each value a row a run; what is not named is as in `record`.

    Parameters
    ----------
    spec : dict
        What the experiment differs in.
    **values : array_like
        A history, shape (runs, epochs, …); ``seconds``, ``predictions`` or ``outputs`` of each
        run; or ``before_…`` and ``after_…``, a value of the untrained or trained network.
    """
    records = []
    for seed, rows in enumerate(zip(*values.values(), strict=True)):
        row = dict(zip(values, map(np.asarray, rows), strict=True))
        histories = row.keys() - {"seconds", "predictions", "outputs"}
        epochs = {len(row[name]) for name in histories if not _part(name)[0]}
        made = record(seed, *epochs)
        for name, value in row.items():
            part, key = _part(name)
            if part:
                made[part][key] = value.tolist()
            elif name == "predictions":
                made[name] = "".join(map(str, value))
            elif name == "outputs":
                made[name] = packed(value)
            elif name == "seconds":
                made[name] = float(value)
            else:
                made["history"][name] = value.tolist()
        records.append(made)
    epochs = len(records[0]["history"]["loss"])
    chosen = {"seeds": range(len(records)), "epochs": epochs} | (spec or {})
    return Runs(experiment(**chosen), tuple(records))


def _part(name: str) -> tuple[str, str]:
    """Of ``after_loss`` "after" and "loss"; of a history's name "" and the name."""
    part, _, key = name.partition("_")
    return (part, key) if part in ("before", "after") else ("", name)


def change(*path, to):
    """A change to a record: what lies at a path of names becomes another."""

    def apply(record):
        *parents, last = path
        for name in parents:
            record = record[name]
        record[last] = to

    return apply
