"""Trains what an experiment's ledger lacks, over all cores, and keeps each finished network."""

from __future__ import annotations

import io
import math
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
from tqdm import tqdm

from analysis import cost, datasets, results
from analysis.datasets import Dataset
from analysis.spec import Experiment

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
    cores = joblib.cpu_count()
    # The images go to the workers as memory-mapped files, held once for all.
    parallel = joblib.Parallel(
        n_jobs=cores, return_as="generator_unordered", batch_size=1, pre_dispatch="all"
    )
    for finished in parallel(
        joblib.delayed(_train_group)(experiment, data, group)
        for group in groups(experiment, seeds, cores)
    ):
        yield from finished


def _train_group(experiment: Experiment, data: Dataset, seeds: Sequence[int]) -> list[dict]:
    """One group on one core, in a process of its own."""
    parent = os.getppid()

    def stop_if_orphaned(epoch):
        if os.getppid() != parent:  # killed: nobody is left to take the results
            os._exit(1)

    train = engine_on_one_thread()
    return [
        record | {"provenance": provenance()}
        for record in train(experiment, data, seeds, stop_if_orphaned)
    ]


def engine_on_one_thread() -> Callable[..., list[dict]]:
    """`analysis.training.engine.train`, with TensorFlow set up for a process that is one of several.

    One thread a process and a process a core is two to three times faster than threads, and
    sums are then always taken in the same order.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # It warns that the loop is traced anew for each group, which is so and takes a second.
    tf.get_logger().setLevel("ERROR")
    from analysis.training import engine

    return engine.train


def groups(experiment: Experiment, seeds: Sequence[int], cores: int) -> list[list[int]]:
    """Seeds divided into the groups that are trained in lockstep, at least one a core."""
    if not experiment.lockstep:
        return [[seed] for seed in seeds]
    fitting = GROUP_BYTES // (4 * np.float32().nbytes * cost.weights(experiment))
    largest = min(max(fitting, 2), LARGEST_GROUP)
    number = max(min(cores, len(seeds)), math.ceil(len(seeds) / largest))
    return [group.tolist() for group in np.array_split(seeds, number)]


def provenance() -> dict[str, str]:
    """Versions and machine: recorded with each result, no part of its key."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "machine": f"{processor()}, {joblib.cpu_count()} cores",
    }


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


class _stoppable:
    """Lets SIGTERM end training as Ctrl-C does, so that workers are stopped as well."""

    def __enter__(self):
        self.previous = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *_):
        signal.signal(signal.SIGTERM, self.previous)

    @staticmethod
    def _stop(*_):
        raise KeyboardInterrupt("stopped by SIGTERM; finished networks are kept")


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
