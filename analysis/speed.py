"""Draws how fast training is: what ``doit benchmark`` measured, for the page *How fast*."""

from __future__ import annotations

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


FIGURES = {"speed-epochs": epochs}
