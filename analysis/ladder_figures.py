"""Draws arms by their mistakes: the figures that questions 7 and 10 share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis import drawn, ladder, style
from analysis.ladder import Arm
from analysis.loaded import Results

#: Ticks of a logarithmic axis that does not reach from 1 to 2.
_NARROW = (1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)


def mistakes(
    results: Results, arms: Sequence[Arm], every: Sequence[Arm], dropped: Sequence[Arm] = ()
):
    """Mistakes on held-out images, a row an arm: every run, and the arm's mean.

    A line leads to the mean from that of the setting which the arm changes, if it is drawn; where
    that is neither the row above nor what most rows change, the row's name says its number.

    Parameters
    ----------
    arms : sequence of Arm
        From top to bottom.
    every : sequence of Arm
        As for `ladder.rows`.
    dropped : sequence of Arm
        Those of them that no other arm builds on because they did not help; drawn in grey.

    Raises
    ------
    analysis.spec.SpecError
        As for `ladder.require_known`.
    """
    ladder.require_known(arms, every)
    colours = [
        style.theme().faint if arm in dropped else style.theme().categories[0] for arm in arms
    ]
    figure, ax = style.figure(height=0.9 + 0.245 * len(arms))
    for row, (arm, colour) in enumerate(zip(arms, colours, strict=True)):
        runs = ladder.mistakes(results, arm)
        dots = ax.scatter(runs, np.full(len(runs), row), s=11, c=colour, alpha=0.55, lw=0)
        drawn.of_seeds(dots, arm.experiment.seeds, arm.experiment.name)
        mean = ax.plot([runs.mean()], [row], "|", color=colour, ms=13, mew=2)
        drawn.of_seeds(*mean, (), f"mean of {arm.experiment.name}")
        if arm.base in arms:
            ends = [ladder.mistakes(results, arm.base).mean(), runs.mean()]
            change = ax.plot(ends, [row, row], color=style.theme().text, lw=0.8, zorder=1.5)
            drawn.of_seeds(*change, (), f"from the mean of {arm.base.experiment.name}")
    ax.set_yticks(range(len(arms)), _row_names(arms, every))
    ax.set(xscale="log", ylim=(len(arms) - 0.4, -0.6))
    narrow = np.divide(*ax.get_xlim()[::-1]) < 2
    style.plain_ticks(ax.xaxis, digits=_NARROW if narrow else (1, 1.5, 2, 3, 4, 6, 8))
    ax.set_xlabel(f"mistakes on {arms[0].experiment.validation:,} held-out images")
    ax.grid(axis="x", which="both", color=style.theme().faint, lw=0.4, alpha=0.4)
    ax.tick_params(axis="y", length=0)
    return figure


def _row_names(arms: Sequence[Arm], every: Sequence[Arm]) -> list[str]:
    """What rows are called: the arms' names, and what each changes where that is not plain."""
    called, places = ladder.names(every), list(every)
    drawn_bases = [arm.base for arm in arms if arm.base in arms]
    usual = [base for base in drawn_bases if drawn_bases.count(base) > len(arms) / 2][:1]
    found = []
    for previous, arm in zip((None, *arms), arms, strict=False):
        is_plain = arm.base not in arms or arm.base in (previous, *usual)
        found.append(called[arm] + ("" if is_plain else f" (to {places.index(arm.base) + 1})"))
    return found


def small(results: Results, arms: Sequence[Arm]):
    """For the home page: mean mistakes on held-out images, arm by arm."""
    figure, ax = style.small_figure()
    means = [ladder.mistakes(results, arm).mean() for arm in arms]
    ax.plot(means, "o", ms=3.5, color=style.theme().categories[0])
    ax.set_yscale("log")
    ax.set(yticks=[])
    ax.minorticks_off()
    return figure
