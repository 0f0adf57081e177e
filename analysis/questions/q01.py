"""Question 1: ten networks for five epochs, and why no two learn alike."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from analysis import draw_a_digit, drawn, forms, levels, levels_figures, plots, sketches, style
from analysis.claims import (
    SIGNIFICANT,
    Claim,
    above,
    above_all,
    at_least,
    at_most,
    below,
    exactly,
    more_than,
    undecided,
    within,
)
from analysis.loaded import Results, computed_once
from analysis.results import ASKED_FOR, Runs
from analysis.spec import SGD, Experiment, mlp
from analysis.statistics import (
    Estimate,
    difference,
    holm,
    rank_correlation,
    rate,
    recall,
    variance_shares,
)

BUILDS_ON = ()

SHEET = Experiment(
    name="q01-sgd",
    dataset="mnist",
    layers=mlp(32, output="relu"),
    loss="squared_error",
    optimizer=SGD(learning_rate=0.1),
    epochs=5,
    seeds=range(100),
)

# What differs between two runs is the initial weights and the order of the images: hold
# either one fixed, then both.
SAME_WEIGHTS = replace(SHEET, name="q01-same-weights", varies=("order",), seeds=range(10))
SAME_ORDER = replace(SHEET, name="q01-same-order", varies=("weights",), seeds=range(10))
SAME_BOTH = replace(SHEET, name="q01-same-both", varies=(), seeds=range(10))

#: Each of these sets of weights with each of ten orders; the first is that of seed 0.
CROSSED = (
    SAME_WEIGHTS,
    *(
        replace(SAME_WEIGHTS, name=f"q01-weights-{seed:02d}", fixed_seed=seed)
        for seed in range(1, 20)
    ),
)

#: Steps of the first epoch, of 1,875, after which is counted who fires.
STEPS = (1, 2, 5, 10, 30, 100, 300, 1000)

FIRST_EPOCH = replace(SHEET, name="q01-first-epoch", epochs=1, activity_at=STEPS)

EXPERIMENTS = (SHEET, *CROSSED, SAME_ORDER, SAME_BOTH, FIRST_EPOCH)

#: By the share of its own digit's images on which an output fires before training.
BANDS = ((0.0, 0.05), (0.05, 0.4), (0.4, 1.0))


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    runs, first = results[SHEET], _first_epoch(results)
    ten = runs.first(ASKED_FOR)
    accuracy, ten_silent = ten.final("accuracy"), levels.counts(ten)
    same_order = results[SAME_ORDER]
    fine, same_weights_fine = levels.fine(runs), levels.fine(results[SAME_WEIGHTS])
    own, silent = runs.own[:, -1], runs.silent[:, -1]
    only_zero, only_other = levels.only_zero(runs), levels.only_other(runs)
    val_accuracy, zeros = runs.final("val_accuracy"), _zeros_right(results)
    by_weights = _silent_by_weights(results)
    weights, orders, both = _shares(results)
    starts, stuck = first.start.sum(axis=1), ~fine
    return (
        levels.numbers(runs)
        | first.numbers()
        | _firing_at(results)
        | draw_a_digit.numbers(results, runs)
        | {
            "ten_accuracy_min": float(accuracy.min()),
            "ten_accuracy_max": float(accuracy.max()),
            "ten_fine_min": float(accuracy[ten_silent == 0].min()),
            "ten_stuck_max": float(accuracy[ten_silent > 0].max()),
            "same_weights_stuck": int(np.sum(~same_weights_fine)),
            "same_weights_fine": int(np.sum(same_weights_fine)),
            "same_order_min": float(same_order.final("accuracy").min()),
            "same_order_max": float(same_order.final("accuracy").max()),
            "crossed_weights": len(by_weights),
            "crossed_orders": by_weights.shape[1],
            "crossed_never": int(np.sum((by_weights == 0).all(axis=1))),
            "crossed_always": int(np.sum((by_weights > 0).all(axis=1))),
            "crossed_some": _decided_by_order(by_weights),
            "weights_share": weights.mean,
            "weights_share_low": weights.low,
            "weights_share_high": weights.high,
            "orders_share": orders,
            "both_share": both.mean,
            "both_share_low": both.low,
            "both_share_high": both.high,
            "outputs": silent.size,
            "silent_max": int(levels.counts(runs).max()),
            "silent_at_first": int(runs.silent[:, 0].sum()),
            "silent_then_heard": int(np.sum(runs.silent[:, 0] & ~silent)),
            "without_own": len(_returns_without_own(runs)),
            "own_silent_max": float(own[silent].max()),
            "own_heard_min": float(own[~silent].min()),
            "never_on_own": int(np.sum(own == 0)),
            "zero_on_all": int(levels.silent_everywhere(runs)[:, -1].sum()),
            "others_silent_median": float(np.median(runs.others[:, -1][silent])),
            "below_1_stayed": _stayed_below(results, 0.01),
            "below_20_stayed": _stayed_below(results, 0.2),
            **{
                f"{name}_{what}": int(value)
                for name, chosen in (
                    ("start0", starts == 0),
                    ("start1", starts == 1),
                    ("start2", starts >= 2),
                )
                for what, value in (("runs", chosen.sum()), ("stuck", stuck[chosen].sum()))
            },
            "level_step": _level_step(runs).mean,
            "only_zero_runs": int(only_zero.sum()),
            "only_zero_accuracy": float(val_accuracy[only_zero].mean()),
            "only_zero_max": float(val_accuracy[only_zero].max()),
            "only_other_accuracy": float(val_accuracy[only_other].mean()),
            "fine_accuracy": float(val_accuracy[fine].mean()),
            "fine_accuracy_min": float(val_accuracy[fine].min()),
            "zeros_right": float(zeros[only_zero].mean()),
            "zeros_right_fine": float(zeros[fine].mean()),
            "digits_often": _more_than_the_mean(silent),
            "digits_p": _evenness(silent),
            "digits_start_p": _evenness(first.start),
            "digits_fell_p": _evenness(first.fell),
        }
    )


def _first_epoch(results: Results) -> levels.FirstEpoch:
    return levels.first_epoch(results[FIRST_EPOCH], results[SHEET])


def _silent_by_weights(results: Results) -> np.ndarray:
    """Silent outputs of each set of weights with each order: int, shape (weights, orders)."""
    return np.array([levels.counts(results[experiment]) for experiment in CROSSED])


def _returns_without_own(runs: Runs) -> np.ndarray:
    """Whether silent outputs are heard in the end that fire on no image of their digit at first."""
    return levels.returns(runs, runs.own[:, 0] == 0)


def _crossing(by_weights: np.ndarray) -> int:
    """Pairs of orders of which each leaves more silent outputs than the other with some weights."""
    pairs = combinations(by_weights.T, 2)
    return sum(bool((a > b).any() and (a < b).any()) for a, b in pairs)


def _decided_by_order(by_weights: np.ndarray) -> int:
    """Sets of weights that lose an output under some orders and none under others."""
    stuck = by_weights > 0
    return int(np.sum(stuck.any(axis=1) & ~stuck.all(axis=1)))


@computed_once
def _shares(results: Results) -> tuple[Estimate, float, Estimate]:
    """What weights, orders and both together explain of the number of silent outputs."""
    return variance_shares(_silent_by_weights(results))


def _firing(results: Results, name: str) -> dict[int, np.ndarray]:
    """``own`` or ``others`` by step, from 0 on, as means of each run's outputs: shape (runs,)."""
    early = results[FIRST_EPOCH]
    shares = [early.before(name), *early.within(name).swapaxes(0, 1)]
    return {step: share.mean(axis=1) for step, share in zip((0, *STEPS), shares, strict=True)}


def _firing_at(results: Results) -> dict:
    """Share of images on which outputs fire before training and after ten and 100 steps."""
    return {
        f"{name}_at_{step}": float(_firing(results, name)[step].mean())
        for name in ("own", "others")
        for step in (0, 10, 100)
    }


def _stayed_below(results: Results, limit: float) -> int:
    """Outputs that end silent and fire on less than a share of their images before training."""
    return int(np.sum(results[SHEET].silent[:, -1] & (results[SHEET].before("own") < limit)))


def _in_band(runs: Runs, low: float, high: float) -> np.ndarray:
    """Outputs that fire on such a share of their own images before training: (runs, 10)."""
    own = runs.before("own")
    return (own >= low) & ((own < high) | (high == 1))


def _fires_elsewhere(runs: Runs) -> np.ndarray:
    """Outputs that before training fire on a larger share of others' images than of their own."""
    return runs.before("others") > runs.before("own")


def _zeros_right(results: Results) -> np.ndarray:
    """Which share of the test images of a 0 each run names so: shape (runs,)."""
    return recall(results[SHEET].predictions, results.labels(SHEET))[:, 0]


def _level_step(runs: Runs) -> Estimate:
    """How much one more silent output adds to the error: slope of a line through all runs."""
    from scipy import stats

    line = stats.linregress(levels.counts(runs), runs.after("loss"))
    half = stats.t.ppf(0.975, len(runs) - 2) * line.stderr
    return Estimate(*map(float, (line.slope, line.slope - half, line.slope + half)))


def _evenness(outputs: np.ndarray) -> float:
    """How likely outputs of shape (runs, 10) spread as unevenly over digits by chance: a p-value.

    Pearson's chi-square test.
    """
    from scipy import stats

    return float(stats.chisquare(outputs.sum(axis=0)).pvalue)


def _more_than_the_mean(outputs: np.ndarray) -> str:
    """The digits that have more of some outputs, shape (runs, 10), than digits have on average."""
    by_digit = outputs.sum(axis=0)
    return ", ".join(map(str, np.flatnonzero(by_digit > by_digit.mean())))


#: What may part digits: name in claims, and in the page's table.
PROPERTIES = {
    "images": "number of its training images",
    "ink": "mean brightness of its images",
    "likeness": "likeness of its mean image to the nearest other digit's (cosine)",
    "missed": "share of its test images that runs without a silent output miss",
    "mistaken": "share of other digits' test images that these runs take for it",
}


@computed_once
def _properties(results: Results) -> dict[str, np.ndarray]:
    """`PROPERTIES` of the ten digits: shape (10,) each."""
    data, labels = results.excerpts["mnist"], results.labels(SHEET)
    answers = results[SHEET].predictions[levels.fine(results[SHEET])]
    means = data.train_means.reshape(10, -1).astype(float)
    directions = means / np.linalg.norm(means, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -1)
    return {
        "images": np.bincount(data.train_labels, minlength=10),
        "ink": means.mean(axis=1),
        "likeness": cosines.max(axis=1),
        "missed": 1 - recall(answers, labels).mean(axis=0),
        "mistaken": np.array([np.mean(answers[:, labels != k] == k) for k in range(10)]),
    }


@computed_once
def _correlations(results: Results) -> dict[str, tuple[Estimate, float]]:
    """Rank correlation of each property with a digit's silent outputs, with Holm's p-value."""
    silent = results[SHEET].silent[:, -1].sum(axis=0)
    found = {n: rank_correlation(v, silent) for n, v in _properties(results).items()}
    raised = holm([p for _, p in found.values()])
    return {name: (rho, p) for (name, (rho, _)), p in zip(found.items(), raised, strict=True)}


def tables(results: Results) -> dict[str, list[list[str]]]:
    """What the page shows as tables; see `analysis.questions`."""
    return {"start": _table_of_starts(results[SHEET]), "digits": _table_of_digits(results)}


def _table_of_starts(runs: Runs) -> list[list[str]]:
    silent, elsewhere = runs.silent[:, -1], _fires_elsewhere(runs)

    def ends_silent(chosen):
        return f"{silent[chosen].sum()} of {chosen.sum()}"

    rows = []
    for low, high in BANDS:
        band = _in_band(runs, low, high)
        rows.append(
            [
                f"{low:.0%} to {high:.0%}",
                ends_silent(band),
                f"{rate(silent[band]).mean:.1%}",
                ends_silent(band & elsewhere),
                ends_silent(band & ~elsewhere),
            ]
        )
    header = [
        "own images on which it fires before training",
        "end silent",
        "share",
        "of those that fire more on others' images",
        "of the rest",
    ]
    return [header, *rows]


def _table_of_digits(results: Results) -> list[list[str]]:
    rows = [
        [
            PROPERTIES[name],
            forms.points(*rho),
            forms.p_value(p),
        ]
        for name, (rho, p) in _correlations(results).items()
    ]
    return [["property of a digit", "rank correlation (95%)", "p (Holm)"], *rows]


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    return [
        *_claims_of_causes(results),
        *_claims_of_levels(results),
        *_claims_of_accuracy(results),
        *_claims_of_the_first_epoch(results),
        *_claims_of_firing(results),
        *_claims_of_digits(results),
    ]


def _claims_of_causes(results: Results) -> list[Claim]:
    """What initial weights and the order of images each decide, and both together."""
    by_weights, by_order = results[SAME_ORDER], results[SAME_WEIGHTS]
    both, table = results[SAME_BOTH], _silent_by_weights(results)
    weights, _, meeting = _shares(results)
    return [
        Claim(
            "same",
            "With the same initial weights and the same order of images, ten runs are one: "
            "their curves coincide to the last digit.",
            exactly(
                "largest difference of training errors",
                np.ptp(both.history("loss"), axis=0).max(),
                0,
                "g",
            ),
        ),
        Claim(
            "causes",
            "Either cause alone makes runs differ: the initial weights, or the order of images.",
            *(
                at_least(
                    f"spread of training accuracy over {name}",
                    np.ptp(runs.final("accuracy")),
                    0.01,
                    ".3f",
                )
                for name, runs in (("weights", by_weights), ("orders", by_order))
            ),
        ),
        Claim(
            "weights",
            "The weights alone explain more than half of the variance of the number of silent "
            "outputs, and the interaction of weights and order explains more than a tenth.",
            above("share of the weights", weights, 0.5, ".0%"),
            above("share of the interaction", meeting, 0.1, ".0%"),
        ),
        Claim(
            "orders",
            "Over all sets of weights, no difference between orders can be told from chance.",
            more_than("p of Friedman's test", _difference_of_orders(table), SIGNIFICANT, ".2f"),
        ),
        Claim(
            "order-decides",
            "With some weights the order decides whether any output ends silent, and an order "
            "that is worse than another with some weights is better with others.",
            at_least("such sets of weights", _decided_by_order(table), 2),
            at_least("such pairs of orders", _crossing(table), 1),
        ),
    ]


def _difference_of_orders(table: np.ndarray) -> float:
    """How likely orders, the columns, are as unlike by chance: p-value of Friedman's test."""
    from scipy import stats

    return float(stats.friedmanchisquare(*table.T).pvalue)


def _claims_of_levels(results: Results) -> list[Claim]:
    """How silent outputs part runs into levels, and how many runs get stuck."""
    runs = results[SHEET]
    ten = runs.first(ASKED_FOR)
    ten_accuracy = ten.final("accuracy")
    own, silent = runs.own[:, -1], runs.silent[:, -1]
    return [
        Claim(
            "ten",
            "Of the first ten runs, those without a silent output end above the others in "
            "training accuracy, with a gap between them.",
            at_least(
                "points between them",
                100
                * (ten_accuracy[levels.fine(ten)].min() - ten_accuracy[~levels.fine(ten)].max()),
                5,
                ".1f",
            ),
        ),
        Claim(
            "heard-or-silent",
            "After training, outputs are either heard or silent, with nothing between: each fires "
            "on nearly all training images of its own digit or on next to none.",
            at_most("largest share among the silent", own[silent].max(), 0.01, ".2%"),
            at_least("smallest share among the others", own[~silent].min(), 0.9, ".1%"),
        ),
        Claim(
            "levels",
            "A run's level is its number of silent outputs: sorted by error, the runs fall into "
            "separate groups, one for each number.",
            at_least(
                "smallest gap between groups in training error",
                levels.room(runs, runs.after("loss")),
                0.001,
                ".4f",
            ),
            at_least(
                "in testing error",
                levels.room(runs, runs.final("val_loss")),
                0.001,
                ".4f",
            ),
        ),
        Claim(
            "stuck",
            "More than half of all runs end with a silent output.",
            above(f"share of {len(runs)} runs", rate(~levels.fine(runs)), 0.5, ".0%"),
        ),
        Claim(
            "level-step",
            "Each silent output adds a little less than 1/100 to the training error.",
            within("slope over all runs", _level_step(runs), 0.007, 0.01, ".4f"),
        ),
    ]


def _claims_of_accuracy(results: Results) -> list[Claim]:
    """What one silent output costs in testing accuracy, and that of 0 less than another."""
    runs, zeros = results[SHEET], _zeros_right(results)
    accuracy = runs.final("val_accuracy")
    fine, only_zero, only_other = (
        kind(runs) for kind in (levels.fine, levels.only_zero, levels.only_other)
    )
    return [
        Claim(
            "accuracy-drop",
            "Every run with one silent output, other than that of 0, lies several points of "
            "accuracy below every run without one.",
            at_least(
                "points between the lowest run without and the highest with",
                100 * (accuracy[fine].min() - accuracy[only_other].max()),
                5,
                ".1f",
            ),
        ),
        Claim(
            "zero",
            "Where the one silent output is that of 0, most images of a 0 are still answered "
            "right, but fewer than in any run without a silent output.",
            more_than("smallest share answered right", zeros[only_zero].min(), 0.5, ".1%"),
            above_all("share without a silent output", zeros[fine], zeros[only_zero], ".1%"),
        ),
        Claim(
            "zero-between",
            "A run in which only the output of 0 is silent has a higher accuracy than any other "
            "run with one silent output, but a lower one than every run without.",
            at_least(
                "smallest lead over the others, points",
                100 * (accuracy[only_zero].min() - accuracy[only_other].max()),
                1,
                ".1f",
            ),
            at_least(
                "smallest distance below those without, points",
                100 * (accuracy[fine].min() - accuracy[only_zero].max()),
                1,
                ".1f",
            ),
        ),
    ]


def _claims_of_the_first_epoch(results: Results) -> list[Claim]:
    """When outputs fall silent, within the first epoch and later, and which are heard again."""
    runs, first = results[SHEET], _first_epoch(results)
    return [
        Claim(
            "same-beginning",
            "The runs that were watched within the first epoch begin exactly as the runs of five "
            "epochs do, to the last digit, so the two may be joined.",
            levels.same_beginning(results[FIRST_EPOCH], runs),
        ),
        Claim(
            "two-ways",
            "Of the outputs that end silent, about half were silent before training; the others "
            "fell silent in training.",
            within(
                "silent before training", rate(first.start[first.in_the_end]), 1 / 3, 2 / 3, ".0%"
            ),
        ),
        Claim(
            "pulled-up",
            "Of the outputs that start silent, about half are heard in the end.",
            within("heard in the end", rate(~first.in_the_end[first.start]), 1 / 3, 2 / 3, ".0%"),
        ),
        Claim(
            "early",
            f"After step {first.last_fall[1]} of the first epoch, no output is seen to fall "
            "silent, in this epoch or later.",
            at_most("last fall seen at step", first.last_fall[1], 300),
            exactly("outputs that fall silent later", levels.changes(runs)["fell_later"], 0),
        ),
        Claim(
            "rarely-back",
            "Of the outputs that are silent after the first epoch, few are heard after the fifth. "
            "Of those that fire on no image of their own digit after the first, none is.",
            below("share heard again", rate(~runs.silent[:, -1][runs.silent[:, 0]]), 1 / 3, ".0%"),
            exactly(
                "heard again, of those that fired on none,",
                int(_returns_without_own(runs).sum()),
                0,
            ),
        ),
    ]


def _claims_of_firing(results: Results) -> list[Claim]:
    """On which images outputs fire before training and soon after, and which end silent."""
    runs = results[SHEET]
    silent, elsewhere = runs.silent[:, -1], _fires_elsewhere(runs)
    never, middle, often = (_in_band(runs, *band) for band in BANDS)
    own, others = _firing(results, "own"), _firing(results, "others")
    return [
        Claim(
            "first-steps",
            "In the first ten steps outputs come to fire on fewer images, and they lose more of "
            "the other digits' images than of their own. Then they win back their own and go on "
            "losing the others'.",
            below("own images, steps 0 to 10", difference(own[10], own[0]), form="+.1%"),
            below(
                "others' minus own",
                difference(others[10] - others[0], own[10] - own[0]),
                form="+.1%",
            ),
            above("own images, steps 10 to 100", difference(own[100], own[10]), form="+.1%"),
            below("others', steps 10 to 100", difference(others[100], others[10]), form="+.1%"),
        ),
        Claim(
            "start",
            "The fewer images of its own digit an output fires on before training, the more "
            "likely it is to end silent.",
            above(
                f"share that ends silent, below {BANDS[0][1]:.0%}",
                rate(silent[never]),
                rate(silent[middle]).high,
                ".0%",
            ),
            above(
                f"{forms.interval(*BANDS[1], '.0%')}",
                rate(silent[middle]),
                rate(silent[often]).high,
                ".0%",
            ),
        ),
        Claim(
            "elsewhere",
            f"Of the outputs that fire on {forms.interval(*BANDS[1], '.0%')} of their own images "
            "before training, those that fire on a larger share of the others' end silent more "
            "often.",
            above(
                "share that ends silent, firing more on others'",
                rate(silent[middle & elsewhere]),
                rate(silent[middle & ~elsewhere]).high,
                ".0%",
            ),
        ),
    ]


def _claims_of_digits(results: Results) -> list[Claim]:
    """How unevenly silent outputs are spread over the digits, and what that may come from."""
    first, correlations = _first_epoch(results), _correlations(results)
    return [
        Claim(
            "digits",
            "The silent outputs are spread unevenly over the digits: all of them together, and "
            "also those that were heard before training.",
            at_most("p of all (chi-square)", _evenness(first.in_the_end), SIGNIFICANT, ".2g"),
            at_most("p of those heard before", _evenness(first.fell), SIGNIFICANT, ".2g"),
        ),
        Claim(
            "digits-start",
            "Before training, no difference between the digits in silent outputs can be told from "
            "chance.",
            more_than("p (chi-square)", _evenness(first.start), SIGNIFICANT, ".2f"),
        ),
        Claim(
            "digits-why",
            "For five properties of a digit, no correlation with its number of silent outputs can "
            "be told from chance after Holm's correction; for four of them not without it either: "
            "the number of its images, their brightness, their likeness to another digit, and how "
            "often they are missed.",
            more_than(
                "smallest p (Holm)", min(p for _, p in correlations.values()), SIGNIFICANT, ".2g"
            ),
            *(
                undecided(PROPERTIES[name], correlations[name][0])
                for name in ("images", "ink", "likeness", "missed")
            ),
        ),
        Claim(
            "digits-lead",
            "By itself one correlation could be told from chance: outputs end silent more often "
            "for digits that runs without a silent output more often see in images of other "
            "digits.",
            above("rank correlation", correlations["mistaken"][0]),
        ),
    ]


def training_accuracy(results):
    """The plot asked for: training accuracy of ten runs against the epoch."""
    return levels_figures.curves(results[SHEET], "accuracy", "training accuracy")


def causes(results):
    """Ten runs with the order, the initial weights, or neither left to chance."""
    figure, axes = style.figure(3, height=2.9, sharey=True)
    for ax, experiment, title in (
        (axes[0], SAME_WEIGHTS, "same initial weights,\ndifferent order"),
        (axes[1], SAME_ORDER, "different initial weights,\nsame order"),
        (axes[2], SAME_BOTH, "same weights,\nsame order"),
    ):
        runs = results[experiment]
        curves = zip(runs.history("accuracy"), levels.counts(runs), strict=True)
        epochs = range(1, runs.experiment.epochs + 1)
        for seed, (curve, count) in enumerate(curves):
            line = ax.plot(epochs, curve, color=plots.silent_colour(count), alpha=0.85)
            drawn.of_seeds(*line, seed, f"{count} silent")
        ax.set(title=title)
        plots.epoch_axis(ax, epochs[-1])
    axes[0].set_ylabel("training accuracy")
    experiments = (SAME_WEIGHTS, SAME_ORDER, SAME_BOTH)
    levels_figures.silent_legend(
        figure, max(int(levels.counts(results[e]).max()) for e in experiments)
    )
    return figure


def crossed(results):
    """Which outputs end silent, for each set of weights with each order."""
    from matplotlib.patches import Rectangle

    silent = np.array([results[experiment].silent[:, -1] for experiment in CROSSED])
    counts = silent.sum(axis=2)
    rows = np.argsort(counts.sum(axis=1), kind="stable")
    figure, ax = style.figure(height=4.6)
    for row, column in np.ndindex(counts.shape):
        outputs = np.flatnonzero(silent[rows[row], column])
        shade = {"facecolor": plots.silent_colour(len(outputs)), "alpha": 0.16}
        told = ", ".join(map(str, outputs))
        cell = Rectangle((column - 0.47, row - 0.44), 0.94, 0.88, linewidth=0, **shade)
        drawn.of_seeds(ax.add_patch(cell), (), f"silent outputs: {told or 'none'}")
        ax.text(
            column,
            row,
            told,
            ha="center",
            va="center",
            fontsize=7.5,
        )
    ax.set(
        xlim=(-0.6, counts.shape[1] - 0.4),
        ylim=(-0.6, len(rows) - 0.4),
        xlabel="order of the images, by seed",
        ylabel="initial weights, by seed",
    )
    ax.set_xticks(range(counts.shape[1]))
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return figure


def firing(results):
    """On what share of its own digit's images each output fires: all outputs of all runs."""
    runs = results[SHEET]
    figure, axes = style.figure(2, height=2.7, sharey=True)
    bins = np.linspace(0, 1, 41)
    for ax, shares, title in (
        (axes[0], runs.before("own"), "before training"),
        (axes[1], runs.own[:, -1], "after five epochs"),
    ):
        ax.hist(shares.ravel(), bins, color=style.theme().categories[0])
        ax.set(xlabel="share of own digit's images\non which an output fires", title=title)
    axes[0].set_ylabel("outputs")
    axes[0].set_yscale("log")
    return figure


def first_epoch(results):
    """Silent outputs before training, within the first epoch and after the last."""
    return levels_figures.first_epoch({"": _first_epoch(results)})


def digits(results):
    """Silent outputs of each digit, before training and in the end."""
    first = _first_epoch(results)
    figure, axes = style.figure(2, height=2.6, sharey=True)
    blue, orange = style.theme().categories[:2]
    start, stayed, fell = (
        outputs.sum(axis=0) for outputs in (first.start, first.stayed, first.fell)
    )
    axes[0].bar(range(10), start, color=blue, lw=0)
    axes[1].bar(range(10), stayed, color=blue, lw=0, label="silent before training")
    axes[1].bar(range(10), fell, bottom=stayed, color=orange, lw=0, label="heard before training")
    for ax, title in zip(axes, ("before training", "after five epochs"), strict=True):
        ax.set(xticks=range(10), xlabel="digit", title=title)
        ax.tick_params(axis="x", length=0)
    axes[0].set_ylabel("silent outputs")
    axes[0].yaxis.get_major_locator().set_params(integer=True)
    axes[1].legend(frameon=False, loc="upper center", fontsize=8.5)
    return figure


def error_and_accuracy(results):
    """Testing error and accuracy of all runs, by their silent outputs."""
    return levels_figures.final_values(results[SHEET])


def opening(results):
    """For the top of the home page: `training_accuracy`, narrow enough for a phone."""
    size = {"width": style.PHONE_WIDTH, "height": 2.8}
    return levels_figures.curves(results[SHEET], "accuracy", "training accuracy", **size)


def small(results):
    """For the home page: ten runs."""
    return levels_figures.small_curves(results[SHEET], "accuracy")


FIGURES = {
    "q01-training-accuracy": training_accuracy,
    "q01-causes": causes,
    "q01-crossed": crossed,
    "q01-silent-output": sketches.silent_output,
    "q01-firing": firing,
    "q01-draw-a-digit": draw_a_digit.still,
    "q01-first-epoch": first_epoch,
    "q01-digits": digits,
    "q01-levels": error_and_accuracy,
    "q01-small": small,
    "q01-opening": opening,
    "q01-draw-small": draw_a_digit.small,
}
