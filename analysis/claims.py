"""A sentence of the report, and the criteria by which the results bear it out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.forms import interval, number, p_value
from analysis.statistics import Estimate, paired_p, unpaired_p

#: Above it, a difference of rates cannot be told from chance.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Criterion:
    """What must be measured for a sentence to hold, what was, and whether that meets it.

    Made by the functions below, so that the words, the values and the test are one.

    Parameters
    ----------
    needed, measured : str
    is_met : bool
    """

    needed: str
    measured: str
    is_met: bool

    def __post_init__(self):
        # NumPy's own booleans are not JSON.
        object.__setattr__(self, "is_met", bool(self.is_met))


class Claim:
    """One statement of a page.

    Parameters
    ----------
    name : str
        Unique within its question: pages link their sentences to it.
    sentence : str
    *criteria : Criterion
        All of them must be met, or the book is not built.
    """

    def __init__(self, name: str, sentence: str, *criteria: Criterion):
        if not criteria:
            raise ValueError(f"claim {name!r} has no criterion")
        self.name, self.sentence, self.criteria = name, sentence, criteria

    @property
    def holds(self) -> bool:
        """Whether every criterion is met."""
        return all(criterion.is_met for criterion in self.criteria)

    def described(self) -> dict:
        """The claim as the book shows it, ready for JSON."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "needed": "; ".join(dict.fromkeys(c.needed for c in self.criteria)),
            "measured": "; ".join(criterion.measured for criterion in self.criteria),
            "holds": self.holds,
        }


def at_least(what: str, value: float, bound: float, form: str = "") -> Criterion:
    """A count, or the smallest or largest of the runs, reaches a bound."""
    return Criterion(
        f"{what} at least {number(bound, form)}",
        f"{what} {number(value, form)}",
        value >= bound,
    )


def at_most(what: str, value: float, bound: float, form: str = "") -> Criterion:
    """A count, or the smallest or largest of the runs, does not pass a bound."""
    return Criterion(
        f"{what} at most {number(bound, form)}",
        f"{what} {number(value, form)}",
        value <= bound,
    )


def more_than(what: str, value: float, bound: float, form: str = "") -> Criterion:
    """Like `at_least`, but the bound itself is too little: more, above, most of."""
    return Criterion(
        f"{what} above {number(bound, form)}",
        f"{what} {number(value, form)}",
        value > bound,
    )


def less_than(what: str, value: float, bound: float, form: str = "") -> Criterion:
    """Like `at_most`, but the bound itself is too much: fewer, below, better than."""
    return Criterion(
        f"{what} below {number(bound, form)}",
        f"{what} {number(value, form)}",
        value < bound,
    )


def exactly(what: str, value: float, expected: float, form: str = "") -> Criterion:
    """A count or an epoch is the one that the sentence names."""
    return Criterion(
        f"{what} exactly {number(expected, form)}",
        f"{what} {number(value, form)}",
        value == expected,
    )


def above_all(what: str, ours: np.ndarray, theirs: np.ndarray, form: str = "") -> Criterion:
    """The smallest of some values is larger than the largest of others."""
    least, most = (number(float(value), form) for value in (ours.min(), theirs.max()))
    return Criterion(
        f"{what} above that of all others",
        f"{what} at least {least}, of the others at most {most}",
        ours.min() > theirs.max(),
    )


def above(what: str, estimate: Estimate, bound: float = 0.0, form: str = "+.2f") -> Criterion:
    """The whole 95% interval lies above a bound: more, faster, better."""
    return Criterion(
        f"the whole interval above {_bound(bound, form)}",
        _measured(what, estimate, form),
        estimate.low > bound,
    )


def below(what: str, estimate: Estimate, bound: float = 0.0, form: str = "+.2f") -> Criterion:
    """The whole 95% interval lies below a bound: less, slower, worse."""
    return Criterion(
        f"the whole interval below {_bound(bound, form)}",
        _measured(what, estimate, form),
        estimate.high < bound,
    )


def within(what: str, estimate: Estimate, low: float, high: float, form: str = "+.2f") -> Criterion:
    """The whole 95% interval lies between two bounds: as good as, about."""
    return Criterion(
        f"the whole interval within {_bound(low, form)} to {_bound(high, form)}",
        _measured(what, estimate, form),
        low <= estimate.low and estimate.high <= high,
    )


def undecided(what: str, estimate: Estimate, form: str = "+.2f") -> Criterion:
    """The 95% interval holds zero: cannot be told from chance."""
    return Criterion(
        "the interval contains 0",
        _measured(what, estimate, form),
        estimate.low <= 0 <= estimate.high,
    )


def more_often(what: str, ours: np.ndarray, theirs: np.ndarray) -> Criterion:
    """Something is true of more of our runs than of theirs with the same seeds.

    Parameters
    ----------
    what : str
    ours, theirs : ndarray of bool, shape (runs,)
    """
    p = paired_p(ours, theirs)
    return Criterion(
        f"more often, p at most {SIGNIFICANT} (McNemar's exact test)",
        _pairs(what, ours, theirs, p),
        p <= SIGNIFICANT and ours.sum() > theirs.sum(),
    )


def likelier(what: str, ours: np.ndarray, theirs: np.ndarray) -> Criterion:
    """Something is true of a larger share of one group than of another; they are not pairs.

    Parameters
    ----------
    what : str
    ours, theirs : ndarray of bool, shapes (ours,) and (theirs,)
    """
    p = unpaired_p(ours, theirs)
    return Criterion(
        f"the larger share, p at most {SIGNIFICANT} (Fisher's exact test)",
        f"{what} {ours.sum()} of {len(ours)} against {theirs.sum()} of {len(theirs)}, {_p(p)}",
        p <= SIGNIFICANT and ours.mean() > theirs.mean(),
    )


def as_often(what: str, ours: np.ndarray, theirs: np.ndarray) -> Criterion:
    """The rates of runs with the same seeds cannot be told apart; like `more_often`."""
    p = paired_p(ours, theirs)
    return Criterion(
        f"p above {SIGNIFICANT} (McNemar's exact test)",
        _pairs(what, ours, theirs, p),
        p > SIGNIFICANT,
    )


def _bound(bound: float, form: str) -> str:
    """As what is measured is written, without a sign where it needs none."""
    return number(bound, form.lstrip("+")) if bound else "0"


def _measured(what: str, estimate: Estimate, form: str) -> str:
    mean, *ends = estimate
    return f"{what} {number(mean, form)} ({interval(*ends, form)})"


def _p(p: float) -> str:
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _pairs(what: str, ours: np.ndarray, theirs: np.ndarray, p: float) -> str:
    only_ours, only_theirs = np.sum(ours & ~theirs), np.sum(theirs & ~ours)
    return (
        f"{what} {ours.sum():,} of {len(ours):,} against {theirs.sum():,}; "
        f"{only_ours:,} only here, {only_theirs:,} only there, {_p(p)}"
    )
