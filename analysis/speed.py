"""Draws how fast training is: what ``doit benchmark`` and ``doit profile`` measured.

The page *How fast* shows it, and cites the `numbers` that follow from the profile.
"""

from __future__ import annotations

import math

from analysis import drawn, style
from analysis.loaded import Results

#: What was timed, as its numbers are called, and as readers know it.
TIMED = {"dense": "networks of question 2", "cnn": "networks of question 9"}

#: The two ways to train, likewise.
WAYS = {"sheet": "model.fit", "engine": "this report"}


def epochs(results: Results):
    """How long an epoch of one network takes, the assignment's way and this report's."""
    figure, axes = style.figure(1, len(TIMED), height=2.9)
    colours = style.theme().categories
    for ax, (kind, title) in zip(axes, TIMED.items(), strict=True):
        measured, networks = results.speed, results.speed[f"{kind}_networks"]
        seconds = [measured[f"{kind}_{way}_epoch_seconds"] / networks for way in WAYS]
        bars = ax.barh(range(len(WAYS)), seconds, 0.7, color=[style.theme().faint, colours[0]])
        texts = [
            f"{seconds[0]:.3g} s",
            f"{seconds[1]:.3g} s, {measured[f'{kind}_ratio']:.2g} times as fast",
        ]
        for bar, text in zip(bars, texts, strict=True):
            drawn.of_seeds(bar, (), text)
        ax.bar_label(bars, texts, padding=5, fontsize=8.5)
        ax.set_yticks(range(len(WAYS)), WAYS.values())
        ax.set(title=f"{networks} {title}", xlim=(0, 1.15 * max(seconds)))
        ax.invert_yaxis()
        ax.set_xlabel("seconds for an epoch of one network")
        ax.tick_params(axis="y", length=0)
    return figure


#: Networks whose steps were profiled, as their numbers are called, and as readers know them.
PROFILED = {
    "q02": "question 2",
    "q08_512": "question 8, 512 hidden",
    "q08_1536": "question 8, 1,536 hidden",
    "q09": "question 9",
}

OPTIMIZER, PRODUCTS, BETWEEN = "optimizer", "matrix products", "between operations"
FORWARD, BACKWARD = "convolutions, forward", "convolutions, gradients"
IMAGES = "images and loss"

#: What a step consists of, and the kinds of operations (`analysis.training.trace.KINDS`) in each.
PARTS = {
    FORWARD: ("convolution",),
    BACKWARD: ("input_gradient", "kernel_gradient"),
    PRODUCTS: ("products",),
    OPTIMIZER: ("optimizer",),
    "bias, ReLU and pooling": ("activation", "pooling"),
    IMAGES: ("images", "loss"),
    "other operations": ("other",),
    BETWEEN: (),
}

#: Bars narrower than this share of a step are not labelled.
_LABELLED = 0.05

#: Bytes that Adam must move for each weight: it reads weight, gradient and both moments, and
#: writes all but the gradient, as float32.
ADAM_BYTES = (4 + 3) * 4


def shares(step: dict) -> dict[str, float]:
    """The share of each of `PARTS` in a step.

    What no operation accounts for lies between them. Where operations take longer together than
    a step does that is not traced, as on a busy machine, they are the whole.

    Parameters
    ----------
    step : dict
        What `analysis.training.steps.profiled` gives.
    """
    operations = math.fsum(step["kinds"].values())
    whole = max(step["seconds"], operations)
    found = {part: sum(step["kinds"][kind] for kind in kinds) for part, kinds in PARTS.items()}
    found[BETWEEN] = whole - operations
    return {part: seconds / whole for part, seconds in found.items()}


def steps(results: Results):
    """Which share of a step each kind of operation takes, for each network that was profiled."""
    figure, ax = style.figure(height=3.1)
    measured = [results.profile["steps"][name] for name in PROFILED]
    lefts, found = [0.0] * len(measured), [shares(step) for step in measured]
    for part, (colour, on_it) in zip(PARTS, _colours(), strict=True):
        widths = [100 * of_step[part] for of_step in found]
        look = {"color": colour, "edgecolor": style.theme().faint, "lw": 0.6, "clip_on": False}
        bars = ax.barh(range(len(measured)), widths, 0.72, lefts, label=part, **look)
        for bar in bars:
            drawn.of_seeds(bar, (), part)
        texts = [f"{width:.0f}%" if width >= 100 * _LABELLED else "" for width in widths]
        ax.bar_label(bars, texts, label_type="center", fontsize=8, color=on_it)
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    names = [
        f"{name}\n{_so_many(step['networks'])}, {1000 * step['seconds']:.3g} ms"
        for name, step in zip(PROFILED.values(), measured, strict=True)
    ]
    ax.set_yticks(range(len(measured)), names)
    ax.set(xlabel="% of a step", xlim=(0, 100))
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return figure


def _so_many(networks: int) -> str:
    return f"{networks} networks" if networks > 1 else "1 network"


def _colours() -> list[tuple]:
    """The colour of each of `PARTS`, and that of a number on it."""
    from matplotlib.colors import to_rgba

    theme = style.theme()
    first, *others = [(colour, theme.page) for colour in theme.categories]
    paler = [(to_rgba(colour, 0.4), theme.text) for colour in (theme.categories[0], theme.faint)]
    return [first, paler[0], *others, paler[1], ("none", theme.text)]


def numbers(measured: dict) -> dict:
    """What the page cites of what ``doit profile`` measured.

    Parameters
    ----------
    measured : dict
        What `analysis.training.steps.measure` keeps.
    """
    steps = measured["steps"]
    of_step = {name: shares(step) for name, step in steps.items()}
    found = {
        "processor": measured["processor"],
        "steps": measured["measured_steps"],
        "product_gflops": measured["product_gflops"],
        "q02_operations": steps["q02"]["operations"],
        "q02_images": of_step["q02"][IMAGES],
        "q09_convolutions": of_step["q09"][FORWARD] + of_step["q09"][BACKWARD],
    }
    for name in ("q02", "q09"):
        found[f"{name}_ms"] = 1000 * steps[name]["seconds"]
    for name in ("q02", "q08_1536"):
        found[f"{name}_networks"] = steps[name]["networks"]
    for name in ("q02", "q08_512", "q08_1536"):
        found[f"{name}_products"] = of_step[name][PRODUCTS]
    for name in ("q08_512", "q08_1536"):
        found[f"{name}_optimizer"] = of_step[name][OPTIMIZER]
    return found | _convolutions(measured) | _adam(measured)


def _convolutions(measured: dict) -> dict:
    """The rate of each alone, and what is left of a step if nothing else took any time."""
    alone = math.fsum(found["seconds"] for found in measured["convolutions"])
    return {
        **{
            f"layer{found['layer']}_{found['operation']}": found["gflops"]
            for found in measured["convolutions"]
        },
        "convolutions_alone_ms": 1000 * alone,
        "convolutions_alone_share": alone / measured["steps"]["q09"]["seconds"],
    }


def _adam(measured: dict) -> dict:
    """What it has to move in a step of the largest network's group, and how fast it does."""
    step = measured["steps"]["q08_1536"]
    moved, seconds = ADAM_BYTES * step["weights"], step["kinds"]["optimizer"]
    return {
        "adam_megabytes": moved / 1e6,
        "adam_ms": 1000 * seconds,
        "adam_gigabytes_a_second": moved / 1e9 / seconds,
        "copy_gigabytes_a_second": measured["copy_bytes_a_second"] / 1e9,
    }


FIGURES = {"speed-epochs": epochs, "speed-steps": steps}
