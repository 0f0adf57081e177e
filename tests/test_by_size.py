"""Accuracy by size, against values counted by hand."""

import numpy as np
import pytest
import tiny

from analysis import by_size
from analysis.loaded import Results
from analysis.results import Runs


def test_a_gap_is_in_points_and_of_the_trained_network():
    runs = tiny.runs(
        after_accuracy=[0.9, 0.7], accuracy=[[0.1], [0.2]], val_accuracy=[[0.85], [0.75]]
    )
    assert by_size.gap(runs) == pytest.approx([5, -5])


def test_of_each_size_are_the_first_ten_runs():
    experiments = {size: tiny.experiment(name=f"q00-{size}") for size in (2, 4)}
    accuracy = np.arange(24).reshape(2, 12, 1) / 100
    made = {
        experiment: Runs(experiment, tiny.runs(val_accuracy=values).records)
        for experiment, values in zip(experiments.values(), accuracy, strict=True)
    }
    found = by_size.of_each(Results(made), experiments, by_size.tested)
    assert found == pytest.approx(accuracy[:, :10, 0])
