"""Trains a small experiment into a folder: the process that tests stop at odd moments."""

import sys
from pathlib import Path

import tiny

from analysis import datasets
from analysis.training import run

if __name__ == "__main__":
    folder, seeds = Path(sys.argv[1]), range(int(sys.argv[2]))
    tiny.register()
    run.workers.number_here = lambda: 2  # whatever the machine has
    run.LARGEST_GROUP = int(sys.argv[3])
    if sys.argv[4] == "shared":  # so many images that workers share them
        datasets.load = lambda name: tiny.dataset(20_000)
    run.bring_up_to_date(tiny.experiment(seeds=seeds), folder)
