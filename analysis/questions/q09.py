"""Question 9: a convolutional network on CIFAR-10."""

from dataclasses import replace

import numpy as np

from analysis import (
    by_size,
    cost,
    drawn,
    forms,
    mistakes,
    mistakes_figures,
    plots,
    sketches,
    style,
)
from analysis.claims import Claim, above, at_least, at_most, below, less_than, undecided
from analysis.loaded import Results
from analysis.questions import q08
from analysis.results import ASKED_FOR, Runs
from analysis.spec import Conv2D, Dense, Experiment, Flatten, MaxPooling2D, Normalization, mlp
from analysis.statistics import Estimate, confusion, difference, estimate, holm

BUILDS_ON = (q08,)

SHEET = replace(
    q08.SHEET,
    name="q09-cnn",
    layers=(
        Conv2D(32, 3),
        MaxPooling2D(2),
        Conv2D(64, 3),
        MaxPooling2D(2),
        Conv2D(64, 3),
        Flatten(),
        Dense(64),
        Dense(10, "softmax"),
    ),
    seeds=range(10),
)

#: The dense network with as many weights.
SAME_WEIGHTS = replace(
    q08.SHEET, name="q09-dense-040", layers=mlp(40, output="softmax"), seeds=range(10)
)

#: The dense network with as many multiplications forward.
SAME_COST = q08.BY_SIZE[1536]

CENTRED = replace(SHEET, name="q09-centred", layers=(q08.CENTRED.layers[0], *SHEET.layers))

#: The dense network with centred inputs that takes as much arithmetic to train as `SHEET`.
SAME_TRAINING = replace(
    q08.CENTRED_BY_SIZE[1536],
    name="q09-centred-2084",
    layers=(q08.CENTRED.layers[0], *mlp(2084, output="softmax")),
)

SAME_ORDER_EACH_EPOCH = replace(SHEET, name="q09-not-reshuffled", reshuffle=False)

# All dense sizes, for the figure of accuracy against cost.
EXPERIMENTS = (
    SHEET,
    SAME_WEIGHTS,
    *q08.BY_SIZE.values(),
    *q08.CENTRED_BY_SIZE.values(),
    CENTRED,
    SAME_TRAINING,
    SAME_ORDER_EACH_EPOCH,
)

#: Dense networks that are compared with the convolutional one on the same inputs.
OPPONENTS = {
    SHEET: (SAME_WEIGHTS, SAME_COST),
    CENTRED: (
        q08.CENTRED_BY_SIZE[32],
        q08.CENTRED_BY_SIZE[64],
        q08.CENTRED_BY_SIZE[512],
        q08.CENTRED_BY_SIZE[1536],
        SAME_TRAINING,
    ),
}

#: The training image that shows what a filter does: the second, a truck.
SHOWN = 1

#: All dense networks with centred inputs.
CENTRED_DENSE = (*q08.CENTRED_BY_SIZE.values(), SAME_TRAINING)

#: From after this epoch to the last, testing accuracy and error are said not to improve; picked
#: after the curves were seen.
TURN = 8


def test_images(results: Results) -> np.ndarray:
    """Those of the gallery; see `analysis.questions`."""
    return mistakes.shown(results[SHEET].predictions, results.labels(SHEET))


def _ten(results: Results, experiment: Experiment) -> Runs:
    return results[experiment].first(ASKED_FOR)


def lead(results: Results, ours: Experiment, theirs: Experiment) -> Estimate:
    """By how many points of testing accuracy one is better, in ten runs paired by seed."""
    return difference(*(by_size.tested(_ten(results, e)) for e in (ours, theirs))).times(100)


def _over(results: Results, ours: Experiment, dense: Experiment) -> q08.Gain:
    """How much better a convolutional network is than a dense one."""
    name = f"over {dense.layers[-2].units:,} hidden neurons, {_inputs(dense)} inputs"
    return q08.gain(_ten(results, dense), results[ours], name)


def _inputs(experiment: Experiment) -> str:
    return "centred" if isinstance(experiment.layers[0], Normalization) else "raw"


def _holm(results: Results) -> list[float]:
    """How likely chance alone parts two networks as much: of each two in the table, raised."""
    return holm(
        [_over(results, ours, theirs).p for ours, others in OPPONENTS.items() for theirs in others]
    )


def products(experiment: Experiment) -> int:
    """Multiplications that a network's answer to one image takes."""
    return sum(layer.products for layer in cost.layers(experiment))


def more_arithmetic() -> float:
    """The share by which its training takes more than that of the dense network `SAME_COST`."""
    return cost.flops_per_epoch(SHEET) / cost.flops_per_epoch(SAME_COST) - 1


def dead_by_layer(runs: Runs) -> np.ndarray:
    """Units, of a convolution filters, that are dead in the end: int, shape (runs, 4)."""
    return runs.final("dead").astype(int)


def _dead_units(runs: Runs) -> np.ndarray:
    """Dead units of the dense layer after each epoch: int, shape (runs, epochs)."""
    return runs.history("dead")[:, :, -1].astype(int)


def _dead_filters(runs: Runs) -> np.ndarray:
    """Dead filters of all three convolutions together: int, shape (runs,)."""
    return dead_by_layer(runs)[:, :-1].sum(axis=1)


def _late(runs: Runs, name: str) -> Estimate:
    """By how much a history rises from after epoch `TURN` to the last."""
    return estimate(runs.change(name, TURN))


def _running(ours: Runs, theirs: Runs) -> Estimate:
    """Points of training accuracy that ours are ahead by in the average over the last epoch."""
    return difference(ours.final("accuracy"), theirs.final("accuracy")).times(100)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    runs, labels = results[SHEET], results.labels(SHEET)
    test = by_size.tested(runs)
    animals, vehicles = mistakes.within_kinds(confusion(runs.predictions, labels))
    shared = mistakes.shared_by(runs.predictions, labels)
    frozen = results[SAME_ORDER_EACH_EPOCH]
    return (
        estimate(test).named("test")
        | estimate(by_size.gap(runs)).named("gap")
        | _late(runs, "val_loss").named("late_error")
        | _late(runs, "val_accuracy").times(100).named("late_test")
        | lead(results, SHEET, SAME_TRAINING).named("same_training_gain")
        | min(lead(results, SHEET, dense) for dense in CENTRED_DENSE).named("nearest_dense")
        | lead(results, CENTRED, SHEET).named("centring_gain")
        | lead(results, SAME_ORDER_EACH_EPOCH, SHEET).named("frozen_gain")
        | difference(by_size.trained(frozen), by_size.trained(runs))
        .times(100)
        .named("frozen_train")
        | _running(frozen, runs).named("frozen_running")
        | mistakes.numbers(runs.predictions, labels, first=5)
        | {
            "test_min": float(test.min()),
            "test_max": float(test.max()),
            "train": float(runs.final("accuracy").mean()),
            "first_epoch_test": float(runs.history("val_accuracy")[:, 0].mean()),
            "first_epoch_train": float(runs.history("accuracy")[:, 0].mean()),
            "turn": TURN,
            "dead_first": float(_dead_units(runs)[:, 0].mean()),
            "dead_last": float(_dead_units(runs)[:, -1].mean()),
            "late_train": 100 * _late(runs, "accuracy").mean,
            "first_weights": cost.layers(SHEET)[0].weights,
            "gflop": cost.flops_per_epoch(SHEET) / 1e9,
            "same_cost_gflop": cost.flops_per_epoch(SAME_COST) / 1e9,
            "same_weights_max": float(by_size.tested(results[SAME_WEIGHTS]).max()),
            "same_cost_gain": lead(results, SHEET, SAME_COST).mean,
            "same_cost_test": float(by_size.tested(results[SAME_COST]).mean()),
            "centred_test": float(by_size.tested(results[CENTRED]).mean()),
            "centred_dense_test": max(by_size.tested(results[e]).mean() for e in CENTRED_DENSE),
            "same_training_units": SAME_TRAINING.layers[-2].units,
            "same_training_test": float(by_size.tested(results[SAME_TRAINING]).mean()),
            "largest_p": max(_holm(results)),
            "more_products": products(SAME_COST) / products(SHEET) - 1,
            "more_arithmetic": more_arithmetic(),
            "all_wrong_by_chance": mistakes.all_wrong_by_chance(runs.predictions, labels),
            "on_all_wrong": float(shared[-1]),
            "on_half_right": float(shared[: len(runs) // 2 + 1].sum()),
            "majority": float((mistakes.majority(runs.predictions) == labels).mean()),
            "animals_for_animals": animals,
            "vehicles_for_vehicles": vehicles,
            "frozen_test": float(by_size.tested(frozen).mean()),
        }
    )


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row a network, and a row a layer; see `analysis.questions`."""
    return {"networks": _network_rows(results), "dead": _dead_rows(results)}


def _network_rows(results: Results) -> list[list[str]]:
    rows = [
        [
            "network, inputs",
            "weights",
            "million multiplications",
            "GFLOP an epoch",
            "testing accuracy, %",
            "lead of the convolutional network, points",
        ]
    ]
    for ours, others in OPPONENTS.items():
        own = q08.with_half_width(100 * by_size.tested(results[ours]))
        rows.append([*_costs(ours, "convolutional"), own, ""])
        for experiment in others:
            rows.append(
                [
                    *_costs(experiment, f"dense {experiment.layers[-2].units:,}"),
                    q08.mean_or_extent(_ten(results, experiment), by_size.tested),
                    _over(results, ours, experiment).told,
                ]
            )
    return rows


def _costs(experiment: Experiment, name: str) -> list[str]:
    return [
        f"{name}, {_inputs(experiment)}",
        f"{cost.weights(experiment):,}",
        f"{products(experiment) / 1e6:.2f}",
        f"{cost.flops_per_epoch(experiment) / 1e9:,.0f}",
    ]


def _dead_rows(results: Results) -> list[list[str]]:
    kinds = ["first convolution", "second convolution", "third convolution", "dense layer"]
    units = [layer.filters for layer in SHEET.layers if isinstance(layer, Conv2D)]
    units.append(SHEET.layers[-2].units)
    by_inputs = [dead_by_layer(results[experiment]) for experiment in (SHEET, CENTRED)]
    rows = [["layer", "units", "dead, raw inputs", "dead, centred inputs"]]
    for layer, (kind, count) in enumerate(zip(kinds, units, strict=True)):
        dead = [values[:, layer] for values in by_inputs]
        rows.append([kind, f"{count}", *(f"{d.mean():.1f} ({forms.counts(d)})" for d in dead)])
    return rows


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_accuracy(results),
        *_claims_of_training(results),
        *_claims_of_mistakes(results),
    ]


def _claims_of_accuracy(results: Results) -> list[Claim]:
    """How accurate the networks are, also beside dense ones and with centred inputs."""
    test = by_size.tested(results[SHEET])
    return [
        Claim(
            "close",
            "None of the ten runs fails, and they end close together.",
            at_least("smallest testing accuracy", test.min(), 0.65, ".1%"),
            at_most("from the smallest to the largest, points", 100 * np.ptp(test), 3, ".1f"),
        ),
        Claim(
            "raw",
            "With raw inputs the convolutional network is better than the dense network with as "
            "many weights, and more than 20 points better than the one with as many "
            "multiplications for an answer.",
            _over(results, SHEET, SAME_WEIGHTS).criterion,
            above("points, as many multiplications", lead(results, SHEET, SAME_COST), 20, ".1f"),
        ),
        Claim(
            "centred",
            "With raw inputs the convolutional network is better than every dense network with "
            "centred inputs, including the one that takes as much arithmetic to train.",
            *(_over(results, SHEET, experiment).criterion for experiment in CENTRED_DENSE),
        ),
        Claim(
            "centring",
            "Centred inputs help the convolutional network, too, and fewer of its filters die.",
            above("points", lead(results, CENTRED, SHEET)),
            below(
                "dead filters, centred minus raw",
                difference(*(_dead_filters(results[inputs]) for inputs in (CENTRED, SHEET))),
                form="+.1f",
            ),
        ),
    ]


def _claims_of_training(results: Results) -> list[Claim]:
    """Overfitting, dead filters, and the same order of images in every epoch."""
    runs, frozen = results[SHEET], results[SAME_ORDER_EACH_EPOCH]
    in_first, in_last = (
        100 * (runs.history("accuracy") - runs.history("val_accuracy"))[:, epoch]
        for epoch in (0, -1)
    )
    return [
        Claim(
            "overfits",
            "The trained networks are right on more training images than test images.",
            above("training minus testing accuracy, points", estimate(by_size.gap(runs)), 5, ".1f"),
        ),
        Claim(
            "curves_cross",
            "In the first epoch training accuracy is below testing accuracy, in the last above it.",
            below("in the first, points", estimate(in_first), form="+.1f"),
            above("in the last, points", estimate(in_last), form="+.1f"),
        ),
        Claim(
            "turn",
            f"After epoch {TURN} training accuracy still rises, while the changes in testing "
            "accuracy and testing error cannot be told from chance.",
            above("training accuracy, points", _late(runs, "accuracy").times(100), form=".1f"),
            undecided("testing accuracy, points", _late(runs, "val_accuracy").times(100), "+.2f"),
            undecided("testing error", _late(runs, "val_loss"), "+.3f"),
        ),
        Claim(
            "dead",
            "Filters of all three convolutions die, and units of the dense layer.",
            *(
                at_least(f"dead in layer {layer}, mean", dead, 1, ".1f")
                for layer, dead in enumerate(dead_by_layer(runs).mean(axis=0), start=1)
            ),
        ),
        Claim(
            "dead-back",
            "Fewer units of the dense layer are dead in the end than after the first epoch.",
            below("units", difference(*_dead_units(results[SHEET]).T[[-1, 0]]), form="+.1f"),
        ),
        Claim(
            "frozen",
            "Going through the images in the same order in every epoch costs accuracy, on test "
            "images and on training images.",
            below("testing, points", lead(results, SAME_ORDER_EACH_EPOCH, SHEET)),
            below(
                "training, points",
                difference(by_size.trained(frozen), by_size.trained(runs)).times(100),
            ),
        ),
        Claim(
            "frozen_running",
            "The training accuracy that is averaged over the last epoch does not show this cost.",
            undecided("points", _running(frozen, runs)),
        ),
    ]


def _claims_of_mistakes(results: Results) -> list[Claim]:
    """What is taken for what, and which mistakes the networks share."""
    labels, predictions = results.labels(SHEET), results[SHEET].predictions
    test = by_size.tested(results[SHEET])
    kept = np.array([mistakes.within_kinds(confusion(a, labels)) for a in predictions])
    shared = mistakes.shared_by(predictions, labels)
    most = float((mistakes.majority(predictions) == labels).mean())
    missed = len(mistakes.all_wrong(predictions, labels))
    chance = mistakes.all_wrong_by_chance(predictions, labels)
    return [
        mistakes.cats_and_dogs(
            "cats", "Cats and dogs are mixed up most often.", predictions, labels
        ),
        Claim(
            "kinds",
            "Animals are mostly taken for other animals, vehicles for other vehicles.",
            *(
                above(f"share of the mistakes on {kind}", estimate(shares), 0.5, ".0%")
                for kind, shares in zip(("animals", "vehicles"), kept.T, strict=True)
            ),
        ),
        Claim(
            "shared",
            "The networks share mistakes: all ten miss far more images than they would if each "
            "missed its own share by chance.",
            at_least("times as many as by chance", missed / chance, 10, ".0f"),
        ),
        Claim(
            "unshared",
            "The networks share only some mistakes: most are on images that another network "
            "gets right, and the majority is right more often than the best network.",
            less_than("share of the mistakes on images that all miss", shared[-1], 0.5, ".1%"),
            at_least(
                "points by which the majority is better than the best",
                100 * (most - test.max()),
                5,
                ".1f",
            ),
        ),
    ]


def accuracy(results):
    """The plot asked for, training and testing accuracy of ten runs, and the errors beside it."""
    runs = results[SHEET]
    figure, axes = style.figure(1, 2, height=5.0, sharex=True)
    for ax, name, ylabel in (
        (axes[0], "accuracy", "accuracy"),
        (axes[1], "loss", "error (cross-entropy)"),
    ):
        plots.training_and_testing(ax, runs.history(name), runs.history(f"val_{name}"), ylabel)
    axes[0].set_xlabel("")
    return figure


def accuracy_against_cost(results):
    """Testing accuracy of dense networks and the convolutional ones by cost and by weights."""
    figure, axes = style.figure(2, height=3.6, sharey=True)
    kinds = (
        ("raw", tuple(q08.BY_SIZE.values()), SHEET, style.theme().categories[0]),
        ("centred", CENTRED_DENSE, CENTRED, style.theme().categories[1]),
    )
    for ax, measure, xlabel in (
        (axes[0], lambda e: cost.flops_per_epoch(e) / 1e9, "training, GFLOP an epoch"),
        (axes[1], lambda e: cost.weights(e) / 1e3, "thousand weights"),
    ):
        for inputs, dense, convolutional, colour in kinds:
            for experiment in dense:
                series = f"dense, {inputs} inputs"
                _dots(ax, measure(experiment), _ten(results, experiment), colour, "o", series)
            series = f"convolutional, {inputs} inputs"
            _dots(ax, measure(convolutional), _ten(results, convolutional), colour, "D", series)
            is_above = inputs == "centred"
            largest = [by_size.tested(_ten(results, experiment)) for experiment in dense[-2:]]
            ax.annotate(
                f"dense, {inputs}",
                (measure(dense[-1]), np.max(largest) if is_above else np.min(largest)),
                xytext=(4, 6 if is_above else -6),
                textcoords="offset points",
                ha="right",
                va="bottom" if is_above else "top",
                fontsize=8.5,
                color=colour,
            )
        ax.set(xscale="log", xlabel=xlabel, ylim=(0.05, 0.8))
        style.plain_ticks(ax.xaxis, (1,))
        ax.margins(x=0.12)
    axes[0].annotate(
        "convolutional",
        (cost.flops_per_epoch(SHEET) / 1e9, by_size.tested(results[SHEET]).max()),
        xytext=(-8, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=8.5,
    )
    axes[0].set_ylabel("testing accuracy")
    return figure


def _dots(ax, place: float, runs: Runs, colour: str, marker: str, series: str) -> None:
    test = by_size.tested(runs)
    dots = ax.scatter([place] * len(test), test, s=12, c=colour, lw=0, marker=marker, alpha=0.75)
    drawn.of_seeds(dots, range(len(test)), series)


def confusion_matrix(results):
    """All ten networks' confusion matrix over the test images."""
    matrix = confusion(results[SHEET].predictions, results.labels(SHEET))
    return mistakes_figures.confusion(matrix)


def gallery(results):
    """Test images that all ten networks get wrong, with what they say."""
    return mistakes_figures.gallery(results.excerpts["cifar10"], results[SHEET].predictions)


def convolution(results):
    """What a filter and max pooling make of a training image."""
    return sketches.convolution(results.excerpts["cifar10"].train[SHOWN])


def small(results):
    """For the home page: training and testing accuracy of ten runs."""
    runs, (training, testing) = results[SHEET], style.theme().categories[:2]
    both = np.concatenate([runs.history("accuracy"), runs.history("val_accuracy")])
    colours = [training] * len(runs) + [testing] * len(runs)
    return plots.small_curves(both, colours, [*range(len(runs))] * 2)


FIGURES = {
    "q09-accuracy": accuracy,
    "q09-convolution": convolution,
    "q09-against-cost": accuracy_against_cost,
    "q09-confusion": confusion_matrix,
    "q09-gallery": gallery,
    "q09-small": small,
}
