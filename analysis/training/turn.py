"""One training at a time into a folder of ledgers; the next one waits for its turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from analysis.results import LedgerError

#: Seconds between tries to have the turn.
POLL = 0.2


@contextmanager
def turn(folder: Path, name: str) -> Iterator[None]:
    """Hold a folder against other trainings, once those before have ended.

    The system gives the turn back when the process that has it ends, however it does.

    Parameters
    ----------
    folder : Path
        Where the ledgers lie.
    name : str
        Of what is trained, told to those who wait.

    Raises
    ------
    analysis.results.LedgerError
        If the folder cannot be written to.
    """
    lock, holder = FileLock(folder / ".lock", poll_interval=POLL), folder / ".training"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            print(f"{name}: waiting for {_who(holder)} to end", file=sys.stderr, flush=True)
            lock.acquire()
        holder.write_text(f"{name} (process {os.getpid()})", encoding="utf-8")
    except OSError as error:
        lock.release()
        raise LedgerError(f"{folder} cannot be written to ({error.strerror})") from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    try:
        name = holder.read_text(encoding="utf-8")
    except OSError:
        name = ""
    return f"the training of {name}" if name else "another training"  # only begun, or just ended
