"""Stands in for Keras beside the stub of TensorFlow: its settings can be set, to no effect."""

from types import SimpleNamespace

config = SimpleNamespace(
    set_floatx=lambda name: None,
    set_epsilon=lambda value: None,
    set_image_data_format=lambda name: None,
)
