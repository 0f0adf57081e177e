"""Arms against their bases: gains paired by seed, rows of the table, the figure."""

from dataclasses import replace

import numpy as np
import pytest
import tiny

from analysis import ladder, style
from analysis.ladder import Arm
from analysis.loaded import Results
from analysis.results import Runs
from analysis.spec import mlp

FIRST = Arm("8 hidden", tiny.experiment(name="q00-first", validation=200))
WIDER = FIRST.but("q00-wider", "16 hidden", layers=mlp(16, output="relu"))
FEWER = WIDER.but("q00-fewer", "fewer seeds", seeds=(0, 1))


def runs(arm, accuracies):
    """An arm's runs that end with these accuracies on held-out images."""
    records = []
    for seed, value in zip(arm.experiment.seeds, accuracies, strict=True):
        record = tiny.record(seed)
        record["history"]["val_accuracy"] = [0.1, value]
        records.append(record)
    return Runs(arm.experiment, tuple(records))


def results(wider=(0.85, 0.80, 0.90)):
    """Results of the three arms."""
    ends = {FIRST: (0.80, 0.70, 0.90), WIDER: wider, FEWER: (0.80, 0.90)}
    return Results({arm.experiment: runs(arm, values) for arm, values in ends.items()})


RESULTS = results()
#: With which the second arm is told from the first.
BETTER = results(wider=(0.86, 0.77, 0.96))


def test_arm_differs_from_its_base_in_what_is_named():
    assert WIDER.base is FIRST
    assert WIDER.experiment == tiny.experiment(
        name="q00-wider", validation=200, layers=mlp(16, output="relu")
    )


def test_gain_is_in_points_and_paired_by_seed():
    mean, low, high = ladder.gain(RESULTS, WIDER)
    assert mean == pytest.approx((5 + 10 + 0) / 3)
    # 4.303: the 97.5% point of Student's t with two degrees of freedom; 5: the differences' sd.
    assert high - mean == pytest.approx(4.303 * 5 / 3**0.5, rel=1e-3)
    assert mean - low == pytest.approx(high - mean)


def test_a_gain_helps_or_is_in_doubt_by_its_interval():
    assert ladder.is_in_doubt(RESULTS, WIDER) and not ladder.helps(RESULTS, WIDER)
    assert ladder.helps(BETTER, WIDER) and not ladder.is_in_doubt(BETTER, WIDER)
    assert ladder.is_in_doubt(BETTER, FEWER) and not ladder.helps(BETTER, FEWER)
    back = replace(FIRST, base=WIDER)
    assert not ladder.helps(BETTER, back) and not ladder.is_in_doubt(BETTER, back)
    assert (
        ladder.harms(BETTER, back)
        and not ladder.harms(BETTER, WIDER)
        and not ladder.harms(BETTER, FEWER)
    )
    assert ladder.harming(BETTER, "It does harm.", back).holds
    assert not ladder.harming(BETTER, "Both do harm.", back, WIDER).holds
    assert ladder.harming(BETTER, "It does harm.", back).measured.startswith("points: -6.33 (-7.")


def test_gain_takes_the_seeds_that_both_have():
    assert ladder.gain(RESULTS, FEWER)[0] == pytest.approx((-5 + 10) / 2)


def test_rows_tell_accuracy_gain_and_cost():
    header, first, wider = ladder.rows(RESULTS, [FIRST, WIDER], [FEWER, FIRST, WIDER])
    assert len(header) == len(first) == len(wider)
    assert first[:4] == ["2. 8 hidden", "", "", "80.00%"]
    assert wider[:2] == ["3. 16 hidden", "2"] and wider[2].startswith("+5.00 (-7.")
    assert wider[3:5] == ["85.00%", f"{(64 + 1) * 16 + (16 + 1) * 10:,}"]
    assert wider[-1] == "2"


def test_best_arm_has_the_highest_mean():
    assert ladder.best(RESULTS, [FIRST, WIDER]) is WIDER
    assert ladder.best(RESULTS, [WIDER, FIRST]) is WIDER


def test_numbers_are_those_cited_and_named_after_the_experiment():
    cited = {
        "mistakes": [FIRST, WIDER],
        **{name: [WIDER] for name in ("accuracy", "gain", "fewer", "seconds")},
    }
    assert ladder.numbers(RESULTS, cited) == {
        "first_mistakes": pytest.approx(200 * 0.2),
        "wider_mistakes": pytest.approx(200 * 0.15),
        "wider_accuracy": pytest.approx(0.85),
        "wider_gain": pytest.approx(5),
        "wider_fewer": pytest.approx(1 - 30 / 40),
        "wider_seconds": 1.5,
    }


def test_figure_has_a_row_an_arm_and_counts_mistakes():
    with style.drawing(style.LIGHT):
        figure = ladder.mistakes_figure(
            RESULTS, [FIRST, WIDER], [FEWER, FIRST, WIDER], dropped=[WIDER]
        )
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2. 8 hidden", "3. 16 hidden"]
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], [40, 60, 20])
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([40, 30])
    assert "200 held-out images" in ax.get_xlabel()


def test_claims_of_arms_hold_by_their_intervals():
    assert ladder.helping(BETTER, "It helps.", WIDER).holds
    assert not ladder.helping(BETTER, "Both help.", WIDER, FEWER).holds
    assert ladder.in_doubt(BETTER, "It may not.", FEWER).holds
    assert not ladder.in_doubt(BETTER, "Neither may.", FEWER, WIDER).holds
    assert ladder.helping(BETTER, "It helps.", WIDER).measured.startswith("points: +6.33 (")


def test_small_figure_has_a_dot_an_arm():
    with style.drawing(style.LIGHT):
        (ax,) = ladder.small_figure(RESULTS, [FIRST, WIDER]).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [40, 30])


def test_dead_ends_are_arms_that_nothing_builds_on():
    assert ladder.dead_ends([FIRST, WIDER, FEWER], []) == [FEWER]
    assert ladder.dead_ends([FIRST, WIDER, FEWER], [FEWER]) == []
    assert ladder.dead_ends([FIRST, WIDER], []) == [WIDER]
