"""Where networks are trained: on this machine's cores, or on the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from analysis.datasets import Dataset
from analysis.processes import processes_here
from analysis.spec import Experiment
from analysis.training import machine
from analysis.training.progress import Teller

#: Names the address of a Dask scheduler, e.g. ``tcp://10.0.0.1:8786``.
SCHEDULER_VARIABLE = "REPORT_SCHEDULER"

#: Seconds to wait for a scheduler and its first worker.
PATIENCE = 20


class ClusterError(RuntimeError):
    """A Dask cluster that cannot be used; the message says why and what to do."""


class MemoryShortage(RuntimeError):
    """Too little memory for the networks that were trained at a time."""


def number_here() -> int:
    """How many networks or groups this machine trains at a time, one a core."""
    return joblib.cpu_count()


def train_groups(
    experiment: Experiment,
    data: Dataset,
    divide: Callable[[int], list[list[int]]],
    cores: int,
    told: Path,
) -> Iterator[dict]:
    """Train groups of networks side by side.

    Parameters
    ----------
    experiment : Experiment
    data : Dataset
    divide : callable
        Gives the groups, lists of seeds, for a number of workers.
    cores : int
        How many of this machine's cores to use; a cluster's are all used.
    told : Path
        The folder of `analysis.training.progress.Progress`.

    Yields
    ------
    dict
        A finished network as `analysis.training.engine.train` gives it, with its
        ``provenance``.

    Raises
    ------
    ClusterError
        If a cluster is asked for and cannot be used.
    MemoryShortage
        If a group did not find enough memory, or a worker was killed, as systems do then.
    """
    here = not scheduler()
    # Elsewhere there may be another folder, and other software.
    told, software = (told, None) if here else (None, machine.software())
    with _workers(data, cores) as number:
        parallel = joblib.Parallel(
            n_jobs=number, return_as="generator_unordered", batch_size=1, pre_dispatch="all"
        )
        try:
            for finished in parallel(
                joblib.delayed(_train_group)(experiment, data, group, told, software)
                for group in divide(number)
            ):
                yield from finished
        except _worker_was_killed() as error:
            raise MemoryShortage(
                "a worker was killed, as systems do when memory runs out"
            ) from error


def scheduler() -> str | None:
    """Address of the cluster to train on; nothing for this machine's cores."""
    return os.environ.get(SCHEDULER_VARIABLE)


def _worker_was_killed() -> tuple[type[Exception], ...]:
    """What joblib raises when a worker was killed, or a cluster when several were in turn."""
    if scheduler():
        from dask.distributed import KilledWorker

        return (KilledWorker,)
    return (TerminatedWorkerError,)


@contextmanager
def _workers(data: Dataset, cores: int) -> Iterator[int]:
    """Have joblib use the workers asked for, within; gives their number."""
    if address := scheduler():
        with (
            _client(address) as client,
            # The images are sent once to each worker, not with each group.
            joblib.parallel_config("dask", client=client, scatter=[data]),
        ):
            yield sum(client.ncores().values())
    else:
        # The images go to the workers as memory-mapped files, held once for all.
        with processes_here():
            yield cores


def _client(address: str):
    try:
        from dask.distributed import Client
    except ImportError:
        raise ClusterError(
            f"{SCHEDULER_VARIABLE} names a Dask scheduler, but Dask is not installed: "
            "python -m pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({error}): start one there, or unset "
            f"{SCHEDULER_VARIABLE} to train on this machine's cores"
        ) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()
        raise ClusterError(
            f"the Dask scheduler at {address} has no workers: start some with "
            f"'dask worker {address} --nworkers auto --nthreads 1'"
        ) from None
    return client


def start_here() -> None:
    """Have this machine's workers import TensorFlow, so that no clock need count it."""
    cores = number_here()
    with processes_here():
        joblib.Parallel(n_jobs=cores)(joblib.delayed(_import)() for _ in range(cores))


def _import() -> None:
    engine_on_one_thread()  # whose result, a module, no process can hand over


def _train_group(
    experiment: Experiment,
    data: Dataset,
    seeds: Sequence[int],
    told: Path | None,
    software: dict[str, str] | None,
) -> list[dict]:
    """One group on one core, in a process of its own; with ``software`` only where it is that."""
    if software:
        _require_same(software)
    train = engine_on_one_thread()
    import tensorflow as tf

    teller = Teller(told, seeds)
    try:
        records = train(experiment, data, seeds, teller.tell)
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise MemoryShortage(f"too little memory for {len(seeds)} networks in a group") from error
    finally:
        teller.end()
    return [record | {"provenance": machine.provenance(experiment)} for record in records]


def _require_same(wanted: dict[str, str]) -> None:
    """Refuse to train in a worker of a cluster whose networks would be of another making."""
    found = machine.software()
    others = [
        f"{name} {found[name]}, not {wanted[name]}"
        for name in wanted
        if found[name] != wanted[name]
    ]
    if others:
        from dask.distributed import get_worker

        raise ClusterError(
            f"the worker {get_worker().address} has {'; '.join(others)}: install the commit and "
            "the constraints.txt of this machine there, and start it again"
        )


def engine_on_one_thread() -> Callable[..., list[dict]]:
    """`analysis.training.engine.train`, for a process that is one of several."""
    machine.import_tensorflow()
    from analysis.training import engine

    return engine.train
