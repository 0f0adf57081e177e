"""The folder of a process's temporary files, and the clearing of what killed ones left.

Each process has a folder of its own and holds a lock in it while it lives; where the lock can
be had the owner is gone, and what it left is removed. A process's number alone would not tell:
it is given again, and in a container it is another than outside.
"""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from multiprocessing import util
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

#: Names another folder for what workers share, as joblib has it.
FOLDER_VARIABLE = "JOBLIB_TEMP_FOLDER"

#: Memory that looks like a file system, where Linux has it.
SHARED_MEMORY = Path("/dev/shm")

#: Bytes that must be free there; images of several data sets take less.
ROOM = 2**30

_LOCK = ".lock"


def folder() -> Path:
    """This process's folder, made and cleared beside at the first call, removed at its end."""
    return _folder(os.getpid())  # a forked child is a process of its own


@cache
def _folder(process: int) -> Path:
    root = _root()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(root / _LOCK):  # nobody clears a folder that has no lock yet
        for left in root.glob("*/"):
            _clear_if_left(left)
        own = Path(tempfile.mkdtemp(prefix=f"{process}-", dir=root))
        lock = FileLock(own / _LOCK)
        lock.acquire()
    util.Finalize(None, _remove, (own, lock), exitpriority=-100)
    return own


def _root() -> Path:
    """Where the folders of all this user's processes lie."""
    name = f"deep-networks-report-{_user()}"
    if folder := os.environ.get(FOLDER_VARIABLE):
        return Path(folder) / name
    with suppress(OSError):  # no Linux
        if shutil.disk_usage(SHARED_MEMORY).free > ROOM and os.access(SHARED_MEMORY, os.W_OK):
            return SHARED_MEMORY / name
    return Path(tempfile.gettempdir()) / name


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container a user may have a number and no name
        return f"{os.getuid()}"


def _clear_if_left(left: Path) -> None:
    process = left.name.partition("-")[0]
    if not process.isdecimal():  # somebody else's
        return
    lock = FileLock(left / _LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:  # its owner lives
        return
    if not psutil.pid_exists(int(process)):
        # Its workers' semaphores, which loky names after the process that made them.
        for semaphore in SHARED_MEMORY.glob(f"sem.loky-{process}-*"):
            with suppress(PermissionError):  # another user's, of that number
                semaphore.unlink(missing_ok=True)
    _remove(left, lock)


def _remove(own: Path, lock: FileLock) -> None:
    shutil.rmtree(own, ignore_errors=True)
    lock.release()
