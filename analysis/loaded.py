"""Results as the analysis is given them: each ledger and each excerpt is read once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property, partial, wraps
from pathlib import Path

import numpy as np

from analysis import excerpts, networks, results
from analysis.excerpts import Excerpt
from analysis.networks import Kept
from analysis.results import LedgerError, Runs
from analysis.spec import Experiment


class Results:
    """What numbers, claims, tables and figures are functions of.

    ``results[experiment]`` are the experiment's `Runs`. What was read is kept, so whoever makes
    several things of the same results hands the same object to all of them.

    Parameters
    ----------
    runs : mapping from Experiment to Runs
    kept : mapping from str to Excerpt
        By data set. These and ``runs`` are what is at hand already; the rest is read when it is
        asked for.
    folder : Path
        Where the ledgers and excerpts lie.

    Attributes
    ----------
    excerpts : mapping from str to Excerpt
        The labels and kept images of each data set.
    """

    def __init__(
        self,
        runs: Mapping[Experiment, Runs] | None = None,
        kept: Mapping[str, Excerpt] | None = None,
        folder: Path = results.FOLDER,
    ):
        self._folder = folder
        self._runs = _ReadOnDemand(partial(results.load, folder=folder), runs)
        self.excerpts = _ReadOnDemand(partial(excerpts.load, folder=folder), kept)
        self.computed = {}  # by `computed_once`

    def __getitem__(self, experiment: Experiment) -> Runs:
        return self._runs[experiment]

    @cached_property
    def speed(self) -> dict:
        """What ``doit benchmark`` measured."""
        return self._measured(results.SPEED, "benchmark")

    @cached_property
    def prescribed(self) -> list[dict]:
        """What ``doit prescribed`` measured, on one machine after the other."""
        return self._measured(results.PRESCRIBED, "prescribed")

    @cached_property
    def profile(self) -> dict:
        """What ``doit profile`` measured."""
        return self._measured(results.PROFILE, "profile")

    def _measured(self, file: Path, task: str) -> dict | list[dict]:
        """What a task of doit measured; empty is what no task writes."""
        path = self._folder / file.name
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if not content:
                raise ValueError("it is empty")
        except (OSError, ValueError) as error:
            raise LedgerError(
                f"{path} cannot be read ({error}): bring it back with 'git checkout', or "
                f"'doit {task}' measures anew"
            ) from error
        return content

    @cached_property
    def to_draw_for(self) -> Kept:
        """The networks that readers can draw for."""
        return networks.load(self._folder)

    def labels(self, experiment: Experiment) -> np.ndarray:
        """Labels of the images that its networks were tested on: uint8, shape (images,)."""
        data, held_out = self.excerpts[experiment.dataset], experiment.validation
        return data.train_labels[-held_out:] if held_out else data.test_labels


class _ReadOnDemand(dict):
    """What ``read`` gives for each key, called once for each."""

    def __init__(self, read: Callable, given: Mapping | None):
        super().__init__(given or {})
        self._read = read

    def __missing__(self, key):
        value = self[key] = self._read(key)
        return value


def computed_once(function: Callable) -> Callable:
    """Have what is costly to compute from results, and arguments that hash, kept with them."""

    @wraps(function)
    def keeping(results: Results, *arguments):
        place = function, arguments
        if place not in results.computed:
            results.computed[place] = function(results, *arguments)
        return results.computed[place]

    return keeping
