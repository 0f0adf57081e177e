"""What to train, as plain data: an `Experiment` and the layers and optimizers it names.

Classes that share a name with a Keras class (`Dense`, `Adam`, …) hold that class's own
arguments, under the same names; `analysis.training.build` turns them into Keras objects.
Nothing here imports Keras, so specs load, compare and print in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields

from analysis.datasets import DATASETS

#: Raised when a change of the training code changes the numbers it gives (the golden
#: test says when). It is part of every key, so raising it makes every result stale.
TRAINING_VERSION = 1

ACTIVATIONS = ("relu", "linear", "softmax")
LOSSES = ("squared_error", "cross_entropy")
STREAMS = ("weights", "order")


class SpecError(ValueError):
    """A spec that cannot be trained; the message says which value and what it may be."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SpecError(message)


def _is_positive_int(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _require_units(layer: str, what: str, value) -> None:
    _require(
        _is_positive_int(value),
        f"{layer} needs a whole number of {what}, at least 1; got {value!r}",
    )


def _require_activation(layer) -> None:
    _require(
        layer.activation in ACTIVATIONS,
        f"{type(layer).__name__} has no activation {layer.activation!r}; it is one of "
        f"{', '.join(ACTIVATIONS)}",
    )


@dataclass(frozen=True)
class Normalization:
    """Subtracts a mean from the inputs and divides by the root of a variance, by channel."""

    mean: tuple[float, ...]
    variance: tuple[float, ...]

    def __post_init__(self):
        _require(
            len(self.mean) == len(self.variance) and all(value > 0 for value in self.variance),
            "Normalization needs a mean and a variance above 0 for each channel; got "
            f"{self.mean!r} and {self.variance!r}",
        )


@dataclass(frozen=True)
class Conv2D:
    """A convolution with stride 1 and without padding."""

    filters: int
    kernel_size: int
    activation: str = "relu"

    def __post_init__(self):
        _require_units("Conv2D", "filters", self.filters)
        _require_units("Conv2D", "pixels as kernel_size", self.kernel_size)
        _require_activation(self)


@dataclass(frozen=True)
class MaxPooling2D:
    """Keeps the largest value of each square, and drops what does not fill one."""

    pool_size: int

    def __post_init__(self):
        _require_units("MaxPooling2D", "pixels as pool_size", self.pool_size)


@dataclass(frozen=True)
class Flatten:
    """Turns an image into a vector."""


@dataclass(frozen=True)
class Dense:
    """A layer in which every unit sees every input."""

    units: int
    activation: str = "relu"

    def __post_init__(self):
        _require_units("Dense", "units", self.units)
        _require_activation(self)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent."""

    learning_rate: float

    def __post_init__(self):
        _require_learning_rate(self)


@dataclass(frozen=True)
class Adam:
    """Adam with Keras's other settings (Kingma & Ba 2015)."""

    learning_rate: float = 0.001

    def __post_init__(self):
        _require_learning_rate(self)


def _require_learning_rate(optimizer) -> None:
    rate = optimizer.learning_rate
    _require(
        isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < float("inf"),
        f"{type(optimizer).__name__} needs a learning rate above 0; got {rate!r}",
    )
    # 1 and 1.0 are equal, so they must have the same key.
    object.__setattr__(optimizer, "learning_rate", float(rate))


def mlp(*hidden: int, output: str) -> tuple:
    """Layers of a fully connected network for ten categories.

    Parameters
    ----------
    *hidden : int
        Units of each hidden layer, all with ReLU.
    output : {"relu", "linear", "softmax"}
        Activation of the ten outputs.
    """
    return (Flatten(), *(Dense(units) for units in hidden), Dense(10, output))


@dataclass(frozen=True)
class Experiment:
    """One setting, trained once for each seed.

    Parameters
    ----------
    name : str
        The ledger's name in ``book/results``, beginning with the question's.
    dataset : str
        A name in `analysis.datasets.DATASETS`.
    layers : tuple
        The layers, from first to last; the last has ten units.
    loss : {"squared_error", "cross_entropy"}
        Mean over the batch. Squared error is also a mean over the ten outputs.
    optimizer : SGD or Adam
    epochs : int
        Passes through the training images.
    seeds : tuple of int
        One network is trained for each.
    batch_size : int
        Images a step; an epoch's last step has what remains.
    varies : tuple of {"weights", "order"}
        What the seed decides: the initial weights, the order of the training images, or
        both. What it does not decide is as for seed 0.

    Raises
    ------
    SpecError
        If a value makes no sense.
    """

    name: str
    dataset: str
    layers: tuple
    loss: str
    optimizer: SGD | Adam
    epochs: int
    seeds: tuple[int, ...]
    batch_size: int = 32
    varies: tuple[str, ...] = STREAMS

    def __post_init__(self):
        for name in ("layers", "seeds", "varies"):
            if not isinstance(getattr(self, name), str):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        checks = [
            (
                self.dataset in DATASETS,
                f"unknown data set {self.dataset!r}; it is one of {', '.join(DATASETS)}",
            ),
            (
                bool(self.layers) and getattr(self.layers[-1], "units", None) == 10,
                "the last layer must be Dense with 10 units, one for each category",
            ),
            (
                isinstance(self.optimizer, SGD | Adam),
                f"optimizer must be SGD(…) or Adam(…); got {self.optimizer!r}",
            ),
            (self.loss in LOSSES, f"unknown loss {self.loss!r}; it is one of {', '.join(LOSSES)}"),
            (_is_positive_int(self.epochs), f"epochs must be at least 1; got {self.epochs!r}"),
            (
                _is_positive_int(self.batch_size),
                f"batch_size must be at least 1; got {self.batch_size!r}",
            ),
            (bool(self.seeds), "seeds is empty; give at least one, e.g. range(10)"),
            (
                all(type(seed) is int and seed >= 0 for seed in self.seeds),
                f"seeds must be whole numbers from 0; got {self.seeds!r}",
            ),
            (len(set(self.seeds)) == len(self.seeds), f"a seed is named twice in {self.seeds!r}"),
            (
                set(self.varies) <= set(STREAMS),
                f"varies may name {' and '.join(STREAMS)}; got {self.varies!r}",
            ),
        ]
        for holds, message in checks:
            _require(holds, f"experiment {self.name!r}: {message}")

    @property
    def lockstep(self) -> bool:
        """Whether its networks gain from being trained together: those without convolutions."""
        return not any(isinstance(layer, Conv2D) for layer in self.layers)

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the numbers: spec, data and training code's version.

        The name and the seeds are left out: renaming an experiment or asking for more
        seeds makes no finished network stale.
        """
        return hashlib.sha256(canonical_json(self.identity()).encode()).hexdigest()

    def identity(self) -> dict:
        """What `key` is the digest of, as JSON-ready values by field name."""
        values = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        del values["name"], values["seeds"]
        values["dataset_digest"] = DATASETS[self.dataset].digest
        values["training_version"] = TRAINING_VERSION
        return values


def canonical_json(value) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value):
    """Dataclasses as dicts that carry their class's name, tuples as lists."""
    if hasattr(value, "__dataclass_fields__"):
        return {"type": type(value).__name__} | asdict(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
