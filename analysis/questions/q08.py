"""Question 8: the network of question 5 on CIFAR-10, and with more hidden neurons."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from analysis import by_size, cost, drawn, excerpts, explore, forms, plots, style
from analysis.claims import (
    SIGNIFICANT,
    Claim,
    Criterion,
    above,
    above_all,
    at_least,
    at_most,
    below,
    exactly,
    more_often,
    more_than,
    undecided,
    within,
)
from analysis.datasets import CIFAR10_DEVIATION, CIFAR10_MEAN, DATASETS
from analysis.loaded import Results
from analysis.questions import q01, q05, q06
from analysis.results import ASKED_FOR, Runs
from analysis.spec import SGD, Adam, Experiment, Normalization, mlp
from analysis.statistics import Estimate, difference, difference_p, estimate, holm, paired_p, rate

BUILDS_ON = (q01, q05, q06)

SIZES = (32, 64, 128, 256, 512, 1536)

#: An answer of the last takes about as many products as one of question 9's network.
BY_SIZE = {
    size: replace(
        q05.SHEET,
        name=f"q08-hidden-{size:04d}",
        dataset="cifar10",
        layers=mlp(size, output="softmax"),
        epochs=10,
        seeds=range(100) if size in (32, 64) else range(10),
    )
    for size in SIZES
}
SHEET = BY_SIZE[32]

# Of the training images' channels, for pixels from 0 to 1.
_VARIANCE = tuple(round(deviation**2, 4) for deviation in CIFAR10_DEVIATION)

STANDARDISED = replace(
    SHEET,
    name="q08-standardised",
    layers=(Normalization(mean=CIFAR10_MEAN, variance=_VARIANCE), *SHEET.layers),
)
CENTRED = replace(
    SHEET,
    name="q08-centred",
    layers=(Normalization(mean=CIFAR10_MEAN, variance=(1.0, 1.0, 1.0)), *SHEET.layers),
    seeds=range(30),
)

CENTRED_BY_SIZE = {32: CENTRED} | {
    size: replace(
        BY_SIZE[size],
        name=f"q08-centred-{size:04d}",
        layers=(CENTRED.layers[0], *BY_SIZE[size].layers),
        seeds=range(10),
    )
    for size in SIZES[1:]
}

FIRST_EPOCH = replace(SHEET, name="q08-first-epoch", epochs=1, activity_at=q01.STEPS)

#: With raw and with centred inputs.
BY_RATE = {
    (inputs, optimizer): replace(
        experiment,
        name=f"q08-{inputs}-{type(optimizer).__name__.lower()}-{optimizer.learning_rate:g}",
        optimizer=optimizer,
        activity_at=q01.STEPS,
        seeds=range(30),
    )
    for inputs, experiment in {"raw": SHEET, "centred": CENTRED}.items()
    for optimizer in (SGD(0.01), SGD(0.1), Adam(0.0001), Adam(0.0003))
}

EXPERIMENTS = (
    *BY_SIZE.values(),
    STANDARDISED,
    *CENTRED_BY_SIZE.values(),
    FIRST_EPOCH,
    *BY_RATE.values(),
    q06.BY_SIZE[32],
)

#: What was trained with both kinds of inputs: the sheet's optimizer is the last.
OPTIMIZERS = (SGD(0.01), SGD(0.1), Adam(0.0001), Adam(0.0003), SHEET.optimizer)

#: By inputs and optimizer.
ARMS = {
    (inputs, optimizer): BY_RATE.get((inputs, optimizer), sheets)
    for inputs, sheets in {"raw": SHEET, "centred": CENTRED}.items()
    for optimizer in OPTIMIZERS
}

#: All sizes, by inputs.
KINDS = {"raw": BY_SIZE, "centred": CENTRED_BY_SIZE}

#: Up to here more hidden neurons help with centred inputs.
STEEP = 128

#: Runs that every arm has.
PAIRED = 30

#: Living units from which on runs are counted together.
MANY = 4

#: Testing accuracy below which a run has learned nothing; the others are far above.
NOTHING = 0.12


def living(runs: Runs) -> np.ndarray:
    """Hidden units above zero on some training image after each epoch: int, (runs, epochs)."""
    return _units(runs) - runs.dead


def living_at_start(runs: Runs) -> np.ndarray:
    """The same before training: int, shape (runs,)."""
    return _units(runs) - runs.before("dead").sum(axis=1).astype(int)


def living_within(runs: Runs) -> np.ndarray:
    """The same in the first epoch, after each of `Experiment.activity_at`: (runs, steps)."""
    return _units(runs) - runs.within("dead").sum(axis=2).astype(int)


def _units(runs: Runs) -> int:
    return runs.experiment.layers[-2].units


def nothing(runs: Runs) -> np.ndarray:
    """Whether a run has learned nothing: bool, shape (runs,)."""
    return by_size.tested(runs) < NOTHING


def _noticed(runs: Runs) -> np.ndarray:
    """On how many test images a run's answer is not its most frequent one: int, (runs,)."""
    return np.array([len(answers) - np.bincount(answers).max() for answers in runs.predictions])


def in_order(first: np.ndarray, second: np.ndarray) -> float:
    """The share of pairs of runs, unlike in the first value, that differ alike in the second.

    Parameters
    ----------
    first, second : ndarray, shape (runs,)
    """
    more, better = (np.sign(values[:, None] - values) for values in (first, second))
    return float((better[more > 0] > 0).mean())


def _mean_square() -> float:
    """Mean square of the training images' pixels, from 0 to 1."""
    return float(np.mean(np.square(CIFAR10_MEAN) + _VARIANCE))


def _first_step() -> tuple[float, float]:
    """How far Adam's first step can move a hidden unit's input, and how wide it starts.

    Both for pixels with the training images' mean and variance: the step is the learning rate
    in every weight, the start the standard deviation under Glorot's rule.
    """
    pixels = cost.layers(SHEET)[0].shape[0]
    weight_variance = 2 / (pixels + SHEET.layers[-2].units)
    return (
        SHEET.optimizer.learning_rate * pixels * float(np.mean(CIFAR10_MEAN)),
        float(np.sqrt(pixels * _mean_square() * weight_variance)),
    )


def called(optimizer: SGD | Adam) -> str:
    """'Adam 0.001'."""
    return f"{type(optimizer).__name__} {optimizer.learning_rate:g}"


#: Where `living_within` has the tenth step.
_TENTH_STEP = q01.STEPS.index(10)


def _of_the_dead(runs: Runs, alive: np.ndarray) -> float:
    """The share of the units that end dead which are so already when these were alive.

    Parameters
    ----------
    runs : Runs
    alive : ndarray of int, shape (runs,)
    """
    units = _units(runs)
    return float((units - alive).sum() / (units - living(runs)[:, -1]).sum())


def _left(results: Results, inputs: str, optimizer: SGD | Adam) -> np.ndarray:
    """Living units of an arm's runs in the end: int, shape (30,)."""
    return living(results[ARMS[inputs, optimizer]].first(PAIRED))[:, -1]


def _accuracy(results: Results, inputs: str, optimizer: SGD | Adam) -> np.ndarray:
    """Testing accuracy of an arm's runs: float, shape (30,)."""
    return by_size.tested(results[ARMS[inputs, optimizer]].first(PAIRED))


def _with_many(runs: Runs) -> np.ndarray:
    """Testing accuracy of the runs with at least `MANY` living units: float, shape (runs,)."""
    return by_size.tested(runs)[living(runs)[:, -1] >= MANY]


def _lead(results: Results, ours: tuple, theirs: tuple) -> Estimate:
    """Points of testing accuracy that one arm is ahead of another, in runs paired by seed."""
    return difference(_accuracy(results, *ours), _accuracy(results, *theirs)).times(100)


def _centred_over_widest(results: Results) -> Estimate:
    """Points by which 32 neurons with centred inputs are ahead of 1,536 with raw ones."""
    ours, theirs = results[CENTRED], results[BY_SIZE[SIZES[-1]]]
    return difference(by_size.tested(ours), by_size.tested(theirs)).times(100)


def _two_steps(results: Results) -> Estimate:
    """Points that four times `STEEP` neurons are ahead of so many, with centred inputs."""
    ours, theirs = (by_size.tested(results[CENTRED_BY_SIZE[n]]) for n in (4 * STEEP, STEEP))
    return difference(ours, theirs).times(100)


def _more_accurate(results: Results, ours: tuple, theirs: tuple) -> np.ndarray:
    """Whether one arm's run is better than the other's of the same seed: bool, shape (30,)."""
    return _accuracy(results, *ours) > _accuracy(results, *theirs)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    sheet, mnist = results[SHEET], results[q06.BY_SIZE[32]]
    ten, test, at_chance = sheet.first(ASKED_FOR), by_size.tested(sheet), nothing(sheet)
    alive, within = living(sheet), living_within(results[FIRST_EPOCH])
    accuracy = by_size.tested(ten)
    step, width = _first_step()
    largest = BY_SIZE[SIZES[-1]]
    with_units = at_chance & (alive[:, -1] > 0)
    values = {
        "runs": len(sheet),
        "ten_min": float(accuracy.min()),
        "ten_max": float(accuracy.max()),
        "ten_late": max((epoch for _, epoch in late_starters(ten)), default=0),
        "ten_nothing": int(nothing(ten).sum()),
        "middle": float(np.median(test)),
        "best": float(test.max()),
        "most_living": int(alive[:, -1].max()),
        "in_order": in_order(alive[:, -1], test),
        "nothing": int(at_chance.sum()),
        "nothing_dead": int((at_chance & (alive[:, -1] == 0)).sum()),
        "nothing_alive": int(with_units.sum()),
        "nothing_alive_units": int(alive[with_units, -1].max(initial=0)),
        "nothing_alive_noticed": int(_noticed(sheet)[with_units].max(initial=0)),
        "nothing_64": int(nothing(results[BY_SIZE[64]]).sum()),
        "dead_before": int((_units(sheet) - living_at_start(sheet)).sum()),
        "hidden_units": _units(sheet) * len(sheet),
        "dead_early": _of_the_dead(sheet, within[:, _TENTH_STEP]),
        "dead_first_epoch": _of_the_dead(sheet, alive[:, 0]),
        "first_epoch_living": float(alive[:, 0].mean()),
        "mnist_dead": float(mnist.dead[:, -1].mean()),
        "pixel": float(np.mean(CIFAR10_MEAN)),
        "step": step,
        "width": width,
        "slow_living": float(_left(results, "raw", OPTIMIZERS[2]).mean()),
        "slow_middle": float(np.median(_accuracy(results, "raw", OPTIMIZERS[2]))),
        "centred_middle": float(np.median(by_size.tested(results[CENTRED]))),
        "centred_min": float(by_size.tested(results[CENTRED]).min()),
        "times_square": 1 / _mean_square(),
        "paired": PAIRED,
        "gap_raw": float(by_size.gap(results[largest]).mean()),
        "gap_centred_32": float(by_size.gap(results[CENTRED]).mean()),
        "gap_centred": float(by_size.gap(results[CENTRED_BY_SIZE[SIZES[-1]]]).mean()),
        "test_1536": float(by_size.tested(results[largest]).mean()),
        "ten_middle": float(np.median(accuracy)),
        "middle_1536": float(np.median(by_size.tested(results[largest]))),
        "widest_gain": 100
        * float(np.median(by_size.tested(results[largest])) - np.median(accuracy)),
        "sgd_fast_living": float(_left(results, "raw", OPTIMIZERS[1]).mean()),
        "sgd_fast_middle": float(np.median(_accuracy(results, "raw", OPTIMIZERS[1]))),
        "many": MANY,
        "many_runs": len(_with_many(sheet)),
        "many_worst": float(_with_many(sheet).min()),
        "last_p": _adjusted(results)["raw"][-1],
        "steep": STEEP,
        "centred_steep": float(by_size.tested(results[CENTRED_BY_SIZE[STEEP]]).mean()),
        "centred_test_1536": float(by_size.tested(results[CENTRED_BY_SIZE[SIZES[-1]]]).mean()),
        "largest": SIZES[-1],
        "largest_weights": cost.weights(largest),
        "largest_living": float(living(results[largest])[:, -1].mean()),
    }
    _, values["nothing_low"], values["nothing_high"] = rate(at_chance)
    *_, values["nothing_64_high"] = rate(nothing(results[BY_SIZE[64]]))
    return (
        values
        | _lead(results, ("centred", OPTIMIZERS[0]), ("raw", OPTIMIZERS[0])).named("raw_costs")
        | _centred_over_widest(results).named("centred_lead")
        | _two_steps(results).named("two_steps")
    )


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row a level, an arm, a size and a step; see `analysis.questions`."""
    return {
        "levels": _level_rows(results),
        "arms": _arm_rows(results),
        "sizes": _size_rows(results),
        "steps": _step_rows(results),
    }


def _level_rows(results: Results) -> list[list[str]]:
    runs = results[SHEET]
    alive, test = living(runs)[:, -1], by_size.tested(runs)
    rows = [["living hidden units", f"runs, of {len(runs)}", "testing accuracy", "median run"]]
    for count in range(MANY + 1):
        chosen = alive == count if count < MANY else alive >= count
        rows.append(
            [
                f"{count}" if count < MANY else f"{MANY} to {alive.max()}",
                f"{chosen.sum()}",
                forms.extent(test[chosen], ".1%"),
                f"{np.median(test[chosen]):.1%}",
            ]
        )
    return rows


def _arm_rows(results: Results) -> list[list[str]]:
    rows = [
        [
            "inputs, optimizer and rate",
            "living units after 10 steps",
            "after one epoch",
            "after ten epochs",
            "learned nothing",
            "testing accuracy",
            "median run",
        ]
    ]
    arms = ARMS | {("standardised", SHEET.optimizer): STANDARDISED}
    for (inputs, optimizer), experiment in arms.items():
        runs = results[experiment].first(PAIRED)
        alive, test = living(runs), by_size.tested(runs)
        within = _within(results, experiment)
        ten = forms.MISSING if within is None else f"{within[:, _TENTH_STEP].mean():.1f}"
        rows.append(
            [
                f"{inputs}, {called(optimizer)}",
                ten,
                f"{alive[:, 0].mean():.1f}",
                f"{alive[:, -1].mean():.1f}",
                f"{nothing(runs).sum()} of {len(runs)}",
                forms.extent(test, ".1%"),
                f"{np.median(test):.1%}",
            ]
        )
    return rows


def _within(results: Results, experiment: Experiment) -> np.ndarray | None:
    """`living_within` of an arm's runs; of the sheet's, which did not count, by `FIRST_EPOCH`."""
    counting = FIRST_EPOCH if experiment is SHEET else experiment
    if not counting.activity_at:
        return None
    return living_within(results[counting].first(PAIRED))


class Gain(NamedTuple):
    """How much better than a dense network another network is.

    Attributes
    ----------
    told : str
        Points of testing accuracy; over runs on levels the seeds with which it is higher.
    p : float
        How likely chance alone parts them as much.
    criterion : Criterion
        That it is better.
    """

    told: str
    p: float
    criterion: Criterion


def on_levels(runs: Runs) -> bool:
    """Whether some runs have so few living units that each more is a level of accuracy.

    Parameters
    ----------
    runs : Runs
        Of a dense network with one hidden layer.
    """
    return bool(living(runs)[:, -1].min() < MANY)


def gain(dense: Runs, other: Runs, names: str) -> Gain:
    """The gain of another network over a dense one, over the seeds that both have."""
    pairs = min(len(dense), len(other))
    before, after = (by_size.tested(runs.first(pairs)) for runs in (dense, other))
    if on_levels(dense):
        better = after > before
        return Gain(
            f"higher with {better.sum()} of {pairs} seeds",
            paired_p(better, before > after),
            above(f"share of seeds with higher accuracy, {names}", rate(better), 0.5, ".0%"),
        )
    points = difference(after, before).times(100)
    return Gain(
        forms.points(*points), difference_p(after, before), above(f"points, {names}", points)
    )


def _steps(results: Results, networks: dict[int, Experiment]) -> list[Gain]:
    """From each size to the next larger one."""
    return [
        gain(
            results[networks[small]], results[networks[large]], f"{large:,} over {small:,} neurons"
        )
        for small, large in pairwise(networks)
    ]


def _size_rows(results: Results) -> list[list[str]]:
    rows = [
        [
            "inputs, hidden neurons",
            "GFLOP an epoch",
            "living units",
            "learned nothing",
            "training accuracy, %",
            "testing accuracy, %",
        ]
    ]
    for inputs, networks in KINDS.items():
        for size, experiment in networks.items():
            runs = results[experiment]
            alive = living(runs)[:, -1]
            rows.append(
                [
                    f"{inputs}, {size:,}",
                    f"{cost.flops_per_epoch(experiment) / 1e9:,.0f}",
                    forms.counts(alive) if np.ptp(alive) else "all",
                    f"{nothing(runs).sum()} of {len(runs)}",
                    mean_or_extent(runs, by_size.trained),
                    mean_or_extent(runs, by_size.tested),
                ]
            )
    return rows


def _step_rows(results: Results) -> list[list[str]]:
    adjusted = _adjusted(results)
    cells = {
        inputs: [
            [step.told, forms.p_value(p)]
            for step, p in zip(_steps(results, networks), adjusted[inputs], strict=True)
        ]
        for inputs, networks in KINDS.items()
    }
    rows = [["hidden neurons", "raw inputs, points", "p", "centred inputs, points", "p"]]
    for (small, large), raw, centred in zip(pairwise(SIZES), *cells.values(), strict=True):
        rows.append([f"{small:,} to {large:,}", *raw, *centred])
    return rows


def _adjusted(results: Results) -> dict[str, list[float]]:
    """By inputs, the p-value of each step from one size to the next, raised for all of them."""
    steps = {inputs: _steps(results, networks) for inputs, networks in KINDS.items()}
    raised = iter(holm([step.p for of_inputs in steps.values() for step in of_inputs]))
    return {inputs: [next(raised) for _ in of_inputs] for inputs, of_inputs in steps.items()}


def mean_or_extent(runs: Runs, accuracy: Callable[[Runs], np.ndarray]) -> str:
    """An accuracy in percent and its interval; over runs on levels the lowest and the highest."""
    percent = 100 * accuracy(runs)
    return forms.extent(percent, ".1f") if on_levels(runs) else with_half_width(percent)


def with_half_width(percent: np.ndarray) -> str:
    """'42.0 ± 1.2': the mean of runs and its interval."""
    return forms.with_half_width(*estimate(percent), ".1f")


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_the_sheet(results),
        *_claims_of_inputs(results),
        *_claims_of_rates(results),
        *_claims_of_raw_inputs(results),
        *_claims_of_sizes(results),
    ]


def _claims_of_the_sheet(results: Results) -> list[Claim]:
    """How the network of question 5 does on CIFAR-10, and when its hidden units die."""
    sheet, counted = results[SHEET], results[FIRST_EPOCH]
    alive, at_chance, inside = living(sheet), nothing(sheet), living_within(counted)
    none_left = alive[:, -1] == 0
    course = np.hstack([living_at_start(sheet)[:, None], inside, alive])
    other = (counted.final("loss") != sheet.history("loss")[:, 0]) | (
        living(counted)[:, 0] != alive[:, 0]
    )
    return [
        Claim(
            "poor",
            f"The network of question 5 does poorly on CIFAR-10 with each of {len(sheet)} seeds.",
            at_most("best testing accuracy", by_size.tested(sheet).max(), 0.4, ".1%"),
        ),
        Claim(
            "no_overfitting",
            "The network does hardly better on the training images than on the test images.",
            within("training minus testing accuracy, points", estimate(by_size.gap(sheet)), 0, 1),
        ),
        Claim(
            "at_chance",
            "Runs without a living hidden unit learn nothing; nearly all others learn something.",
            exactly(
                "runs without a living unit that learn something", (none_left & ~at_chance).sum(), 0
            ),
            at_most("others that learn nothing", (at_chance & ~none_left).sum(), 1),
        ),
        Claim(
            "more_units",
            "The more hidden units are left, the better a run does.",
            at_least(
                "pairs of runs in which more units go with more accuracy",
                in_order(alive[:, -1], by_size.tested(sheet)),
                0.95,
                ".1%",
            ),
        ),
        Claim(
            "early",
            "No unit is dead at the start; most of those that end up dead die within ten steps.",
            exactly("dead before training", (_units(sheet) - living_at_start(sheet)).sum(), 0),
            more_than(
                "share of the units that end up dead, dead after ten steps",
                _of_the_dead(sheet, inside[:, _TENTH_STEP]),
                0.5,
                ".0%",
            ),
            at_least("dead after one epoch", _of_the_dead(sheet, alive[:, 0]), 0.95, ".0%"),
        ),
        Claim(
            "for_good",
            "The number of living units never rises again in any run.",
            exactly("rises, all steps and epochs counted", (np.diff(course) > 0).sum(), 0),
        ),
        Claim(
            "same_networks",
            "The networks whose units are counted within the first epoch are the same networks.",
            exactly("networks that differ in error or dead units after that epoch", other.sum(), 0),
        ),
    ]


def _claims_of_inputs(results: Results) -> list[Claim]:
    """How many units die with centred and with standardised inputs, and what these gain."""
    standardised, centred = results[STANDARDISED], results[CENTRED]
    return [
        Claim(
            "centring",
            "With centred inputs no unit dies at the assignment's rate, and the worst run is "
            "better than the best run with raw inputs.",
            exactly("fewest living units", living(centred)[:, -1].min(), _units(centred)),
            above_all(
                "testing accuracy with centred inputs",
                by_size.tested(centred),
                by_size.tested(results[SHEET]),
                ".1%",
            ),
        ),
        Claim(
            "centring_any",
            "With centred inputs no unit dies at any rate tried, of Adam or of stochastic gradient "
            "descent.",
            *(
                exactly(
                    f"fewest living units, {called(optimizer)}",
                    _left(results, "centred", optimizer).min(),
                    _units(centred),
                )
                for optimizer in OPTIMIZERS
            ),
        ),
        Claim(
            "not_their_size",
            "With standardised inputs no unit dies either, though they are larger than raw inputs.",
            more_than(
                "mean square of standardised pixels over that of raw ones",
                1 / _mean_square(),
                1,
                ".1f",
            ),
            exactly("fewest living units", living(standardised)[:, -1].min(), _units(standardised)),
            more_often(
                "runs with raw inputs that learn nothing",
                nothing(results[SHEET]),
                nothing(standardised),
            ),
        ),
    ]


def _claims_of_rates(results: Results) -> list[Claim]:
    """How many units live with raw inputs, by optimizer and rate, and what a low rate gains."""
    sgd_slow, sgd_fast, slow, medium, fast = OPTIMIZERS

    def more_left(ours, theirs) -> Criterion:
        return above(
            f"living units, {called(ours)} minus {called(theirs)}",
            difference(_left(results, "raw", ours), _left(results, "raw", theirs)),
            form="+.1f",
        )

    return [
        Claim(
            "rate",
            "With raw inputs, the smaller the rate, the more units live.",
            more_left(slow, medium),
            more_left(medium, fast),
            more_left(sgd_slow, sgd_fast),
        ),
        Claim(
            "not_adam_alone",
            "Stochastic gradient descent at rate 0.1 kills most units, too.",
            above(
                "dead units of 32",
                estimate(_units(results[SHEET]) - _left(results, "raw", sgd_fast)),
                16,
                ".1f",
            ),
        ),
        Claim(
            "long_steps",
            "Ten epochs at a tenth of the rate kill fewer units than one epoch at the full rate.",
            above(
                "living units",
                difference(_left(results, "raw", slow), living(results[SHEET])[:, 0]),
                form="+.1f",
            ),
        ),
        Claim(
            "slower_is_better",
            "With raw inputs, a tenth of the rate gives higher accuracy with every seed.",
            exactly(
                "share of the pairs of runs in which it is higher",
                _more_accurate(results, ("raw", slow), ("raw", fast)).mean(),
                1,
                ".0%",
            ),
        ),
    ]


def _claims_of_raw_inputs(results: Results) -> list[Claim]:
    """What raw inputs cost in accuracy, whether units die or not."""
    sgd_slow, sgd_fast, *_, fast = OPTIMIZERS
    return [
        Claim(
            "raw_costs_more",
            "Raw inputs cost accuracy even where hardly a unit dies.",
            above(
                "living units with raw inputs, SGD 0.01",
                estimate(_left(results, "raw", sgd_slow)),
                31,
                ".1f",
            ),
            above(
                "points of centred inputs over raw ones",
                _lead(results, ("centred", sgd_slow), ("raw", sgd_slow)),
                form="+.1f",
            ),
        ),
        Claim(
            "units_not_all",
            "The number of living units does not decide everything: SGD 0.1 leaves more of them on "
            "average than any run of Adam 0.001 has, but its median run is not as accurate as any "
            f"run of Adam 0.001 with {MANY} or more.",
            above(
                "living units, SGD 0.1",
                estimate(_left(results, "raw", sgd_fast)),
                int(living(results[SHEET])[:, -1].max()),
                ".1f",
            ),
            more_than(
                f"lowest testing accuracy with {MANY} or more living units, Adam 0.001",
                _with_many(results[SHEET]).min(),
                np.median(_accuracy(results, "raw", sgd_fast)),
                ".1%",
            ),
        ),
        Claim(
            "best_arm",
            "At no rate tried do raw inputs do as well as centred inputs at the assignment's rate.",
            *(
                above(
                    f"points over raw, {called(optimizer)}",
                    _lead(results, ("centred", fast), ("raw", optimizer)),
                    form="+.1f",
                )
                for optimizer in OPTIMIZERS
                if optimizer is not fast
            ),
        ),
    ]


def _claims_of_sizes(results: Results) -> list[Claim]:
    """What more hidden neurons gain, with raw and with centred inputs."""
    narrow = BY_SIZE[32]
    raw, centred = (_steps(results, networks) for networks in KINDS.values())
    steep = SIZES.index(STEEP)
    tested = {size: by_size.tested(results[spec]) for size, spec in CENTRED_BY_SIZE.items()}
    further = {
        (small, large): difference(tested[large], tested[small]).times(100)
        for small, large in pairwise(SIZES[steep:])
    }
    return [
        Claim(
            "sizes_raw",
            "With raw inputs each step to more hidden neurons raises testing accuracy.",
            *(step.criterion for step in raw),
        ),
        Claim(
            "sizes_centred",
            f"With centred inputs each step up to {STEEP} hidden neurons raises testing accuracy.",
            *(step.criterion for step in centred[:steep]),
        ),
        Claim(
            "flat",
            f"With centred inputs no step beyond {STEEP} hidden neurons gains anything that can be "
            "told from chance, nor do the first two together. By its interval the last loses "
            "something; after Holm's adjustment for all steps that is in doubt.",
            *(
                at_most(
                    f"lower end of the interval, points, {large:,} over {small} neurons",
                    points.low,
                    0,
                    "+.2f",
                )
                for (small, large), points in further.items()
            ),
            undecided(f"points, {4 * STEEP} over {STEEP} neurons", _two_steps(results)),
            below("points, last step", further[SIZES[-2:]]),
            more_than("p of the last step", _adjusted(results)["centred"][-1], SIGNIFICANT, ".2f"),
        ),
        Claim(
            "insurance",
            "With 64 hidden neurons fewer runs learn nothing than with 32.",
            more_often(
                "runs that learn nothing", nothing(results[narrow]), nothing(results[BY_SIZE[64]])
            ),
        ),
        Claim(
            "wide_or_centred",
            "With centred inputs 32 hidden neurons do better than 1,536 with raw ones.",
            above("points", _centred_over_widest(results)),
        ),
        Claim(
            "gap_grows",
            "Training accuracy is further above testing accuracy in the largest network than in "
            "the smallest, with raw and with centred inputs.",
            *(
                above(
                    f"points more with {max(networks):,} than with 32, {kind}",
                    difference(
                        *(by_size.gap(results[networks[size]]) for size in (max(networks), 32))
                    ),
                )
                for kind, networks in KINDS.items()
            ),
        ),
    ]


#: On a logarithmic axis of steps, which has no 0.
_START = 0.5


def _course(results: Results, experiment: Experiment) -> tuple[list[float], np.ndarray]:
    """Steps and the living units after them: before training, within and after epochs.

    Returns
    -------
    steps : list of float, length n
        `_START` in place of 0.
    living : ndarray of int, shape (runs, n)
    """
    runs, within = results[experiment].first(PAIRED), _within(results, experiment)
    after_epochs = living(runs)
    epochs = [experiment.steps_an_epoch * (n + 1) for n in range(after_epochs.shape[1])]
    steps, parts = [_START], [living_at_start(runs)[:, None]]
    if within is not None:
        steps += q01.STEPS
        parts.append(within)
    return steps + epochs, np.hstack([*parts, after_epochs])


def first_images(results):
    """The first ten training images with the names of their categories."""
    data, names = results.excerpts["cifar10"], DATASETS["cifar10"].categories
    figure, axes = style.figure(5, 2, height=3.1)
    plots.images(
        axes.flat,
        data.train,
        [names[label] for label in data.train_labels[: excerpts.TRAINING_IMAGES]],
    )
    return figure


def accuracy(results):
    """The plots asked for: training and testing accuracy of ten runs."""
    runs = results[SHEET].first(ASKED_FOR)
    alive = living(runs)[:, -1]
    labels = [f"{count} living" if count else "none living" for count in alive]
    colours = [style.theme().categories[min(count, 4)] for count in alive]
    figure, axes = style.figure(2, height=3.7, sharey=True)
    testing = runs.history("val_accuracy")
    plots.training_beside_testing(
        axes, runs.history("accuracy"), testing, labels, colours, "accuracy"
    )
    for ax in axes:  # where three are next to four, whose colour is nearly as dark
        for run in np.flatnonzero(alive >= 4):
            ax.lines[run].set_linestyle("--")
    for run, epoch in late_starters(runs):
        words = f"seed {runs.seeds[run]}\nstarts late"
        for ax, name in zip(axes, ("accuracy", "val_accuracy"), strict=True):
            place = epoch, runs.history(name)[run, epoch - 1]
            plots.mark(ax, place, runs.seeds[run], words, colours[run], up=24)
    return figure


def late_starters(runs: Runs) -> list[tuple[int, int]]:
    """Place of each run that learns but is at chance after two epochs, and how long it is.

    The last epoch, from 1, after which its testing accuracy is that of a run that learned nothing.
    """
    at_chance = runs.history("val_accuracy") < NOTHING
    chosen = np.flatnonzero(at_chance[:, 1] & ~at_chance[:, -1])
    return [(int(run), int(np.flatnonzero(at_chance[run])[-1]) + 1) for run in chosen]


def _dots_by_living(ax, runs: Runs, **look):
    """Testing accuracy by living units after the last epoch, moved sideways so that dots part."""
    alive, test = living(runs)[:, -1], by_size.tested(runs)
    apart = alive + np.random.default_rng(0).uniform(-0.25, 0.25, len(runs))
    dots = ax.scatter(apart, test, color=style.theme().categories[0], lw=0, **look)
    drawn.of_seeds(dots, runs.seeds, places=np.stack([alive, test], axis=1))
    return dots


def living_units(results):
    """Testing accuracy of all runs with raw inputs by their living hidden units."""
    figure, ax = style.figure(height=3.0)
    runs = results[SHEET]
    explore.of_runs(_dots_by_living(ax, runs, s=11, alpha=0.75), runs)
    ax.set(xlabel=f"living hidden units, of {_units(runs)}", ylabel="testing accuracy")
    _mark_chance(ax)
    return figure


def _mark_chance(ax) -> None:
    ax.axhline(0.1, color=style.theme().faint, lw=0.8, ls=":")
    ax.annotate(
        "chance",
        (1, 0.1),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
    )


def arms(results):
    """Living units step by step, and testing accuracy, by inputs, optimizer and rate."""
    figure, axes = style.figure(1, 2, height=6.2)
    colours, ends = style.theme().categories, []
    for optimizer, colour in zip(OPTIMIZERS, colours, strict=True):
        for inputs, look in (("centred", {"ls": ":"}), ("raw", {"marker": ".", "ms": 4})):
            steps, alive = _mean_course(results, inputs, optimizer)
            line = axes[0].plot(steps, alive, color=colour, **look)
            drawn.of_seeds(*line, (), f"{inputs} inputs, {called(optimizer)}, mean")
        ends.append(alive[-1])
    units = SHEET.layers[-2].units
    axes[0].set(xscale="log", ylim=(0, 1.1 * units), xlim=(_START, steps[-1]))
    axes[0].set(xlabel="steps", ylabel=f"living hidden units, of {units}")
    axes[0].set_xticks(
        [_START, 1, 10, 100, 1000, 10_000], ["0", "1", "10", "100", "1,000", "10,000"]
    )
    axes[0].minorticks_off()
    axes[0].annotate(
        "centred inputs (dotted)",
        (100, units),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8.5,
    )
    plots.label_ends(
        axes[0], ends, [f"raw, {called(optimizer)}" for optimizer in OPTIMIZERS], colours
    )
    strips = {
        f"{inputs}\n{called(optimizer).replace(' ', chr(10))}": _accuracy(
            results, inputs, optimizer
        )
        for inputs, optimizer in ARMS
    }
    seeds = [results[experiment].first(PAIRED).seeds for experiment in ARMS.values()]
    strips_of_dots = plots.strips(axes[1], strips, 2 * colours, "testing accuracy", seeds)
    for dots, label, experiment in zip(strips_of_dots, strips, ARMS.values(), strict=True):
        explore.of_runs(dots, results[experiment], label)
    axes[1].set_xticks(
        range(len(ARMS)), [called(optimizer).replace(" ", "\n") for _, optimizer in ARMS]
    )
    axes[1].tick_params(axis="x", labelsize=7.5)
    _name_groups(axes[1], [f"{inputs} inputs" for inputs, _ in ARMS])
    _mark_chance(axes[1])
    return figure


def _name_groups(ax, names: Sequence[str]) -> None:
    """Below the ticks, what those beside each other have in common, once for all of them."""
    for name in dict.fromkeys(names):
        places = [place for place, other in enumerate(names) if other == name]
        ax.annotate(
            name,
            (np.mean(places), 0),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, -27),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=8.5,
        )


def _mean_course(
    results: Results, inputs: str, optimizer: SGD | Adam
) -> tuple[list[float], np.ndarray]:
    steps, alive = _course(results, ARMS[inputs, optimizer])
    return steps, alive.mean(axis=0)


def sizes(results):
    """Training and testing accuracy against the number of hidden neurons, for both inputs."""
    figure, axes = style.figure(2, height=3.4, sharey=True)
    for ax, measure, title in (
        (axes[0], by_size.trained, "training"),
        (axes[1], by_size.tested, "testing"),
    ):
        for (inputs, experiments), colour in zip(
            KINDS.items(), style.theme().categories[:2], strict=True
        ):
            sizes, values = list(experiments), by_size.of_each(results, experiments, measure)
            first = sum(on_levels(results[experiment]) for experiment in experiments.values())
            for size, runs in zip(sizes[:first], values, strict=False):
                dots = ax.scatter(
                    [size] * len(runs), runs, s=14, color=colour, alpha=0.35, linewidths=0
                )
                drawn.of_seeds(dots, range(len(runs)), f"{inputs} inputs")
            plots.by_size(ax, sizes[first:], values[first:], colour, "", f"{inputs} inputs")
            ax.annotate(
                f"{inputs} inputs",
                (sizes[-1], values[-1].mean()),
                xytext=(0, 9 if experiments is CENTRED_BY_SIZE else -16),
                textcoords="offset points",
                ha="right",
                fontsize=8.5,
                color=colour,
            )
        ax.set(title=title, xticks=SIZES, xticklabels=[f"{size:,}" for size in SIZES])
        ax.tick_params(axis="x", labelsize=7.5)
    axes[0].set_ylabel("accuracy")
    return figure


def small(results):
    """For the home page: testing accuracy by living hidden units."""
    runs = results[SHEET]
    figure, ax = style.small_figure()
    _dots_by_living(ax, runs, s=5)
    return figure


FIGURES = {
    "q08-first-images": first_images,
    "q08-accuracy": accuracy,
    "q08-living-units": living_units,
    "q08-arms": arms,
    "q08-sizes": sizes,
    "q08-small": small,
}
