"""Whose run each dot of a figure is and what became of it, for readers who point at the dot."""

from __future__ import annotations

import json

import numpy as np

from analysis import forms
from analysis.results import Runs


def of_runs(dots, runs: Runs, setting: str = "") -> None:
    """Note what became of the runs that dots stand for.

    Parameters
    ----------
    dots : matplotlib.collections.PathCollection
        Of which `analysis.drawn.of_seeds` says whose runs they are.
    runs : Runs
        Those runs, and maybe more.
    setting : str
        What they have in common and other dots of the figure do not.
    """
    dots.setting = forms.one_line(setting)
    dots.told = dict(zip(runs.seeds, told(runs), strict=True))


def told(runs: Runs) -> list[str]:
    """What became of each run, in a few words."""
    ends = zip(runs.final("val_loss"), runs.final("val_accuracy"), strict=True)
    return [
        f"{lost}; testing error {error:.4f}, testing accuracy {accuracy:.1%}"
        if np.isfinite(error)
        else "diverged"
        for lost, (error, accuracy) in zip(_lost(runs), ends, strict=True)
    ]


def _lost(runs: Runs) -> list[str]:
    """Silent outputs of each run where outputs can be silent, and dead hidden units."""
    dead = [_counted(count, "hidden unit", "dead") for count in runs.dead[:, -1]]
    if runs.experiment.layers[-1].activation != "relu":
        return dead
    silent = [forms.silent(np.flatnonzero(outputs)) for outputs in runs.silent[:, -1]]
    return [
        f"{outputs}, {units}" if count else outputs
        for outputs, units, count in zip(silent, dead, runs.dead[:, -1], strict=True)
    ]


def _counted(count: int, what: str, state: str) -> str:
    return f"{count or 'no'} {what}{'s' if count > 1 else ''} {state}"


def as_json(figure) -> bytes:
    """The dots of a finished figure, by setting; none where nothing is known of its runs.

    Returns
    -------
    bytes
        A list of settings: each its ``name`` and ``dots``, and of a dot where it is, as shares of
        the drawing's width and height from its top left corner, its seed, and what became of it.
    """
    width, height = figure.bbox.size
    settings: dict[str, list] = {}
    for ax in figure.axes:
        for drawn in ax.collections:
            if not hasattr(drawn, "told"):
                continue
            places = ax.transData.transform(drawn.get_offsets()) / (width, height)
            settings.setdefault(drawn.setting, []).extend(
                [round(float(x), 4), round(1 - float(y), 4), seed, drawn.told[seed]]
                for (x, y), seed in zip(places, drawn.seeds, strict=True)
            )
    found = [{"name": name, "dots": dots} for name, dots in settings.items()]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
