"""Two trainings of a network: the same, apart by rounding, or not the same network."""

import copy

import numpy as np
import pytest
import tiny

from analysis.agreement import DIFFERENT, ROUNDED, SAME, agreement
from analysis.results import packed

EPOCHS = 6


def counted(seed, epoch=0) -> dict:
    """What is counted of ReLU units: two hidden layers, the first with many dead units."""
    return {
        "dead": [100 - seed, seed],
        "own": [0.0, *(round(0.9 + 0.01 * (seed + epoch), 7) for _ in range(9))],
        "others": [0.0, *(round(0.3 - 0.01 * (seed + epoch), 7) for _ in range(9))],
    }


def learned(seed=0) -> dict:
    """A run that learns, a little better or worse by its seed."""
    losses = [round(0.1 / epoch + 0.001 * seed, 7) for epoch in range(1, EPOCHS + 1)]
    record = tiny.record(seed, EPOCHS)
    record["history"] = {
        "loss": losses,
        "val_loss": [1.1 * loss for loss in losses],
        "accuracy": [1 - loss for loss in losses],
        "val_accuracy": [1 - 1.1 * loss for loss in losses],
    }
    counts = [counted(seed, epoch) for epoch in range(EPOCHS)]
    record["history"] |= {name: [count[name] for count in counts] for name in counts[0]}
    record["within"] = {name: [counted(seed)[name], counted(seed)[name]] for name in counts[0]}
    record["before"] = {"val_loss": 0.1, "val_accuracy": 0.1, "answer": [0.1] * 10}
    record["before"] |= counted(seed)
    record["after"]["loss"] = losses[-1]
    return record


LINES = [learned(seed) for seed in range(5)]


def again(**factors) -> dict:
    """Seed 2 once more; each history's epochs multiplied by these factors."""
    record = copy.deepcopy(LINES[2])
    for name, values in factors.items():
        record["history"][name] = [
            value * factor for value, factor in zip(record["history"][name], values, strict=True)
        ]
    return record


def verdict(record, line=None) -> str:
    return agreement(line or LINES[2], record, LINES).verdict


def test_equal_runs_are_the_same_whatever_machine_and_time_they_took():
    record = again() | {"seconds": 99, "provenance": {}}
    found = agreement(LINES[2], record, LINES)
    assert found.verdict == SAME
    assert found.words == "equal to the last bit"


def test_runs_that_part_by_rounding_and_end_alike_say_until_when_they_were_equal():
    growing = [1 + 1e-6 * 10**epoch for epoch in range(EPOCHS)]  # 1e-6, 1e-5, … 0.1
    record = again(loss=growing, val_loss=growing)
    record["after"]["loss"] *= 1.1
    found = agreement(LINES[2], record, LINES)
    assert found.verdict == ROUNDED
    assert found.words == (
        "equal within rounding until epoch 4 of 6, then within the spread of its experiment"
    )


def test_runs_that_part_by_rounding_to_the_end_say_so():
    record = again(loss=[1 + 1e-6] * EPOCHS)
    record["after"]["loss"] *= 1 + 1e-6
    found = agreement(LINES[2], record, LINES)
    assert (found.verdict, found.words) == (ROUNDED, "equal within rounding until epoch 6 of 6")


def test_runs_that_part_in_the_first_epoch_were_equal_before():
    record = again(loss=[1.01] * EPOCHS)
    record["after"]["loss"] *= 1.01
    assert agreement(LINES[2], record, LINES).words == (
        "equal within rounding before training, then within the spread of its experiment"
    )


def test_another_start_is_different():
    record = again()
    record["before"]["val_loss"] *= 1.001
    found = agreement(LINES[2], record, LINES)
    assert found.verdict == DIFFERENT
    assert "0.1 in the ledger, but 0.1001 when trained again" in found.words


def test_a_first_epoch_further_than_rounding_is_different():
    found = agreement(LINES[2], again(loss=[1.5] * EPOCHS), LINES)
    assert found.verdict == DIFFERENT
    assert found.words == "loss of epoch 1 is 0.102 in the ledger, but 0.153 when trained again"


@pytest.mark.parametrize("name", ["val_loss", "val_accuracy"])
def test_an_end_outside_the_spread_is_different(name):
    away = {"val_loss": 2, "val_accuracy": 0.9}[name]
    record = again(**{name: [away] * EPOCHS}, loss=[1.0001] * EPOCHS)
    record["after"]["loss"] *= 1.0001
    found = agreement(LINES[2], record, LINES)
    assert found.verdict == DIFFERENT
    assert f"{name} ends at" in found.words


@pytest.mark.parametrize("name", ["loss", "val_loss", "accuracy", "val_accuracy"])
@pytest.mark.parametrize("epoch", [0, 3, 5])
def test_a_single_epoch_that_was_edited_is_named_with_both_values(name, epoch):
    line = copy.deepcopy(LINES[2])
    line["history"][name][epoch] *= 0.999
    found = agreement(line, again(), LINES)
    assert found.verdict == DIFFERENT
    values = line["history"][name][epoch], LINES[2]["history"][name][epoch]
    assert "{} in the ledger, but {} when trained again".format(*values) in found.words


def test_the_last_digit_may_differ_once_and_be_equal_again():
    assert verdict(again(loss=[1 + 3e-7, 1, 1, 1, 1, 1])) == ROUNDED


@pytest.mark.parametrize(
    "name",
    ["tensorflow", "keras", "numpy", "processor", "instructions", "precision", "environment"],
)
def test_whatever_else_rounds_the_runs_may_differ_by_rounding(name):
    known = dict.fromkeys(("tensorflow", "keras", "numpy", "processor", "precision"), "2")
    known |= {"instructions": "avx2 avx512f", "environment": ""}
    line = copy.deepcopy(LINES[2]) | {"provenance": known}
    record = again(loss=[1 + 3e-7, 1, 1, 1, 1, 1])
    assert verdict(record | {"provenance": known}, line) == DIFFERENT
    assert verdict(record | {"provenance": known | {name: "another"}}, line) == ROUNDED
    unknown = {key: value for key, value in known.items() if key != name}
    assert verdict(record | {"provenance": known}, line | {"provenance": unknown}) == ROUNDED


def test_on_a_machine_like_the_lines_own_nothing_may_differ():
    known = {"tensorflow": "2", "keras": "3", "numpy": "2", "processor": "x86", "precision": "f"}
    known |= {"instructions": "avx2 avx512f", "environment": ""}
    line = copy.deepcopy(LINES[2]) | {"provenance": known | {"python": "3.11"}}
    record = again(loss=[1 + 3e-7, 1, 1, 1, 1, 1])
    for other, expected in (({}, DIFFERENT), ({"instructions": "avx2"}, ROUNDED)):
        found = agreement(line, record | {"provenance": known | other}, LINES)
        assert found.verdict == expected
    assert found.words == "equal within rounding until epoch 6 of 6"


def test_with_avx2_alone_a_network_may_round_otherwise_in_another_group():
    known = dict.fromkeys(("tensorflow", "keras", "numpy", "processor", "precision"), "2")
    known |= {"instructions": "avx2 fma", "environment": ""}
    line = copy.deepcopy(LINES[2]) | {"provenance": known}
    record = again(loss=[1 + 3e-7, 1, 1, 1, 1, 1]) | {"provenance": known}
    assert verdict(record, line) == ROUNDED


def test_edited_predictions_are_different_though_every_epoch_is_equal():
    record = again() | {"predictions": "7" * 100}
    assert verdict(record) == DIFFERENT


def ending(images=10_000, others=0, **after) -> tuple[dict, dict]:
    """A line of so many images, and its network again, equal but for its end."""
    line, record = copy.deepcopy(LINES[2]), again()
    line["predictions"] = "7" * images
    record["predictions"] = "3" * others + "7" * (images - others)
    for name, change in after.items():
        record["after"][name] = change(line["after"][name])
    return line, record


@pytest.mark.parametrize(
    "change, most",
    [
        (lambda n: ending(others=n), 3),
        (lambda n: ending(loss=lambda loss: loss * (1 + n * 1e-6)), 9),
        (lambda n: ending(accuracy=lambda share: share * (1 - n * 1e-5)), 29),
        (lambda n: ending(answer=lambda outputs: [*outputs[:9], outputs[9] + n * 1e-3]), 1),
    ],
)
def test_a_trained_network_may_differ_by_its_last_digit_though_every_epoch_is_equal(change, most):
    for number, expected in ((most, ROUNDED), (2 * most + 1, DIFFERENT)):
        line, record = change(number)
        assert verdict(record, line) == expected


def test_edited_outputs_are_different_though_all_else_is_equal():
    outputs = np.full((100, 10), 0.1)
    line, record = LINES[2] | {"outputs": packed(outputs)}, again() | {"outputs": packed(outputs)}
    assert verdict(record, line) == SAME
    outputs[7, 3] = 0.2
    found = agreement(line, record | {"outputs": packed(outputs)}, LINES)
    assert found.verdict == DIFFERENT
    assert found.words.startswith("outputs differ by 0.1, though")


def test_one_run_that_diverged_does_not_let_the_others_end_anywhere():
    lines = copy.deepcopy(LINES)
    lines[4]["history"]["val_loss"][-1] = None
    record = again(val_loss=[3] * EPOCHS)
    record["after"]["loss"] *= 1.0001
    assert agreement(lines[2], record, lines).verdict == DIFFERENT


def test_a_network_that_stands_still_may_meet_itself_again():
    """As one whose outputs are all zero: its loss does not change, whatever went before."""
    lines = copy.deepcopy(LINES)
    for line in lines:
        line["history"]["val_loss"][1:] = [0.1] * 5
        line["history"]["val_accuracy"][1:] = [0.098] * 5
        line["history"]["loss"][2:] = [0.1] * 4
        line["history"]["accuracy"][2:] = [0.098] * 4
    record = copy.deepcopy(lines[2])
    record["history"]["loss"][1] *= 1 + 1e-6
    assert agreement(lines[2], record, lines).verdict == ROUNDED


def test_runs_that_diverge_at_the_same_epoch_agree():
    lines = copy.deepcopy(LINES)
    lines[2]["history"]["val_loss"][-1] = None
    record = copy.deepcopy(lines[2])
    record["history"]["loss"][3] *= 1.0001
    record["history"]["loss"][4] *= 1.0001
    record["history"]["loss"][5] *= 1.0001
    record["after"]["loss"] *= 1.0001
    assert agreement(lines[2], record, lines).verdict == ROUNDED


@pytest.mark.parametrize(
    "name, digit", {"loss": 1e-5, "val_loss": 1e-5, "accuracy": 3e-4, "val_accuracy": 3e-4}.items()
)
def test_of_a_single_epoch_no_more_than_the_last_digit_may_differ(name, digit):
    for share, expected in ((0.9, ROUNDED), (1.1, DIFFERENT)):
        assert verdict(again(**{name: [1, 1, 1 + share * digit, 1, 1, 1]})) == expected


def test_runs_that_were_all_alike_may_be_apart_by_rounding_and_no_more():
    alike = [LINES[2] | {"seed": seed} for seed in range(5)]
    for factor, expected in ((1 + 1e-5, ROUNDED), (1.1, DIFFERENT)):
        record = again(val_loss=[1] * (EPOCHS - 1) + [factor])
        assert agreement(LINES[2], record, alike).verdict == expected


def parting(factor) -> dict:
    """Seed 2 again, with other training losses from the first epoch to the end."""
    record = again(loss=[factor] * EPOCHS)
    record["after"]["loss"] *= factor
    return record


def test_the_first_epochs_losses_may_be_two_hundredths_apart():
    assert verdict(parting(1.019)) == ROUNDED
    assert verdict(parting(1.021)) == DIFFERENT


def test_untrained_networks_may_be_a_hundred_thousandth_apart():
    for factor, expected in ((1 + 9e-6, ROUNDED), (1 + 11e-6, DIFFERENT)):
        record = parting(1.0001)
        record["before"]["val_loss"] *= factor
        assert verdict(record) == expected


@pytest.mark.parametrize(
    "part, name", [("history", "val_loss"), ("history", "val_accuracy"), ("after", "loss")]
)
def test_an_end_may_lie_outside_all_others_by_as_much_as_those_lie_apart(part, name):
    ends = [line[part][name][-1] if part == "history" else line[part][name] for line in LINES]
    least, most = min(ends), max(ends)
    for widths, expected in ((0.9, ROUNDED), (1.1, DIFFERENT)):
        for end in (most + widths * (most - least), least - widths * (most - least)):
            record = parting(1.0001)
            if part == "history":
                record[part][name][-1] = end
            else:
                record[part][name] = end
            assert verdict(record) == expected


def test_an_end_has_a_thousandth_where_no_other_run_says_how_far_they_lie_apart():
    for factor, expected in ((1.0009, ROUNDED), (1.0011, DIFFERENT)):
        record = again(loss=[1.0001] * EPOCHS, val_loss=[factor] * EPOCHS)
        record["after"]["loss"] *= 1.0001
        assert agreement(LINES[2], record, LINES[2:3]).verdict == expected


def test_testing_parts_runs_as_well_as_training():
    record = again(val_loss=[1, 1, 1, 1.002, 1.002, 1.002])
    record["after"]["loss"] *= 1.0001
    assert agreement(LINES[2], record, LINES).words.startswith(
        "equal within rounding until epoch 3 of 6"
    )


def test_a_run_that_diverges_is_not_one_that_does_not():
    lines = copy.deepcopy(LINES)
    lines[0]["history"]["val_loss"][-1] = 0.5  # so that a value of 0 would be near enough
    record = parting(1.0001)
    assert agreement(lines[2], record, lines).verdict == ROUNDED
    record["history"]["val_loss"][-1] = None
    assert agreement(lines[2], record, lines).verdict == DIFFERENT
    record = parting(1.0001)
    record["history"]["loss"][0] = None
    found = agreement(lines[2], record, lines)
    assert (found.verdict, found.words) == (
        DIFFERENT,
        "loss of epoch 1 is 0.102 in the ledger, but None when trained again",
    )


COUNTED = [
    *(("history", name, -1) for name in ("own", "others", "dead")),
    *(("within", name, 1) for name in ("own", "others", "dead")),
    *(("before", name, None) for name in ("own", "others", "dead", "answer")),
]


def counts_of(record, part, name, place) -> list:
    values = record[part][name]
    return values if place is None else values[place]


@pytest.mark.parametrize("part, name, place", COUNTED)
def test_edited_counts_are_different_though_all_else_is_equal(part, name, place):
    line = copy.deepcopy(LINES[2])
    values = counts_of(line, part, name, place)
    values[1] = 1 if name == "dead" else 0.5
    found = agreement(line, again(), LINES)
    assert found.verdict == DIFFERENT
    (before,) = counts_of(LINES[2], part, name, place)[1:2]
    assert f"{name}[1] " in found.words
    assert f"is {values[1]} in the ledger, but {before} when trained again" in found.words


def test_an_edited_accuracy_of_the_untrained_network_is_different():
    for more, expected in ((3e-4, ROUNDED), (4e-4, DIFFERENT)):
        line = copy.deepcopy(LINES[2])
        line["before"]["val_accuracy"] += more
        assert verdict(again(), line) == expected


def counted_otherwise(part, name, place, more, **factors) -> dict:
    """Seed 2 once more with another count, and each history's epochs times these factors."""
    record = again(**factors)
    counts_of(record, part, name, place)[1] += more
    return record


@pytest.mark.parametrize("part, name, place", [c for c in COUNTED if c[1] in ("own", "others")])
def test_an_output_may_tip_over_on_three_images_though_every_epoch_is_equal(part, name, place):
    images = {"own": 5_000, "others": 45_000}[name]
    for number, expected in ((3, ROUNDED), (4, DIFFERENT)):
        assert verdict(counted_otherwise(part, name, place, number / images)) == expected


@pytest.mark.parametrize("part, place", [("history", 0), ("within", 0)])
@pytest.mark.parametrize("name, most, too_much", [("own", -0.09, -0.11), ("others", 0.09, 0.11)])
def test_where_losses_are_alike_so_are_the_shares_of_images(part, place, name, most, too_much):
    alike = {"loss": [1 + 1e-6 * 10**epoch for epoch in range(EPOCHS)]}
    for more, expected in ((most, ROUNDED), (too_much, DIFFERENT)):
        record = counted_otherwise(part, name, place, more, **alike)
        record["after"]["loss"] *= 1.1
        assert verdict(record) == expected


@pytest.mark.parametrize("index, most", [(0, 5), (1, 2)])
def test_where_losses_are_alike_two_units_or_a_twentieth_may_die_or_not(index, most):
    for more, expected in ((most, ROUNDED), (most + 1, DIFFERENT)):
        record = parting(1.0001)
        record["history"]["dead"][-1][index] += more
        assert verdict(record) == expected


def test_once_losses_are_apart_counts_are_whatever_they_are():
    record = again(loss=[1 + 1e-6 * 10**epoch for epoch in range(EPOCHS)])  # 1e-6, 1e-5, …
    record["after"]["loss"] *= 1.1
    for epoch, expected in ((3, DIFFERENT), (4, ROUNDED), (5, ROUNDED)):
        apart = copy.deepcopy(record)
        apart["history"]["own"][epoch][1] = 0.0
        assert verdict(apart) == expected


def test_once_losses_are_apart_an_epoch_alike_by_chance_says_nothing_of_counts():
    record = again(loss=[1, 1.0001, 1.01, 1.0001, 1.0001, 1.0001])
    record["after"]["loss"] *= 1.0001
    for epoch, expected in ((1, DIFFERENT), (3, ROUNDED)):
        apart = copy.deepcopy(record)
        apart["history"]["own"][epoch][1] = 0.0
        assert verdict(apart) == expected


def test_an_epoch_may_be_equal_by_chance_and_its_counts_only_alike():
    """Rounding grew, and once the seven digits of all four values fell together."""
    for then, expected in ((1.0001, ROUNDED), (1, DIFFERENT)):
        record = counted_otherwise("history", "others", 3, 0.002, loss=[1, 1, 1, 1, then, then])
        record["after"]["loss"] *= 1.0001
        assert verdict(record) == expected


def test_where_the_last_digit_of_a_loss_differs_counts_are_alike_though_it_is_equal_again():
    for more, expected in ((18 / 54_000, ROUNDED), (0.11, DIFFERENT)):
        record = counted_otherwise("history", "others", 1, more, loss=[1, 1 + 3e-6, 1, 1, 1, 1])
        assert verdict(record) == expected


@pytest.mark.parametrize("factor, expected", [(1, DIFFERENT), (1 + 1e-6, ROUNDED)])
def test_networks_that_stand_still_have_equal_counts_unless_they_were_apart(factor, expected):
    lines = copy.deepcopy(LINES)
    for line in lines:
        for name in ("loss", "val_loss"):
            line["history"][name][1:] = [0.1] * 5
    record = copy.deepcopy(lines[2])
    record["history"]["loss"][1] *= factor
    record["history"]["dead"][3][1] += 1
    assert agreement(lines[2], record, lines).verdict == expected


def test_what_only_the_audit_knows_within_an_epoch_is_left_to_it():
    line = copy.deepcopy(LINES[2])
    line["within"]["heard"] = [[1], [2]]
    assert verdict(again(), line) == ROUNDED


def test_counts_of_another_number_or_none_at_all_are_different():
    for counts in ([0.5] * 9, []):
        line = copy.deepcopy(LINES[2])
        line["history"]["own"][0] = counts
        assert verdict(again(), line) == DIFFERENT
    record = again()
    del record["history"]["own"]
    assert verdict(record) == DIFFERENT


def test_a_network_that_stands_still_only_later_does_not_meet_itself_again():
    lines = copy.deepcopy(LINES)
    for line in lines:
        for name in ("loss", "val_loss"):
            line["history"][name][2:] = [0.1] * 4
    record = copy.deepcopy(lines[2])
    record["history"]["loss"][1] *= 1 + 2e-5
    assert agreement(lines[2], record, lines).verdict == DIFFERENT
