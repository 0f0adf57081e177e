"""Trains the networks that readers can draw for once more, and keeps their weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import joblib

from analysis import networks
from analysis.agreement import DIFFERENT, SAME, agreement
from analysis.datasets import Dataset
from analysis.lifetime import stoppable
from analysis.networks import Pick
from analysis.processes import processes_here
from analysis.results import FOLDER, Ledger
from analysis.training import machine, workers
from analysis.training.run import data_of
from analysis.training.turn import turn
from analysis.training.verify import VerificationError


def keep(picks: Mapping[str, Pick], folder: Path = FOLDER) -> None:
    """Train each network as its ledger says that it was, and keep its weights.

    While another training goes on into the same folder, it waits.

    Raises
    ------
    analysis.datasets.DatasetError
        If the data set is absent or altered.
    analysis.results.LedgerError
        If a ledger cannot be read, or the folder not be written to.
    analysis.training.verify.VerificationError
        If a network does not come out as its ledger has it, or only within a rounding that moves
        its outputs by more than `networks.OUTPUTS_MOVE_BY`: `networks.is_current` refuses that.
    """
    with stoppable(), turn(folder, "weights"):
        data = data_of(next(iter(picks.values())).experiment)
        with processes_here():
            parallel = joblib.Parallel(n_jobs=workers.number_here(), batch_size=1)
            trained = parallel(joblib.delayed(_train)(pick, data) for pick in picks.values())
        for pick, record in zip(picks.values(), trained, strict=True):
            _require_same(pick, record, data, folder)
        weights = {name: record["weights"] for name, record in zip(picks, trained, strict=True)}
        networks.write(picks, weights, data, folder)


def _train(pick: Pick, data: Dataset) -> dict:
    """The network's line as the engine gives it, and ``weights``; in a process of its own."""
    train = workers.engine_on_one_thread()
    (record,) = train(pick.experiment, data, [pick.seed], weights=True)
    return record | {"provenance": machine.provenance(pick.experiment)}


def _require_same(pick: Pick, record: dict, data: Dataset, folder: Path) -> None:
    lines = Ledger(pick.experiment, folder).read()
    line = lines[pick.seed]
    found = agreement(line, record, list(lines.values()))
    what = f"{pick.experiment.name}, seed {pick.seed}"
    if found.verdict == DIFFERENT:
        raise VerificationError(
            f"{what}, is not what its ledger says, so its weights are not kept: {found.words}"
        )
    apart = networks.apart(networks.as_kept(pick, record["weights"]), data.x_test[0], line)
    if not apart <= networks.OUTPUTS_MOVE_BY:  # nor is nan
        if found.verdict == SAME:
            remedy = "rounding its weights does that, so choose another network"
        else:
            remedy = (
                "train it on a processor of the kind that its ledger names, "
                f"{line['provenance']['machine']}"
            )
        raise VerificationError(
            f"{what}, gives outputs for the first test image that are up to {apart:.2g} from those "
            f"in its ledger, more than {networks.OUTPUTS_MOVE_BY:g}, so its weights are not kept: "
            f"{remedy}"
        )
