"""How long what is left will take here, by the times in the ledgers and what was done so far."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

#: Seconds before the first epoch: importing TensorFlow, tracing the loop.
START = 10


class Pace:
    """This machine's pace, of that in the ledgers, at which it is taken to begin.

    The clock runs from when it is made.
    """

    def __init__(self):
        self._started, self._done = time.monotonic(), 0.0

    @property
    def spent(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._started

    def has_done(self, seconds: float) -> None:
        """Count what takes so long by the ledgers."""
        self._done += seconds

    def here(self, seconds: float) -> float:
        """Seconds that this machine will need for what takes so long by the ledgers."""
        return seconds * max(self.spent - START, 1) / self._done if self._done else seconds

    def say(self, at: str, seconds: float) -> None:
        """Print where a longer work is, and the time for what is left and takes so long by them."""
        left = tqdm.format_interval(self.here(seconds))
        print(f"{at}, {left} left for all", file=sys.stderr, flush=True)
