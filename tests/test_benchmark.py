"""What the benchmark works out from the times that it measures; the times here are made up."""

import json
import sys
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from analysis.questions import q08
from analysis.training import benchmark, machine

FOUR = tiny.experiment(seeds=range(4))
#: Of one network's epoch and of its answers to the test images: 64-8-10, 300 and 100 images.
TRAINING, TESTING = 300 * 2 * (2 * 512 + 3 * 80), 100 * 2 * (512 + 80)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still but when a test moves it on."""
    clock = SimpleNamespace(now=100.0)
    clock.time = clock.perf_counter = lambda: clock.now

    def wait(seconds):
        clock.now += seconds

    clock.wait = wait
    monkeypatch.setattr(benchmark, "time", clock)
    return clock


@pytest.fixture
def pools(monkeypatch):
    """Two cores, and in place of processes calls; gives how many processes were asked for."""
    asked = []

    @contextmanager
    def processes(number):
        asked.append(number)
        yield SimpleNamespace(map=map)

    monkeypatch.setattr(benchmark, "_processes", processes)
    monkeypatch.setattr(benchmark.joblib, "cpu_count", lambda: 2)
    return asked


def test_both_ways_are_compared_by_what_they_take_for_all_networks(monkeypatch):
    sheet = {"epoch": 30.0, "startup": 4.0}
    engine = {"epoch": 1.5, "counting": 0.1, "startup": 9.0, "megabytes": 700.0}
    monkeypatch.setattr(benchmark, "apart", lambda *arguments: sheet)
    monkeypatch.setattr(benchmark, "_engines_way", lambda experiment: engine)
    found = benchmark._compare(FOUR, limit=0.01)
    gflop = 4 * (TRAINING + TESTING) / 1e9
    assert found == pytest.approx(
        {
            "networks": 4,
            "sheet_epoch_seconds": 30,
            "sheet_startup_seconds": 4,
            "engine_epoch_seconds": 1.5,
            "engine_counting_seconds": 0.1,
            "engine_startup_seconds": 9,
            "engine_megabytes": 700,
            "ratio": 20,
            "epoch_gflop": gflop,
            "sheet_gflops": gflop / 30,
            "engine_gflops": gflop / 1.5,
            "sheet_share": gflop / 30 / 0.01,
            "engine_share": gflop / 1.5 / 0.01,
        }
    )
    said = benchmark._in_words(FOUR, found)
    assert "an epoch of 4 networks of q00-tiny" in said
    assert f"model.fit {gflop / 0.3:.1%}, the engine {gflop / 0.015:.1%}" in said
    assert "20.0" in said and "30.00 s" in said and "1.50 s" in said


def test_the_engines_way_takes_as_long_as_its_slowest_group(monkeypatch, clock, pools):
    measured = [
        {"epoch": 3.0, "counting": 0.2, "ready": 103.0, "kilobytes": 1024},
        {"epoch": 5.0, "counting": 0.1, "ready": 107.0, "kilobytes": 2048},
    ]
    seeds = []

    def timed(experiment, group):
        seeds.append(group)
        return measured[len(seeds) - 1]

    monkeypatch.setattr(benchmark, "_timed_group", timed)
    monkeypatch.setattr(benchmark, "_peak_kilobytes", lambda: 3072)
    assert benchmark._engines_way(FOUR) == {
        "epoch": 5,
        "counting": 0.2,
        "startup": 7,
        "megabytes": 6,
    }
    assert (seeds, pools) == ([[0, 1], [2, 3]], [2])


def test_a_group_takes_the_median_epoch_with_testing_and_without_counting(monkeypatch, clock):
    def taking(*seconds):
        seconds = iter(seconds)
        return lambda *epoch: clock.wait(next(seconds))

    group = SimpleNamespace(
        train_epoch=taking(1, 5, 2),
        evaluate=taking(50, 0.5, 0.5, 0.5),  # the first times trace the graphs
        activity=taking(20, 0.1, 0.9, 0.2),
    )
    monkeypatch.setattr(benchmark, "ready_group", lambda *arguments: group)
    monkeypatch.setattr(benchmark, "_peak_kilobytes", lambda: 4096)
    monkeypatch.setitem(benchmark.EPOCHS, FOUR, 3)
    assert benchmark._timed_group(FOUR, [0, 1]) == pytest.approx(
        {"ready": 170, "epoch": 2.5, "counting": 0.2, "kilobytes": 4096}
    )


def test_a_group_is_timed_on_the_images_that_its_experiment_trains_on(tiny_file, engine):
    group = benchmark.ready_group(tiny.experiment(validation=100), [0, 1])
    assert len(group.x_train) == 200


def test_the_assignments_way_trains_one_network_after_the_other(monkeypatch):
    times = iter([{"epoch": 3.0, "startup": 7.0}, {"epoch": 1.0, "startup": 5.0}])
    asked = []

    def timed(experiment, epochs):
        asked.append((experiment, epochs))
        return next(times)

    monkeypatch.setattr(benchmark.literal, "timed", timed)
    two = tiny.experiment(seeds=range(2))
    monkeypatch.setitem(benchmark.EPOCHS, two, 3)
    assert benchmark._sheets_way(two) == {"epoch": 3 + 1, "startup": 7 + 5}
    assert asked == [(two, 3)] * 2


def test_the_final_networks_rate_is_of_all_cores_and_by_the_slowest(monkeypatch, pools):
    seconds = {(0,): 40.0, (1,): 50.0}
    monkeypatch.setattr(benchmark, "FINAL", FOUR)
    monkeypatch.setattr(benchmark, "_timed_epoch", lambda spec, seeds: seconds[tuple(seeds)])
    rate = 2 * TRAINING / 1e9 / 50
    assert benchmark._final(limit=0.5) == pytest.approx(
        {"final_epoch_seconds": 50, "final_gflops": rate, "final_share": rate / 0.5}
    )


def test_an_epoch_of_a_network_is_its_share_of_a_groups_on_every_core(monkeypatch, pools):
    asked = []

    def timed(experiment, seeds):
        asked.append(list(seeds))
        return (8.0, 10.0)[len(asked) - 1]

    monkeypatch.setattr(benchmark, "_timed_steps", timed)
    # 300 images in batches of 32: ten steps, the last of them small.
    seconds_of_a_step = 10 / benchmark.STEPS
    assert benchmark._network_epoch(FOUR, 3) == pytest.approx(seconds_of_a_step * 10 / (3 * 2))
    assert asked == [[0, 1, 2]] * 2


def test_steps_take_the_median_of_five_times(monkeypatch, clock):
    seconds = iter([5, 1, 2, 9, 3])

    def train_steps(steps):
        assert steps == benchmark.STEPS
        clock.wait(next(seconds))
        return [SimpleNamespace(numpy=lambda: 0.0)]

    group = SimpleNamespace(train_steps=train_steps)
    monkeypatch.setattr(benchmark, "ready_group", lambda *arguments: group)
    monkeypatch.setattr(benchmark, "first_batches", lambda group, number: number)
    assert benchmark._timed_steps(FOUR, [0]) == 3


def test_the_machines_rate_is_that_of_its_fastest_product(monkeypatch, clock):
    seconds = iter([1, 8, 5, 4, 6, 7, 8, 9, 5])  # the first traces, and does not count

    def product():
        clock.wait(next(seconds))
        return SimpleNamespace(numpy=lambda: 0.0)

    tensorflow = SimpleNamespace(
        cast=lambda values, dtype: values,
        random=SimpleNamespace(normal=np.zeros),
        function=lambda traced: product,
    )
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    monkeypatch.setattr(benchmark.machine, "import_tensorflow", lambda one_thread: None)
    assert benchmark.matrix_products("float32", size=10) == pytest.approx(2 * 1000 / 4 / 1e9)


def test_each_size_is_timed_in_the_groups_that_it_is_trained_in(pools):
    found = [*benchmark._timed_for_some_steps()]
    sizes = {name: (experiment, group) for name, experiment, group in found}
    for size in q08.SIZES:
        experiment, group = sizes[f"size{size}_seconds"]
        assert experiment is q08.BY_SIZE[size]
        assert group <= 5
    assert sizes["size32_seconds"][1] == 5  # ten networks on two cores
    largest = [(e.layers[-2].units, group) for name, e, group in found if "largest" in name]
    assert largest == [(max(q08.SIZES), group) for group in benchmark.GROUP_SIZES]
    assert len(sizes) == len(found)


def test_products_of_the_final_network_are_in_its_precision(bfloat16):
    half = tiny.experiment(precision="mixed_bfloat16")
    assert benchmark._dtype(half) == ("bfloat16" if bfloat16 else "float32")
    assert benchmark._dtype(FOUR) == "float32"


def test_what_was_measured_is_kept_under_the_names_that_pages_cite(monkeypatch, tmp_path, capsys):
    compared = {
        "sheet_epoch_seconds": 30.0,
        "sheet_startup_seconds": 4.0,
        "engine_epoch_seconds": 1.5,
        "engine_counting_seconds": 0.1,
        "engine_startup_seconds": 9.0,
        "engine_megabytes": 700.0,
        "ratio": 20.0,
        "epoch_gflop": 5.0,
        "sheet_share": 0.1,
        "engine_share": 0.5,
    }
    limits, groups = {"float32": 100.0, "bfloat16": 300.0}, count(1)
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, "yes")
    monkeypatch.setattr(benchmark.joblib, "cpu_count", lambda: 2)
    monkeypatch.setattr(benchmark.datasets, "load", lambda name: None)
    monkeypatch.setattr(benchmark, "apart", lambda function, dtype: limits[dtype])
    monkeypatch.setattr(
        benchmark,
        "_compare",
        lambda experiment, limit: compared | {"networks": len(experiment.seeds), "limit": limit},
    )
    monkeypatch.setattr(
        benchmark,
        "_final",
        lambda limit: {
            "final_epoch_seconds": 60.0,
            "final_gflops": 75.0,
            "final_share": 75 / limit,
        },
    )
    monkeypatch.setattr(benchmark, "_network_epoch", lambda experiment, group: next(groups))
    benchmark.measure(tmp_path / "benchmark.json")
    kept = json.loads((tmp_path / "benchmark.json").read_text())
    assert (kept["limit_gflops"], kept["final_limit_gflops"]) == (100, 300)
    assert kept["final_dtype"] == "bfloat16"
    assert kept["final_share"] == 0.25
    assert (kept["dense_networks"], kept["cnn_networks"]) == (10, 2)
    assert kept["dense_limit"] == kept["cnn_limit"] == 100
    assert kept["dense_ratio"] == 20
    assert [kept[f"size{size}_seconds"] for size in q08.SIZES] == [1, 2, 3, 4, 5, 6]
    assert [kept[f"largest_group{size}_seconds"] for size in (1, 2, 3, 5)] == [7, 8, 9, 10]
    assert "75 GFLOP/s: 25% of the limit" in capsys.readouterr().out
