"""What question 4 lays over each other, on the report's own results."""

import numpy as np
import pytest

from analysis import statistics, style
from analysis.questions import q04


@pytest.fixture(scope="module")
def panels(results):
    """Lines and bands of both panels, by series."""
    with style.drawing(style.LIGHT):
        axes = q04.overlay(results).axes
    return [
        {line.series: (line, band) for line, band in zip(ax.lines, ax.collections, strict=True)}
        for ax in axes
    ]


def test_errors_are_of_the_seeds_that_are_healthy_in_all_three(results, panels):
    for name, healthy in zip(q04.TRAININGS, q04._all_three(results), strict=True):
        assert not healthy.silent.any()
        line, _ = panels[0][name]
        np.testing.assert_allclose(line.get_ydata(), healthy.history("val_loss").mean(axis=0))


def test_shares_are_of_all_runs_with_their_intervals(results, panels):
    for name, (_, whole) in q04.TRAININGS.items():
        line, band = panels[1][name]
        stuck = results[whole].silent.any(axis=2)
        assert len(stuck) == 100
        np.testing.assert_allclose(line.get_ydata(), stuck.mean(axis=0))
        corners = band.get_paths()[0].vertices
        last = corners[corners[:, 0] == stuck.shape[1], 1]
        _, low, high = statistics.rate(stuck[:, -1])
        assert (last.min(), last.max()) == pytest.approx((low, high))


def test_rates_rank_the_errors_after_every_epoch_as_the_alternative_text_says(panels):
    slow, fast, adam = (
        panels[0][name][0].get_ydata() for name in ("SGD, rate 0.01", "SGD, rate 0.1", "Adam")
    )
    assert (slow > fast).all() and (fast > adam).all()


def test_intervals_of_the_shares_overlap_after_every_epoch(results):
    shares = [results[whole].silent.any(axis=2).T for _, whole in q04.TRAININGS.values()]
    for epoch in zip(*shares, strict=True):
        found = [statistics.rate(silent) for silent in epoch]
        assert max(one.low for one in found) <= min(one.high for one in found)
