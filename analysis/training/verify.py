"""Audits the ledgers, then trains some of their networks again and compares."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import audit
from analysis.agreement import DIFFERENT, ROUNDED, SAME, Agreement, agreement
from analysis.lifetime import stoppable
from analysis.results import FOLDER, Ledger
from analysis.spec import Experiment
from analysis.training import machine, workers
from analysis.training.pace import START, Pace
from analysis.training.progress import Progress
from analysis.training.run import data_of, train

#: Networks that a core trains at a time where they are trained in lockstep: alone they would
#: take nearly as long as so many.
AT_A_TIME = 3


class VerificationError(RuntimeError):
    """Results that do not come out again, or a ledger that contradicts itself."""


@dataclass(frozen=True)
class Trial:
    """Networks of one experiment that are to be trained again.

    Attributes
    ----------
    experiment : Experiment
    seeds : tuple of int
    seconds : float
        That this takes all cores, by the times in the ledger.
    """

    experiment: Experiment
    seeds: tuple[int, ...]
    seconds: float


def verify(
    experiments: Sequence[Experiment],
    minutes: float = math.inf,
    again: Sequence[Experiment] | None = None,
    folder: Path = FOLDER,
    chance: random.Random | None = None,
) -> None:
    """Look for what contradicts itself in the ledgers, then train again and print what agrees.

    Nothing is written. As many networks are trained as fit the time, chosen by chance, but so
    that each kind of network that fits is met before another of its kind.

    Parameters
    ----------
    experiments : sequence of Experiment
        All that have a ledger.
    minutes : float
        For training; infinite: every network.
    again : sequence of Experiment, optional
        Those of which networks are trained again; all if not given.
    folder : Path
        Where the ledgers lie.
    chance : random.Random
        Chooses the seeds; by itself others each time.

    Raises
    ------
    VerificationError
        If anything disagrees, or if no network was trained again.
    """
    faults = _audit(experiments, folder)
    asked = again or experiments
    trials = choose(asked, minutes, folder, chance or random.Random())
    wrong, verdicts, kinds = [], Counter(), set()
    with stoppable():
        for experiment, seed, found in _train_again(trials, minutes, folder):
            verdicts[found.verdict] += 1
            kinds.add(_kind(experiment))
            if found.verdict == DIFFERENT:
                wrong.append(f"{experiment.name}, seed {seed}")
    verdicts_in_order = [verdict for verdict in (SAME, ROUNDED, DIFFERENT) if verdicts[verdict]]
    counted = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in verdicts_in_order)
    print(
        f"trained again: {counted or 'none'}; of {len(kinds)} kinds of network among "
        f"{len(set(map(_kind, asked)))}"
    )
    problems = []
    if faults:
        problems.append(f"{faults} lines or files of the ledgers disagree with themselves")
    if wrong:
        problems.append(f"not what the ledger says: {', '.join(wrong)}")
    if not verdicts:
        problems.append(f"no network was trained again: {_why_none(asked, minutes, folder)}")
    if problems:
        raise VerificationError("; ".join(problems))


def _why_none(experiments: Sequence[Experiment], minutes: float, folder: Path) -> str:
    """Why no network was trained again, and what helps."""
    lines = ((e, line) for e in experiments for line in Ledger(e, folder).read().values())
    if any(_as_here(experiment, line) for experiment, line in lines):
        return (
            f"none fits into {minutes:g} minutes; give more with --minutes, or take all with --all"
        )
    return "the ledgers hold none that this machine would train in the same precision"


def _audit(experiments: Sequence[Experiment], folder: Path) -> int:
    """Print what the audit finds; gives the number of faults."""
    started = time.monotonic()
    findings = audit.all_ledgers(experiments, folder)
    for finding in findings:
        print(_in_words(finding))
    faults = sum(finding.is_fault for finding in findings)
    lines = sum(len(experiment.seeds) for experiment in experiments)
    print(
        f"audit: {lines:,} networks of {len(experiments)} experiments in "
        f"{time.monotonic() - started:.0f} s, {faults or 'no'} faults"
    )
    return faults


def _in_words(finding: audit.Finding) -> str:
    line = "" if finding.line is None else f", line {finding.line}"
    seed = "" if finding.seed is None else f", seed {finding.seed}"
    return f"{finding.path}{line}{seed}: {finding.what}"


def choose(
    experiments: Sequence[Experiment], minutes: float, folder: Path, chance: random.Random
) -> list[Trial]:
    """What fits the time: first the quickest of each kind, then the rest, then further seeds.

    In turns, so that of two experiments of a kind neither has two trials before the other one
    has one. A network that was trained in another precision than this machine would take for it
    is left out, for it would be another training.
    """
    waiting, left_out = {}, 0
    for experiment in experiments:
        lines = Ledger(experiment, folder).read()
        alike = {seed: line for seed, line in lines.items() if _as_here(experiment, line)}
        waiting[experiment.name] = _trials(experiment, alike, chance)
        left_out += len(lines) - len(alike)
    if left_out:
        has = "has" if machine.has_bfloat16() else "has no"
        print(
            f"{left_out} networks left out: trained in another precision, for this machine {has} "
            "bfloat16 instructions"
        )
    able = [e for e in experiments if waiting[e.name]]
    by_time = sorted(able, key=lambda e: waiting[e.name][0].seconds)
    first_of_kind = {_kind(e): e for e in reversed(by_time)}
    order = sorted(by_time, key=lambda e: first_of_kind[_kind(e)] is not e)
    chosen, left = [], 60 * minutes - START
    while any(waiting.values()):
        for experiment in order:
            for trial in waiting[experiment.name][:1]:
                waiting[experiment.name].pop(0)
                if trial.seconds <= left:
                    left -= trial.seconds
                    chosen.append(trial)
    return chosen


def _as_here(experiment: Experiment, line: dict) -> bool:
    """Whether a network was trained in the precision that this machine would take for it."""
    # The oldest lines do not name it; they were all trained as their experiment asks.
    trained_in = line["provenance"].get("precision", experiment.precision)
    return trained_in == machine.precision(experiment)


def _trials(
    experiment: Experiment, lines: Mapping[int, dict], chance: random.Random
) -> list[Trial]:
    """Networks of an experiment, given by seed, by chance in parts for all cores."""
    cores = workers.number_here()
    size = cores * (AT_A_TIME if experiment.lockstep else 1)
    seeds = chance.sample(sorted(lines), len(lines))
    parts = [tuple(seeds[start : start + size]) for start in range(0, len(seeds), size)]
    return [
        Trial(experiment, part, sum(lines[seed]["seconds"] for seed in part) / cores)
        for part in parts
    ]


def _kind(experiment: Experiment) -> Hashable:
    """What takes a way of its own through the engine: all but how large its numbers are."""
    return _without_numbers(experiment.identity())


def _without_numbers(value) -> Hashable:
    """A JSON-ready value without its numbers, and lists without the order of what they hold."""
    if isinstance(value, dict):
        return tuple((name, _without_numbers(value[name])) for name in sorted(value))
    if isinstance(value, list):
        return frozenset(map(_without_numbers, value))
    return value if isinstance(value, str | bool | None) else type(value).__name__


def _train_again(
    trials: Sequence[Trial], minutes: float, folder: Path
) -> Iterator[tuple[Experiment, int, Agreement]]:
    """Train and compare, printing each network; no trial begins that would end too late."""
    pace = Pace()
    for number, trial in enumerate(trials):
        if pace.spent + pace.here(trial.seconds) > 60 * minutes:
            print(f"{trial.experiment.name}: left out for lack of time")
            continue
        pace.say(
            f"trial {number + 1} of {len(trials)}", sum(later.seconds for later in trials[number:])
        )
        experiment, lines = trial.experiment, Ledger(trial.experiment, folder).read()
        with Progress(experiment.name, len(trial.seeds), experiment.epochs) as progress:
            for again in train(experiment, data_of(experiment), trial.seeds, progress.folder):
                progress.network_is_finished()
                yield experiment, again["seed"], compare(experiment, again, lines)
        pace.has_done(trial.seconds)


def compare(experiment: Experiment, again: dict, lines: Mapping[int, dict]) -> Agreement:
    """Print how a network that was trained again agrees with its line in the ledger.

    Parameters
    ----------
    experiment : Experiment
    again : dict
        What the training gave.
    lines : mapping from int to dict
        The ledger's, by seed.
    """
    line = lines[again["seed"]]
    found = agreement(line, again, list(lines.values()))
    print(
        f"{experiment.name}, seed {again['seed']}: {found.verdict}: {found.words} "
        f"(line from {line['provenance']['machine']})",
        flush=True,
    )
    return found
