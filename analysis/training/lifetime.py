"""Ends processes when they are told to, and those that nobody waits for any more."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from functools import cache

#: Seconds between looks at whether the parent lives.
LOOK = 0.5


class PlatformError(RuntimeError):
    """A system that cannot train; the message says which can."""


class stoppable:
    """Lets SIGTERM end what runs within as Ctrl-C does, so that workers are stopped as well.

    Raises
    ------
    PlatformError
        On Windows, which has no such signals.
    """

    def __enter__(self):
        if sys.platform == "win32":
            raise PlatformError(
                "training needs Linux or macOS, where it can be stopped at any moment: on "
                "Windows, train in its subsystem for Linux (WSL). The report can be built without"
            )
        self.previous = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *_):
        signal.signal(signal.SIGTERM, self.previous)

    @staticmethod
    def _stop(*_):
        raise KeyboardInterrupt


@cache  # one watch is enough
def end_with(parent: int) -> None:
    """End this process soon after its parent: nobody is left then to take its results.

    Parameters
    ----------
    parent : int
        The parent's process id; named, for it may end before this is called.
    """

    def watch():
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
