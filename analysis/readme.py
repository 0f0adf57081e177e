"""Keeps the README's numbers those of the results, and draws its picture."""

from __future__ import annotations

import json
import re

import numpy as np

from analysis import figures, forms, levels, plots, report, style, tta
from analysis.files import write_whole
from analysis.loaded import Results
from analysis.naming import ClaimError
from analysis.questions import q01, q08, q09, q10
from analysis.results import ASKED_FOR

README = figures.BOOK.parent / "README.md"
PICTURE = figures.BOOK / "_static" / "readme.png"

#: A number between comments that no reader sees: ``<!--q01.stuck:,-->63<!---->``.
NUMBER = re.compile(r"<!--(?P<name>[\w.]+)(:(?P<spec>[^>]*))?-->[^<]*<!---->")


def write() -> None:
    """Write both, from the numbers that the last build gathered.

    Raises
    ------
    analysis.naming.ClaimError
        If the README cites a number that there is not.
    """
    numbers = json.loads(report.NUMBERS.read_text(encoding="utf-8"))["numbers"]
    write_whole(README, filled(README.read_text(encoding="utf-8"), numbers).encode())
    with style.drawing(style.LIGHT):
        picture(Results()).savefig(PICTURE, dpi=150, facecolor="white")


def filled(text: str, numbers: dict) -> str:
    """The text with its numbers as the results have them now.

    Raises
    ------
    analysis.naming.ClaimError
        If the results have no such number.
    """

    def number(match: re.Match) -> str:
        if match["name"] not in numbers:
            raise ClaimError(
                f"README.md cites the number {match['name']!r}, which the results do not have: "
                "book/numbers.json has their names"
            )
        value = forms.number(numbers[match["name"]], match["spec"] or "")
        return f"{match[0].partition('-->')[0]}-->{value}<!---->"

    return NUMBER.sub(number, text)


def picture(results: Results):
    """Ten runs of the first network, and what up to ten reach on CIFAR-10, step by step."""
    figure, (left, right) = style.figure(2, height=3.4)
    runs = results[q01.SHEET].first(ASKED_FOR)
    for curve, count in zip(runs.history("accuracy"), levels.counts(runs), strict=True):
        left.plot(range(1, len(curve) + 1), curve, color=plots.silent_colour(count))
    left.set(title="digits: one network, trained ten times", xlabel="epoch")
    left.set_ylabel("training accuracy")
    steps = {
        "one hidden\nlayer": q08.SHEET,
        "centred\ninputs": q08.CENTRED,
        "convo-\nlution": q09.SHEET,
    }
    groups = {
        name: results[experiment].first(ASKED_FOR).final("val_accuracy")
        for name, experiment in steps.items()
    } | {"question\n10": tta.accuracy(results, q10.FINAL)}
    plots.strips(right, groups, style.theme().categories[: len(groups)], "testing accuracy")
    right.set(title="colour images: step by step", ylim=(0, 1))
    right.set_yticks(np.linspace(0, 1, 6))
    return figure
