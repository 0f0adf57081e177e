"""What to train, as plain data: an `Experiment` and the layers and optimizers it names.

Classes that share a name with a Keras class (`Dense`, `Adam`, …) hold that class's own
arguments, under the same names; `analysis.training.build` turns them into Keras objects.
Nothing here imports Keras, so specs load, compare and print in milliseconds.
"""
# ruff: noqa: RUF009  (`later` gives a field, not a default that objects would share)

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np

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
    """A field that was added after results had been trained, which in effect had its default.

    At the default a key leaves it out, so those results stay valid.
    """
    return field(default=default, metadata={"later": True})


def known_as(key: str, default, **metadata):
    """A field that keys and ledgers have under another name, that of when they were made."""
    return field(default=default, metadata={"key": key} | metadata)


class SpecError(ValueError):
    """A spec that cannot be trained; the message says which value and what it may be."""


def _require(holds, what: str, words: str, value) -> None:
    if not holds:
        raise SpecError(f"{what} must be {words}; got {value!r}")


def _either(options: Iterable[str]) -> str:
    *others, last = options
    return f"{', '.join(others)} or {last}" if others else last


class Check(NamedTuple):
    """What a field asks of its value beyond the type, in a type hint: ``Annotated[int, Check]``."""

    holds: Callable[[Any], Any]
    words: str


def _one_of(names: tuple[str, ...]) -> Check:
    return Check(lambda value: value in names, _either(map(repr, names)))


Count = Annotated[int, Check(lambda value: value >= 1, "a whole number, at least 1")]
CountFrom0 = Annotated[int, Check(lambda value: value >= 0, "a whole number, at least 0")]
Positive = Annotated[float, Check(lambda value: value > 0, "a number above 0")]
NotNegative = Annotated[float, Check(lambda value: value >= 0, "a number, at least 0")]
Share = Annotated[float, Check(lambda value: 0 <= value < 1, "a number from 0 to below 1")]
ActivationName = Annotated[str, _one_of(ACTIVATIONS)]
FileName = Annotated[
    str,
    Check(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*").fullmatch,
        "letters, digits, -, . and _, the first a letter or a digit",
    ),
]


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class _Kind(NamedTuple):
    """A plain type: its words, which values stand for one of its own, and what makes it of them."""

    words: str
    holds: Callable[[Any], bool]
    form: Callable[[Any], Any]


_KINDS = {
    bool: _Kind("True or False", lambda v: isinstance(v, int | float) and v in (0, 1), bool),
    int: _Kind("a whole number", lambda v: _is_number(v) and isinstance(v, int), int),
    float: _Kind(
        "a number",
        lambda v: _is_number(v) and abs(v) <= sys.float_info.max,  # neither infinite nor nan
        lambda v: float(v) + 0.0,  # of -0.0, too, which JSON tells from 0.0
    ),
    str: _Kind("text", lambda v: isinstance(v, str), str),
    NoneType: _Kind("None", lambda v: v is None, lambda v: v),
}


def _form(value, hint, what: str, words: str = ""):
    """The value in the one form that it has in a spec, so that equal specs have equal keys.

    Parameters
    ----------
    value
        As it was given: 1 for 1.0, 0 for False, a list or a range for a tuple, NumPy's for any.
    hint
        Type hint of the field.
    what : str
        Names the field.
    words : str
        What the value may be, where the hint does not say it.

    Raises
    ------
    SpecError
        If the value is none that the hint allows.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kind, *checks = arguments
        form = _form(value, kind, what, checks[0].words)
        for check in checks:
            _require(check.holds(form), what, check.words, value)
        return form
    if origin in (Union, UnionType):
        for option in arguments:
            with suppress(SpecError):
                return _form(value, option, what)
    elif origin is tuple:
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            items = enumerate(value)
            return tuple(_form(item, arguments[0], f"{what}[{place}]") for place, item in items)
    elif hint in _KINDS:
        if _KINDS[hint].holds(value):
            return _KINDS[hint].form(value)
    elif isinstance(value, hint):
        return value
    raise SpecError(f"{what} must be {words or _words(hint)}; got {value!r}")


def _words(hint) -> str:
    """What a type hint allows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return arguments[1].words
    if origin is tuple:
        return f"a list in which each item is {_words(arguments[0])}"
    if origin in (Union, UnionType):
        return _either(map(_words, arguments))
    if hint in _KINDS:
        return _KINDS[hint].words
    return _either(f"{kind.__name__}(…)" for kind in hint.__subclasses__() or [hint])


@cache
def _hints(spec: type) -> dict:
    return get_type_hints(spec, include_extras=True)


class Spec:
    """An experiment or a part of one: it has the forms and the checks of its fields' type hints."""

    def __new__(cls, *values, **named):
        known = getattr(cls, "__dataclass_fields__", {})
        for name in named.keys() - known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
            raise SpecError(f"{cls.__name__} has no field {name!r}; {meant}")
        return super().__new__(cls)

    def __post_init__(self):
        for name, hint in _hints(type(self)).items():
            form = _form(getattr(self, name), hint, f"{self._title()}: {name}")
            object.__setattr__(self, name, form)

    def _title(self) -> str:
        return type(self).__name__

    def _require(self, holds, name: str, words: str) -> None:
        """Refuse the value of a field for what else the spec says."""
        _require(holds, f"{self._title()}: {name}", words, getattr(self, name))


class Layer(Spec):
    """A layer of a network."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of what it makes of one image, or of what the layers before made of it.

        Parameters
        ----------
        shape : tuple of int
            That of its input.

        Raises
        ------
        SpecError
            If it cannot take such an input.
        """
        return shape

    def _require_maps(self, shape: tuple[int, ...]) -> None:
        _require(
            len(shape) == 3,
            f"{self._title()}: the input",
            "(height, width, channels), as Reshape((28, 28, 1)) arranges a digit",
            shape,
        )

    def _require_room(self, name: str, shape: tuple[int, ...]) -> None:
        """Refuse a square that does not fit into the map that it goes over."""
        self._require_maps(shape)
        room = min(shape[:2])
        fits = getattr(self, name) <= room
        self._require(fits, name, f"at most {room}, for its input has the shape {shape}")


@dataclass(frozen=True)
class Normalization(Layer):
    """Subtracts a mean from the inputs and divides by the root of a variance, by channel."""

    mean: tuple[float, ...]
    variance: tuple[Positive, ...]

    def __post_init__(self):
        super().__post_init__()
        n = len(self.mean)
        self._require(len(self.variance) == n, "variance", f"of length {n}, as mean is")

    def output_shape(self, shape):
        lengths = sorted({1, shape[-1]})
        words = f"of length {_either(map(str, lengths))} for an input {shape}"
        self._require(len(self.mean) in lengths, "mean", words)
        return shape


@dataclass(frozen=True)
class Reshape(Layer):
    """Arranges the numbers of an image anew, say (28, 28) as (28, 28, 1) for convolutions."""

    target_shape: tuple[Count, ...]

    def output_shape(self, shape):
        n = math.prod(shape)
        fits = math.prod(self.target_shape) == n
        self._require(fits, "target_shape", f"of {n} numbers, as its input {shape} is")
        return self.target_shape


@dataclass(frozen=True)
class Rescaling(Layer):
    """Multiplies its inputs by a number."""

    scale: Positive


@dataclass(frozen=True)
class Whitening(Layer):
    """A first convolution of uncorrelated outputs and their negatives, computed, not trained.

    Its filters are the principal components of the training images' patches, divided by their
    standard deviations, and the negatives of these; only a bias is trained (after Jordan 2024).

    Parameters
    ----------
    kernel_size : int
        Of the patches, in pixels.
    """

    kernel_size: Count = 2

    def output_shape(self, shape):
        self._require_room("kernel_size", shape)
        height, width, channels = shape
        lost = self.kernel_size - 1
        return height - lost, width - lost, 2 * self.kernel_size**2 * channels


@dataclass(frozen=True)
class Conv2D(Layer):
    """A convolution with stride 1.

    With the kernel ``identity`` it begins by handing on its input: its first filters, one for
    each input channel, are the identity, and the rest are drawn as ever.
    """

    filters: Count
    kernel_size: Count
    activation: ActivationName = "relu"
    padding: Annotated[str, _one_of(PADDINGS)] = later("valid")
    use_bias: bool = later(True)
    kernel_initializer: Annotated[str, _one_of(KERNELS)] = later("glorot_uniform")

    def output_shape(self, shape):
        if self.padding == "same":
            self._require_maps(shape)
            return *shape[:2], self.filters
        self._require_room("kernel_size", shape)
        height, width, _ = shape
        lost = self.kernel_size - 1
        return height - lost, width - lost, self.filters


@dataclass(frozen=True)
class MaxPooling2D(Layer):
    """Keeps the largest value of each square, and drops what does not fill one."""

    pool_size: Count

    def output_shape(self, shape):
        self._require_room("pool_size", shape)
        height, width, channels = shape
        return height // self.pool_size, width // self.pool_size, channels


@dataclass(frozen=True)
class Flatten(Layer):
    """Turns an image into a vector."""

    def output_shape(self, shape):
        return (math.prod(shape),)


@dataclass(frozen=True)
class GlobalAveragePooling2D(Layer):
    """The mean of each feature map."""

    def output_shape(self, shape):
        self._require_maps(shape)
        return shape[-1:]


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Standardises each unit by its batch, and when tested by a running mean (Ioffe 2015).

    Parameters
    ----------
    momentum : float
        Share of itself that the running mean keeps at each step.
    scale : bool
        Whether each unit has a trained factor beside its trained shift.
    shift_rate : float
        How many times the learning rate the shifts of feature maps are trained with, under
        stochastic gradient descent; under `Adam`, which divides a gradient by its size, the square
        root of that.
    """

    momentum: Share = 0.9
    scale: bool = later(True)
    shift_rate: Positive = later(1.0)

    def output_shape(self, shape):
        fits = self.shift_rate == 1 or len(shape) == 3
        self._require(
            fits, "shift_rate", f"1 for an input {shape}, as other values are for maps only"
        )
        return shape


@dataclass(frozen=True)
class Activation(Layer):
    """A nonlinearity on its own, where something stands between it and the products."""

    activation: ActivationName


@dataclass(frozen=True)
class Dropout(Layer):
    """Sets a random share of its inputs to zero while training (Srivastava et al. 2014).

    In bfloat16 the share is a whole number of 128ths: of 0.1, 13.
    """

    rate: Share


@dataclass(frozen=True)
class Dense(Layer):
    """A layer in which every unit sees every input."""

    units: Count
    activation: ActivationName = "relu"
    use_bias: bool = later(True)

    def output_shape(self, shape):
        # Keras would take each row of an image by itself.
        flat = len(shape) == 1
        _require(flat, "Dense: the input", "flat, as Flatten() makes it", shape)
        return (self.units,)


@dataclass(frozen=True)
class CosineDecay(Spec):
    """A learning rate that rises in a line and then falls along half a cosine to zero.

    Parameters
    ----------
    peak : float
        The largest learning rate.
    warmup : float
        Share of all steps until it is reached.
    """

    peak: Positive
    warmup: Share = known_as("rise", 0.0)


@dataclass(frozen=True)
class LinearDecay(Spec):
    """A learning rate that rises in a line and then falls in another.

    Parameters
    ----------
    peak : float
        The largest learning rate.
    warmup : float
        Share of all steps until it is reached.
    first, last : float
        Shares of the peak with which a warmup begins and the fall ends.
    """

    peak: Positive
    warmup: Share = known_as("rise", 0.0)
    first: Share = 0.0
    last: Share = 0.0

    def __post_init__(self):
        super().__post_init__()
        self._require(self.warmup or not self.first, "first", "0 without a warmup")


SCHEDULES = (CosineDecay, LinearDecay)


def warmup_steps(schedule: CosineDecay | LinearDecay, steps: int) -> int:
    """Of a training's steps those in which the learning rate rises."""
    return round(schedule.warmup * steps)


@dataclass(frozen=True)
class SGD(Spec):
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

    learning_rate: Positive | CosineDecay | LinearDecay
    momentum: Share = later(0.0)
    nesterov: bool = later(False)
    weight_decay: Share = later(0.0)

    def __post_init__(self):
        super().__post_init__()
        self._require(self.momentum or not self.nesterov, "nesterov", "False without a momentum")


@dataclass(frozen=True)
class Adam(Spec):
    """Adam with Keras's other settings (Kingma & Ba 2015)."""

    learning_rate: Positive | CosineDecay | LinearDecay = 0.001


@dataclass(frozen=True)
class AdamW(Spec):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019), of kernels only."""

    learning_rate: Positive | CosineDecay | LinearDecay = 0.001
    weight_decay: Positive = 0.004


#: Of Newton and Schulz, at each step of `Muon`: as many as Jordan and others take, and Keras;
#: Jordan's recipe for CIFAR-10 takes three.
MUON_ITERATIONS = 5


@dataclass(frozen=True)
class Muon(Spec):
    """Steps of equal size in all directions, for the kernels of convolutions (Jordan et al. 2024).

    Each step is the gradient with Nesterov momentum as a matrix, a row a filter, whose singular
    values are all moved towards 1. Before it the kernel is scaled to the Frobenius norm that a
    matrix with that many rows of length 1 has, as in Jordan's recipe with Muon for CIFAR-10.

    Parameters
    ----------
    learning_rate : float, CosineDecay or LinearDecay
        Of the kernels.
    momentum : float
        Share of the sum of earlier gradients that is kept at each step.
    others : SGD
        What trains all else, with a learning rate of its own; its weight decay is theirs alone.
    """

    learning_rate: Positive | CosineDecay | LinearDecay
    momentum: Share
    others: SGD


@dataclass(frozen=True)
class Affine(Spec):
    """Turns, scales, shears, shifts and bends each training image at random, anew in each epoch.

    Each value but the last is drawn evenly between its negative and itself: scale and shift once
    for each of the two directions.

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
    elastic : float
        Standard deviation, in pixels, of the displacements at the points of a coarse grid, between
        which they change smoothly (Simard et al. 2003; the grid as of Ronneberger et al. 2015).
    """

    rotation: NotNegative = 0.0
    scale: Share = 0.0
    shear: NotNegative = 0.0
    shift: NotNegative = 0.0
    elastic: NotNegative = later(0.0)


@dataclass(frozen=True)
class FlipAndShift(Spec):
    """Mirrors training images and moves them by whole pixels, their edges mirrored outward.

    The edge pixel is repeated: pixels a b c go on with c b a. Jordan's go on with b a, and so do
    the moved ones of `Experiment.tta`.

    Parameters
    ----------
    flip : {"none", "random", "alternating"}
        Mirrors left and right a random half of the images anew in each epoch, or each image in
        every other epoch, a random half of them from the first on (Jordan 2024).
    shift : int
        Pixels by which an image is moved at most, in each of four directions.
    cutout : int
        Pixels across a square of each image, drawn anew in each epoch and nowhere beyond the
        edges, that gets the mean colour of the training images (DeVries & Taylor 2017).
    """

    flip: Annotated[str, _one_of(FLIPS)] = "none"
    shift: CountFrom0 = 0
    cutout: CountFrom0 = later(0)


@dataclass(frozen=True)
class Lookahead(Spec):
    """Every few steps, sets the weights back to a running average (after Zhang et al. 2019).

    The average keeps a share of itself that rises with the third power of time, so it holds
    back ever more (Jordan 2024).

    Parameters
    ----------
    steps : int
        From one time to the next.
    decay : float
        Share of itself that the average keeps at the last.
    """

    steps: Count = 5
    decay: Share = known_as("kept", 0.95**5)


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
class Experiment(Spec):
    """One setting, trained once for each seed.

    Parameters
    ----------
    name : str
        The ledger's name in ``book/results``, beginning with the question's: letters, digits,
        ``-``, ``.`` and ``_``.
    dataset : str
        A name in `analysis.datasets.DATASETS`.
    layers : tuple of Layer
        From first to last; the last is `Dense` with ten units.
    loss : {"squared_error", "cross_entropy"}
        Mean over the batch. Squared error is also a mean over the ten outputs.
    optimizer : SGD, Adam, AdamW or Muon
    epochs : int
        Passes through the training images.
    seeds : tuple of int
        One network is trained for each.
    batch_size : int
        Images a step; an epoch's last step has what remains.
    varies : tuple of {"weights", "order"}
        What the seed decides: the initial weights, and the masks of dropout with them; the
        order of the training images, and how they are changed and mixed; or both. What it
        does not decide is as for the fixed seed.
    fixed_seed : int
        The seed that decides what ``varies`` leaves out.
    reshuffle : bool
        Whether each epoch goes through the training images in an order of its own; if not,
        every epoch has the first one's.
    validation : int
        So many of the last training images are held out: not trained on, and tested on in
        place of the test set, so that choices can be made without it.
    augmentation : Affine, FlipAndShift or None
        How training images are changed.
    mixup : float
        Parameter of the beta distribution, both times, that shares are drawn from with which
        each training image is mixed with the next of its batch, and their targets as well; of
        a share and its rest the image itself has the larger (Zhang et al. 2018). 0: as it is.
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
    activity_at : tuple of int
        Steps of the first epoch after which to count that, too, in rising order.
    outputs : bool
        Whether to keep what the trained network says of each image it is tested on.
    tta : bool
        Whether it says that of several views of an image together: the image, also moved by a
        pixel towards two corners, and where training images are mirrored, of all three the mirror
        image as well.

    Raises
    ------
    SpecError
        If a value makes no sense.
    """

    name: FileName
    dataset: str
    layers: Annotated[tuple[Layer, ...], Check(bool, "a list of layers, at least one")]
    loss: Annotated[str, _one_of(LOSSES)]
    optimizer: SGD | Adam | AdamW | Muon
    epochs: Count
    seeds: Annotated[
        tuple[CountFrom0, ...],
        Check(bool, "a list of whole numbers, at least one, say range(10)"),
        Check(lambda seeds: len(set(seeds)) == len(seeds), "all different"),
    ]
    batch_size: Count = 32
    varies: tuple[Annotated[str, _one_of(STREAMS)], ...] = STREAMS
    fixed_seed: CountFrom0 = later(0)
    reshuffle: bool = later(True)
    validation: CountFrom0 = later(0)
    augmentation: Affine | FlipAndShift | None = later(None)
    mixup: NotNegative = later(0.0)
    label_smoothing: Share = later(0.0)
    averaging: Share | Lookahead = later(0.0)
    precision: Annotated[str, _one_of(PRECISIONS)] = later("float32")
    activity: bool = later(True)
    activity_at: Annotated[
        tuple[Count, ...],
        Check(lambda steps: list(steps) == sorted(set(steps)), "whole numbers in rising order"),
    ] = later(())
    outputs: bool = later(False)
    tta: bool = known_as("views", False, later=True)

    def __post_init__(self):
        super().__post_init__()
        self._require(self.dataset in DATASETS, "dataset", _either(map(repr, DATASETS)))
        images = DATASETS[self.dataset].shapes["x_train"][0]
        self._require(
            self.validation < images,
            "validation",
            f"below the number of training images, {images:,}",
        )
        size = min(DATASETS[self.dataset].shapes["x_train"][1:3])
        self._require(
            getattr(self.augmentation, "cutout", 0) <= size,
            "augmentation",
            f"such that cutout is at most the {size} pixels across an image",
        )
        self._require(
            self.loss == "cross_entropy" or not self.label_smoothing,
            "label_smoothing",
            "0 unless the loss is cross_entropy",
        )
        convolves = any(isinstance(layer, Conv2D) for layer in self.layers)
        self._require(
            convolves or not isinstance(self.optimizer, Muon),
            "optimizer",
            "SGD(…), Adam(…) or AdamW(…) without a Conv2D",
        )
        self._require(
            self.varies == tuple(stream for stream in STREAMS if stream in self.varies),
            "varies",
            f"some of {STREAMS}, each once and in this order",
        )
        self._require(
            self.batch_size <= self.images,
            "batch_size",
            f"at most the number of images to learn from, {self.images:,}",
        )
        self._require(
            self.fixed_seed == 0 or set(self.varies) != set(STREAMS),
            "fixed_seed",
            "0 where the seed decides everything",
        )
        self._require(
            self.activity or not self.activity_at, "activity_at", "empty without activity=True"
        )
        steps = self.steps_an_epoch
        self._require(
            all(step < steps for step in self.activity_at),
            "activity_at",
            f"below the number of steps in an epoch, {steps:,}",
        )
        steps *= self.epochs
        self._require(
            getattr(self.averaging, "steps", 1) <= steps,
            "averaging",
            f"a Lookahead of at most the training's {steps:,} steps",
        )
        optimizers = (self.optimizer, getattr(self.optimizer, "others", self.optimizer))
        self._require(
            all(
                warmup_steps(optimizer.learning_rate, steps) < steps
                for optimizer in optimizers
                if isinstance(optimizer.learning_rate, CosineDecay)
            ),
            "optimizer",
            f"such that a CosineDecay has at least one of the training's {steps:,} steps to fall "
            "in, with a smaller warmup or more epochs",
        )
        # Test-time augmentation changes only what outputs are kept.
        self._require(self.outputs or not self.tta, "tta", "False without outputs=True")
        last = self.layers[-1]
        _require(
            isinstance(last, Dense) and last.units == 10,
            f"{self._title()}: layers[-1]",
            "Dense with 10 units, one for each category",
            last,
        )
        self._require(
            self.loss != "cross_entropy" or last.activation in ("softmax", "relu"),
            "loss",
            "'squared_error' unless the outputs are softmax's or ReLU's, which are not negative",
        )
        softmax = last.activation == "softmax"
        for name in ("label_smoothing", "mixup"):
            # With targets that are not one category Keras divides outputs by their sum, which
            # ReLU's may not have.
            self._require(
                softmax or self.loss != "cross_entropy" or not getattr(self, name),
                name,
                "0 for cross-entropy of outputs that are not softmax's",
            )
        # Views are put together by the logarithms of their probabilities.
        self._require(softmax or not self.tta, "tta", "False unless the outputs are softmax's")
        self.shapes()

    def _title(self) -> str:
        return f"experiment {self.name!r}"

    @property
    def mirrored(self) -> bool:
        """Whether training images are mirrored."""
        return getattr(self.augmentation, "flip", "none") != "none"

    @property
    def images(self) -> int:
        """Images that a network learns from: those of training that are not held out."""
        return DATASETS[self.dataset].shapes["x_train"][0] - self.validation

    @property
    def steps_an_epoch(self) -> int:
        """Batches in an epoch, the last of which may be smaller."""
        return -(-self.images // self.batch_size)

    def shapes(self) -> list[tuple[int, ...]]:
        """Shape of each layer's output for one image, from first to last.

        Raises
        ------
        SpecError
            If a layer cannot take what the one before it gives.
        """
        shapes, shape = [], DATASETS[self.dataset].shapes["x_train"][1:]
        for place, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except SpecError as error:
                raise SpecError(f"{self._title()}: layers[{place}], {error}") from None
            shapes.append(shape)
        return shapes

    @property
    def lockstep(self) -> bool:
        """Whether its networks gain from being trained together: those without convolutions."""
        return not any(isinstance(layer, Conv2D) for layer in self.layers)

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the numbers: spec, data and training code's version.

        The name and the seeds are left out: renaming an experiment, together with its ledger,
        or asking for more seeds makes no finished network stale.
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
            f.metadata.get("key", f.name): _plain(getattr(value, f.name))
            for f in fields(value)
            if not (f.metadata.get("later") and getattr(value, f.name) == f.default)
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def spelled_out(identity):
    """What `Experiment.identity` gave, or a part of it, as a spec is written.

    Values have their fields' names instead of those that keys have, and those that keys leave
    out at their default are there. Fields and classes that are no longer known stay as they are.
    """
    if isinstance(identity, list):
        return [spelled_out(item) for item in identity]
    if not isinstance(identity, dict):
        return identity
    kind = globals().get(identity.get("type", Experiment.__name__))
    known = fields(kind) if is_dataclass(kind) else ()
    names = {f.metadata.get("key", f.name): f.name for f in known}
    written = {names.get(key, key): spelled_out(value) for key, value in identity.items()}
    return written | {
        f.name: _plain(f.default)
        for f in known
        if f.metadata.get("later") and f.name not in written
    }
