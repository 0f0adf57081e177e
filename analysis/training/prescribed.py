"""Trains all that the assignment prescribes once more, and times that against ``model.fit``.

``doit prescribed`` runs it and keeps what it measured in ``book/results/prescribed.json``. No
ledger is written. Run it on a quiet machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from analysis import cost, prescribed, results
from analysis.agreement import DIFFERENT, SAME
from analysis.files import write_whole
from analysis.lifetime import stoppable
from analysis.results import FOLDER, Runs
from analysis.spec import Dense, Experiment
from analysis.training import literal, machine, workers
from analysis.training.benchmark import apart
from analysis.training.pace import START, Pace
from analysis.training.progress import Progress
from analysis.training.run import data_of, train
from analysis.training.verify import VerificationError, compare

#: Epochs of ``model.fit`` that are timed, after the one that traces the graph.
EPOCHS = 3


def measure(
    asked: Sequence[tuple[str, Experiment]] = prescribed.PRESCRIBED,
    path: Path = results.PRESCRIBED,
    folder: Path = FOLDER,
) -> None:
    """Time ``model.fit``, train all, print a table, and keep what was measured.

    Of each machine the file holds what `machine.timed_on` says, its cores and, of each experiment:
    how many of its networks are the same, and how their accuracies agree with the report's
    (shares of 0 to 1); the seconds that all of them take together on all cores; of ``model.fit``
    and a single network the start-up and an epoch in seconds, as `literal.timed` gives them; and
    the arithmetic of an epoch of one network with testing, in 10⁹ operations. The page shows all
    machines in one table, and more of the one that comes first.

    Parameters
    ----------
    asked : sequence of (str, Experiment)
        Questions and what they prescribe.
    path : Path
        Where that is kept, in place of what was measured on this kind of machine before, and
        beside what was measured on others, unless they trained other networks.
    folder : Path
        Where the ledgers lie.

    Raises
    ------
    analysis.results.LedgerError
        If a ledger lacks a network, for then there is nothing to compare it with.
    analysis.training.workers.ClusterError
        If a cluster is to train.
    VerificationError
        If what is kept cannot be read, or a network contradicts its ledger; nothing changes then.
    """
    if os.environ.get(workers.SCHEDULER_VARIABLE):
        raise workers.ClusterError(
            f"{workers.SCHEDULER_VARIABLE} names a cluster, but this times one machine: unset it"
        )
    ledgers = {experiment: results.load(experiment, folder) for _, experiment in asked}
    here = machine.timed_on() | {"cores": workers.number_here()}
    kept = _kept(path, asked)
    before = kept.get(prescribed.machine(here)) or next(iter(kept.values()), {"experiments": []})
    with stoppable():
        experiments, wrong = _measured(asked, ledgers, before)
    found = here | {"experiments": experiments}
    print(in_columns(prescribed.table(found)))
    if wrong:
        raise VerificationError(
            f"not what the ledger says: {', '.join(wrong)}; the table is not kept"
        )
    measured = list((kept | {prescribed.machine(here): found}).values())
    write_whole(path, json.dumps(measured, indent=1).encode() + b"\n")


def _kept(path: Path, asked: Sequence[tuple[str, Experiment]]) -> dict[prescribed.Machine, dict]:
    """What was measured before, of just these networks, by the machine."""
    if not path.exists():
        return {}
    try:
        measured = json.loads(path.read_text(encoding="utf-8"))
        by_machine = {prescribed.machine(found): found for found in measured}
        of_these = {
            known: found for known, found in by_machine.items() if prescribed.is_of(found, asked)
        }
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationError(
            f"{path} is not what 'doit prescribed' writes ({error!r}): bring it back with "
            "'git checkout', or remove it"
        ) from error
    for known in by_machine.keys() - of_these.keys():
        print(
            f"what was measured on {known.processor} ({known.model}) is of other networks, "
            "and will not be kept",
            file=sys.stderr,
        )
    return of_these


def _measured(
    asked: Sequence[tuple[str, Experiment]],
    ledgers: Mapping[Experiment, Runs],
    before: dict,
) -> tuple[list[dict], list[str]]:
    """What is to be kept of each experiment, and which networks are not what their ledger says."""
    to_time = {prescribed.timed_as(experiment): experiment for _, experiment in asked}
    expected = {e: _expected(e, runs, before) for e, runs in ledgers.items()}
    left = [expected[experiment].fit for experiment in to_time.values()]
    left += [expected[experiment].here for _, experiment in asked]
    pace, fits, experiments, wrong = Pace(), {}, [], []
    # Before the workers are there, for what it takes of memory would come to theirs.
    for number, (network, experiment) in enumerate(to_time.items(), start=1):
        at = f"model.fit, network {number} of {len(to_time)} ({experiment.name})"
        pace.say(at, sum(left))
        fits[network] = apart(literal.timed, experiment, EPOCHS)
        pace.has_done(left.pop(0))
    workers.start_here()
    for number, (question, experiment) in enumerate(asked, start=1):
        pace.say(f"experiment {number} of {len(asked)}", sum(left))
        seconds, ours = _trained(experiment)
        pace.has_done(left.pop(0))
        fit = fits[prescribed.timed_as(experiment)]
        compared, different = _compared(ours, ledgers[experiment])
        wrong += different
        experiments.append(
            {
                "question": question,
                "experiment": experiment.name,
                "key": experiment.key,
                "networks": len(ours),
                "epochs": experiment.epochs,
                "hidden": [
                    layer.units for layer in experiment.layers[:-1] if isinstance(layer, Dense)
                ],
                "epoch_gflop": cost.gflop_of_an_epoch(experiment),
                "seconds": seconds,
                "fit_epoch_seconds": fit["epoch"],
                "fit_startup_seconds": fit["startup"],
                **compared,
            }
        )
    return experiments, wrong


class Expected(NamedTuple):
    """Seconds that an experiment may take: timing ``model.fit``, and training."""

    fit: float
    here: float


def _expected(experiment: Experiment, ledger: Runs, before: dict) -> Expected:
    """As measured before; of what was never measured, as long as the ledger's lines took."""
    by_name = {found["experiment"]: found for found in before["experiments"]}
    if experiment.name not in by_name:
        return Expected(START, ledger.seconds / workers.number_here())
    found = by_name[experiment.name]
    fit = found["fit_startup_seconds"] + (1 + EPOCHS) * found["fit_epoch_seconds"]
    return Expected(START + fit, found["seconds"])


def _trained(experiment: Experiment) -> tuple[float, Runs]:
    """Seconds that training takes, by the clock, and what came of it."""
    data, records = data_of(experiment), {}
    with Progress(experiment.name, len(experiment.seeds), experiment.epochs) as progress:
        started = time.monotonic()
        for record in train(experiment, data, experiment.seeds, progress.folder):
            records[record["seed"]] = record
            progress.network_is_finished()
        seconds = time.monotonic() - started
    return seconds, Runs(experiment, tuple(records[seed] for seed in experiment.seeds))


def _compared(ours: Runs, theirs: Runs) -> tuple[dict, list[str]]:
    """How networks agree with the report's of the same seeds, and those that contradict them."""
    experiment, lines = ours.experiment, {record["seed"]: record for record in theirs.records}
    verdicts = [compare(experiment, record, lines).verdict for record in ours.records]
    here, there = (runs.final("val_accuracy") for runs in (ours, theirs))
    compared = {
        "same": verdicts.count(SAME),
        "same_answers": int((ours.predictions == theirs.predictions).all(axis=1).sum()),
        "accuracy": float(here.mean()),
        "accuracy_in_report": float(there.mean()),
        "largest_difference": float(abs(here - there).max()),
    }
    return compared, [
        f"{experiment.name}, seed {seed}"
        for seed, verdict in zip(experiment.seeds, verdicts, strict=True)
        if verdict == DIFFERENT
    ]


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
        for row in rows
    )
