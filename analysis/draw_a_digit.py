"""What "Draw a digit" shows where nobody can draw, and what its text cites."""

from __future__ import annotations

from analysis import plots, style
from analysis.loaded import Results
from analysis.results import Runs

#: The networks' names, as they are shown, in this order.
TITLES = {
    "healthy": "question 1, healthy",
    "stuck": "question 1, stuck",
    "softmax": "question 5",
}


def numbers(results: Results, runs: Runs) -> dict:
    """What a page cites of the stuck network, given the runs of its experiment."""
    kept = results.to_draw_for.networks
    stuck = kept["stuck"]
    (digit,) = stuck.silent
    place = runs.seeds.index(stuck.seed)
    return {
        "drawn_healthy_seed": kept["healthy"].seed,
        "drawn_stuck_seed": stuck.seed,
        "drawn_silent": digit,
        "drawn_own": float(runs.own[place, -1, digit]),
        "drawn_others": float(runs.others[place, -1, digit]),
    }


def still(results: Results):
    """A digit that one network cannot name, and all three networks' outputs for it."""
    kept = results.to_draw_for
    (digit,) = kept.networks["stuck"].silent
    image = kept.examples[[digit]]
    figure, axes = style.figure(4, height=2.5, width_ratios=(0.8, 1, 1, 1))
    plots.images(axes[:1], image, [f"a {digit}"])
    for ax, (name, title) in zip(axes[1:], TITLES.items(), strict=True):
        network = kept.networks[name]
        outputs = network.outputs(image)[0]
        plots.ten_outputs(ax, outputs)
        for place in network.silent:
            ax.annotate(
                "silent",
                (place, outputs[place]),
                xytext=(0, 22),
                textcoords="offset points",
                ha="center",
                color=style.theme().categories[1],
                fontsize=8.5,
                arrowprops={"arrowstyle": "->", "color": style.theme().categories[1]},
            )
        ax.set(xticks=range(10), xlabel="output", ylim=(0, 1.05), title=title)
        ax.set_ylabel("value of the output")
        ax.tick_params(axis="x", length=0)
    return figure


def small(results: Results):
    """For the home page: a digit, and what a healthy and a stuck network make of it."""
    kept = results.to_draw_for
    (digit,) = kept.networks["stuck"].silent
    image = kept.examples[[digit]]
    figure, ax = style.small_figure()
    for left, name in ((0, "healthy"), (13, "stuck")):
        plots.ten_outputs(ax, kept.networks[name].outputs(image)[0], left)
    ax.annotate(
        "",
        (13 + digit, 0),
        xytext=(0, 26),
        textcoords="offset points",
        arrowprops={"arrowstyle": "->", "color": style.theme().categories[1], "lw": 1.4},
    )
    ax.set(xlim=(-14, 23), ylim=(0, 1.05))
    plots.images([ax.inset_axes((0.02, 0.35, 0.35, 0.62))], image, [""])
    return figure
