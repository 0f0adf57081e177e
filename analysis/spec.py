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

ACTIVATIONS = ("relu", "linear", "softmax", "gelu")
LOSSES = ("squared_error", "cross_entropy")
STREAMS = ("weights", "order")
PADDINGS = ("valid", "same")
PRECISIONS = ("float32", "mixed_bfloat16")
KERNELS = ("glorot_uniform", "identity")
FLIPS = ("none", "random", "alternating")


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
class Rescaling:
    """Multiplies its inputs by a number."""

    scale: float

    def __post_init__(self):
        _require_positive("Rescaling", "scale", self)


@dataclass(frozen=True)
class Whitening:
    """A first convolution whose outputs are uncorrelated, computed instead of trained.

    Its filters are the principal components of the training images' patches, divided by their
    standard deviations, and the negatives of these; only a bias is trained (after Jordan 2024).

    Parameters
    ----------
    kernel_size : int
        Of the patches, in pixels.
    """

    kernel_size: int = 2

    def __post_init__(self):
        _require_units("Whitening", "pixels as kernel_size", self.kernel_size)


@dataclass(frozen=True)
class Conv2D:
    """A convolution with stride 1.

    With the kernel ``identity`` it begins by handing on its input: its first filters, one for
    each input channel, are the identity, and the rest are drawn as ever.
    """

    filters: int
    kernel_size: int
    activation: str = "relu"
    padding: str = later("valid")
    use_bias: bool = later(True)
    kernel_initializer: str = later("glorot_uniform")

    def __post_init__(self):
        _require_units("Conv2D", "filters", self.filters)
        _require_units("Conv2D", "pixels as kernel_size", self.kernel_size)
        _require_activation(self)
        _require(
            self.padding in PADDINGS,
            f"Conv2D has no padding {self.padding!r}; it is one of {', '.join(PADDINGS)}",
        )
        _require(
            self.kernel_initializer in KERNELS,
            f"Conv2D has no kernel_initializer {self.kernel_initializer!r}; it is one of "
            f"{', '.join(KERNELS)}",
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
    """Standardises each unit by its batch, and when tested by a running mean (Ioffe 2015).

    Parameters
    ----------
    momentum : float
        Share of itself that the running mean keeps at each step.
    scale : bool
        Whether each unit has a trained factor beside its trained shift.
    shift_rate : float
        How many times the optimizer's learning rate the shifts of feature maps are trained with.
    """

    momentum: float = 0.9
    scale: bool = later(True)
    shift_rate: float = later(1.0)

    def __post_init__(self):
        _require_share("BatchNormalization's momentum", self.momentum)
        _require_positive("BatchNormalization", "shift_rate", self)


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
class LinearDecay:
    """A learning rate that rises in a line and then falls in another.

    Parameters
    ----------
    peak : float
        The largest learning rate.
    rise : float
        Share of all steps until it is reached.
    first, last : float
        Shares of the peak with which it begins and ends.
    """

    peak: float
    rise: float = 0.0
    first: float = 0.0
    last: float = 0.0

    def __post_init__(self):
        _require_positive("LinearDecay", "peak", self)
        for name in ("rise", "first", "last"):
            _require_share(f"LinearDecay's {name}", getattr(self, name))


SCHEDULES = (CosineDecay, LinearDecay)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent.

    Parameters
    ----------
    learning_rate : float, CosineDecay or LinearDecay
    momentum : float
        Share of each step that is taken again at the next.
    nesterov : bool
        Whether the gradient counts as if that step had been taken (Sutskever et al. 2013).
    weight_decay : float
        Share of every weight that each step takes away, times the learning rate.
    """

    learning_rate: float | CosineDecay | LinearDecay
    momentum: float = later(0.0)
    nesterov: bool = later(False)
    weight_decay: float = later(0.0)

    def __post_init__(self):
        _require_learning_rate(self)
        _require_share("SGD's momentum", self.momentum)
        _require_share("SGD's weight_decay", self.weight_decay)
        _require(self.momentum or not self.nesterov, "SGD's nesterov needs a momentum above 0")


@dataclass(frozen=True)
class Adam:
    """Adam with Keras's other settings (Kingma & Ba 2015)."""

    learning_rate: float | CosineDecay | LinearDecay = 0.001

    def __post_init__(self):
        _require_learning_rate(self)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), of kernels only."""

    learning_rate: float | CosineDecay | LinearDecay = 0.001
    weight_decay: float = 0.004

    def __post_init__(self):
        _require_learning_rate(self)
        _require_positive("AdamW", "weight_decay", self)


OPTIMIZERS = (SGD, Adam, AdamW)


def _require_learning_rate(optimizer) -> None:
    if not isinstance(optimizer.learning_rate, SCHEDULES):
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


@dataclass(frozen=True)
class FlipAndShift:
    """Mirrors training images and moves them by whole pixels, their edges mirrored outward.

    Parameters
    ----------
    flip : {"none", "random", "alternating"}
        Mirrors left and right a random half of the images anew in each epoch, or each image in
        every other epoch, a random half of them from the first on (Jordan 2024).
    shift : int
        Pixels by which an image is moved at most, in each of four directions.
    """

    flip: str = "none"
    shift: int = 0

    def __post_init__(self):
        _require(
            self.flip in FLIPS,
            f"FlipAndShift has no flip {self.flip!r}; it is one of {', '.join(FLIPS)}",
        )
        _require(
            self.shift == 0 or _is_positive_int(self.shift),
            f"FlipAndShift needs a whole number of pixels as shift; got {self.shift!r}",
        )


@dataclass(frozen=True)
class Lookahead:
    """Every few steps, sets the weights back to a running average (after Zhang et al. 2019).

    The average keeps a share of itself that rises with the third power of time, so it holds
    back ever more (Jordan 2024).

    Parameters
    ----------
    steps : int
        From one time to the next.
    kept : float
        Share of itself that the average keeps at the last.
    """

    steps: int = 5
    kept: float = 0.95**5

    def __post_init__(self):
        _require_units("Lookahead", "steps", self.steps)
        _require_share("Lookahead's kept", self.kept)


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
    augmentation : Affine, FlipAndShift or None
        How training images are changed.
    label_smoothing : float
        Share of each target that is spread over all ten categories (Szegedy et al. 2016).
    averaging : float or Lookahead
        Networks are tested with a running average of their weights, which keeps this share of
        itself at each step; less at first. 0 for the weights themselves.
    precision : {"float32", "mixed_bfloat16"}
        Of products; weights and outputs stay float32. A processor without instructions for
        bfloat16 takes float32 instead, and the ledger says so.
    activity : bool
        Whether to count after each epoch which ReLU units are above zero.
    outputs : bool
        Whether to keep what the trained network says of each image it is tested on.
    views : bool
        Whether it says that of six views of an image together: the image and its mirror
        image, each also moved by a pixel towards two corners.

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
    augmentation: Affine | FlipAndShift | None = later(None)  # noqa: RUF009
    label_smoothing: float = later(0.0)
    averaging: float | Lookahead = later(0.0)  # noqa: RUF009
    precision: str = later("float32")
    activity: bool = later(True)
    outputs: bool = later(False)
    views: bool = later(False)

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
                self.augmentation is None or isinstance(self.augmentation, Affine | FlipAndShift),
                "augmentation must be Affine(…), FlipAndShift(…) or None; got "
                f"{self.augmentation!r}",
            ),
            (
                not self.label_smoothing or self.loss == "cross_entropy",
                "label_smoothing goes with cross_entropy only",
            ),
            (
                self.precision in PRECISIONS,
                f"precision is one of {', '.join(PRECISIONS)}; got {self.precision!r}",
            ),
            (
                self.outputs or not self.views,
                "views change only what outputs are kept: they need outputs=True",
            ),
        ]
        for holds, message in checks:
            _require(holds, f"experiment {self.name!r}: {message}")
        shares = ["label_smoothing"]
        if not isinstance(self.averaging, Lookahead):
            shares.append("averaging")
        for name in shares:
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
