"""Trains what an experiment's ledger lacks, and keeps each network as it is finished."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from analysis import cost, datasets, results
from analysis.lifetime import stoppable
from analysis.spec import Experiment
from analysis.training import machine, workers
from analysis.training.progress import Progress
from analysis.training.turn import turn

#: Weights, gradients and Adam's two moments of a group stay in a core's cache below this;
#: beyond it more networks at once are not faster, and on some processors slower (measured).
GROUP_BYTES = 8 * 2**20
LARGEST_GROUP = 10


def bring_up_to_date(experiment: Experiment, folder: Path = results.FOLDER) -> None:
    """Train the networks that the experiment asks for and its ledger lacks.

    Each is written as soon as it is finished, so that whatever stops this, the next call
    goes on from there. While another training goes on into the same folder, it waits.
    Once none is lacking, those of another setting leave the ledger, which takes no data set.

    Raises
    ------
    analysis.datasets.DatasetError
        If the data set is absent or altered.
    analysis.results.LedgerError
        If the ledger cannot be read or written.
    analysis.training.workers.MemoryShortage
        If there is not enough memory for the smallest group on a single core, or on a cluster.
    """
    ledger = results.Ledger(experiment, folder)
    with stoppable(), turn(folder, experiment.name):
        missing = ledger.missing()
        if missing:
            if machine.precision(experiment) != experiment.precision:
                print(
                    f"{experiment.name}: this processor has no bfloat16 instructions, so this "
                    "experiment is trained in float32",
                    file=sys.stderr,
                )
            data = data_of(experiment)
            with Progress(experiment.name, len(missing), experiment.epochs) as progress:
                for record in train(experiment, data, missing, progress.folder):
                    ledger.append(record)
                    progress.network_is_finished()
        if dropped := ledger.tidy():
            print(
                f"{experiment.name}: {dropped} networks of another setting have left its ledger; "
                "those that were committed come back with: git checkout "
                f"{shlex.quote(str(ledger.path))}",
                file=sys.stderr,
            )


def data_of(experiment: Experiment) -> datasets.Dataset:
    """What the experiment trains and tests on."""
    return datasets.load(experiment.dataset).held_out(experiment.validation)


def train(
    experiment: Experiment, data: datasets.Dataset, seeds: Sequence[int], told: Path
) -> Iterator[dict]:
    """Train networks on all cores; where memory does not suffice, with fewer at a time.

    Parameters
    ----------
    experiment : Experiment
    data : Dataset
        What `data_of` gives.
    seeds : sequence of int
    told : Path
        The folder of `analysis.training.progress.Progress`.

    Yields
    ------
    dict
        Each finished network as `analysis.training.workers.train_groups` gives it.
    """
    missing, largest, cores = list(seeds), LARGEST_GROUP, workers.number_here()
    smallest = 2 if experiment.lockstep else 1  # a lone dense network has a copy beside it
    size = 0  # of the largest group that was sent

    def divide(number: int) -> list[list[int]]:
        nonlocal size
        divided = groups(experiment, tuple(missing), number, largest)
        size = max(map(len, divided))
        return divided

    while missing:
        try:
            for record in workers.train_groups(experiment, data, divide, cores, told):
                missing.remove(record["seed"])
                yield record
        except workers.MemoryShortage as shortage:
            if size > smallest:
                largest = max(size // 2, smallest)
            elif workers.scheduler():
                raise workers.MemoryShortage(
                    f"{shortage}, in the smallest groups: start the cluster's workers with more "
                    "memory each, or fewer of them"
                ) from shortage
            elif cores > 1:
                cores //= 2
            else:
                raise
            where = "the cluster" if workers.scheduler() else f"{cores} core{'s' * (cores > 1)}"
            print(
                f"{shortage}; going on with groups of {min(size, largest)} on {where}",
                file=sys.stderr,
            )


def groups(
    experiment: Experiment, seeds: Sequence[int], cores: int, largest: int = LARGEST_GROUP
) -> list[list[int]]:
    """Seeds divided into the groups that are trained in lockstep, at least one a core.

    Parameters
    ----------
    experiment : Experiment
    seeds : sequence of int
    cores : int
        How many groups are trained at a time.
    largest : int
        How many networks a group may have at most.
    """
    if not experiment.lockstep:
        return [[seed] for seed in seeds]
    fitting = GROUP_BYTES // (4 * np.float32().nbytes * cost.weights(experiment))
    number = math.ceil(len(seeds) / max(fitting, 2))
    if number > cores:
        number -= number % cores  # or some cores would be idle while others train the rest
    number = max(number, min(cores, len(seeds)), math.ceil(len(seeds) / largest))
    return [group.tolist() for group in np.array_split(seeds, number)]
