"""What question 8 works out from runs, against values counted by hand."""

import numpy as np
import pytest
import tiny

from analysis import by_size
from analysis.loaded import Results
from analysis.questions import q01, q08
from analysis.results import Runs
from analysis.spec import mlp
from analysis.statistics import estimate

EIGHT = {"layers": mlp(8, output="softmax")}


def test_units_live_that_are_not_dead():
    assert q08.living(tiny.runs(EIGHT, dead=[[[0], [5]], [[8], [7]]])).tolist() == [[8, 3], [0, 1]]


def test_units_live_before_training_that_are_not_dead_then():
    assert q08.living_at_start(tiny.runs(EIGHT, before_dead=[[0], [2]])).tolist() == [8, 6]


def counting(steps, **values) -> Runs:
    """Runs with so many dead units after each step of the first epoch, (runs, steps)."""
    made = tiny.runs(EIGHT, **values)
    for record, counts in zip(made.records, steps, strict=True):
        record["within"] = {"dead": [[count] for count in counts]}
    return made


def test_units_live_within_the_first_epoch_run_by_run_and_step_by_step():
    runs = counting([[0, 1, 5], [2, 2, 8]], before_dead=[[0], [0]])
    assert q08.living_within(runs).tolist() == [[8, 7, 3], [6, 6, 0]]


def test_a_run_has_learned_nothing_by_its_testing_accuracy_at_the_end():
    accuracy = [[0.1, 0.1], [0.1, 0.3], [0.3, 0.1], [0.1, q08.NOTHING]]
    assert q08.nothing(tiny.runs(val_accuracy=accuracy)).tolist() == [True, False, True, False]


def test_a_run_starts_late_that_learns_and_is_at_chance_after_two_epochs():
    accuracy = [[0.1, 0.1, 0.1, 0.3], [0.1, 0.3, 0.3, 0.3], [0.1] * 4, [0.3] * 4]
    assert q08.late_starters(tiny.runs(val_accuracy=accuracy)) == [(0, 3)]


def test_the_late_starter_on_the_page_has_as_many_living_units_all_along():
    ten = Results()[q08.SHEET].first(10)
    ((run, _),) = q08.late_starters(ten)
    assert set(q08.living(ten)[run].tolist()) == {1}


def test_images_are_noticed_whose_answer_is_not_the_usual_one():
    runs = tiny.runs(predictions=[[3, 3, 3, 1, 2, 3], [0, 0, 0, 0, 0, 0], [1, 2, 1, 2, 1, 2]])
    assert q08._noticed(runs).tolist() == [2, 0, 3]


def test_adams_first_step_moves_a_unit_as_far_as_all_pixels_together():
    step, width = q08._first_step()
    seen = q08.STANDARDISED.layers[0]
    mean, square = sum(seen.mean) / 3, (sum(m**2 for m in seen.mean) + sum(seen.variance)) / 3
    assert step == pytest.approx(0.001 * 3072 * mean)
    assert width == pytest.approx((3072 * square * 2 / (3072 + 32)) ** 0.5)


def test_pairs_are_in_order_where_more_units_go_with_more_accuracy():
    # Of 5 pairs with unlike numbers one is the other way round and one has equal accuracies.
    units, accuracy = np.array([0, 1, 1, 2]), np.array([0.1, 0.1, 0.3, 0.2])
    assert q08.in_order(units, accuracy) == pytest.approx(3 / 5)
    assert q08.in_order(units, units / 10) == 1


def test_of_the_dead_some_are_dead_before():
    # Of 8 units each end with 2 and with 6 living: 8 dead, of which 3 and 1 are so before.
    runs = tiny.runs(EIGHT, dead=[[[4], [6]], [[1], [2]]])
    assert q08._of_the_dead(runs, np.array([5, 7])) == pytest.approx(4 / 8)


def test_the_course_goes_from_before_training_through_the_first_epoch_to_the_last():
    experiment = q08.BY_RATE["raw", q08.OPTIMIZERS[0]]
    dead = [[[count] for count in range(9, 19)]]
    runs = counting([range(1, 9)], before_dead=[[0]], dead=dead)
    made = Results({experiment: Runs(experiment, runs.records)})
    steps, alive = q08._course(made, experiment)
    assert steps[1:] == [*q01.STEPS, *range(1563, 15_631, 1563)]
    assert alive.tolist() == [list(range(32, 32 - len(steps), -1))]


def test_the_sheets_first_epoch_is_looked_into_by_the_runs_that_counted_there():
    counted = counting([range(1, 9)], dead=[[[9]]])
    made = Results({q08.FIRST_EPOCH: Runs(q08.FIRST_EPOCH, counted.records)})
    assert q08._within(made, q08.SHEET).tolist() == [list(range(31, 23, -1))]
    assert q08._within(made, q08.CENTRED) is None


def of_size(units, accuracy, dead) -> Runs:
    """A run for each accuracy, with so many dead units in the end."""
    accuracy, dead = np.array(accuracy)[:, None], np.full((len(accuracy), 1, 1), dead)
    return tiny.runs({"layers": mlp(units, output="softmax")}, val_accuracy=accuracy, dead=dead)


def test_runs_with_few_living_units_lie_on_levels():
    assert not q08.on_levels(of_size(8, [0.3, 0.4], dead=8 - q08.MANY))
    assert q08.on_levels(of_size(8, [0.3, 0.4], dead=9 - q08.MANY))


def test_runs_on_levels_have_no_mean():
    def told(runs):
        return q08.mean_or_extent(runs, by_size.tested)

    assert told(of_size(8, [0.3, 0.1], dead=7)) == "10.0 to 30.0"
    assert told(of_size(8, [0.3, 0.4], dead=0)) == "35.0 ± 63.5"


def test_a_gain_is_in_points_over_the_seeds_that_both_have():
    small, large = of_size(8, [0.30, 0.32, 0.34], dead=0), of_size(16, [0.33, 0.36], dead=0)
    found = q08.gain(small, large, "16 over 8")
    assert found.told == "+3.50 (\N{MINUS SIGN}2.85 to +9.85)"
    assert found.p == pytest.approx(0.0903, abs=1e-4)  # t = 7 at one degree of freedom
    assert not found.criterion.is_met


def test_two_steps_together_are_points_from_a_size_to_four_times_as_much():
    tested = {q08.STEEP: [0.30, 0.32], 2 * q08.STEEP: [0.9, 0.9], 4 * q08.STEEP: [0.33, 0.36]}
    results = Results(
        {q08.CENTRED_BY_SIZE[n]: of_size(8, values, dead=0) for n, values in tested.items()}
    )
    assert q08._two_steps(results) == pytest.approx(tuple(estimate(np.array([3, 4]))))


def test_a_gain_over_levels_counts_seeds():
    accuracy = [0.2, 0.1, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2]
    found = q08.gain(of_size(8, accuracy, dead=7), of_size(16, [0.25] * 8, dead=0), "")
    assert found.told == "higher with 7 of 8 seeds"
    assert found.p == pytest.approx(2 * (1 + 8) / 2**8)
    assert found.criterion.is_met
    tied = q08.gain(of_size(8, [0.2, 0.25], dead=7), of_size(16, [0.25] * 2, dead=0), "")
    assert tied.told == "higher with 1 of 2 seeds"
    assert not tied.criterion.is_met
    ends = [*[0.2] * 5, 0.25]
    tied = q08.gain(of_size(8, ends, dead=7), of_size(16, [0.25] * 6, dead=0), "")
    assert tied.p == pytest.approx(2 / 2**5)  # a tie speaks for neither


def ending(alive, accuracy) -> Runs:
    """Runs of 32 hidden units, with so many living and such an accuracy in the end."""
    return tiny.runs(
        dead=32 - np.reshape(alive, (-1, 1, 1)),
        val_accuracy=np.reshape(accuracy, (-1, 1)),
    )


def test_a_level_has_the_runs_with_so_many_living_units_and_the_last_those_with_more():
    runs = tiny.runs(
        {"layers": mlp(32, output="softmax")},
        dead=32 - np.array([0, 1, 2, 3, 4, 4, 7])[:, None, None],
        val_accuracy=np.array([0.1, 0.1, 0.2, 0.2, 0.25, 0.3, 0.4])[:, None],
    )
    results = Results({q08.SHEET: Runs(q08.SHEET, runs.records)})
    _, *rows = q08._level_rows(results)
    assert [row[:2] for row in rows] == [
        *([f"{count}", "1"] for count in range(4)),
        ["4 to 7", "3"],
    ]
    assert rows[-1][2:] == ["25.0% to 40.0%", "30.0%"]


def beginnings(*, within=16, counted=24, loss=0.5, after=(24, 26)) -> dict[str, bool]:
    """Which claims of the sheet hold of three runs, the last of which begins so.

    Parameters
    ----------
    within, counted : int
        Dead units of the run that counts within the first epoch: after 100 steps, for it has 16
        after the others, and after the epoch.
    loss : float
        Its error in that epoch; that of the others and of the sheet's runs is a half.
    after : tuple of int
        Dead units of the sheet's run after each epoch; of the others 24, and 26 or 25.
    """
    alike = {"before_dead": [[0]] * 3}
    steps = np.full((3, len(q01.STEPS)), 16)
    steps[2, q01.STEPS.index(100)] = within
    once = counting(
        steps.tolist(), loss=[[0.5], [0.5], [loss]], dead=[[[24]], [[24]], [[counted]]], **alike
    )
    whole = tiny.runs(
        loss=[[0.5, 0.4]] * 3,
        dead=[[[dead] for dead in run] for run in ((24, 26), (24, 25), after)],
        val_accuracy=[[0.2, 0.3], [0.2, 0.31], [0.2, 0.32]],
        **alike,
    )
    made = {q08.FIRST_EPOCH: once, q08.SHEET: whole}
    results = Results({e: Runs(e, runs.records) for e, runs in made.items()})
    return {claim.name: claim.holds for claim in q08._claims_of_the_sheet(results)}


@pytest.mark.parametrize(
    "failing, changes",
    [
        ("for_good", {"within": 17}),
        ("for_good", {"counted": 15, "after": (15, 26)}),
        ("for_good", {"after": (24, 23)}),
        ("same_networks", {"loss": 0.5000001}),
        ("same_networks", {"counted": 25}),
    ],
)
def test_a_claim_of_the_first_epoch_fails_where_one_run_begins_otherwise(failing, changes):
    assert beginnings()[failing]
    assert not beginnings(**changes)[failing]


#: Living units and accuracy of each arm in the end, in the order of `q08.OPTIMIZERS`; and the
#: living units of one run of each arm with centred inputs.
RAW = {"alive": (32, 8, 20, 12, 4), "accuracy": (0.40, 0.30, 0.38, 0.34, 0.31)}
CENTRED = (32,) * 5


def arms(*, centred=CENTRED, **changes) -> dict[str, bool]:
    """Which claims of causes hold if arms end so; centred ones with .45."""
    raw, made = RAW | changes, {}
    apart = np.arange(-3, 3) / 1000  # six runs, the fewest that McNemar's test can tell apart
    for optimizer, alive, accuracy, one in zip(
        q08.OPTIMIZERS, raw["alive"], raw["accuracy"], centred, strict=True
    ):
        some = ending(np.full(6, alive), accuracy + apart)
        made[q08.ARMS["raw", optimizer]] = some
        made[q08.ARMS["centred", optimizer]] = ending([32, one, *[32] * 4], 0.45 + apart[::-1])
    made[q08.STANDARDISED] = made[q08.CENTRED]
    results = Results({e: Runs(e, runs.records) for e, runs in made.items()})
    parts = q08._claims_of_inputs, q08._claims_of_rates, q08._claims_of_raw_inputs
    return {claim.name: claim.holds for part in parts for claim in part(results)}


def test_claims_of_causes_hold_of_arms_of_which_they_are_true():
    # That fewer learn nothing cannot be told from these runs.
    assert [name for name, holds in arms().items() if not holds] == ["not_their_size"]


@pytest.mark.parametrize(
    "failing, changes",
    [
        ("rate", {"alive": (32, 8, 12, 12, 4)}),
        ("rate", {"alive": (8, 8, 20, 12, 4)}),
        ("not_adam_alone", {"alive": (32, 17, 20, 12, 4)}),
        ("long_steps", {"alive": (32, 8, 4, 12, 4)}),
        ("slower_is_better", {"accuracy": (0.40, 0.30, 0.29, 0.34, 0.30)}),
        ("raw_costs_more", {"alive": (31, 8, 20, 12, 4)}),
        ("raw_costs_more", {"accuracy": (0.46, 0.30, 0.38, 0.34, 0.30)}),
        ("units_not_all", {"alive": (32, 4, 20, 12, 4)}),
        ("units_not_all", {"accuracy": (0.40, 0.31, 0.38, 0.34, 0.31)}),
        ("best_arm", {"accuracy": (0.40, 0.30, 0.46, 0.34, 0.30)}),
        ("centring", {"accuracy": (0.40, 0.30, 0.38, 0.34, 0.451)}),
        ("centring", {"accuracy": (0.40, 0.30, 0.38, 0.34, 0.445)}),  # its best is their worst
        ("centring", {"centred": (32, 32, 32, 32, 31)}),
        *(("centring_any", {"centred": np.where(np.arange(5) == n, 31, 32)}) for n in range(5)),
    ],
)
def test_a_claim_of_causes_fails_where_one_arm_ends_otherwise(failing, changes):
    assert arms()[failing]
    assert not arms(**changes)[failing]
