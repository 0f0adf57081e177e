"""What to train, as plain data: an `Experiment` and the layers and optimizers it names.

Classes that share a name with a Keras class (`Dense`, `Adam`, …) hold that class's own
arguments, under the same names; `analysis.training.build` turns them into Keras objects.
Nothing here imports Keras, so specs load, compare and print in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, fields

from analysis.datasets import DATASETS

#: Raised when a change of the training code changes the numbers it gives (the golden
#: test says when). It is part of every key, so raising it makes every result stale.
TRAINING_VERSION = 1

ACTIVATIONS = ("relu", "linear", "softmax")
LOSSES = ("squared_error", "cross_entropy")
STREAMS = ("weights", "order")
PADDINGS = ("valid", "same")
PRECISIONS = ("float32", "mixed_bfloat16")


def later(default):
    """A field that came after results were trained without it, in effect at its default.

    At the default a key leaves it out, so those results stay valid.
    """
    return field(default=default, metadata={"later": True})


class SpecError(ValueError):
    """A spec that cannot be trained; the message says which value and what it may be."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SpecError(message)


def _is_positive_int(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _require_share(what: str, value) -> None:
    _require(
        _is_number(value) and 0 <= value < 1, f"{what} must be from 0 to below 1; got {value!r}"
    )


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
class Reshape:
    """Arranges the numbers of an image anew, say (28, 28) as (28, 28, 1) for convolutions."""

    target_shape: tuple[int, ...]


@dataclass(frozen=True)
class Conv2D:
    """A convolution with stride 1."""

    filters: int
    kernel_size: int
    activation: str = "relu"
    padding: str = later("valid")
    use_bias: bool = later(True)

    def __post_init__(self):
        _require_units("Conv2D", "filters", self.filters)
        _require_units("Conv2D", "pixels as kernel_size", self.kernel_size)
        _require_activation(self)
        _require(
            self.padding in PADDINGS,
            f"Conv2D has no padding {self.padding!r}; it is one of {', '.join(PADDINGS)}",
        )


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
class GlobalAveragePooling2D:
    """The mean of each feature map."""


@dataclass(frozen=True)
class BatchNormalization:
    """Standardises each unit by its batch, and when tested by a running mean (Ioffe 2015)."""

    momentum: float = 0.9

    def __post_init__(self):
        _require_share("BatchNormalization's momentum", self.momentum)


@dataclass(frozen=True)
class Activation:
    """A nonlinearity on its own, where something stands between it and the products."""

    activation: str

    def __post_init__(self):
        _require_activation(self)


@dataclass(frozen=True)
class Dropout:
    """Sets a random share of its inputs to zero while training (Srivastava et al. 2014)."""

    rate: float

    def __post_init__(self):
        _require_share("Dropout's rate", self.rate)


@dataclass(frozen=True)
class Dense:
    """A layer in which every unit sees every input."""

    units: int
    activation: str = "relu"
    use_bias: bool = later(True)

    def __post_init__(self):
        _require_units("Dense", "units", self.units)
        _require_activation(self)


@dataclass(frozen=True)
class CosineDecay:
    """A learning rate that rises in a line and then falls along half a cosine to zero.

    Parameters
    ----------
    peak : float
        The largest learning rate.
    rise : float
        Share of all steps until it is reached.
    """

    peak: float
    rise: float = 0.0

    def __post_init__(self):
        _require_positive("CosineDecay", "peak", self)
        _require_share("CosineDecay's rise", self.rise)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent."""

    learning_rate: float | CosineDecay

    def __post_init__(self):
        _require_learning_rate(self)


@dataclass(frozen=True)
class Adam:
    """Adam with Keras's other settings (Kingma & Ba 2015)."""

    learning_rate: float | CosineDecay = 0.001

    def __post_init__(self):
        _require_learning_rate(self)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), of kernels only."""

    learning_rate: float | CosineDecay = 0.001
    weight_decay: float = 0.004

    def __post_init__(self):
        _require_learning_rate(self)
        _require_positive("AdamW", "weight_decay", self)


OPTIMIZERS = (SGD, Adam, AdamW)


def _require_learning_rate(optimizer) -> None:
    if not isinstance(optimizer.learning_rate, CosineDecay):
        _require_positive(type(optimizer).__name__, "learning_rate", optimizer)


def _require_positive(what: str, name: str, spec) -> None:
    value = getattr(spec, name)
    _require(
        _is_number(value) and value > 0,
        f"{what} needs a {name.replace('_', ' ')} above 0; got {value!r}",
    )
    # 1 and 1.0 are equal, so they must have the same key.
    object.__setattr__(spec, name, float(value))


@dataclass(frozen=True)
class Affine:
    """Turns, scales, shears and shifts each training image at random, anew in each epoch.

    Each value is drawn evenly between its negative and itself, for the two directions apart.

    Parameters
    ----------
    rotation : float
        Degrees.
    scale : float
        Share by which an image grows or shrinks.
    shear : float
        Tangent of the angle by which rows slide over each other.
    shift : float
        Pixels.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0

    def __post_init__(self):
        for part in fields(self):
            value = getattr(self, part.name)
            _require(
                _is_number(value) and value >= 0,
                f"Affine needs a {part.name} of at least 0; got {value!r}",
            )
            object.__setattr__(self, part.name, float(value))
        _require(self.scale < 1, f"Affine needs a scale below 1; got {self.scale!r}")


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
    optimizer : SGD, Adam or AdamW
    epochs : int
        Passes through the training images.
    seeds : tuple of int
        One network is trained for each.
    batch_size : int
        Images a step; an epoch's last step has what remains.
    varies : tuple of {"weights", "order"}
        What the seed decides: the initial weights, the order of the training images, or
        both. What it does not decide is as for seed 0.
    validation : int
        So many of the last training images are held out: not trained on, and tested on in
        place of the test set, so that choices can be made without it.
    augmentation : Affine or None
        How training images are changed.
    label_smoothing : float
        Share of each target that is spread over all ten categories (Szegedy et al. 2016).
    averaging : float
        Networks are tested with a running average of their weights, which keeps this share of
        itself at each step; less at first. 0 for the weights themselves.
    precision : {"float32", "mixed_bfloat16"}
        Of products; weights and outputs stay float32.
    activity : bool
        Whether to count after each epoch which ReLU units are above zero.
    outputs : bool
        Whether to keep what the trained network says of each image it is tested on.

    Raises
    ------
    SpecError
        If a value makes no sense.
    """

    name: str
    dataset: str
    layers: tuple
    loss: str
    optimizer: SGD | Adam | AdamW
    epochs: int
    seeds: tuple[int, ...]
    batch_size: int = 32
    varies: tuple[str, ...] = STREAMS
    validation: int = later(0)
    augmentation: Affine | None = later(None)  # noqa: RUF009
    label_smoothing: float = later(0.0)
    averaging: float = later(0.0)
    precision: str = later("float32")
    activity: bool = later(True)
    outputs: bool = later(False)

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
                isinstance(self.optimizer, OPTIMIZERS),
                f"optimizer must be SGD(…), Adam(…) or AdamW(…); got {self.optimizer!r}",
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
            (
                self.validation == 0 or _is_positive_int(self.validation),
                f"validation must be a number of images; got {self.validation!r}",
            ),
            (
                self.augmentation is None or isinstance(self.augmentation, Affine),
                f"augmentation must be Affine(…) or None; got {self.augmentation!r}",
            ),
            (
                not self.label_smoothing or self.loss == "cross_entropy",
                "label_smoothing goes with cross_entropy only",
            ),
            (
                self.precision in PRECISIONS,
                f"precision is one of {', '.join(PRECISIONS)}; got {self.precision!r}",
            ),
        ]
        for holds, message in checks:
            _require(holds, f"experiment {self.name!r}: {message}")
        for name in ("label_smoothing", "averaging"):
            _require_share(f"experiment {self.name!r}: {name}", getattr(self, name))

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
        values = _plain(self)
        del values["type"], values["name"], values["seeds"]
        values["dataset_digest"] = DATASETS[self.dataset].digest
        values["training_version"] = TRAINING_VERSION
        return values


def canonical_json(value) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value):
    """Dataclasses as dicts that carry their class's name, tuples as lists."""
    if hasattr(value, "__dataclass_fields__"):
        return {"type": type(value).__name__} | {
            f.name: _plain(getattr(value, f.name))
            for f in fields(value)
            if not (f.metadata.get("later") and getattr(value, f.name) == f.default)
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
