"""Forms of what is measured, in tables, claims and the README: the one place for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

#: In place of a value where there is none.
MISSING = "–"

MINUS_SIGN = "\N{MINUS SIGN}"


def number(value: int | float | np.number | str, spec: str = "") -> str:
    """A number of the report as text: whole ones in groups of three digits if nothing else is said.

    What is rounded to zero has no sign.

    Examples
    --------
    >>> number(1598), number(-0.25, ".1%"), number(-0.001, "+.2f"), number("none")
    ('1,598', '−25.0%', '0.00', 'none')
    """
    if isinstance(value, str):
        return format(value, spec)
    text = format(value, spec or ("," if isinstance(value, int | np.integer) else ""))
    if "0" in text and not any(digit in text for digit in "123456789"):
        text = text.lstrip("+-")
    return text.replace("-", MINUS_SIGN)


def mean(values: np.ndarray, spec: str) -> str:
    """The mean of some runs; of none it is missing."""
    return format(values.mean(), spec) if len(values) else MISSING


def interval(low: float, high: float, spec: str) -> str:
    """'77.3% to 93.9%': two ends with all between them."""
    return f"{number(low, spec)} to {number(high, spec)}"


def extent(values: np.ndarray, spec: str) -> str:
    """The interval from the smallest to the largest of some values."""
    return interval(values.min(), values.max(), spec)


def one_line(text: str) -> str:
    """A label that was broken into lines, perhaps after a hyphen, as one line."""
    return " ".join(text.replace("-\n", "-").split())


def with_half_width(mean: float, low: float, high: float, spec: str) -> str:
    """'76.4 ± 0.3%': a mean with its interval, which reaches as far either way."""
    half = number((high - low) / 2, spec.removeprefix("+"))
    return f"{number(mean, spec).removesuffix('%')} ± {half}"


def counts(values: np.ndarray) -> str:
    """'29 … 36': the fewest and the most that were counted, on one line."""
    return f"{values.min()}\N{NO-BREAK SPACE}…\N{NO-BREAK SPACE}{values.max()}"


def points(mean: float, low: float, high: float) -> str:
    """Points of accuracy with their interval."""
    return f"{number(mean, '+.2f')} ({interval(low, high, '+.2f')})"


def p_value(p: float) -> str:
    """A p-value; of very small ones only that they are.

    Raises
    ------
    ValueError
        If it is none: what is not a number is below no bound, and must not look significant.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"no p-value: {p}")
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def seeds(values: Sequence[int], to: str = "–") -> str:
    """'0–99', or '0–4, 9': from where to where seeds follow one another.

    Parameters
    ----------
    values : sequence of int
    to : str
        Between two ends.
    """
    steps = groupby(enumerate(sorted(values)), key=lambda placed: placed[1] - placed[0])
    stretches = [[seed for _, seed in stretch] for _, stretch in steps]
    return ", ".join(to.join(map(str, sorted({s[0], s[-1]}))) for s in stretches)


def silent(digits: Sequence[int]) -> str:
    """Which outputs of a run are silent, as ``no output silent`` or ``outputs 0, 7 silent``."""
    if not len(digits):
        return "no output silent"
    return f"output{'s' if len(digits) > 1 else ''} {', '.join(map(str, digits))} silent"
