"""Question 8: the network of question 5 on CIFAR-10, and with more hidden neurons."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from analysis import cost, excerpts, forms, levels, plots, style
from analysis.claims import Claim
from analysis.datasets import DATASETS
from analysis.loaded import Results
from analysis.questions import q01, q05, q06
from analysis.results import Runs
from analysis.spec import SGD, Adam, Normalization, mlp
from analysis.statistics import paired_interval, t_interval, wilson

BUILDS_ON = (q01, q05, q06)

SIZES = (32, 64, 128, 256, 512, 1536)

#: The last size takes as many multiplications as the convolutional network of question 9.
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
_MEAN, _VARIANCE = (0.4914, 0.4822, 0.4465), (0.0610, 0.0593, 0.0684)

STANDARDISED = replace(
    SHEET,
    name="q08-standardised",
    layers=(Normalization(mean=_MEAN, variance=_VARIANCE), *SHEET.layers),
)
CENTRED = replace(
    SHEET,
    name="q08-centred",
    layers=(Normalization(mean=_MEAN, variance=(1.0, 1.0, 1.0)), *SHEET.layers),
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
)

_INPUTS = {"raw": SHEET, "centred": CENTRED, "standardised": STANDARDISED}

#: Which number the page cites of which sizes.
CITED = {"train": (1536,), "test": (32, 256, 1536), "gap": (32, 1536)}

#: Living units from which on runs are counted together.
MANY = 4

#: Testing accuracy below which a run has learned nothing; the others are far above.
NOTHING = 0.12


def living(runs: Runs) -> np.ndarray:
    """Hidden units above zero on some training image after each epoch: int, (runs, epochs)."""
    return runs.experiment.layers[-2].units - runs.dead


def nothing(runs: Runs) -> np.ndarray:
    """Whether a run has learned nothing: bool, shape (runs,)."""
    return _test(runs) < NOTHING


def _noticed(runs: Runs) -> np.ndarray:
    """On how many test images a run's answer is not its most frequent one: int, (runs,)."""
    answers = runs.predictions
    return np.array([len(a) - np.bincount(a).max() for a in answers])


def _first_step() -> tuple[float, float]:
    """How far Adam's first step can move a hidden unit's input, and how wide it starts.

    Both for pixels with the training images' mean and variance: the step is the learning rate
    in every weight, the start the standard deviation under Glorot's rule.
    """
    pixels = cost.layers(SHEET)[0].shape[0]
    mean, variance = np.array(_MEAN), np.array(_VARIANCE)
    weight_variance = 2 / (pixels + SHEET.layers[-2].units)
    return (
        SHEET.optimizer.learning_rate * pixels * float(mean.mean()),
        float(np.sqrt(pixels * np.mean(mean**2 + variance) * weight_variance)),
    )


def _by_size(results: Results, values: Callable[[Runs], np.ndarray]) -> np.ndarray:
    """What ``values`` gives for the ten runs of each size: float, shape (6, 10)."""
    ten = [results[spec].first(levels.ASKED_FOR) for spec in BY_SIZE.values()]
    return np.array([values(runs) for runs in ten])


def _train(runs: Runs) -> np.ndarray:
    return runs.final("accuracy")


def _test(runs: Runs) -> np.ndarray:
    return runs.final("val_accuracy")


def _gap(results: Results) -> np.ndarray:
    """Training minus testing accuracy of the trained networks: float, shape (6, 10)."""
    return _by_size(results, lambda runs: runs.after("accuracy")) - _by_size(results, _test)


def numbers(results: Results) -> dict:
    """What the page cites; see `analysis.questions`."""
    sheet = results[SHEET]
    alive, test = living(sheet)[:, -1], _test(sheet)
    step, width = _first_step()
    ten = sheet.first(levels.ASKED_FOR)
    accuracy = _test(ten)
    values = {
        "ten_val_accuracy_min": float(accuracy.min()),
        "ten_val_accuracy_max": float(accuracy.max()),
        "ten_val_accuracy_mean": float(accuracy.mean()),
        "runs": len(sheet),
        "best": float(test.max()),
        "ten_nothing": int(nothing(ten).sum()),
        "nothing_dead": int((nothing(sheet) & (alive == 0)).sum()),
        "nothing_alive": int((nothing(sheet) & (alive > 0)).sum()),
        "nothing_alive_units": int(alive[nothing(sheet)].max()),
        "nothing_alive_noticed": int(_noticed(sheet)[nothing(sheet) & (alive > 0)].max(initial=0)),
        "ten_living_min": int(living(ten)[:, -1].min()),
        "ten_living_max": int(living(ten)[:, -1].max()),
        "most_living": int(alive.max()),
        "dead_before": int(sum(sum(r["before"]["dead"]) for r in sheet.records)),
        "first_epoch_dead": float(sheet.dead[:, 0].mean()),
        "last_epoch_dead": float(sheet.dead[:, -1].mean()),
        "mnist_dead": float(results[q06.BY_SIZE[32]].dead[:, -1].mean()),
        "hidden_units": SHEET.layers[-2].units * len(sheet),
        "step": step,
        "width": width,
    }
    for count in range(MANY + 1):
        chosen = alive == count if count < MANY else alive >= count
        values |= {
            f"living{count}_runs": int(chosen.sum()),
            f"living{count}_test": f"{test[chosen].mean():.1%}",
            f"living{count}_range": forms.extent(test[chosen], ".1%"),
        }
    values["raw_nothing_low"], values["raw_nothing_high"] = wilson(
        int(nothing(sheet).sum()), len(sheet)
    )
    for name, experiment in _INPUTS.items():
        runs = results[experiment]
        values |= {
            f"{name}_runs": len(runs),
            f"{name}_test": float(_test(runs).mean()),
            f"{name}_nothing": int(nothing(runs).sum()),
            f"{name}_living": float(living(runs)[:, -1].mean()),
        }
    values["centred_test_min"] = float(_test(results[CENTRED]).min())
    for name in ("centred", "standardised"):
        mean, low, high = gain(_test(results[_INPUTS[name]]), test)
        values |= {f"{name}_gain": mean, f"{name}_gain_low": low, f"{name}_gain_high": high}
    return values | _size_numbers(results)


def gain(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Points of accuracy over other runs, and their 95% interval, of the seeds that both have."""
    pairs = min(len(ours), len(theirs))
    ours, theirs = ours[:pairs], theirs[:pairs]
    low, high = paired_interval(ours, theirs)
    return 100 * float((ours - theirs).mean()), 100 * low, 100 * high


def _size_numbers(results: Results) -> dict:
    values = {
        "train": _by_size(results, _train).mean(axis=1),
        "test": _by_size(results, _test).mean(axis=1),
        "gap": 100 * _gap(results).mean(axis=1),  # in points
    }
    cited = {
        f"{name}_{size}": float(values[name][SIZES.index(size)])
        for name, sizes in CITED.items()
        for size in sizes
    }
    test = _by_size(results, _test)
    largest = BY_SIZE[SIZES[-1]]
    return cited | {
        "largest": SIZES[-1],
        "largest_weights": cost.weights(largest),
        "largest_living": float(living(results[largest])[:, -1].mean()),
        "times": cost.flops_per_epoch(largest) / cost.flops_per_epoch(SHEET),
        "gain": 100 * float((test[-1] - test[0]).mean()),
    }


def tables(results: Results) -> dict[str, list[list[str]]]:
    """A row a size; see `analysis.questions`."""
    train, test = _by_size(results, _train), _by_size(results, _test)
    alive, at_chance = (
        _by_size(results, lambda runs: living(runs)[:, -1]),
        _by_size(results, nothing),
    )
    rows = [
        [
            "hidden neurons",
            "weights",
            "GFLOP an epoch",
            "training accuracy",
            "testing accuracy",
            "95% interval",
            "gain of the step, points",
            "living units",
            "runs at chance",
        ]
    ]
    for i, (size, experiment) in enumerate(BY_SIZE.items()):
        low, high = t_interval(test[i])
        step = 100 * (test[i] - test[i - 1]).mean()
        rows.append(
            [
                f"{size:,}",
                f"{cost.weights(experiment):,}",
                f"{cost.flops_per_epoch(experiment) / 1e9:.0f}",
                f"{train[i].mean():.1%}",
                f"{test[i].mean():.1%}",
                forms.half_width(low, high, ".1%"),
                f"{step:+.1f}" if i else "",
                f"{alive[i].mean():.0f}",
                f"{at_chance[i].sum():.0f}",
            ]
        )
    return {"sizes": rows}


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    from scipy import stats

    return float(stats.spearmanr(a, b).statistic)


def claims(results: Results) -> list[Claim]:
    """What the page states of the results; see `analysis.questions`."""
    sheet, standardised = results[SHEET], results[STANDARDISED]
    centred = results[CENTRED]
    alive, test, at_chance = living(sheet)[:, -1], _test(sheet), nothing(sheet)
    means = _by_size(results, _test).mean(axis=1)
    gap = _gap(results).mean(axis=1)
    _, *with_scaling = gain(_test(standardised), test)
    largest = _test(results[BY_SIZE[SIZES[-1]]])
    _, *centred_gain = gain(_test(centred), largest)
    failed = [int(runs.sum()) for runs in _by_size(results, nothing)]
    _, *centring = gain(_test(standardised), _test(centred))
    return [
        Claim(
            "The network of question 5 does poorly on CIFAR-10, whatever its seed.",
            f"testing accuracy of {len(sheet)} runs {forms.extent(test, '.3f')}",
            test.max() < 0.45,
        ),
        Claim(
            "A run whose hidden units have all died learns nothing, and hardly any other run "
            "learns nothing.",
            f"of {int((alive == 0).sum())} runs without a living unit "
            f"{int(at_chance[alive == 0].sum())} end below {NOTHING:.0%}, of the "
            f"{int((alive > 0).sum())} others {int(at_chance[alive > 0].sum())}; the next run has "
            f"{test[~at_chance].min():.1%}",
            at_chance[alive == 0].all()
            and at_chance[alive > 0].mean() < 0.02
            and test[~at_chance].min() > NOTHING + 0.03,
        ),
        Claim(
            "How well the others do depends on how many hidden units are left.",
            f"rank correlation of living units and testing accuracy "
            f"{_rank_correlation(alive, test):.2f}",
            _rank_correlation(alive, test) > 0.9,
        ),
        Claim(
            "No unit is dead at the start, and most die in the first epoch.",
            f"{sum(sum(r['before']['dead']) for r in sheet.records)} dead before training, "
            f"{sheet.dead[:, 0].mean():.1f} of 32 after one epoch, "
            f"{sheet.dead[:, -1].mean():.1f} after ten",
            not any(sum(r["before"]["dead"]) for r in sheet.records)
            and sheet.dead[:, 0].mean() > 0.8 * sheet.dead[:, -1].mean(),
        ),
        Claim(
            "With standardised inputs no run fails, and nearly all units live.",
            f"{int(nothing(standardised).sum())} of {len(standardised)} fail; "
            f"{living(standardised)[:, -1].mean():.1f} of 32 live; testing accuracy "
            f"{forms.interval(*with_scaling, '+.1f')} points",
            not nothing(standardised).any()
            and living(standardised)[:, -1].mean() > 28
            and with_scaling[0] > 10,
        ),
        Claim(
            "It is the centring that does it: leaving out the scaling changes little.",
            f"{living(centred)[:, -1].mean():.1f} of 32 live; standardised minus centred "
            f"{forms.interval(*centring, '+.1f')} points",
            not nothing(centred).any() and max(map(abs, centring)) < 3,
        ),
        Claim(
            "Each step to more hidden neurons raises the mean testing accuracy.",
            ", ".join(f"{size}: {mean:.3f}" for size, mean in zip(SIZES, means, strict=True)),
            np.all(np.diff(means) > 0),
        ),
        Claim(
            "With centred inputs 32 hidden neurons do better than 1,536 with raw ones.",
            f"{forms.interval(*centred_gain, '+.1f')} points",
            centred_gain[0] > 0,
        ),
        Claim(
            "From 64 hidden neurons on no run fails.",
            "runs at chance: "
            + ", ".join(f"{size}: {n}" for size, n in zip(SIZES, failed, strict=True)),
            failed[0] > 0 and not any(failed[1:]),
        ),
        Claim(
            "Even the largest network stays far from solving the task.",
            f"mean testing accuracy {means[-1]:.3f} with {SIZES[-1]:,} neurons",
            means[-1] < 0.6,
        ),
        Claim(
            "Training and testing part more the larger the network.",
            "points: "
            + ", ".join(f"{size}: {100 * g:.1f}" for size, g in zip(SIZES, gap, strict=True)),
            gap[-1] > gap[0] + 0.01,
        ),
    ]


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
    runs = results[SHEET].first(levels.ASKED_FOR)
    alive = living(runs)[:, -1]
    labels = [f"{count} living" if count else "none living" for count in alive]
    colours = [style.theme().categories[min(count, 4)] for count in alive]
    figure, axes = style.figure(1, 2, height=5.6, sharex=True, sharey=True)
    plots.run_curves(axes[0], runs.history("accuracy"), labels, colours, "training accuracy")
    plots.run_curves(axes[1], runs.history("val_accuracy"), labels, colours, "testing accuracy")
    axes[0].set_xlabel("")
    return figure


def _living_apart(runs: Runs) -> np.ndarray:
    """Living units after the last epoch, moved sideways a little so that dots part."""
    return living(runs)[:, -1] + np.random.default_rng(0).uniform(-0.25, 0.25, len(runs))


def living_units(results):
    """Testing accuracy of raw inputs by living hidden units, and of all three kinds of inputs."""
    figure, axes = style.figure(2, height=3.4, sharey=True, width_ratios=(1.4, 1))
    colours = style.theme().categories[:3]
    sheet = results[SHEET]
    axes[0].scatter(_living_apart(sheet), _test(sheet), s=11, c=colours[0], alpha=0.75, lw=0)
    axes[0].set(xlabel="hidden units that are not dead, of 32", ylabel="testing accuracy")
    axes[0].set_title("raw inputs")
    groups = {
        f"{name}\n({living(runs)[:, -1].mean():.0f} living)": _test(runs)
        for name, runs in ((name, results[spec]) for name, spec in _INPUTS.items())
    }
    plots.strips(axes[1], groups, colours, "")
    axes[1].tick_params(axis="x", labelsize=7.5)
    for ax in axes:
        ax.axhline(0.1, color=style.theme().faint, lw=0.8, ls=":")
    axes[0].annotate(
        "chance",
        (1, 0.1),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
    )
    return figure


def sizes(results):
    """Training and testing accuracy against the number of hidden neurons."""
    figure, axes = style.figure(2, height=3.2, sharey=True)
    for ax, name, title, colour in (
        (axes[0], "accuracy", "training", 0),
        (axes[1], "val_accuracy", "testing", 1),
    ):
        values = _by_size(results, lambda runs, name=name: runs.final(name))
        plots.by_size(ax, SIZES, values, style.theme().categories[colour], "")
        ax.set_title(title)
        ax.tick_params(axis="x", labelsize=7.5)
    axes[0].set_ylabel("accuracy")
    return figure


def small(results):
    """For the home page: testing accuracy by living hidden units."""
    runs = results[SHEET]
    figure, ax = style.small_figure()
    ax.scatter(_living_apart(runs), _test(runs), s=5, c=style.theme().categories[0], lw=0)
    return figure


FIGURES = {
    "q08-first-images": first_images,
    "q08-accuracy": accuracy,
    "q08-living-units": living_units,
    "q08-sizes": sizes,
    "q08-small": small,
}
