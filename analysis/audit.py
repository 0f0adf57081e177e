"""Whether the ledgers hold what was trained: their values against each other and the labels.

Reading a ledger asks only whether each line is a result, see `analysis.results`. Whether its
values can be true is asked here alone: to look at each takes several times as long as to read
it. What is found names a value as Python reaches it, so ``history.loss[0]`` is the first epoch's.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import cost, excerpts
from analysis.datasets import DATASETS
from analysis.results import FOLDER, Ledger, LedgerDamage, LedgerError, Runs, split_lines
from analysis.spec import Experiment

#: A float16 differs from the number it stands for by at most this share of it, and by half of
#: the smallest float16 where that is more.
HALF_ROUNDING, HALF_SMALLEST = 2**-11, 2**-25

#: Six views of an image were right on up to 1.4 points more of the images than the image alone
#: in the networks that keep them. Another network of the same experiment is right on as many,
#: so whose outputs they are is asked of the whole ledger, see `_of_others_views`.
VIEWS_DIFFER_BY = 0.03

#: What every line holds, and what its provenance tells at least. What else it tells, of the
#: processor say, may be nothing: only Linux says what instructions there are.
_LINE = (
    "key",
    "seed",
    "spec",
    "history",
    "before",
    "after",
    "predictions",
    "seconds",
    "provenance",
)
_PROVENANCE = ("python", "tensorflow", "keras", "numpy", "machine")


@dataclass(frozen=True)
class Finding:
    """What an audit found.

    Attributes
    ----------
    path : Path
        The file.
    line : int or None
        Its line, counted from 1; None if it is the whole file.
    seed : int or None
        The line's seed; None if it is no one line, or one that cannot be read.
    what : str
        What disagrees, with both values, or what is wrong.
    is_fault : bool
        False for a remark on what no page uses, so that nothing depends on it.
    """

    path: Path
    line: int | None
    seed: int | None
    what: str
    is_fault: bool = True


@dataclass(frozen=True)
class Labels:
    """The labels of a data set or of a part of it: uint8, each of shape (images,)."""

    train: np.ndarray
    test: np.ndarray

    def held_out(self, n: int) -> Labels:
        """Those of `analysis.datasets.Dataset.held_out`; all if n is 0."""
        return Labels(self.train[:-n], self.train[-n:]) if n else self


def all_ledgers(experiments: Iterable[Experiment], folder: Path = FOLDER) -> list[Finding]:
    """What is wrong with the ledgers of a folder; empty if each experiment's is as trained.

    Parameters
    ----------
    experiments : iterable of Experiment
    folder : Path
        Where the ledgers and the data sets' labels lie.
    """
    experiments = list(experiments)
    findings, labels = [], {}
    for name in sorted({experiment.dataset for experiment in experiments}):
        try:
            labels[name] = published_labels(name, folder)
        except LedgerDamage as damage:
            findings.append(Finding(damage.path, None, None, damage.what))
    for experiment in experiments:
        if experiment.dataset in labels:
            findings += one_ledger(experiment, labels[experiment.dataset], folder)
    known = {Ledger(experiment, folder).path for experiment in experiments}
    return findings + [
        Finding(path, None, None, "belongs to no experiment, so no page shows it", is_fault=False)
        for path in sorted(folder.glob("*.jsonl"))
        if path not in known
    ]


def published_labels(name: str, folder: Path = FOLDER) -> Labels:
    """The labels of a data set that lie beside the ledgers.

    Raises
    ------
    LedgerDamage
        If they cannot be read or are not those published.
    """
    path = folder / f"{name}.json"
    mend = f"No ledger of {name} is audited; 'doit train:excerpt-{name}' writes the labels anew"
    try:
        excerpt = excerpts.load(name, folder)
    except LedgerError as error:
        what = f"its labels cannot be read ({error.__cause__!r}). {mend}"
        raise LedgerDamage(path, None, what) from error
    for array, found in excerpt.sha256.items():
        expected = DATASETS[name].sha256[array]
        if found != expected:
            raise LedgerDamage(
                path,
                None,
                f"its labels have the SHA-256 {found[:12]}…, but those published as {array} have "
                f"{expected[:12]}…. {mend}",
            )
    return Labels(excerpt.train_labels, excerpt.test_labels)


def one_ledger(experiment: Experiment, labels: Labels, folder: Path = FOLDER) -> list[Finding]:
    """What is wrong with one experiment's ledger, line by line and then as a whole.

    Parameters
    ----------
    experiment : Experiment
    labels : Labels
        Those of its whole data set.
    folder : Path
        Where the ledgers lie.
    """
    ledger = Ledger(experiment, folder)
    findings, missing, first_with, of_views = [], set(experiment.seeds), {}, {}
    try:
        for number, entry in ledger.entries():
            if isinstance(entry, LedgerDamage):
                findings.append(Finding(ledger.path, number, None, entry.what))
                continue
            findings += _of_line(experiment, entry, labels, ledger.path, number)
            if entry["key"] == experiment.key:
                missing.discard(entry["seed"])
                if experiment.varies:
                    findings += _of_copy(experiment, entry, first_with, ledger.path, number)
                if experiment.tta:
                    of_views[number] = entry
    except LedgerDamage as damage:
        return [*findings, Finding(ledger.path, damage.line, None, damage.what)]
    findings += _of_others_views(experiment, of_views, ledger.path)
    if missing:
        what = (
            f"{len(missing)} of {len(experiment.seeds)} networks are missing (seeds "
            f"{', '.join(map(str, sorted(missing)))}): 'doit train:{experiment.name}' trains them"
        )
        findings.append(Finding(ledger.path, None, None, what))
    if ledger.path.exists():
        findings += _of_end(ledger.path)
    return findings


def _of_copy(
    experiment: Experiment,
    record: dict,
    first_with: dict[str, int],
    path: Path,
    number: int,
) -> Iterator[Finding]:
    """``first_with`` has by their values the seeds of the lines before it.

    Each part that the seed decides is compared by itself: a copy may be altered in the other.
    """
    before, history, seed = record["before"], record["history"], record["seed"]
    # Networks that diverge in their first epoch may honestly do so alike, from other weights.
    its_own = {"history": history if history["loss"][0] is not None else [history, before]}
    # Units that are all dead answer every image with ten values alike, whatever their weights.
    if "weights" in experiment.varies and _tells_apart(before["answer"]):
        its_own["before"] = before
    for name, values in its_own.items():
        first = first_with.setdefault(json.dumps(values), seed)
        if first != seed:
            what = f"its {name} is that of seed {first} to the last digit, as if copied"
            yield Finding(path, number, seed, what)


def _of_others_views(
    experiment: Experiment, lines: dict[int, dict], path: Path
) -> Iterator[Finding]:
    """Whether the outputs of several views are those of the line's own network.

    On the images to which two networks give other categories, its outputs give a network's own
    more on average than the other's: by .045 or more in all 510 pairs of the report (measured).
    Of outputs that are NaN nothing is asked: no comparison with them holds.
    """
    runs = Runs(experiment, tuple(lines.values()))
    each = list(zip(lines, runs.seeds, runs.outputs, runs.predictions, strict=True))
    for number, seed, outputs, own in each:
        means = {}
        for _, other, _, theirs in each:
            (images,) = np.nonzero(own != theirs)
            if len(images):
                both = (outputs[images, categories[images]] for categories in (own, theirs))
                means[other] = [float(values.mean()) for values in both]
        other = min(means, key=lambda seed: means[seed][0] - means[seed][1], default=None)
        if means and means[other][0] <= means[other][1]:
            what = (
                f"outputs are not of its predictions: where those of seed {other} differ, its own "
                f"have {means[other][0]:.4g} on average, but those {means[other][1]:.4g}"
            )
            yield Finding(path, number, seed, what)


def _of_end(path: Path) -> Iterator[Finding]:
    content = path.read_bytes()
    if content.endswith(b"\n"):
        return
    lines, torn = split_lines(content)
    what = "its last line has no end, as if writing had been cut off, so it is ignored"
    if lines and not torn:
        what = f"its last line has no end. This adds it: echo >> {shlex.quote(str(path))}"
    yield Finding(path, None, None, what)


def _of_line(
    experiment: Experiment, record: dict, labels: Labels, path: Path, number: int
) -> Iterator[Finding]:
    seed = record["seed"]
    if record["key"] != experiment.key:
        what = (
            f"its key is {record['key'][:12]}…, but the experiment's is {experiment.key[:12]}…: "
            f"'doit info train:{experiment.name}' says more"
        )
        yield Finding(path, number, seed, what)
        return
    if seed not in experiment.seeds:
        what = f"seed {seed} is not asked for, so no page shows it"
        yield Finding(path, number, seed, what, is_fault=False)
    for what in disagreements(experiment, record, labels.held_out(experiment.validation)):
        yield Finding(path, number, seed, what)


def disagreements(experiment: Experiment, record: dict, labels: Labels) -> list[str]:
    """What of a result cannot be true, in words with both values; empty if all can.

    Parameters
    ----------
    experiment : Experiment
    record : dict
        A line of its ledger, as `analysis.results` describes it, that was read without error.
    labels : Labels
        Those of the images that the network was trained and tested on.
    """
    names = list(_names(experiment, record))
    if names:
        return names  # what is absent cannot be looked at
    return [
        *_origin(record),
        *_losses(record),
        *_accuracies(record, labels),
        *_activity(experiment, record, labels),
        *_answers(record),
        *_predictions(experiment, record, labels),
        *(_outputs(experiment, record, labels) if experiment.outputs else ()),
    ]


def _names(experiment: Experiment, record: dict) -> Iterator[str]:
    has_relu_outputs = experiment.layers[-1].activation == "relu"
    counted = ("dead", *("own", "others") * has_relu_outputs) * experiment.activity
    expected = {
        "its line": (
            *_LINE,
            *("outputs",) * experiment.outputs,
            *("within",) * bool(experiment.activity_at),
        ),
        "history": ("loss", "accuracy", "val_loss", "val_accuracy", *counted),
        "before": ("val_loss", "val_accuracy", "answer", *counted),
        "after": ("loss", "accuracy", "answer"),
    }
    if experiment.activity_at and "within" in record:
        expected["within"] = counted
    for where, names in expected.items():
        found = record.get(where, record)
        if found.keys() != set(names):
            yield f"{where} holds {', '.join(found)}, but should hold {', '.join(names)}"


def _origin(record: dict) -> Iterator[str]:
    seconds = record["seconds"]
    if not (_is_finite(seconds) and seconds > 0):
        yield f"seconds is {seconds!r}, not a decimal number above 0"
    for name, value in (dict.fromkeys(_PROVENANCE) | record["provenance"]).items():
        if not isinstance(value, str) or (name in _PROVENANCE and not value.strip()):
            yield f"provenance.{name} is {value!r}, not text"


def _losses(record: dict) -> Iterator[str]:
    history = record["history"]
    losses = {
        "before.val_loss": record["before"]["val_loss"],
        **_each("history.loss", history["loss"]),
        **_each("history.val_loss", history["val_loss"]),
        "after.loss": record["after"]["loss"],
    }
    may_lack = {
        "after.loss": _has_diverged(record),
        **_each("history.loss", _are_last_nulls(history["loss"])),
        **_each("history.val_loss", _are_last_nulls(history["val_loss"])),
    }
    for name, value in losses.items():
        if value is None and not may_lack.get(name):
            yield f"{name} is None, though the network has not diverged"
        elif value is not None and not (_is_finite(value) and value >= 0):
            yield f"{name} is {value!r}, neither a decimal number from 0 up nor null (diverged)"


def _are_last_nulls(values: list) -> list[bool]:
    """Of each value whether it and all after it are null, as a network that diverges stays so."""
    return [all(later is None for later in values[place:]) for place in range(len(values))]


def _accuracies(record: dict, labels: Labels) -> Iterator[str]:
    before, history, after = record["before"], record["history"], record["after"]
    yield from _shares({"before.val_accuracy": before["val_accuracy"]}, len(labels.test))
    yield from _shares(_each("history.accuracy", history["accuracy"]), len(labels.train))
    yield from _shares(_each("history.val_accuracy", history["val_accuracy"]), len(labels.test))
    yield from _shares({"after.accuracy": after["accuracy"]}, len(labels.train))


def _activity(experiment: Experiment, record: dict, labels: Labels) -> Iterator[str]:
    """What the counts of ReLU units say that cannot be, before training and after each epoch."""
    images = np.bincount(labels.train, minlength=10)
    counted = {"own": images, "others": len(labels.train) - images, "dead": _units(experiment)}
    for name in [name for name in counted if name in record["history"]]:
        numbers = counted[name]
        rows = {f"before.{name}": record["before"][name]}
        for part in [part for part in ("within", "history") if part in record]:
            rows |= _each(f"{part}.{name}", record[part][name])
        for place, row in rows.items():
            if not isinstance(row, list) or len(row) != len(numbers):
                yield f"{place} is {row!r}, not a list of {len(numbers)}"
                continue
            for index, (value, number) in enumerate(zip(row, numbers, strict=True)):
                if name != "dead":
                    yield from _shares({f"{place}[{index}]": value}, number)
                elif type(value) is not int or not 0 <= value <= number:
                    yield f"{place}[{index}] is {value!r}, but the layer has {number} units"


def _units(experiment: Experiment) -> list[int]:
    """The units of each hidden ReLU layer, of feature maps the channels."""
    layers = zip(experiment.layers[:-1], cost.layers(experiment)[:-1], strict=True)
    return [
        counted.shape[-1]
        for layer, counted in layers
        if getattr(layer, "activation", None) == "relu"
    ]


def _answers(record: dict) -> Iterator[str]:
    for place in ("before", "after"):
        answer = record[place]["answer"]
        may_lack = place == "after" and _has_diverged(record)
        if not isinstance(answer, list) or len(answer) != 10:
            yield f"{place}.answer is {answer!r}, not a list of ten"
        elif not all(_is_finite(value) or (value is None and may_lack) for value in answer):
            yield f"{place}.answer is {answer!r}, though the network has not diverged"
        elif place == "after" and None not in answer:
            first, largest = int(record["predictions"][0]), max(answer)
            if answer[first] < largest:  # rounded, two may have become equal
                yield (
                    f"predictions[0] is {first} with {answer[first]!r} in after.answer, but "
                    f"{answer.index(largest)} has {largest!r}"
                )


def _predictions(experiment: Experiment, record: dict, labels: Labels) -> Iterator[str]:
    right = _share_right(Runs(experiment, (record,)).predictions[0], labels)
    last = record["history"]["val_accuracy"][-1]
    if last != right:
        yield f"history.val_accuracy ends with {last!r}, but {right!r} of the predictions are right"


def _outputs(experiment: Experiment, record: dict, labels: Labels) -> Iterator[str]:
    run = Runs(experiment, (record,))
    outputs, predictions = run.outputs[0], run.predictions[0]
    are_finite = np.isfinite(outputs).all(axis=1)
    if not are_finite.all():
        if not _has_diverged(record):
            image = int(are_finite.argmin())
            values = outputs[image].tolist()
            yield f"outputs[{image}] is {values}, though the network has not diverged"
        return
    sums = outputs.sum(axis=1)
    image = int(abs(sums - 1).argmax())
    are_probabilities = experiment.layers[-1].activation == "softmax"
    if are_probabilities and abs(sums[image] - 1) > 2 * HALF_ROUNDING:
        yield f"outputs[{image}] sums to {sums[image]:.7g}, but probabilities sum to 1"
    if experiment.tta:
        yield from _of_views(outputs, predictions, labels)
    else:
        yield from _of_categories(outputs, predictions)
        yield from _of_answer(outputs[0], record["after"]["answer"])


def _of_views(outputs: np.ndarray, predictions: np.ndarray, labels: Labels) -> Iterator[str]:
    together = _share_right(outputs.argmax(axis=1), labels)
    alone = _share_right(predictions, labels)
    if abs(together - alone) > VIEWS_DIFFER_BY:
        yield (
            f"outputs, of several views together, are right on {together!r} of the images, but "
            f"predictions, of one view, on {alone!r}: more than {VIEWS_DIFFER_BY} apart"
        )


def _of_categories(outputs: np.ndarray, predictions: np.ndarray) -> Iterator[str]:
    largest = outputs.max(axis=1)
    predicted = np.take_along_axis(outputs, predictions[:, None].astype(int), axis=1)[:, 0]
    below = largest - predicted > 2 * (HALF_ROUNDING * abs(largest) + HALF_SMALLEST)
    if below.any():
        image = int(below.argmax())
        yield (
            f"{below.sum()} predictions are not of the largest output; the first is "
            f"predictions[{image}]: {predictions[image]} with {predicted[image]:.4g}, but "
            f"{outputs[image].argmax()} has {largest[image]:.4g}"
        )


def _of_answer(outputs: np.ndarray, answer: list) -> Iterator[str]:
    """Whether the first image's outputs are the trained network's answer to it, but rounded."""
    if not isinstance(answer, list) or len(answer) != 10:
        return  # which is found by itself
    for index, (output, value) in enumerate(zip(outputs.tolist(), answer, strict=True)):
        if not _is_finite(value) or (
            abs(output - value) > 2 * (HALF_ROUNDING * abs(value) + HALF_SMALLEST)
        ):
            yield f"outputs[0][{index}] is {output:.4g}, but after.answer[{index}] is {value!r}"
            return


def _has_diverged(record: dict) -> bool:
    return record["history"]["val_loss"][-1] is None


def _share_right(categories: np.ndarray, labels: Labels) -> float:
    return _rounded((categories == labels.test).mean())


def _shares(values: dict[str, float], images: int) -> Iterator[str]:
    for name, value in values.items():
        if not (_is_finite(value) and 0 <= value <= 1):
            yield f"{name} is {value!r}, not a decimal number from 0 to 1"
            continue
        nearest = round(value * images)
        if value != _rounded(nearest / images):
            yield (
                f"{name} is {value!r}, but the nearest share of {images} images is "
                f"{_rounded(nearest / images)!r}, {nearest} of them"
            )


def _rounded(value: float) -> float:
    """To seven digits, as the engine writes it."""
    return float(f"{value:.7g}")


def _tells_apart(answer) -> bool:
    return isinstance(answer, list) and any(value != answer[0] for value in answer)


def _is_finite(value) -> bool:
    return type(value) is float and math.isfinite(value)


def _each(name: str, values: list) -> dict:
    """The values by ``name[0]``, ``name[1]``, …, one for each epoch or step."""
    return {f"{name}[{place}]": value for place, value in enumerate(values)}
