"""Question 5: softmax and cross-entropy, and which of the two does the work."""

from dataclasses import replace

import numpy as np

from analysis import forms, levels, plots, style
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.questions import q04
from analysis.results import Runs
from analysis.spec import mlp
from analysis.statistics import paired_interval, wilson

BUILDS_ON = (q04,)

SHEET = replace(
    q04.SHEET,
    name="q05-softmax-cross-entropy",
    layers=mlp(32, output="softmax"),
    loss="cross_entropy",
)

# Outputs crossed with losses; ReLU with squared error is question 4. Linear outputs are not
# probabilities, so they have no cross-entropy; ReLU outputs have one only because Keras
# scales and clips them.
SOFTMAX_SQUARED = replace(SHEET, name="q05-softmax-squared-error", loss="squared_error")
LINEAR_SQUARED = replace(
    SOFTMAX_SQUARED, name="q05-linear-squared-error", layers=mlp(32, output="linear")
)
RELU_CROSS_ENTROPY = replace(SHEET, name="q05-relu-cross-entropy", layers=mlp(32, output="relu"))

SAME_ORDER_EACH_EPOCH = replace(SHEET, name="q05-not-reshuffled", reshuffle=False, seeds=range(30))

#: The first ten runs with their outputs, by the epoch after which they were kept.
OUTPUTS = {
    epoch: replace(
        SHEET, name=f"q05-outputs-{epoch:02d}", epochs=epoch, outputs=True, seeds=range(10)
    )
    for epoch in (9, 20)
}

EXPERIMENTS = (
    SHEET,
    q04.SHEET,
    SOFTMAX_SQUARED,
    LINEAR_SQUARED,
    RELU_CROSS_ENTROPY,
    SAME_ORDER_EACH_EPOCH,
    *OUTPUTS.values(),
)

_CROSSED = {
    "relu_squared": q04.SHEET,
    "linear_squared": LINEAR_SQUARED,
    "softmax_squared": SOFTMAX_SQUARED,
    "softmax_cross": SHEET,
    "relu_cross": RELU_CROSS_ENTROPY,
}

#: Below this testing accuracy a run has not learned all ten digits.
LEARNED = 0.93


def _crossed(results: Results) -> dict[str, Runs]:
    return {name: results[experiment] for name, experiment in _CROSSED.items()}


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    crossed = _crossed(results)
    values = {
        f"{name}_accuracy": float(crossed[name].final("val_accuracy").mean())
        for name in ("relu_squared", "softmax_cross", "relu_cross")
    }
    for name, runs in crossed.items():
        accuracy = runs.final("val_accuracy")
        stuck = _stuck(runs)
        low, high = wilson(int(stuck.sum()), len(runs))
        values |= {
            f"{name}_stuck": int(stuck.sum()),
            f"{name}_stuck_low": low,
            f"{name}_stuck_high": high,
            f"{name}_fine_accuracy": forms.mean(accuracy[~stuck], ".2%"),
        }
    for name, (ours, theirs) in _COMPARISONS.items():
        difference, low, high = _compared(crossed, ours, theirs)
        # In points, hundredths of accuracy.
        values |= {name: 100 * difference, f"{name}_low": 100 * low, f"{name}_high": 100 * high}
    sheet = crossed["softmax_cross"]
    ten = sheet.first(levels.ASKED_FOR)
    val_loss = ten.history("val_loss").mean(axis=0)
    return values | {
        "runs": len(sheet),
        "learned": LEARNED,
        "worst": float(sheet.final("val_accuracy").min()),
        "best": float(sheet.final("val_accuracy").max()),
        "ten_first_loss": float(ten.history("loss")[:, 0].mean()),
        "ten_loss_mean": float(ten.final("loss").mean()),
        "ten_val_loss_mean": float(ten.final("val_loss").mean()),
        "ten_val_accuracy_mean": float(ten.final("val_accuracy").mean()),
        "best_epoch": int(val_loss.argmin()) + 1,
        "best_val_loss": float(val_loss.min()),
        "accuracy_gap": 100 * _accuracy_gap(sheet),
    }


_COMPARISONS = {
    "softmax_over_linear": ("softmax_squared", "linear_squared"),
    "cross_over_squared": ("softmax_cross", "softmax_squared"),
}


def _stuck(runs) -> np.ndarray:
    """Runs that have not learned all ten digits: a silent output, or too little accuracy."""
    stuck = runs.final("val_accuracy") < LEARNED
    if levels.has_relu_outputs(runs):
        stuck |= levels.counts(runs) > 0
    return stuck


def _compared(crossed: dict[str, Runs], ours: str, theirs: str) -> tuple[float, float, float]:
    """Mean difference of two settings' testing accuracies, and its 95% interval."""
    pair = [crossed[name].final("val_accuracy") for name in (ours, theirs)]
    return float(np.mean(np.subtract(*pair))), *paired_interval(*pair)


def _accuracy_gap(runs: Runs) -> float:
    """Training minus testing accuracy of the trained networks, on average."""
    return float(np.mean(runs.after("accuracy") - runs.final("val_accuracy")))


def tables(results: Results) -> dict[str, list[list[str]]]:
    """None; see `analysis.questions`."""
    return {}


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    crossed = _crossed(results)
    final = {name: runs.final("val_accuracy") for name, runs in crossed.items()}
    stuck = {name: int(_stuck(runs).sum()) for name, runs in crossed.items()}
    n = len(crossed["softmax_cross"])
    upper = wilson(stuck["softmax_cross"], n)[1]
    difference, *gain = _compared(crossed, *_COMPARISONS["cross_over_squared"])
    sheet = crossed["softmax_cross"]
    relu = crossed["relu_squared"]
    fine = ~_stuck(relu)
    return [
        Claim(
            "With softmax and cross-entropy no run gets stuck.",
            f"{stuck['softmax_cross']} of {n} (at most {upper:.0%} with 95% confidence); "
            f"worst testing accuracy {final['softmax_cross'].min():.3f}",
            stuck["softmax_cross"] == 0,
        ),
        Claim(
            "The output layer cures it: with squared error kept, neither softmax nor linear "
            "outputs get stuck.",
            f"stuck: ReLU {stuck['relu_squared']}, linear {stuck['linear_squared']}, softmax "
            f"{stuck['softmax_squared']} of {n} each",
            stuck["linear_squared"] == 0 and stuck["softmax_squared"] == 0,
        ),
        Claim(
            "The loss alone does not: with ReLU outputs cross-entropy gets stuck every time.",
            f"{stuck['relu_cross']} of {n}, mean testing accuracy {final['relu_cross'].mean():.2f}",
            stuck["relu_cross"] == n,
        ),
        Claim(
            "Once softmax is in place, the choice between the two losses moves the testing "
            "accuracy by less than a point.",
            "cross-entropy minus squared error "
            f"{difference:+.4f} ({forms.interval(*gain, '+.4f')}, paired by seed)",
            abs(gain[0]) < 0.01 and abs(gain[1]) < 0.01,
        ),
        Claim(
            "A ReLU network in which no output is silent is as accurate as the softmax network, "
            "within a point.",
            f"{relu.final('val_accuracy')[fine].mean():.4f} against "
            f"{sheet.final('val_accuracy').mean():.4f}",
            abs(relu.final("val_accuracy")[fine].mean() - sheet.final("val_accuracy").mean())
            < 0.01,
        ),
        Claim(
            "Training goes on improving after testing has stopped: the gap opens.",
            f"training minus testing accuracy after the last epoch {_accuracy_gap(sheet):.4f}",
            _accuracy_gap(sheet) > 0.005,
        ),
    ]


def training_error(results):
    """The first plot asked for; error is cross-entropy here."""
    return levels.curves_of_all(results[SHEET], "loss", "training error (cross-entropy)")


def testing_error(results):
    """The second plot asked for."""
    return levels.curves_of_all(results[SHEET], "val_loss", "testing error (cross-entropy)")


def accuracy(results):
    """Accuracy of ten runs, which unlike the error compares with question 4."""
    figure, axes = style.figure(2, height=3.0, sharey=True)
    for ax, name, title in (
        (axes[0], "accuracy", "training"),
        (axes[1], "val_accuracy", "testing"),
    ):
        for experiment, colour in ((q04.SHEET, 1), (SHEET, 0)):
            for run in results[experiment].first(levels.ASKED_FOR).history(name):
                ax.plot(range(1, 21), run, color=style.theme().categories[colour], alpha=0.8)
        ax.set(xlabel="epoch", title=title, xlim=(1, 20), xticks=(1, 5, 10, 15, 20))
    axes[0].set_ylabel("accuracy")
    plots.label_ends(
        axes[1],
        [results[SHEET].final("val_accuracy").mean(), 0.87],
        ["softmax,\ncross-entropy", "ReLU,\nsquared error"],
        style.theme().categories[:2],
    )
    return figure


def crossed_settings(results):
    """All runs of outputs crossed with losses."""
    labels = {
        "relu_squared": "ReLU,\nsquared\nerror\n(question 4)",
        "linear_squared": "linear,\nsquared\nerror",
        "softmax_squared": "softmax,\nsquared\nerror",
        "softmax_cross": "softmax,\ncross-\nentropy\n(question 5)",
        "relu_cross": "ReLU,\ncross-\nentropy",
    }
    return levels.settings_figure({labels[name]: runs for name, runs in _crossed(results).items()})


def small(results):
    """For the home page: testing accuracy of questions 4 and 5."""
    figure, ax = style.small_figure()
    for place, (experiment, colour) in enumerate(((q04.SHEET, 1), (SHEET, 0))):
        accuracy = results[experiment].final("val_accuracy")
        offsets = np.random.default_rng(0).uniform(-0.3, 0.3, len(accuracy))
        ax.scatter(place + offsets, accuracy, s=5, c=style.theme().categories[colour], lw=0)
    return figure


FIGURES = {
    "q05-training-error": training_error,
    "q05-testing-error": testing_error,
    "q05-accuracy": accuracy,
    "q05-crossed": crossed_settings,
    "q05-small": small,
}
