"""``doit profile``: what it measures on tiny data, and that it keeps it."""

import json
import math

import pytest
import tiny

from analysis import speed
from analysis.spec import Adam, Conv2D, Dense, Flatten, MaxPooling2D
from analysis.training import steps, trace

CONVOLUTIONAL = tiny.experiment(
    name="q00-convolutional",
    dataset="tiny-colour",
    layers=(
        Conv2D(4, 3),
        MaxPooling2D(2),
        Conv2D(8, 3, padding="same"),
        Flatten(),
        Dense(10, "softmax"),
    ),
    loss="cross_entropy",
    optimizer=Adam(),
    activity=False,
)


@pytest.fixture
def on_tiny_data(monkeypatch, tiny_file):
    """Tiny networks in place of the report's, and this process in place of fresh ones."""
    shapes = tiny.dataset()
    colour = type(shapes)(
        *(
            array[..., None].repeat(3, -1) if array.ndim > 1 else array
            for array in vars(shapes).values()
        )
    )
    data = {"tiny": shapes, "tiny-colour": colour}
    monkeypatch.setattr(steps.datasets, "load", data.__getitem__)
    monkeypatch.setattr(steps.joblib, "cpu_count", lambda: 2)
    monkeypatch.setattr(steps, "apart", lambda function, *arguments: function(*arguments))
    dense = tiny.experiment()
    measured = dict.fromkeys(steps.MEASURED, dense) | {"q09": CONVOLUTIONAL}
    monkeypatch.setattr(steps, "MEASURED", measured)
    monkeypatch.setattr(steps, "CONVOLUTIONAL", CONVOLUTIONAL)
    monkeypatch.setattr(steps, "STEPS", 3)
    monkeypatch.setattr(steps, "TIMES", 3)
    monkeypatch.setattr(steps, "COPIED", 1000)
    monkeypatch.setattr(steps, "matrix_products", lambda dtype, one_thread: 100.0)


def test_what_was_measured_is_kept(on_tiny_data, engine, tmp_path, capsys):
    steps.measure(tmp_path / "profile.json")
    kept = json.loads((tmp_path / "profile.json").read_text())
    assert kept["steps"].keys() == speed.PROFILED.keys()
    dense, convolutional = kept["steps"]["q02"], kept["steps"]["q09"]
    assert (dense["networks"], dense["weights"]) == (5, 5 * (64 * 8 + 8 + 8 * 10 + 10))
    assert (convolutional["networks"], kept["measured_steps"]) == (1, 3)
    for step in kept["steps"].values():
        assert step["kinds"].keys() == set(trace.KINDS)
        assert sum(step["kinds"].values()) > 0
        assert step["operations"] > 50
        assert step["seconds"] > 0
        # One thread cannot do more than this; the rest lies between operations.
        assert step["traced_seconds"] > sum(step["kinds"].values())
        # The largest operation that is of no kind is the loop's own.
        assert all(trace.kind(name) == "other" for name in step["longest_others"])
        assert len(step["longest_others"]) == steps.NAMED
    busy = {name for name, seconds in convolutional["kinds"].items() if seconds}
    assert busy == set(trace.KINDS)
    assert {name for name, seconds in dense["kinds"].items() if seconds} == busy - {
        *("convolution", "input_gradient", "kernel_gradient", "pooling"),
    }
    assert [(c["layer"], c["operation"]) for c in kept["convolutions"]] == [
        (1, "convolution"),
        (1, "kernel_gradient"),
        *((2, operation) for operation in ("convolution", "input_gradient", "kernel_gradient")),
    ]
    flop = {1: 2 * 32 * 6 * 6 * 9 * 3 * 4, 2: 2 * 32 * 3 * 3 * 9 * 4 * 8}
    for found in kept["convolutions"]:
        assert found["gflops"] * found["seconds"] == pytest.approx(flop[found["layer"]] / 1e9)
    assert kept["product_gflops"] == 100
    assert kept["copy_bytes_a_second"] > 0
    assert {"processor", "instructions", "tensorflow", "keras", "numpy"} < kept.keys()
    said = capsys.readouterr().out
    assert "a step of q00-tiny, networks at a time: 5, takes" in said
    assert "kernel_gradient 2 of q00-convolutional alone" in said
    numbers = speed.numbers(kept | {"convolutions": []})
    assert numbers.pop("processor") == kept["processor"]
    assert all(math.isfinite(number) for number in numbers.values())


def test_a_copy_reads_and_writes(monkeypatch):
    monkeypatch.setattr(steps, "COPIED", 1000)
    monkeypatch.setattr(steps, "_fastest", lambda function: (function(), 2.0)[1])
    assert steps._copy() == 2 * 4 * 1000 / 2


def test_the_fastest_time_counts(monkeypatch):
    seconds = iter([9.0, 3.0, 5.0])
    monkeypatch.setattr(steps, "TIMES", 3)
    monkeypatch.setattr(steps, "seconds_of", lambda function: next(seconds))
    assert steps._fastest(None) == 3


def test_what_is_measured_is_what_the_page_shows():
    assert steps.MEASURED.keys() == speed.PROFILED.keys()
