"""How far an experiment's training is: told by workers through small files, shown by one bar."""

from __future__ import annotations

import io
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from analysis import scratch

#: Seconds between looks at the workers, and between lines in a log when nothing is finished.
LOOK, LINE = 1, 60


class Teller:
    """A worker's side: says how many epochs its group has done.

    Parameters
    ----------
    folder : Path or None
        `Progress.folder`; None where the worker does not share it, and nothing is told.
    seeds : sequence of int
        The group's seeds.
    """

    def __init__(self, folder: Path | None, seeds: Sequence[int]):
        self.file = folder and folder / str(seeds[0])
        self.networks, self.started = len(seeds), time.monotonic()

    def tell(self, epochs: int) -> None:
        """Say that so many epochs are done."""
        if self.file:
            with suppress(FileNotFoundError):  # whoever asked may have ended
                seconds = time.monotonic() - self.started
                self.file.write_text(f"{epochs} {self.networks} {seconds}", encoding="utf-8")

    def end(self) -> None:
        """Say no more."""
        if self.file:
            self.file.unlink(missing_ok=True)


class Progress:
    """A bar in a terminal; in a log a line for each network, and one a minute between.

    Shows the networks that are finished, the time until the next one is, and the time left
    for all. To be used in a ``with`` statement.

    Parameters
    ----------
    name : str
        The experiment's.
    networks : int
        How many are to be trained.
    epochs : int
        Epochs of each.

    Attributes
    ----------
    folder : Path
        Where workers on this machine tell how far they are; see `Teller`.
    """

    def __init__(self, name: str, networks: int, epochs: int):
        self.networks, self.epochs = networks, epochs
        self.finished = 0
        self.in_terminal = sys.stderr.isatty()
        self.bar = tqdm(
            total=networks * epochs,
            desc=name,
            file=sys.stderr if self.in_terminal else io.StringIO(),
            bar_format="{desc}: {percentage:3.0f}%|{bar:20}| {remaining} left{postfix}",
            smoothing=0,  # by the mean rate: networks are finished in bursts
        )
        self._directory = tempfile.TemporaryDirectory(prefix="progress-", dir=scratch.folder())
        self.folder = Path(self._directory.name)
        self._ended, self._one_at_a_time = threading.Event(), threading.Lock()
        self._said = time.monotonic()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Progress:
        self._watch.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._watch.join()
        self.bar.close()
        self._directory.cleanup()

    def network_is_finished(self) -> None:
        """Count one more network."""
        self.finished += 1
        self._show(say=True)

    def _look(self) -> None:
        while not self._ended.wait(LOOK):
            self._show(say=time.monotonic() - self._said > LINE)

    def _show(self, say: bool) -> None:
        with self._one_at_a_time:
            at_work, next_in = self._at_work()
            # A group's file is gone a moment before its networks are counted.
            done = max(self.bar.n, self.finished * self.epochs + at_work)
            self.bar.n = min(done, self.bar.total)
            text = f"{self.finished}/{self.networks} networks"
            if next_in is not None and self.finished < self.networks:
                text += f", next in {tqdm.format_interval(next_in)}"
            self.bar.postfix = text
            if self.in_terminal:
                self.bar.refresh()
            elif say:
                print(self.bar, file=sys.stderr, flush=True)
                self._said = time.monotonic()

    def _at_work(self) -> tuple[int, float | None]:
        """Epochs done of networks not yet finished, and seconds until the next one is."""
        done, soonest = 0, None
        for file in self.folder.iterdir():
            try:
                epochs, networks, seconds = file.read_text(encoding="utf-8").split()
                since = time.time() - file.stat().st_mtime
            except (OSError, ValueError):  # it is being written, or was removed
                continue
            done += int(epochs) * int(networks)
            if int(epochs):
                left = (self.epochs - int(epochs)) * float(seconds) / int(epochs) - since
                soonest = min(max(left, 0), float("inf") if soonest is None else soonest)
        return done, soonest
