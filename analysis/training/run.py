"""Trains what an experiment's ledger lacks, and keeps each network as it is finished."""

from __future__ import annotations

import io
import math
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from analysis import cost, datasets, results
from analysis.spec import Experiment
from analysis.training import workers

#: Weights, gradients and Adam's two moments of a group stay in a core's cache below this;
#: beyond it more networks at once are slower, not faster (measured).
GROUP_BYTES = 8 * 2**20
LARGEST_GROUP = 10


def bring_up_to_date(experiment: Experiment, folder: Path = results.FOLDER) -> None:
    """Train the networks that the experiment asks for and its ledger lacks.

    Each is written as soon as it is finished, so that whatever stops this, the next call
    goes on from there.

    Raises
    ------
    analysis.datasets.DatasetError
        If the data set is absent or altered.
    analysis.results.LedgerError
        If the ledger cannot be read or written, or another process is writing.
    """
    ledger = results.Ledger(experiment, folder)
    with results.writing(folder), _stoppable():
        missing = ledger.missing()
        progress = _Progress(experiment.name, len(missing))
        for record in _train(experiment, missing):
            ledger.append(record)
            progress.update()
        progress.close()
        ledger.tidy()


def _train(experiment: Experiment, seeds: Sequence[int]) -> Iterator[dict]:
    if not seeds:
        return
    data = datasets.load(experiment.dataset)
    yield from workers.train_groups(
        experiment, data, lambda number: groups(experiment, seeds, number)
    )


def groups(experiment: Experiment, seeds: Sequence[int], cores: int) -> list[list[int]]:
    """Seeds divided into the groups that are trained in lockstep, at least one a core."""
    if not experiment.lockstep:
        return [[seed] for seed in seeds]
    fitting = GROUP_BYTES // (4 * np.float32().nbytes * cost.weights(experiment))
    largest = min(max(fitting, 2), LARGEST_GROUP)
    number = max(min(cores, len(seeds)), math.ceil(len(seeds) / largest))
    return [group.tolist() for group in np.array_split(seeds, number)]


class _stoppable:
    """Lets SIGTERM end training as Ctrl-C does, so that workers are stopped as well."""

    def __enter__(self):
        self.previous = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *_):
        signal.signal(signal.SIGTERM, self.previous)

    @staticmethod
    def _stop(*_):
        raise KeyboardInterrupt


class _Progress:
    """Networks done and time left: a bar in a terminal, a line for each network in a log."""

    def __init__(self, name: str, total: int):
        self.in_terminal = sys.stderr.isatty()
        file = sys.stderr if self.in_terminal else io.StringIO()
        self.bar = tqdm(total=total, desc=name, unit="network", file=file)

    def update(self) -> None:
        self.bar.update()
        if not self.in_terminal:
            print(self.bar, file=sys.stderr, flush=True)

    def close(self) -> None:
        self.bar.close()
