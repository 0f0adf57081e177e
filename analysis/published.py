"""Published results, and a plot of ours among them by what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import style


@dataclass(frozen=True)
class Point:
    """One network, or several that answer together.

    Parameters
    ----------
    label : str
    accuracy : float
        On the test set.
    teraflops : float or None
        Arithmetic of the whole training, in 10¹² operations; None where it is not known.
    weights : int
        Of all networks together.
    side : {-1, 0, 1}
        Where its label stands: left of it, above it, right of it.
    """

    label: str
    accuracy: float
    teraflops: float | None
    weights: int
    side: int = 1


def against_cost(ours: Sequence[Point], theirs: Sequence[Point], images: int):
    """Mistakes on the test set by arithmetic and by weights, on logarithmic axes.

    Parameters
    ----------
    ours, theirs : sequence of Point
        Drawn filled, and hollow in grey.
    images : int
        Of the test set.
    """
    figure, axes = style.figure(1, 2, height=7.2)
    measures = {
        "teraflops": "arithmetic of the training, TFLOP",
        "weights": "weights of all networks together",
    }
    colour, faint = style.theme().categories[0], style.theme().faint
    for ax, (name, xlabel) in zip(axes, measures.items(), strict=True):
        for point, own in [(p, True) for p in ours] + [(p, False) for p in theirs]:
            x, y = getattr(point, name), images * (1 - point.accuracy)
            if x is None:
                continue
            edge = colour if own else faint
            ax.scatter([x], [y], s=26, facecolor=edge if own else "none", edgecolor=edge)
            ax.annotate(
                point.label,
                (x, y),
                xytext=(7 * point.side, 0 if point.side else 7),
                textcoords="offset points",
                ha={-1: "right", 0: "center", 1: "left"}[point.side],
                va="center" if point.side else "bottom",
                fontsize=8,
                color=colour if own else style.theme().text,
            )
        ax.set(xscale="log", yscale="log", xlabel=xlabel)
        ax.set_ylabel(f"mistakes on {images:,} test images")
        style.plain_ticks(ax.yaxis)
        ax.margins(x=0.12, y=0.08)
    return figure
