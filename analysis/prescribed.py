"""What the assignment has everyone train, and the table of what ``doit prescribed`` measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from analysis import forms
from analysis.levels import ASKED_FOR
from analysis.questions import q01, q02, q03, q04, q05, q06, q08, q09
from analysis.spec import Experiment

#: Question and experiment, with the seeds that the assignment asks for. Of question 8 the larger
#: network is of the size that its page answers with; questions 7 and 10 leave all to the reader.
PRESCRIBED: tuple[tuple[str, Experiment], ...] = tuple(
    (question, replace(experiment, seeds=range(ASKED_FOR)))
    for question, experiments in {
        "q01": (q01.SHEET,),
        "q02": (q02.SHEET,),
        "q03": (q03.SHEET,),
        "q04": (q04.SHEET,),
        "q05": (q05.SHEET,),
        "q06": q06.BY_SIZE.values(),
        "q08": (q08.BY_SIZE[32], q08.BY_SIZE[512]),
        "q09": (q09.SHEET,),
    }.items()
    for experiment in experiments
)

HEADINGS = (
    "question",
    "networks",
    "this report",
    "model.fit, extrapolated",
    "ratio",
    "testing accuracy",
    "in the report",
    "the same as in the report",
)


def timed_as(experiment: Experiment) -> Experiment:
    """The experiment that stands for all whose epochs are the same work for ``model.fit``."""
    return replace(experiment, name="timed", epochs=1, seeds=(0,))


def table(measured: dict) -> list[list[str]]:
    """Rows of text, the headings first: each question, and all.

    Parameters
    ----------
    measured : dict
        What `analysis.training.prescribed.measure` keeps.
    """
    experiments = measured["experiments"]
    by_question = groupby(experiments, key=lambda found: found["question"])
    return [
        list(HEADINGS),
        *(_row(question.lstrip("q0"), list(found)) for question, found in by_question),
        _row("all", experiments),
    ]


def numbers(measured: dict) -> dict:
    """What the page cites.

    Parameters
    ----------
    measured : dict
        As `table` is given it.
    """
    experiments = measured["experiments"]
    here, fit = _total(experiments, "seconds"), sum(map(extrapolated, experiments))
    slowest = sorted(experiments, key=lambda found: found["seconds"])[-2:]
    return {
        "processor": measured["processor"],
        "instructions": "AVX-512" if "avx512f" in measured["instructions"].split() else "AVX2",
        "cores": measured["cores"],
        "networks": _total(experiments, "networks"),
        "same": _total(experiments, "same"),
        "minutes": here / 60,
        "fit_minutes": fit / 60,
        "ratio": fit / here,
        "two_slowest_share": _total(slowest, "seconds") / here,
    }


def rates(found: dict) -> tuple[float, float]:
    """Arithmetic of training and testing in 10⁹ operations a second, here and of ``model.fit``."""
    gflop = found["networks"] * found["epochs"] * found["epoch_gflop"]
    return gflop / found["seconds"], gflop / extrapolated(found)


def _row(name: str, experiments: list[dict]) -> list[str]:
    here = _total(experiments, "seconds")
    fit = sum(map(extrapolated, experiments))
    return [
        name,
        f"{_total(experiments, 'networks'):,}",
        f"{here:,.0f} s",
        f"{fit:,.0f} s",
        f"{fit / here:.1f}",
        f"{_mean(experiments, 'accuracy'):.2%}",
        f"{_mean(experiments, 'accuracy_in_report'):.2%}",
        _sameness(experiments),
    ]


def extrapolated(found: dict) -> float:
    """Seconds that ``model.fit`` would take for an experiment, one network after the other.

    By one network of a few epochs: its start-up once and its epoch as often as asked for, times
    the networks.
    """
    epochs = found["epochs"] * found["fit_epoch_seconds"]
    return found["networks"] * (found["fit_startup_seconds"] + epochs)


def _sameness(experiments: list[dict]) -> str:
    networks, same = (_total(experiments, name) for name in ("networks", "same"))
    if same == networks:
        return "all, to the bit"
    apart = 100 * max(found["largest_difference"] for found in experiments)
    return (
        f"{same:,} to the bit, {_total(experiments, 'same_answers'):,} in every answer, "
        f"all to {forms.number(apart, '.2f')} points"
    )


def _total(experiments: Iterable[dict], name: str) -> float:
    return sum(found[name] for found in experiments)


def _mean(experiments: list[dict], name: str) -> float:
    """Of all networks."""
    total = sum(found["networks"] * found[name] for found in experiments)
    return total / _total(experiments, "networks")
