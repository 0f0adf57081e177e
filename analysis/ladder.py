"""Compares arms that each change one thing in another: what questions 7 and 10 share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis import cost, forms
from analysis.claims import (
    SIGNIFICANT,
    Claim,
    Criterion,
    above,
    at_most,
    below,
    more_than,
    undecided,
)
from analysis.loaded import Results
from analysis.spec import Experiment, SpecError
from analysis.statistics import (
    Estimate,
    difference,
    difference_p,
    differences,
    estimate,
    holm,
    rate,
)


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
    bundle : bool
        Whether that respect is several things at once, of which none is measured apart.
    """

    label: str
    experiment: Experiment
    base: Arm | None = None
    bundle: bool = False

    def but(self, name: str, label: str, *, bundle: bool = False, **changes) -> Arm:
        """The arm that differs from this one in the values named.

        Parameters
        ----------
        name : str
            The experiment's.
        label : str
        bundle : bool
        **changes
            Fields of `Experiment`.
        """
        return Arm(label, replace(self.experiment, name=name, **changes), self, bundle)


def bases(arms: Sequence[Arm]) -> dict[Experiment, Experiment]:
    """By experiment the one that it changes, of arms that change one."""
    return {arm.experiment: arm.base.experiment for arm in arms if arm.base}


def accuracy(results: Results, arm: Arm) -> np.ndarray:
    """Accuracy on the held-out images after the last epoch: float, shape (runs,)."""
    return results[arm.experiment].final("val_accuracy")


def over(results: Results, arm: Arm, other: Arm) -> Estimate:
    """Points of accuracy over another arm, paired by seed."""
    return difference(accuracy(results, arm), accuracy(results, other)).times(100)


def lead_over_lead(results: Results, one: tuple[Arm, Arm], other: tuple[Arm, Arm]) -> Estimate:
    """Points by which a first arm is further over a second than a third over a fourth.

    Paired by seed.

    Parameters
    ----------
    one, other : tuple of two arms
        As for `over`.
    """
    ahead = (differences(*(accuracy(results, arm) for arm in pair)) for pair in (one, other))
    return difference(*ahead).times(100)


def gain(results: Results, arm: Arm) -> Estimate:
    """Points of accuracy over the base, paired by seed."""
    return over(results, arm, arm.base)


def gain_by_images(results: Results, arm: Arm) -> Estimate:
    """`gain`, with how it might come out on other held-out images, not with other seeds."""
    ours, theirs = (
        results[experiment].predictions == results.labels(experiment)
        for experiment in (arm.experiment, arm.base.experiment)
    )
    return estimate(differences(ours, theirs).mean(axis=0)).times(100)


def p_values(results: Results, every: Sequence[Arm]) -> dict[Arm, float]:
    """How likely chance alone gives gains as large, for all that have a base (Holm 1979).

    With so many comparisons a few intervals leave out zero by chance. These p-values are raised
    so that with 95% probability none of those up to 0.05 is such a one.

    Raises
    ------
    ValueError
        If an arm shares fewer than two seeds with its base.
    """
    compared = [arm for arm in every if arm.base]
    for arm in compared:
        if _pairs(results, arm) < 2:
            raise ValueError(
                f"{arm.experiment.name} has fewer than two seeds in common with "
                f"{arm.base.experiment.name}, which it changes: a comparison takes two or more"
            )
    alone = [difference_p(accuracy(results, arm), accuracy(results, arm.base)) for arm in compared]
    return dict(zip(compared, holm(alone), strict=True))


def _pairs(results: Results, arm: Arm) -> int:
    """Seeds that an arm and its base have in common."""
    return len(differences(accuracy(results, arm), accuracy(results, arm.base)))


def remaining(results: Results, every: Sequence[Arm]) -> list[Arm]:
    """The arms that can be told from their bases when all comparisons are counted."""
    return [arm for arm, p in p_values(results, every).items() if p <= SIGNIFICANT]


def sharp(results: Results, every: Sequence[Arm], points: float) -> int:
    """How many comparisons have an interval that reaches at most so many points either way."""
    gains = [gain(results, arm) for arm in every if arm.base is not None]
    return sum((found.high - found.low) / 2 <= points for found in gains)


def helping(results: Results, every: Sequence[Arm], name: str, sentence: str, *arms: Arm) -> Claim:
    """A claim that each of some arms helps: the whole interval of its gain is above zero.

    Parameters
    ----------
    every : sequence of Arm
        As for `rows`.
    name, sentence : str
        As for `Claim`.
    *arms : Arm
    """
    return Claim(name, sentence, *_gains(results, every, arms, above))


def harming(results: Results, every: Sequence[Arm], name: str, sentence: str, *arms: Arm) -> Claim:
    """A claim that each of some arms does harm; like `helping`."""
    return Claim(name, sentence, *_gains(results, every, arms, below))


def in_doubt(results: Results, every: Sequence[Arm], name: str, sentence: str, *arms: Arm) -> Claim:
    """A claim that of some arms none can be told from its base; like `helping`."""
    return Claim(name, sentence, *_gains(results, every, arms, undecided))


def withstanding(
    results: Results, every: Sequence[Arm], name: str, sentence: str, *arms: Arm
) -> Claim:
    """A claim that just these arms can be told from their bases after Holm's correction.

    Raises
    ------
    analysis.spec.SpecError
        As for `require_known`.
    """
    require_known(arms, every)
    called, p = names(every), p_values(results, every)
    largest = max(arms, key=p.get)
    others = [arm for arm in p if arm not in arms]
    smallest = min(others, key=p.get, default=None)
    return Claim(
        name,
        sentence,
        at_most(f"the largest p of these ({called[largest]})", p[largest], SIGNIFICANT, ".3f"),
        more_than(
            f"the smallest p of all others ({called.get(smallest, 'none')})",
            p.get(smallest, 1),
            SIGNIFICANT,
            ".3f",
        ),
    )


def _gains(
    results: Results,
    every: Sequence[Arm],
    arms: Sequence[Arm],
    criterion: Callable[[str, Estimate], Criterion],
) -> list[Criterion]:
    """A criterion an arm, on its gain; with the p-value among all beside it."""
    called, p = names(every), p_values(results, every)
    found = {arm: criterion(called[arm], gain(results, arm)) for arm in arms}
    return [
        replace(met, measured=f"{met.measured}, p after Holm {forms.p_value(p[arm])}")
        for arm, met in found.items()
    ]


def teraflops(experiment: Experiment) -> float:
    """Arithmetic of one network's whole training, in 10¹² operations."""
    return experiment.epochs * cost.flops_per_epoch(experiment) / 1e12


def mistakes(results: Results, arm: Arm) -> np.ndarray:
    """Held-out images that each run gets wrong: float, shape (runs,)."""
    return arm.experiment.validation * (1 - accuracy(results, arm))


def fewer(results: Results, arm: Arm, other: Arm) -> float:
    """The share of another arm's mistakes that an arm does without."""
    return 1 - float(mistakes(results, arm).mean() / mistakes(results, other).mean())


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
    "known": lambda results, arm: float(results[arm.experiment].after("accuracy").mean()),
}


def numbers(results: Results, cited: Mapping[str, Sequence[Arm]]) -> dict:
    """What a page cites of arms: each number's name has the last words of the experiment's.

    Parameters
    ----------
    results : Results
    cited : mapping from str, one of `_MEASURES`, to sequence of Arm
        Of which arms the page cites what: means of their runs; gain and fewer are against their
        base, and known is the accuracy on training images as they are.
    """
    return {
        f"{arm.experiment.name.partition('-')[2].replace('-', '_')}_{name}": _MEASURES[name](
            results, arm
        )
        for name, arms in cited.items()
        for arm in arms
    }


def names(arms: Sequence[Arm]) -> dict[Arm, str]:
    """What each arm is called in tables and figures: its number among all, and its label.

    A dagger marks the bundles, and is on no line of its own.
    """
    return {
        arm: f"{number}. {arm.label}" + "\u00a0†" * arm.bundle for number, arm in enumerate(arms, 1)
    }


def require_known(arms: Sequence[Arm], every: Sequence[Arm]) -> None:
    """Refuse arms that are to be shown or claimed, but are not among all of the page.

    Raises
    ------
    analysis.spec.SpecError
        If an arm is not.
    """
    for arm in arms:
        if arm not in every:
            raise SpecError(
                f"{arm.experiment.name} is to be shown, but is not among the ARMS of its "
                "question: name it there, too"
            )


def by_name(arms: Sequence[Arm], every: Sequence[Arm]) -> dict[str, Experiment]:
    """Some arms' experiments, by what `names` of all calls them."""
    called = names(every)
    return {called[arm]: arm.experiment for arm in arms}


def _number(arm: Arm, every: Sequence[Arm]) -> int:
    """An arm's number among all, from 1."""
    return every.index(arm) + 1


def rows(results: Results, arms: Sequence[Arm], every: Sequence[Arm]) -> list[list[str]]:
    """A table of arms, with a row for each; see `analysis.questions`.

    Parameters
    ----------
    arms : sequence of Arm
    every : sequence of Arm
        All arms of the page, which are numbered together; ``arms`` and their bases are among them.

    Raises
    ------
    analysis.spec.SpecError
        As for `require_known`, of the arms and their bases.
    """
    require_known([*arms, *(arm.base for arm in arms if arm.base)], every)
    called, p = names(every), p_values(results, every)
    table = [
        [
            "change",
            "to",
            "gain, points (95%)",
            "p (Holm)",
            "held-out accuracy",
            "pairs",
            "weights",
            "TFLOP",
        ]
    ]
    for arm in arms:
        table.append(
            [
                called[arm],
                f"{_number(arm.base, every)}" if arm.base else "",
                forms.with_half_width(*gain(results, arm), "+.2f") if arm.base else "",
                forms.p_value(p[arm]) if arm.base else "",
                f"{accuracy(results, arm).mean():.2%}",
                f"{_pairs(results, arm)}" if arm.base else "",
                f"{cost.weights(arm.experiment):,}",
                f"{teraflops(arm.experiment):.1f}",
            ]
        )
    return table


#: Headings of the columns of `tested_cells`.
TESTED_COLUMNS = ("testing accuracy", "95%, over seeds", "95%, over images", "mistakes")


def tested_cells(right: np.ndarray) -> list[str]:
    """Cells of a table: the share of test images that are right, its intervals, and mistakes.

    Other seeds would give other networks, other images another share for the same ones: two
    kinds of noise, each with an interval of its own. A vote is one answer to each image, so it
    has the second only.

    Parameters
    ----------
    right : ndarray of bool, shape (runs, images), or (images,) of a vote
    """
    if right.ndim == 1:
        share, seeds, images = rate(right), forms.MISSING, rate(right)
        mistakes = f"{np.sum(~right)}"
    else:
        share, images = estimate(right.mean(axis=1)), estimate(right.mean(axis=0))
        seeds = forms.interval(share.low, share.high, ".2%")
        mistakes = forms.counts(np.sum(~right, axis=1))
    return [
        f"{share.mean:.2%}",
        seeds,
        forms.interval(images.low, images.high, ".2%"),
        mistakes,
    ]
