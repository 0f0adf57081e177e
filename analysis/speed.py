"""How fast training is: figures and numbers from what doit has measured.

That is what ``doit prescribed`` and ``doit profile`` keep. The page *How fast* shows the
figures, and cites the `numbers` that follow from the profile.
"""

from __future__ import annotations

import math

from analysis import drawn, style
from analysis.loaded import Results
from analysis.prescribed import extrapolated, rates

#: The two ways to train, as readers know them.
HERE, FIT = "this report", "model.fit"


def asked_for(results: Results):
    """What a network of each kind that the assignment asks for takes either way: time and rate."""
    measured = results.prescribed[0]["experiments"]
    figure, axes = style.figure(2, height=4.0, sharey=True)
    colour, faint = style.theme().categories[0], style.theme().faint
    for row, found in enumerate(measured):
        here, fit = (n / found["networks"] for n in (found["seconds"], extrapolated(found)))
        for ax, values in zip(axes, ((here, fit), rates(found)), strict=True):
            ax.plot(values, (row, row), color=faint, lw=1, zorder=1)
            for series, value, look in (
                (HERE, values[0], {"facecolor": colour}),
                (FIT, values[1], {"facecolor": style.theme().page}),
            ):
                dot = ax.scatter(value, row, s=26, edgecolor=colour, zorder=2, **look)
                drawn.of_seeds(dot, (), series)
        beside = {"textcoords": "offset points", "va": "center", "fontsize": 8.5}
        axes[0].annotate(f"{fit / here:.1f}", (fit, row), (6, 0), **beside)
    axes[0].set_yticks(range(len(measured)), _names(measured))
    axes[0].invert_yaxis()
    axes[0].set(xlabel="seconds for a network", title="time, and the ratio")
    axes[1].set(xlabel="GFLOP/s", title="arithmetic a second")
    for ax in axes:
        ax.set_xscale("log")
        ax.margins(x=0.16)
        style.plain_ticks(ax.xaxis, digits=(1,))
        ax.tick_params(axis="y", length=0)
    return figure


def _names(measured: list[dict]) -> list[str]:
    """Question 9, and, where a question has several sizes, question 6, 256 hidden."""
    questions = [found["question"] for found in measured]
    sizes = (" and ".join(f"{units:,}" for units in found["hidden"]) for found in measured)
    return [
        f"question {question.lstrip('q0')}"
        + (f", {size} hidden" if questions.count(question) > 1 else "")
        for question, size in zip(questions, sizes, strict=True)
    ]


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


FIGURES = {"speed-asked-for": asked_for, "speed-steps": steps}
