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

    Only the first of them: another would break off what the first began, and leave processes that
    wait for each other. ``doit -n`` sends one to its children when Ctrl-C has reached them, too.

    Raises
    ------
    PlatformError
        On Windows, which has no such signals.
    """

    def __enter__(self):
        if sys.platform == "win32":
            raise PlatformError(
                "training needs Linux or macOS, where it can be stopped at any moment: on "
                "Windows, train in its subsystem for Linux (WSL). Building the report needs neither"
            )
        self.stopped = False
        self.previous = {
            number: signal.signal(number, self._stop)
            for number in (signal.SIGTERM, signal.SIGINT)
            if signal.getsignal(number) != signal.SIG_IGN  # as Ctrl-C is in the background
        }

    def __exit__(self, *_):
        if self.stopped:  # the process is ending; SIGTERM may hurry it, an impatient Ctrl-C not
            self.previous.pop(signal.SIGINT, None)
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _stop(self, *_):
        self.stopped = True
        for number in self.previous:
            signal.signal(number, signal.SIG_IGN)
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
