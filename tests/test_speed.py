"""The figures of how fast training is: their bars and words are what was measured."""

import math

import pytest

from analysis import speed, style
from analysis.loaded import Results
from analysis.training import trace


def asked(name, **changes):
    """What ``doit prescribed`` measured of an experiment; made up."""
    return {
        "question": name[:3],
        "experiment": name,
        "networks": 10,
        "epochs": 10,
        "seconds": 5.0,
        "fit_epoch_seconds": 1.2,
        "fit_startup_seconds": 0.5,
        "hidden": [32],
        "epoch_gflop": 20.0,
    } | changes


def test_dots_are_time_and_rate_of_one_network_each_way_with_how_many_times_as_long():
    results = Results()
    cnn = {"seconds": 800.0, "fit_epoch_seconds": 9.5, "fit_startup_seconds": 5.0}
    measured = [
        asked("q06-hidden-002", hidden=[2]),
        asked("q06-hidden-256", hidden=[1536, 256]),
        asked("q09-cnn", hidden=[64], epoch_gflop=1000.0, **cnn),
    ]
    results.prescribed = [{"experiments": measured}, {"experiments": []}]
    with style.drawing(style.LIGHT):
        time, rate = speed.asked_for(results).axes
    assert [label.get_text() for label in time.get_yticklabels()] == [
        *("question 6, 2 hidden", "question 6, 1,536 and 256 hidden"),
        "question 9",
    ]
    assert [text.get_text() for text in time.texts] == ["25.0", "25.0", "1.2"]
    seconds, gflops = (
        [dots.get_offsets()[0].tolist() for dots in ax.collections[2:]] for ax in (time, rate)
    )
    assert seconds == [[0.5, 1], [12.5, 1], [80, 2], [100, 2]]
    assert gflops == [[400, 1], [16, 1], [125, 2], [100, 2]]
    assert [dots.series for dots in time.collections] == [speed.HERE, speed.FIT] * 3
    fills = [dots.get_facecolor()[0].tolist() for dots in time.collections]
    assert fills[0] == fills[2] != fills[1] == fills[3]


def step(seconds, networks=1, **kinds):
    """What was measured of a step: all kinds but these take no time."""
    return {
        "networks": networks,
        "weights": 1000 * networks,
        "seconds": seconds,
        "operations": 90,
        "kinds": dict.fromkeys(trace.KINDS, 0.0) | kinds,
    }


PROFILE = {
    "processor": "Quick 9000",
    "measured_steps": 40,
    "product_gflops": 200.0,
    "copy_bytes_a_second": 8e9,
    "steps": {
        "q02": step(0.0004, 5, products=0.0001, images=0.00005, loss=0.00005),
        "q08_512": step(0.010, 3, products=0.003, optimizer=0.006, other=0.001),
        "q08_1536": step(0.040, 2, products=0.010, optimizer=0.028),
        "q09": step(
            *(0.050,),
            convolution=0.010,
            input_gradient=0.012,
            kernel_gradient=0.018,
            activation=0.004,
            pooling=0.001,
        ),
    },
    "convolutions": [
        {"layer": 1, "operation": "convolution", "seconds": 0.004, "gflops": 90.0},
        {"layer": 2, "operation": "kernel_gradient", "seconds": 0.016, "gflops": 110.0},
    ],
}


def test_every_kind_of_operation_is_in_one_part_of_a_step():
    assert sorted(kind for kinds in speed.PARTS.values() for kind in kinds) == sorted(trace.KINDS)


def test_shares_of_a_step_add_up_to_one_and_what_no_operation_takes_lies_between():
    for measured in PROFILE["steps"].values():
        assert math.fsum(speed.shares(measured).values()) == pytest.approx(1)
    found = speed.shares(PROFILE["steps"]["q09"])
    assert found == pytest.approx(
        dict.fromkeys(speed.PARTS, 0)
        | {speed.FORWARD: 0.2, speed.BACKWARD: 0.6, "bias, ReLU and pooling": 0.1}
        | {speed.BETWEEN: 0.1}
    )


def test_operations_that_take_longer_in_the_trace_than_a_step_does_are_the_whole():
    found = speed.shares(step(0.5, products=0.75, optimizer=0.25))
    assert found[speed.PRODUCTS] == 0.75
    assert found[speed.BETWEEN] == 0
    assert math.fsum(found.values()) == 1


@pytest.mark.parametrize("theme", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_a_steps_bars_lie_end_to_end_with_their_shares_on_them(theme):
    results = Results()
    results.profile = PROFILE
    with style.drawing(theme):
        (ax,) = speed.steps(results).axes
    assert len(ax.containers) == len(speed.PARTS)
    assert len({bars[0].get_facecolor() for bars in ax.containers}) == len(speed.PARTS)
    for row, measured in enumerate(PROFILE["steps"].values()):
        shares, ends = speed.shares(measured), 0.0
        for bars, (part, share) in zip(ax.containers, shares.items(), strict=True):
            bar = bars[row]
            assert bar.series == part
            assert bar.get_x() == pytest.approx(ends)
            assert bar.get_width() == pytest.approx(100 * share)
            ends += bar.get_width()
        assert ends == pytest.approx(100)
    assert [text.get_text() for text in ax.texts if text.get_text()] == [
        *("20%", "60%"),  # by part, from question 2's bar down
        *("25%", "30%", "25%"),
        *("60%", "70%"),
        *("10%", "25%", "10%", "50%", "5%", "10%"),
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "question 2\n5 networks, 0.4 ms",
        "question 8, 512 hidden\n3 networks, 10 ms",
        "question 8, 1,536 hidden\n2 networks, 40 ms",
        "question 9\n1 network, 50 ms",
    ]


def test_numbers_of_a_profile_are_shares_rates_and_milliseconds():
    found = speed.numbers(PROFILE)
    assert found.pop("processor") == "Quick 9000"
    assert found == pytest.approx(
        {
            "steps": 40,
            "product_gflops": 200,
            "q02_networks": 5,
            "q02_ms": 0.4,
            "q02_operations": 90,
            "q02_products": 0.25,
            "q02_images": 0.25,
            "q08_512_products": 0.3,
            "q08_512_optimizer": 0.6,
            "q08_1536_networks": 2,
            "q08_1536_products": 0.25,
            "q08_1536_optimizer": 0.7,
            "q09_ms": 50,
            "q09_convolutions": 0.8,
            "layer1_convolution": 90,
            "layer2_kernel_gradient": 110,
            "convolutions_alone_ms": 20,
            "convolutions_alone_share": 0.4,
            "adam_megabytes": 2000 * 28 / 1e6,
            "adam_ms": 28,
            "adam_gigabytes_a_second": 2000 * 28 / 0.028 / 1e9,
            "copy_gigabytes_a_second": 8,
        }
    )
