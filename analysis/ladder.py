"""Compares arms that each change one thing in another: what questions 7 and 10 share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import cost, forms, style
from analysis.claims import Claim
from analysis.loaded import Results
from analysis.spec import Experiment
from analysis.statistics import t_interval


@dataclass(frozen=True)
class Arm:
    """One thing that was tried.

    Parameters
    ----------
    label : str
        What it changes in ``base``; of the first arm, what it is.
    experiment : Experiment
        Tested on images that are held out of the training set.
    base : Arm or None
        The arm that it changes in one respect.
    """

    label: str
    experiment: Experiment
    base: Arm | None = None

    def but(self, name: str, label: str, **changes) -> Arm:
        """The arm that differs from this one in the values named.

        Parameters
        ----------
        name : str
            The experiment's.
        label : str
        **changes
            Fields of `Experiment`.
        """
        return Arm(label, replace(self.experiment, name=name, **changes), base=self)


def accuracy(results: Results, arm: Arm) -> np.ndarray:
    """Accuracy on the held-out images after the last epoch: float, shape (runs,)."""
    return results[arm.experiment].final("val_accuracy")


def gain(results: Results, arm: Arm) -> tuple[float, float, float]:
    """Points of accuracy over the base, and their 95% interval, paired by seed.

    By Student's t: of the four to ten runs of an arm a bootstrap gives intervals too short.
    """
    ours, theirs = results[arm.experiment], results[arm.base.experiment]
    pairs = min(len(ours), len(theirs))
    ours, theirs = (100 * runs.first(pairs).final("val_accuracy") for runs in (ours, theirs))
    return (float(np.mean(ours - theirs)), *t_interval(ours - theirs))


def helps(results: Results, arm: Arm) -> bool:
    """Whether the whole interval of the gain is above zero."""
    return gain(results, arm)[1] > 0


def harms(results: Results, arm: Arm) -> bool:
    """Whether the whole interval of the gain is below zero."""
    return gain(results, arm)[2] < 0


def is_in_doubt(results: Results, arm: Arm) -> bool:
    """Whether the interval of the gain holds zero."""
    _, low, high = gain(results, arm)
    return low <= 0 <= high


def helping(results: Results, sentence: str, *arms: Arm) -> Claim:
    """A claim that each of some arms helps."""
    return Claim(sentence, _gains(results, arms), all(helps(results, arm) for arm in arms))


def harming(results: Results, sentence: str, *arms: Arm) -> Claim:
    """A claim that each of some arms does harm."""
    return Claim(sentence, _gains(results, arms), all(harms(results, arm) for arm in arms))


def in_doubt(results: Results, sentence: str, *arms: Arm) -> Claim:
    """A claim that of some arms none can be told from its base."""
    return Claim(sentence, _gains(results, arms), all(is_in_doubt(results, arm) for arm in arms))


def _gains(results: Results, arms: Sequence[Arm]) -> str:
    return "points: " + ", ".join(forms.points(*gain(results, arm)) for arm in arms)


def teraflops(experiment: Experiment) -> float:
    """Arithmetic of one network's whole training, in 10¹² operations."""
    return experiment.epochs * cost.flops_per_epoch(experiment) / 1e12


def mistakes(results: Results, arm: Arm) -> np.ndarray:
    """Held-out images that each run gets wrong: float, shape (runs,)."""
    return arm.experiment.validation * (1 - accuracy(results, arm))


def fewer(results: Results, arm: Arm, other: Arm) -> float:
    """The share of another arm's mistakes that an arm does without."""
    return 1 - float(mistakes(results, arm).mean() / mistakes(results, other).mean())


def best(results: Results, arms: Sequence[Arm]) -> Arm:
    """The arm with the highest mean accuracy on held-out images."""
    return max(arms, key=lambda arm: accuracy(results, arm).mean())


def dead_ends(arms: Sequence[Arm], chosen: Sequence[Arm]) -> list[Arm]:
    """The arms that no other builds on and that were not chosen in the end."""
    bases = [arm.base for arm in arms]
    return [arm for arm in arms if arm not in bases and arm not in chosen]


#: What a page may cite of an arm, by the last word of the number's name.
_MEASURES = {
    "accuracy": lambda results, arm: float(accuracy(results, arm).mean()),
    "mistakes": lambda results, arm: float(mistakes(results, arm).mean()),
    "seconds": lambda results, arm: results[arm.experiment].seconds / len(arm.experiment.seeds),
    "gain": lambda results, arm: gain(results, arm)[0],
    "fewer": lambda results, arm: fewer(results, arm, arm.base),
}


def numbers(results: Results, cited: Mapping[str, Sequence[Arm]]) -> dict:
    """What a page cites of arms: each number's name has the last words of the experiment's.

    Parameters
    ----------
    results : Results
    cited : mapping from {"accuracy", "mistakes", "seconds", "gain", "fewer"} to sequence of Arm
        Of which arms the page cites what: means of their runs; the last two against their base.
    """
    return {
        f"{arm.experiment.name.partition('-')[2].replace('-', '_')}_{name}": _MEASURES[name](
            results, arm
        )
        for name, arms in cited.items()
        for arm in arms
    }


def names(arms: Sequence[Arm]) -> dict[Arm, str]:
    """What each arm is called in tables and figures: its number among all, and its label."""
    return {arm: f"{_number(arm, arms)}. {arm.label}" for arm in arms}


def _number(arm: Arm, every: Sequence[Arm]) -> int:
    """An arm's number among all, from 1."""
    return every.index(arm) + 1


def rows(results: Results, arms: Sequence[Arm], every: Sequence[Arm]) -> list[list[str]]:
    """A table of arms, with a row for each; see `analysis.questions`.

    Parameters
    ----------
    arms : sequence of Arm
    every : sequence of Arm
        All that are numbered together, theirs and their bases among them.
    """
    called = names(every)
    table = [
        [
            "change",
            "to",
            "gain, points (95% interval)",
            "held-out accuracy",
            "weights",
            "TFLOP",
            "seconds",
        ]
    ]
    for arm in arms:
        runs = results[arm.experiment]
        table.append(
            [
                called[arm],
                f"{_number(arm.base, every)}" if arm.base else "",
                forms.points(*gain(results, arm)) if arm.base else "",
                f"{accuracy(results, arm).mean():.2%}",
                f"{cost.weights(arm.experiment):,}",
                f"{teraflops(arm.experiment):.1f}",
                f"{runs.seconds / len(runs):,.0f}",
            ]
        )
    return table


def mistakes_figure(
    results: Results, arms: Sequence[Arm], every: Sequence[Arm], dropped: Sequence[Arm] = ()
):
    """Mistakes on held-out images, a row an arm: every run, and the arm's mean.

    Parameters
    ----------
    arms : sequence of Arm
        From top to bottom.
    every : sequence of Arm
        As for `rows`.
    dropped : sequence of Arm
        Those of them that no other arm builds on because they did not help; drawn in grey.
    """
    colours = [
        style.theme().faint if arm in dropped else style.theme().categories[0] for arm in arms
    ]
    figure, ax = style.figure(height=0.9 + 0.27 * len(arms))
    for row, (arm, colour) in enumerate(zip(arms, colours, strict=True)):
        runs = mistakes(results, arm)
        ax.scatter(runs, np.full(len(runs), row), s=11, c=colour, alpha=0.55, lw=0)
        ax.plot([runs.mean()], [row], "|", color=colour, ms=13, mew=2)
    called = names(every)
    ax.set_yticks(range(len(arms)), [called[arm] for arm in arms])
    ax.set(xscale="log", ylim=(len(arms) - 0.4, -0.6))
    style.plain_ticks(ax.xaxis)
    ax.set_xlabel(f"mistakes on {arms[0].experiment.validation:,} held-out images")
    ax.grid(axis="x", which="both", color=style.theme().faint, lw=0.4, alpha=0.4)
    ax.tick_params(axis="y", length=0)
    return figure


def small_figure(results: Results, arms: Sequence[Arm]):
    """For the home page: mean mistakes on held-out images, arm by arm."""
    figure, ax = style.small_figure()
    means = [mistakes(results, arm).mean() for arm in arms]
    ax.plot(means, "o", ms=3.5, color=style.theme().categories[0])
    ax.set_yscale("log")
    ax.set(yticks=[])
    ax.minorticks_off()
    return figure
