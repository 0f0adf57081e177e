"""Times the assignment's way of training against the report's, on the same work.

``doit benchmark`` runs it on the real data and keeps what it measured in
``book/results/benchmark.json``. Run it on a quiet machine.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import joblib
from joblib.externals.loky import ProcessPoolExecutor

from analysis import cost, datasets, results, scratch
from analysis.files import write_whole
from analysis.lifetime import end_with, stoppable
from analysis.questions import q02, q08, q09, q10
from analysis.spec import Experiment
from analysis.training import literal, machine
from analysis.training.run import data_of, groups
from analysis.training.workers import engine_on_one_thread

#: What is timed both ways: networks of question 2 in lockstep, of question 9 one a core.
DENSE = replace(q02.SHEET, seeds=range(10))
CONVOLUTIONAL = replace(q09.SHEET, seeds=range(2))
#: Epochs that are timed, either way; their median counts.
EPOCHS = {DENSE: 5, CONVOLUTIONAL: 3}

#: The network with the most arithmetic, timed for an epoch.
FINAL = q10.FINAL

#: Networks timed for some steps: each size of question 8 as it is trained, and the largest
#: with so many in a group.
STEPS = 40
LARGEST = q08.BY_SIZE[max(q08.SIZES)]
GROUP_SIZES = (1, 2, 3, 5)


def measure(path: Path = results.SPEED) -> None:
    """Measure, print and keep."""
    with stoppable():
        found = _measured()
    write_whole(path, json.dumps(found, indent=1).encode() + b"\n")


def _measured() -> dict[str, float | str]:
    for experiment in (DENSE, CONVOLUTIONAL):
        datasets.load(experiment.dataset)  # fails here, if it must, and not in a process
    limit, limit_final = (apart(matrix_products, dtype) for dtype in ("float32", _dtype(FINAL)))
    found = {
        "processor": machine.processor(),
        "cores": joblib.cpu_count(),
        "limit_gflops": limit,
        "final_dtype": _dtype(FINAL),
        "final_limit_gflops": limit_final,
    }
    print(
        f"{found['processor']}, {found['cores']} cores; matrix products: {limit:.0f} GFLOP/s in "
        f"float32, {limit_final:.0f} in {found['final_dtype']}"
    )
    for name, experiment in (("dense", DENSE), ("cnn", CONVOLUTIONAL)):
        compared = _compare(experiment, limit)
        found |= {f"{name}_{key}": value for key, value in compared.items()}
        print(_in_words(experiment, compared))
    found |= _final(limit_final)
    print(
        f"an epoch of {FINAL.name}, one network a core: {found['final_epoch_seconds']:.0f} s, "
        f"{found['final_gflops']:.0f} GFLOP/s: {found['final_share']:.0%} of the limit"
    )
    for name, experiment, group in _timed_for_some_steps():
        found[name] = _network_epoch(experiment, group)
        print(f"{experiment.name} in groups of {group}: {found[name]:.1f} s for a network's epoch")
    return found


def _compare(experiment: Experiment, limit: float) -> dict[str, float]:
    """Both ways' seconds for an epoch with testing of all networks, and what follows."""
    sheet = apart(_sheets_way, experiment)
    engine = _engines_way(experiment)
    networks = len(experiment.seeds)
    gflop = networks * cost.gflop_of_an_epoch(experiment)
    return {
        "networks": networks,
        "sheet_epoch_seconds": sheet["epoch"],
        "sheet_startup_seconds": sheet["startup"],
        "engine_epoch_seconds": engine["epoch"],
        "engine_counting_seconds": engine["counting"],
        "engine_startup_seconds": engine["startup"],
        "engine_megabytes": engine["megabytes"],
        "ratio": sheet["epoch"] / engine["epoch"],
        "epoch_gflop": gflop,
        "sheet_gflops": gflop / sheet["epoch"],
        "engine_gflops": gflop / engine["epoch"],
        "sheet_share": gflop / sheet["epoch"] / limit,
        "engine_share": gflop / engine["epoch"] / limit,
    }


def _in_words(experiment: Experiment, found: dict[str, float]) -> str:
    return (
        f"an epoch of {found['networks']} networks of {experiment.name} "
        f"({found['epoch_gflop']:,.0f} GFLOP):\n"
        f"  model.fit, one after the other  {found['sheet_epoch_seconds']:7.2f} s"
        f"  (start-up {found['sheet_startup_seconds']:.1f} s)\n"
        f"  this report's engine            {found['engine_epoch_seconds']:7.2f} s"
        f"  (start-up {found['engine_startup_seconds']:.1f} s, "
        f"{found['engine_megabytes']:,.0f} MB in all;\n"
        "    counting silent and dead units, which model.fit does not, "
        f"{found['engine_counting_seconds']:.2f} s more)\n"
        f"  ratio                           {found['ratio']:7.1f}\n"
        f"  share of the limit: model.fit {found['sheet_share']:.1%}, the engine "
        f"{found['engine_share']:.1%}"
    )


@contextmanager
def _processes(number: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, so that no measurement inherits another's threads or caches."""
    scratch.folder()  # by which the next start finds what a killed one left in shared memory
    pool = ProcessPoolExecutor(number, initializer=end_with, initargs=(os.getpid(),))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def apart(function: Callable, *arguments):
    """What a function gives in a fresh process."""
    with _processes(1) as pool:
        return pool.submit(function, *arguments).result()


def _dtype(experiment: Experiment) -> str:
    """Type of the numbers that its training multiplies on this machine."""
    return machine.precision(experiment).removeprefix("mixed_")


def matrix_products(dtype: str, size: int = 4096, one_thread: bool = False) -> float:
    """The machine's rate in GFLOP/s, or one core's: the best of several large products."""
    machine.import_tensorflow(one_thread)
    import tensorflow as tf

    left, right = tf.cast(tf.random.normal((2, size, size)), dtype)
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(left, right)))
    product()
    times = [seconds_of(lambda: product().numpy()) for _ in range(8)]
    return 2 * size**3 / min(times) / 1e9


def _sheets_way(experiment: Experiment) -> dict[str, float]:
    """``model.fit`` for one network after the other."""
    times = [literal.timed(experiment, EPOCHS[experiment]) for _ in experiment.seeds]
    return {name: sum(time[name] for time in times) for name in ("epoch", "startup")}


def _engines_way(experiment: Experiment) -> dict[str, float]:
    """The report's engine on all cores: the slowest group's times."""
    divided = groups(experiment, experiment.seeds, joblib.cpu_count())
    with _processes(len(divided)) as pool:
        started = time.time()
        measured = list(pool.map(_timed_group, repeat(experiment), divided))
    return {
        "epoch": max(m["epoch"] for m in measured),
        "counting": max(m["counting"] for m in measured),
        "startup": max(m["ready"] for m in measured) - started,
        "megabytes": (_peak_kilobytes() + sum(m["kilobytes"] for m in measured)) / 1024,
    }


def _timed_group(experiment: Experiment, seeds: list[int]) -> dict[str, float]:
    """Seconds an epoch with testing takes, and counting silent and dead units beside it."""
    group = ready_group(experiment, seeds)
    group.evaluate(), group.activity()
    ready = time.time()
    epochs, counting = [], []
    for epoch in range(EPOCHS[experiment]):
        epochs.append(seconds_of(lambda epoch=epoch: (group.train_epoch(epoch), group.evaluate())))
        counting.append(seconds_of(group.activity))
    return {
        "ready": ready,
        "epoch": statistics.median(epochs),
        "counting": statistics.median(counting),
        "kilobytes": _peak_kilobytes(),
    }


def _peak_kilobytes() -> int:
    """The most memory that this process has had."""
    import resource  # which Windows lacks

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak  # macOS counts bytes


def _final(limit: float) -> dict[str, float]:
    """Seconds of an epoch with a network on each core, and the rate of all together."""
    cores = joblib.cpu_count()
    with _processes(cores) as pool:
        seconds = max(pool.map(_timed_epoch, repeat(FINAL), [[seed] for seed in range(cores)]))
    rate = cores * cost.flops_per_epoch(FINAL) / 1e9 / seconds
    return {"final_epoch_seconds": seconds, "final_gflops": rate, "final_share": rate / limit}


def _timed_epoch(experiment: Experiment, seeds: list[int]) -> float:
    group = ready_group(experiment, seeds)
    return seconds_of(lambda: group.train_epoch(0))


def _timed_for_some_steps() -> Iterator[tuple[str, Experiment, int]]:
    """Name of the number, experiment and group size."""
    for size, experiment in q08.BY_SIZE.items():
        divided = groups(experiment, range(10), joblib.cpu_count())
        yield f"size{size}_seconds", experiment, len(divided[0])
    for group in GROUP_SIZES:
        yield f"largest_group{group}_seconds", LARGEST, group


def _network_epoch(experiment: Experiment, group: int) -> float:
    """Seconds of all cores for an epoch of one network, trained in groups of this size."""
    cores = joblib.cpu_count()
    with _processes(cores) as pool:
        seconds = max(pool.map(_timed_steps, repeat(experiment, cores), repeat(range(group))))
    return seconds / STEPS * experiment.steps_an_epoch / (group * cores)


def _timed_steps(experiment: Experiment, seeds: list[int]) -> float:
    """Seconds that `STEPS` steps of a group take: the median of several times."""
    group = ready_group(experiment, seeds)
    return seconds_of_steps(group, first_batches(group, STEPS))


def seconds_of_steps(group, orders) -> float:
    """Seconds that steps on the images ``orders`` names take: the median of several times."""
    return statistics.median(
        seconds_of(lambda: group.train_steps(orders)[0].numpy()) for _ in range(5)
    )


def ready_group(experiment: Experiment, seeds: list[int]):
    """A group in this process, on one thread, its training loop traced."""
    engine_on_one_thread()
    from analysis.training.engine import Group

    group = Group(experiment, data_of(experiment), seeds)
    transforms = group.transforms(0, [group.order(seed, 0) for seed in seeds])
    for batches in (1, 2):  # the second length has the loop traced for any
        order = first_batches(group, batches)
        some = transforms if transforms is None else transforms[:, : order.shape[1]]
        group.train_steps(order, some)
    return group


def first_batches(group, number: int):
    """The images of so many first batches of the first epoch, as `Group.train_steps` takes them.

    A tensor of int32, shape (networks, number × batch size).
    """
    import numpy as np
    import tensorflow as tf

    images = number * group.experiment.batch_size
    return tf.constant(np.stack([group.order(seed, 0)[:images] for seed in group.seeds]))


def seconds_of(function: Callable[[], object]) -> float:
    """Seconds that a function takes by the clock."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
