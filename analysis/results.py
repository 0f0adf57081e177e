"""The ledgers in ``book/results``: one JSON line for each trained network.

A line has

- ``key``, ``spec``: what was trained, see `Experiment.key`;
- ``seed``;
- ``history``: a value for each epoch. ``loss`` and ``accuracy`` are averages over the epoch
  while the weights change, ``val_loss`` and ``val_accuracy`` those of the test set after it
  (Keras's names), or of the held-out images where the spec has ``validation``. ``dead``, where
  activity is counted: for each hidden ReLU layer, its units that are zero on every training
  image. With ReLU outputs also ``own`` and ``others``: for each output the share of
  the training images of its own category, and of the others, on which it is above zero;
- ``before``: the same of the untrained network where it applies, and ``answer``, its ten
  outputs for the first test image;
- ``after``: ``loss`` and ``accuracy`` of the trained network on the whole training set, and
  its ``answer``;
- ``predictions``: the category it gives each image that it is tested on, as a string of digits;
- ``within``, where the spec has ``activity_at``: ``dead``, ``own`` and ``others`` as in
  ``history``, but after each of those steps of the first epoch;
- ``outputs``, where the spec wants them: the ten outputs for each of these images, see `packed`;
- ``seconds``: its share of one core's time;
- ``provenance``: versions and machine, which the key leaves out.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import math
import os
import shlex
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from analysis.datasets import DATASETS
from analysis.files import write_whole
from analysis.spec import Experiment, canonical_json, spelled_out

FOLDER = Path(__file__).parent.parent / "book" / "results"

#: What ``doit benchmark`` measured.
SPEED = FOLDER / "benchmark.json"

#: What ``doit prescribed`` measured.
PRESCRIBED = FOLDER / "prescribed.json"

#: What ``doit profile`` measured.
PROFILE = FOLDER / "profile.json"

#: An output that fires on less than this share of its own category's training images is
#: called silent. Trained outputs fire on nearly all of them or on next to none, so any value
#: between gives the same count (question 1 tests that); counting only those that fire on
#: none at all would miss outputs that a single image in thousands still reaches.
SILENT_BELOW = 0.05

#: The runs that the assignment asks for; the others extend them to a rate. See `Runs.first`.
ASKED_FOR = 10

_ALWAYS = ("loss", "accuracy", "val_loss", "val_accuracy")

#: What other programs leave in a ledger: how a line shows it, what it is, and a command that
#: takes it away and loses no network (perl's, for sed differs from system to system).
_FOREIGN = (
    (
        lambda line: line.startswith(codecs.BOM_UTF8),
        "begins with a byte-order mark, which an editor put there. This takes it away",
        r"perl -pi -e 's/^\xEF\xBB\xBF//'",
    ),
    (
        lambda line: line.startswith((b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")),
        "is a mark that a merge left. Each line between the marks is a network, so those of both "
        "sides stay; of a seed that is then there twice, remove one. This takes the marks away",
        "perl -ni -e 'print unless /^[<|=>]{7}/'",
    ),
    (
        lambda line: line.endswith(b"\r"),
        "ends in CR LF, as lines do on Windows. An editor did that, or git; "
        "'git config core.autocrlf input' keeps git from doing it again. This takes the CR away",
        r"perl -pi -e 's/\r$//'",
    ),
)


class LedgerError(RuntimeError):
    """A ledger that cannot be read or written; the message names file and line."""


class LedgerDamage(LedgerError):
    """What of a ledger is not as `Ledger.append` writes it.

    Attributes
    ----------
    path : Path
    line : int or None
        Counted from 1; None if it is the whole ledger.
    what : str
        What it is and what mends it.
    """

    def __init__(self, path: Path, line: int | None, what: str):
        super().__init__(path, line, what)
        self.path, self.line, self.what = path, line, what

    def __str__(self):
        return f"{self.path}{f', line {self.line}' if self.line else ''}: {self.what}"


class Ledger:
    """The results of one experiment on disk.

    Parameters
    ----------
    experiment : Experiment
    folder : Path
        Where the ledgers lie.
    """

    def __init__(self, experiment: Experiment, folder: Path = FOLDER):
        self.experiment = experiment
        self.path = folder / f"{experiment.name}.jsonl"

    def read(self) -> dict[int, dict]:
        """The finished runs that the experiment asks for, by seed.

        Lines of another spec and of seeds not asked for are passed over, and so is a torn
        last line, which a killed writer leaves. One that lacks only its newline counts.

        Raises
        ------
        LedgerError
            If a whole line is not a valid result.
        """
        wanted, key = set(self.experiment.seeds), self.experiment.key
        return {
            record["seed"]: record
            for record in self._records()
            if record["key"] == key and record["seed"] in wanted
        }

    def entries(self) -> Iterator[tuple[int, dict | LedgerDamage]]:
        """The number of each whole line, and its record or what is wrong with it.

        Raises
        ------
        LedgerDamage
            If another program has changed more than a line, or the file cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise LedgerDamage(self.path, None, f"cannot be read ({error.strerror})") from error
        lines, _ = split_lines(content)
        seen = {}
        for number, line in enumerate(lines, start=1):
            self._refuse_foreign(line, number)
            try:
                entry = self._parse(line, number, seen)
            except LedgerDamage as damage:
                entry = damage
            yield number, entry

    def missing(self) -> list[int]:
        """Seeds that are still to be trained."""
        finished = self.read()
        return [seed for seed in self.experiment.seeds if seed not in finished]

    def why_stale(self) -> str:
        """What makes the ledger out of date, in words; empty if nothing does."""
        records = list(self._records())
        others = [record["spec"] for record in records if record["key"] != self.experiment.key]
        finished = {record["seed"] for record in records if record["key"] == self.experiment.key}
        missing = set(self.experiment.seeds) - finished
        if not missing and others:
            return (
                f"complete, but {len(others)} of {len(records)} networks in its ledger are of "
                f"another setting: 'doit train:{self.experiment.name}' takes them out and trains "
                "none"
            )
        if not missing:
            return ""
        reason = f"{len(missing)} of {len(self.experiment.seeds)} networks are to be trained"
        if others and not finished:  # else the change came before these were trained
            specs = others[-1], self.experiment.identity()
            changes = _differences(*map(spelled_out, specs))
            reason += f"; changed since the last training: {', '.join(changes)}"
        elif namesake := self._of_the_same_key():
            reason += (
                f"; {namesake.name} has networks of the same setting: if the experiment was only "
                f"renamed, so must be its ledger ('git mv {shlex.quote(str(namesake))} "
                f"{shlex.quote(str(self.path))}')"
            )
        return reason

    def _of_the_same_key(self) -> Path | None:
        """Another ledger in the folder that begins with a network of this setting."""
        key = f'"key":"{self.experiment.key}"'.encode()
        for path in sorted(self.path.parent.glob("*.jsonl")):
            with suppress(OSError), path.open("rb") as file:  # whose own task says so
                if path != self.path and key in file.read(len(key) + 1):
                    return path
        return None

    def append(self, record: dict) -> None:
        """Add a finished run: its line is whole and on disk afterwards, or not there at all.

        Raises
        ------
        LedgerError
            If it cannot be written, on a full disk say.
        """
        line = self._line(record)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab", buffering=0) as file:
            content = self.path.read_bytes()
            _, torn = split_lines(content)
            end = len(content) - len(torn)
            if end and content[end - 1 : end] != b"\n":  # only this is lacking
                line = b"\n" + line
            try:
                file.truncate(end)
                written = file.write(line)
                if written < len(line):
                    file.write(line[written:])  # raises what cut the first write short
                os.fsync(file.fileno())
            except OSError as error:
                file.truncate(end)
                raise LedgerError(
                    f"{self.path}: seed {record['seed']} could not be written "
                    f"({error.strerror}). The {len(self.read())} networks finished before "
                    "it are safe; make room and run doit again"
                ) from error

    def tidy(self) -> int:
        """Once complete: drop the lines of other specs and sort the rest by seed.

        Returns
        -------
        int
            How many lines it dropped.
        """
        if self.missing():
            return 0
        records = list(self._records())
        kept = {r["seed"]: r for r in records if r["key"] == self.experiment.key}
        lines = b"".join(_encode(kept[seed]) for seed in sorted(kept))
        if lines != self.path.read_bytes():
            try:
                write_whole(self.path, lines)
            except OSError as error:
                raise LedgerError(
                    f"{self.path} could not be sorted ({error.strerror}). All its networks are "
                    "safe; make room and run doit again"
                ) from error
        return len(records) - len(kept)

    def _line(self, record: dict) -> bytes:
        complete = {
            "key": self.experiment.key,
            "seed": record["seed"],
            "spec": self.experiment.identity(),
        } | record
        return _encode(complete)

    def _records(self) -> Iterator[dict]:
        for _, entry in self.entries():
            if isinstance(entry, LedgerDamage):
                raise entry
            yield entry

    def _refuse_foreign(self, line: bytes, number: int) -> None:
        for is_there, what, command in _FOREIGN:
            if is_there(line):
                raise LedgerDamage(
                    self.path, number, f"{what}: {command} {shlex.quote(str(self.path))}"
                )

    def _parse(self, line: bytes, number: int, seen: dict[tuple[str, int], int]) -> dict:
        """The line's record; ``seen`` has the lines of keys and seeds before it."""
        try:
            record = _decoded(line)
        except Exception as error:  # whatever the line holds, it names file and line
            raise LedgerDamage(
                self.path,
                number,
                f"not a result ({error!r}). Remove the line, and doit trains that network again; "
                "'git diff' shows what it was when it was committed",
            ) from error
        first = seen.setdefault((record["key"], record["seed"]), number)
        if first != number:
            raise LedgerDamage(
                self.path,
                number,
                f"seed {record['seed']} is already on line {first}; remove one of the two",
            )
        return record


def packed(outputs: np.ndarray) -> str:
    """Outputs, shape (images, 10), as text: three digits of each (float16), compressed."""
    halves = np.ascontiguousarray(outputs, "<f2")
    return base64.b64encode(zlib.compress(halves, 9)).decode()


def unpacked(text: str) -> np.ndarray:
    """What `packed` was given, to three digits: float32, shape (images, 10)."""
    halves = np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), "<f2")
    return halves.reshape(-1, 10).astype(np.float32)


def split_lines(content: bytes) -> tuple[list[bytes], bytes]:
    """The whole lines of a ledger's content, and what a killed writer left of one after them.

    A last line that lacks only its newline is whole: a part of a result is no JSON. What ends in
    CR is not, for the newline would make it a line of Windows.
    """
    *lines, rest = content.split(b"\n")
    try:
        _decoded(rest)
    except Exception:  # as for any line
        return lines, rest
    return (lines, rest) if rest.endswith(b"\r") else ([*lines, rest], b"")


def _decoded(line: bytes) -> dict:
    """The record of a line; raises whatever it may if the line is no result."""
    record = json.loads(line.decode())  # of bytes it would accept UTF-16, too
    _check(record)
    return record


def _encode(record: dict) -> bytes:
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _check(record: dict) -> None:
    """Raise if a line is no result: if a part is absent, of another type or of another length.

    Whether its values can be true is for `analysis.audit` to say.
    """
    spec, history = record["spec"], record["history"]
    if hashlib.sha256(canonical_json(spec).encode()).hexdigest() != record["key"]:
        raise ValueError("its key does not match its spec")
    if type(record["seed"]) is not int:  # nor a bool
        raise ValueError(f"seed {record['seed']!r} is not a whole number")
    for name, values in history.items():
        if len(values) != spec["epochs"]:
            raise ValueError(f"{len(values)} values of {name} for {spec['epochs']} epochs")
    counted = spec.get("activity", True)
    with_relu_outputs = spec["layers"][-1]["activation"] == "relu"
    steps = spec.get("activity_at", [])
    for name in ("dead", "own", "others")[: 0 if not counted else 3 if with_relu_outputs else 1]:
        if name not in history:
            raise ValueError(f"it lacks {name}")
        if steps and len(record["within"][name]) != len(steps):
            raise ValueError(
                f"{len(record['within'][name])} values of {name} for {len(steps)} steps"
            )
    for name in _ALWAYS:
        if not all(value is None or isinstance(value, float) for value in history[name]):
            raise ValueError(f"{name} has a value that is not a number")
    predictions = record["predictions"]
    if not (predictions.isascii() and predictions.isdigit()):
        raise ValueError("its predictions are not digits")
    source = DATASETS.get(spec["dataset"])
    if source and len(predictions) != spec.get("validation", source.shapes["y_test"][0]):
        raise ValueError(f"it has {len(predictions)} predictions")
    if spec.get("outputs") and len(unpacked(record["outputs"])) != len(predictions):
        raise ValueError("it does not have an output for each prediction")
    record["before"]["answer"], record["after"]["answer"], record["provenance"].items()
    float(record["seconds"])


def _differences(old, new, where: str = "") -> list[str]:
    """'epochs 20 -> 30', …: the values in which two specs, or parts of them, differ."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        are_alike = old.get("type") == new.get("type")  # another type has fields of its own
        names = old.keys() | new.keys() if are_alike else old.keys() & new.keys()
        parts = [(f"{where}.{name}", old.get(name), new.get(name)) for name in sorted(names)]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        parts = [(f"{where}[{place}]", *pair) for place, pair in pairs]
    else:
        return [f"{where.removeprefix('.')} {old!r} -> {new!r}"]
    return [change for part, *pair in parts for change in _differences(*pair, part)]


@dataclass(frozen=True)
class Runs:
    """The finished runs of an experiment as arrays, run by run in the order of its seeds."""

    experiment: Experiment
    records: tuple[dict, ...]

    def __len__(self):
        return len(self.records)

    @property
    def seeds(self) -> list[int]:
        """The seed of each run."""
        return [record["seed"] for record in self.records]

    def first(self, n: int) -> Runs:
        """The first n runs: those the assignment asks for."""
        return Runs(self.experiment, self.records[:n])

    def history(self, name: str) -> np.ndarray:
        """``loss``, ``accuracy``, ``val_loss`` or ``val_accuracy``: float, (runs, epochs).

        NaN where a run diverged. Also ``own`` or ``others``: (runs, epochs, 10), and ``dead``:
        (runs, epochs, layers).
        """
        return np.array([record["history"][name] for record in self.records], float)

    def final(self, name: str) -> np.ndarray:
        """The last epoch's value of a history: float, shape (runs,)."""
        return self.history(name)[:, -1]

    def change(self, name: str, epoch: int) -> np.ndarray:
        """How much higher a history is after the last epoch than after one: shape (runs,)."""
        return self.final(name) - self.history(name)[:, epoch - 1]

    def before(self, name: str) -> np.ndarray:
        """A value of the untrained networks, shape (runs, …); see above for the names."""
        return np.array([record["before"][name] for record in self.records], float)

    def within(self, name: str) -> np.ndarray:
        """``dead``, ``own`` or ``others`` in the first epoch: float, (runs, steps, …)."""
        return np.array([record["within"][name] for record in self.records], float)

    def after(self, name: str) -> np.ndarray:
        """``loss`` or ``accuracy`` of the trained networks on the training set: (runs,)."""
        return np.array([record["after"][name] for record in self.records], float)

    @cached_property
    def own(self) -> np.ndarray:
        """Share of its own category's training images on which an output fires.

        Float, shape (runs, epochs, 10).
        """
        return self.history("own")

    @cached_property
    def others(self) -> np.ndarray:
        """Share of all other training images on which an output fires, like `own`."""
        return self.history("others")

    @property
    def silent(self) -> np.ndarray:
        """Whether an output is silent on its own category: bool, (runs, epochs, 10)."""
        return self.own < SILENT_BELOW

    @cached_property
    def dead(self) -> np.ndarray:
        """Hidden units that are zero on every training image: int, (runs, epochs)."""
        return np.array([[sum(e) for e in r["history"]["dead"]] for r in self.records])

    @cached_property
    def predictions(self) -> np.ndarray:
        """Category given to each image that was tested on: uint8, shape (runs, images)."""
        return np.array(
            [np.frombuffer(r["predictions"].encode(), np.uint8) - ord("0") for r in self.records]
        )

    @cached_property
    def outputs(self) -> np.ndarray:
        """The ten outputs for each image that was tested on: float32, (runs, images, 10)."""
        return np.array([unpacked(record["outputs"]) for record in self.records])

    @property
    def seconds(self) -> float:
        """Training time of all runs, in seconds of one core."""
        # Exact, for Python's own sum rounds otherwise from 3.12 on, and the numbers are compared.
        return math.fsum(record["seconds"] for record in self.records)


def load(experiment: Experiment, folder: Path = FOLDER) -> Runs:
    """All runs of an experiment.

    Raises
    ------
    LedgerError
        If some are not trained yet.
    """
    finished = Ledger(experiment, folder).read()
    missing = [seed for seed in experiment.seeds if seed not in finished]
    if missing:
        raise LedgerError(
            f"{experiment.name} lacks {len(missing)} of {len(experiment.seeds)} networks: "
            f"run 'doit train:{experiment.name}'"
        )
    return Runs(experiment, tuple(finished[seed] for seed in experiment.seeds))
