"""Turns an `Experiment` into trained networks; the only place that computes with TensorFlow."""
