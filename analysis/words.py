"""Says in words what an experiment is, for readers of its page."""

from __future__ import annotations

from itertools import groupby

from analysis import cost
from analysis.datasets import DATASETS
from analysis.spec import (
    Activation,
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
    Normalization,
    Rescaling,
    Whitening,
)

_LOSSES = {"squared_error": "squared error", "cross_entropy": "cross-entropy"}
_FLIPS = {"random": "half of them mirrored", "alternating": "each mirrored every other time"}


def settings(experiment: Experiment) -> dict[str, str]:
    """What a page's table of how it was made tells of an experiment: value by name."""
    output = experiment.layers[-1].activation
    fixed = [stream for stream in ("weights", "order") if stream not in experiment.varies]
    of_seed = f", of seed {experiment.fixed_seed}" if experiment.fixed_seed else ""
    return {
        "data": DATASETS[experiment.dataset].title,
        "network": _network(experiment),
        "output": {"relu": "ReLU"}.get(output, output),
        "loss": _LOSSES[experiment.loss],
        "optimizer": _optimizer(experiment.optimizer),
        "batch": str(experiment.batch_size),
        "epochs": str(experiment.epochs),
        "seeds": f"{min(experiment.seeds)} to {max(experiment.seeds)}",
        "same in every run": " and ".join(fixed) + of_seed if fixed else "nothing",
    } | _additions(experiment)


def _additions(experiment: Experiment) -> dict[str, str]:
    """What only some experiments have."""
    changes, averaging = _changes(experiment.augmentation), experiment.averaging
    if isinstance(averaging, Lookahead):
        averaged = f"lookahead every {averaging.steps} steps, up to {averaging.decay:.2f}"
    else:
        averaged = averaging and f"averaging {averaging:g}"
    also = (
        experiment.validation and f"{experiment.validation:,} images held out",
        changes and f"images changed: {changes}",
        experiment.label_smoothing and f"label smoothing {experiment.label_smoothing:g}",
        averaged,
        experiment.precision != "float32" and experiment.precision,
        experiment.tta and "outputs for six views",
        not experiment.reshuffle and "every epoch in the first one's order",
        experiment.activity_at and "activity within the first epoch",
    )
    # In one, or a table would have a column for each, most of it empty.
    text = "; ".join(filter(None, also))
    return {"also": text} if text else {}


def _changes(augmentation: Affine | FlipAndShift | None) -> str:
    if isinstance(augmentation, FlipAndShift):
        shift = augmentation.shift and f"shift up to {augmentation.shift} pixels"
        return ", ".join(filter(None, (_FLIPS.get(augmentation.flip), shift)))
    units = {"rotation": "°", "scale": "", "shear": "", "shift": " pixels"}
    return ", ".join(
        f"{name} ±{getattr(augmentation, name):g}{unit}"
        for name, unit in units.items()
        if getattr(augmentation, name, 0)
    )


def _optimizer(optimizer) -> str:
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
    return f"{begins}, falling in a line to {rate.last * rate.peak:g}"


def _network(experiment: Experiment) -> str:
    """'784-32-10': the units of dense layers, after what stands before them."""
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
            case BatchNormalization():
                before[-1] += " with norm"
            case Dropout():
                (units if units else before).append(f"dropout {layer.rate:g}")
    repeated = [(text, len(list(group))) for text, group in groupby(before)]
    before = [f"{times} × {text}" if times > 1 else text for text, times in repeated]
    return "; ".join([", ".join([*before, "-".join(units)]), *_traits(experiment)])


def _traits(experiment: Experiment) -> list[str]:
    """What is said once, for it holds of all layers that it can hold of."""
    traits = []
    for layer in experiment.layers:
        match layer:
            case Activation(activation="gelu"):
                traits.append("GELU")
            case Conv2D(kernel_initializer="identity"):
                traits.append("kernels begin as the identity")
            case BatchNormalization(scale=False):
                traits.append(f"norm without factors, shifts × {layer.shift_rate:g}")
    return list(dict.fromkeys(traits))
