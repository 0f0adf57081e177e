"""What the assignment has everyone train, and tables of what ``doit prescribed`` measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from analysis import forms
from analysis.questions import q01, q02, q03, q04, q05, q06, q08, q09
from analysis.results import ASKED_FOR
from analysis.spec import Experiment

#: Question and experiment, with the seeds that the assignment asks for. The larger
#: size of question 8 is left to the reader, and chosen here; questions 7 and 10 leave all to them.
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

#: Vector instructions as Linux and as readers call them, the widest first.
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2", "sve": "SVE", "asimd": "NEON"}

#: What settings that limit vectors begin with, and how a table says it.
LIMITS = {
    "ONEDNN_MAX_CPU_ISA=": "oneDNN up to ",
    "XLA_FLAGS=--xla_cpu_max_isa=": "XLA up to ",
}

#: Name of the row of all questions together.
ALL = "all"

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
        What `analysis.training.prescribed.measure` keeps of a machine.
    """
    return [list(HEADINGS), *(_row(*part) for part in _by_question(measured).items())]


def by_machine(measured: Sequence[dict]) -> list[list[str]]:
    """Rows of text, the machines first: times and ratios of each question, and of all.

    Parameters
    ----------
    measured : sequence of dict
        As `table` is given them, each of another machine.
    """
    machines = [machine(found) for found in measured]
    parts = [_by_question(found) for found in measured]
    return [
        ["", *(found.processor for found in machines)],
        ["family and model", *(found.model for found in machines)],
        ["cores", *(f"{found.cores}" for found in machines)],
        ["vectors it has", *(found.vectors for found in machines)],
        ["settings", *(_in_words(found.settings) for found in machines)],
        *(
            [f"question {name}" if name != ALL else ALL, *(_gain(part[name]) for part in parts)]
            for name in parts[0]
        ),
        ["the same as in the report", *(_sameness(part[ALL]) for part in parts)],
    ]


def _in_words(settings: str) -> str:
    settings = re.sub(r" (?=[A-Z][A-Z0-9_]*=)", ", ", settings)  # a value may have spaces, too
    for limit, words in LIMITS.items():
        settings = settings.replace(limit, words)
    return settings or "none"


class Machine(NamedTuple):
    """What tells a machine on which was measured from others."""

    processor: str
    model: str
    cores: int
    vectors: str
    settings: str


def machine(measured: dict) -> Machine:
    """On which this was measured."""
    cores, settings = (measured[name] for name in ("cores", "settings"))
    model = ", ".join(family_and_model(measured["make"])) or measured["make"]
    return Machine(measured["processor"], model, cores, vectors(measured), settings)


def family_and_model(make: str) -> tuple[str, ...]:
    """The two numbers in what `analysis.training.machine` calls a make; none if it has none."""
    known = re.search(r"cpu family (\d+), model (\d+)", make)
    return known.groups() if known else ()


def is_of(measured: dict, asked: Sequence[tuple[str, Experiment]]) -> bool:
    """Whether this was measured of these networks, and of no others."""
    return [
        (found["question"], found["key"], found["networks"]) for found in measured["experiments"]
    ] == [(question, experiment.key, len(experiment.seeds)) for question, experiment in asked]


def vectors(measured: dict) -> str:
    """The longest vectors that the processor has, used or not."""
    has = measured["instructions"].split()
    return next((name for flag, name in VECTORS.items() if flag in has), "others")


def numbers(measured: dict) -> dict:
    """What the page cites.

    Parameters
    ----------
    measured : dict
        As `table` is given it.
    """
    experiments = measured["experiments"]
    here, fit = _seconds(experiments)
    slowest = sorted(experiments, key=lambda found: found["seconds"])[-2:]
    return {
        "processor": measured["processor"],
        "instructions": vectors(measured),
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


def _by_question(measured: dict) -> dict[str, list[dict]]:
    """What was measured for each question, by its number, and for all."""
    experiments = measured["experiments"]
    by_question = groupby(experiments, key=lambda found: found["question"])
    return {name.lstrip("q0"): list(found) for name, found in by_question} | {ALL: experiments}


def _seconds(experiments: list[dict]) -> tuple[float, float]:
    """Of all experiments, here and by ``model.fit``."""
    return _total(experiments, "seconds"), sum(map(extrapolated, experiments))


def _gain(experiments: list[dict]) -> str:
    here, fit = _seconds(experiments)
    return f"{here:,.0f} s ({fit / here:.1f})"


def _row(name: str, experiments: list[dict]) -> list[str]:
    here, fit = _seconds(experiments)
    return [
        name,
        f"{_total(experiments, 'networks'):,}",
        f"{here:,.0f} s",
        f"{fit:,.0f} s",
        f"{fit / here:.1f}",
        *(
            # A mean over digits and colour images describes no network.
            forms.MISSING if name == ALL else f"{_mean(experiments, measured):.2%}"
            for measured in ("accuracy", "accuracy_in_report")
        ),
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
        f"all within {forms.number(apart, '.2f')} points of testing accuracy"
    )


def _total(experiments: Iterable[dict], name: str) -> float:
    return sum(found[name] for found in experiments)


def _mean(experiments: list[dict], name: str) -> float:
    """Of all networks."""
    total = sum(found["networks"] * found[name] for found in experiments)
    return total / _total(experiments, "networks")
