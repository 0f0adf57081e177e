"""Processes side by side on this machine, which end with the one that asks and leave nothing."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from functools import cache
from multiprocessing import util

import joblib
from joblib.externals.loky import get_reusable_executor

from analysis import scratch
from analysis.lifetime import end_with

#: What loky says when it has replaced a worker.
REPLACED = "A worker stopped while some jobs were given to the executor"


def processes_here() -> joblib.parallel_config:
    """Have joblib use processes of this machine that end with this one and leave nothing behind."""
    _end_workers_of_a_child(os.getpid())
    # loky replaces a worker that has grown by some 300 MB, between two calls, and nothing is
    # lost; a worker that was killed is an error of its own.
    warnings.filterwarnings("ignore", REPLACED, UserWarning)
    return joblib.parallel_config(
        "loky",
        initializer=end_with,
        initargs=(os.getpid(),),
        temp_folder=str(scratch.folder()),
    )


@cache
def _end_workers_of_a_child(process: int) -> None:
    """In a process of ``doit -n``: have its workers end with it, for which it would wait.

    Elsewhere loky sees to it, by means that a child of multiprocessing passes over.
    """
    if multiprocessing.parent_process():
        util.Finalize(None, _end_workers, exitpriority=10)


def _end_workers() -> None:
    get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
