"""Says in words what an experiment is, for readers of its page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from analysis import cost, forms
from analysis.datasets import DATASETS
from analysis.spec import (
    SGD,
    Activation,
    Adam,
    AdamW,
    Affine,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Experiment,
    Flatten,
    FlipAndShift,
    GlobalAveragePooling2D,
    LinearDecay,
    Lookahead,
    MaxPooling2D,
    Muon,
    Normalization,
    Rescaling,
    Whitening,
)

_LOSSES = {"squared_error": "squared error", "cross_entropy": "cross-entropy"}
WITH_NORM = " with norm"
FILTERS = re.compile(r"(?<=convolution \d×\d×)\d+")
_FLIPS = {"random": "half of them mirrored", "alternating": "each mirrored every other time"}


def settings(experiment: Experiment) -> dict[str, str]:
    """What a page's table of how it was made tells of an experiment: value by name."""
    output = experiment.layers[-1].activation
    fixed = [stream for stream in ("weights", "order") if stream not in experiment.varies]
    of_seed = f", of seed {experiment.fixed_seed}" if experiment.fixed_seed else ""
    return {
        "data": DATASETS[experiment.dataset].title,
        "network": _network(experiment).told,
        "output": {"relu": "ReLU"}.get(output, output),
        "loss": _LOSSES[experiment.loss],
        "optimizer": _optimizer(experiment.optimizer),
        "batch": str(experiment.batch_size),
        "epochs": str(experiment.epochs),
        "seeds": forms.seeds(experiment.seeds, " to "),
        "same in every run": " and ".join(fixed) + of_seed if fixed else "nothing",
    } | _also(experiment)


def changes(experiment: Experiment, base: Experiment) -> str:
    """What a page's table tells of an experiment beside one that is nearly the same.

    What stays is not told, nor how many runs there are, which has a column of its own.
    """
    ours, theirs = settings(experiment), settings(base)
    told = [
        f"{name} {value}"
        for name, value in ours.items()
        if name not in ("network", "seeds", "also") and value != theirs[name]
    ]
    told += _changed_network(_network(experiment), _network(base))
    added, before = _additions(experiment), _additions(base)
    told += [text for kind, text in added.items() if text != before.get(kind)]
    told += [f"without {text}" for kind, text in before.items() if kind not in added]
    return "; ".join(told)


def nearest(experiment: Experiment, others: Sequence[Experiment]) -> Experiment:
    """The one of which there is least to tell in `changes`, of several the last."""
    return min(reversed(others), key=lambda other: len(changes(experiment, other)))


def _also(experiment: Experiment) -> dict[str, str]:
    """What only some experiments have, in one: else a table had a column for each, mostly empty."""
    text = "; ".join(_additions(experiment).values())
    return {"also": text} if text else {}


def _additions(experiment: Experiment) -> dict[str, str]:
    """What only some experiments have, by what it is about."""
    changed, averaging = _augmentation(experiment.augmentation), experiment.averaging
    if isinstance(averaging, Lookahead):
        averaged = f"lookahead every {averaging.steps} steps, up to {averaging.decay:.2f}"
    else:
        averaged = averaging and f"averaging {averaging:g}"
    additions = {
        "validation": experiment.validation and f"{experiment.validation:,} images held out",
        "augmentation": changed and f"images changed: {changed}",
        "mixup": experiment.mixup and f"mixup {experiment.mixup:g}",
        "smoothing": experiment.label_smoothing
        and f"label smoothing {experiment.label_smoothing:g}",
        "averaging": averaged,
        "precision": experiment.precision != "float32" and experiment.precision,
        "tta": experiment.tta and f"outputs for {'six' if experiment.mirrored else 'three'} views",
        "outputs": experiment.outputs and not experiment.tta and "outputs kept",
        "order": not experiment.reshuffle and "every epoch in the first epoch's order",
        "activity": experiment.activity_at and "activity counted within the first epoch",
    }
    return {kind: text for kind, text in additions.items() if text}


def _augmentation(augmentation: Affine | FlipAndShift | None) -> str:
    if isinstance(augmentation, FlipAndShift):
        shift = augmentation.shift and f"shift up to {augmentation.shift} pixels"
        cutout = augmentation.cutout and f"cutout {augmentation.cutout} pixels across"
        return ", ".join(filter(None, (_FLIPS.get(augmentation.flip), shift, cutout)))
    if augmentation is None:
        return ""
    units = {"rotation": "°", "scale": "", "shear": "", "shift": " pixels"}
    told = [
        f"{name} ±{getattr(augmentation, name):g}{unit}"
        for name, unit in units.items()
        if getattr(augmentation, name)
    ]
    if augmentation.elastic:
        told.append(f"elastic {augmentation.elastic:g} pixels")
    return ", ".join(told)


def _optimizer(optimizer: SGD | Adam | AdamW | Muon) -> str:
    if isinstance(optimizer, Muon):
        text = f"Muon for convolutions, rate {_rate(optimizer.learning_rate)}"
        text += f", Nesterov momentum {optimizer.momentum:g}" if optimizer.momentum else ""
        return f"{text}, and for all else {_optimizer(optimizer.others)}"
    rate, decay = optimizer.learning_rate, getattr(optimizer, "weight_decay", 0)
    text = f"{type(optimizer).__name__}, rate {_rate(rate)}"
    if getattr(optimizer, "momentum", 0):
        kind = "Nesterov momentum" if optimizer.nesterov else "momentum"
        text += f", {kind} {optimizer.momentum:g}"
    return text + (f", weight decay {decay:g}" if decay else "")


def _rate(rate: float | CosineDecay | LinearDecay) -> str:
    if isinstance(rate, float):
        return f"{rate:g}"
    begins = f"{rate.peak:g}"
    if rate.warmup:
        first = getattr(rate, "first", 0) * rate.peak
        start = f"from {first:g} " if first else ""
        begins = f"rising {start}to {rate.peak:g} in {rate.warmup:.0%} of the steps"
    if isinstance(rate, CosineDecay):
        return f"{begins}, falling along a cosine"
    return f"{begins}, falling linearly to {rate.last * rate.peak:g}"


class _Network(NamedTuple):
    """A network in words.

    Attributes
    ----------
    before : list of str
        The layers that come before the first one without a place in the image.
    units : list of str
        The units of dense layers, with what stands between them.
    traits : list of str
        What is said once, for it holds of all layers that it can hold of.
    """

    before: list[str]
    units: list[str]
    traits: list[str]

    @property
    def told(self) -> str:
        """As in 784-32-10, with what stands before it."""
        layers = ", ".join([*_counted(self.before), "-".join(self.units)])
        return "; ".join([layers, *self.traits])


def _network(experiment: Experiment) -> _Network:
    before, units = [], []
    for layer, counted in zip(experiment.layers, cost.layers(experiment), strict=True):
        match layer:
            case Normalization():
                centred_only = set(layer.variance) == {1}
                before.append("centred" if centred_only else "standardised")
            case Conv2D():
                size = layer.kernel_size
                before.append(f"convolution {size}×{size}×{layer.filters}")
            case Whitening():
                before.append(f"whitening {layer.kernel_size}×{layer.kernel_size}")
            case Rescaling():
                (units if units else before).append(f"times {layer.scale:.3g}")
            case MaxPooling2D():
                before.append(f"pool {layer.pool_size}×{layer.pool_size}")
            case Flatten() | GlobalAveragePooling2D() | Dense():
                units.append(str(counted.shape[-1]))
            case BatchNormalization() if units:
                units.append("norm")
            case BatchNormalization() if before:
                before[-1] += WITH_NORM
            case BatchNormalization():
                before.append("norm")
            case Dropout():
                (units if units else before).append(f"dropout {layer.rate:g}")
    return _Network(before, units, _traits(experiment))


def _counted(parts: list[str]) -> list[str]:
    """Those that follow each other and are alike as one, with their number."""
    repeated = [(text, len(list(group))) for text, group in groupby(parts)]
    return [f"{times} × {text}" if times > 1 else text for text, times in repeated]


def _changed_network(ours: _Network, theirs: _Network) -> Iterator[str]:
    """What of a network is not the other's."""
    bare = [part.removesuffix(WITH_NORM) for part in ours.before]
    units, before = ("-".join(network.units) for network in (ours, theirs))
    if not ours.before and not theirs.before and units != before:
        yield f"network {units}"
    elif bare == theirs.before != ours.before:
        yield "norm after each convolution"
        if units != before:
            yield f"{units} in place of {before}"
    elif _without_filters(ours) == _without_filters(theirs) and ours.before != theirs.before:
        yield f"filters {_filters(ours)} in place of {_filters(theirs)}"
        if ours.units[1:] != theirs.units[1:]:  # the first are the filters
            yield f"{units} in place of {before}"
    else:
        yield from _counted([*_changed_layers(ours.before, theirs.before)])
        if units != before:
            yield f"{units} in place of {before}"
    yield from (trait for trait in ours.traits if trait not in theirs.traits)
    yield from (f"without {trait}" for trait in theirs.traits if trait not in ours.traits)


def _without_filters(network: _Network) -> list[str]:
    return [FILTERS.sub("", part) for part in network.before]


def _filters(network: _Network) -> str:
    return "-".join(found[0] for part in network.before if (found := FILTERS.search(part)))


def _changed_layers(ours: list[str], theirs: list[str]) -> Iterator[str]:
    for kind, a, b, c, d in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        before, after = (", ".join(_counted(part)) for part in (theirs[a:b], ours[c:d]))
        if kind == "replace":
            yield f"{after} in place of {before}"
        elif kind == "insert":
            yield f"{after} as well"
        elif kind == "delete":
            yield f"without {before}"


def _traits(experiment: Experiment) -> list[str]:
    traits = []
    for layer in experiment.layers:
        match layer:
            case (
                Activation(activation="gelu") | Dense(activation="gelu") | Conv2D(activation="gelu")
            ):
                traits.append("GELU")
            case Conv2D(kernel_initializer="identity"):
                traits.append("identity initialization")
            case BatchNormalization(scale=False):
                traits.append(f"norm of fixed scale, shifts × {layer.shift_rate:g}")
    return list(dict.fromkeys(traits))
