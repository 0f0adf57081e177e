"""Draws what networks get wrong on CIFAR-10: the figures that questions 9 and 10 share."""

from __future__ import annotations

import numpy as np

from analysis import mistakes, plots, style
from analysis.excerpts import Excerpt
from analysis.mistakes import COLUMNS, NAMES, ROWS


def confusion(matrix: np.ndarray):
    """A confusion matrix of the categories, of shape (10, 10)."""
    figure, ax = style.figure(height=5.4)
    plots.confusion(ax, matrix, NAMES)
    ax.tick_params(axis="x", rotation=45)
    return figure


def gallery(data: Excerpt, predictions: np.ndarray):
    """Test images that every run gets wrong, with what runs say; predictions (runs, images)."""
    places = mistakes.shown(predictions, data.test_labels)
    figure, axes = style.figure(COLUMNS, ROWS, height=6.4)
    titles = [NAMES[label] for label in data.test_labels[places]]
    plots.images(axes.flat, data.test_images(places), titles)
    plots.answers(axes.flat, predictions[:, places], NAMES)
    return figure
