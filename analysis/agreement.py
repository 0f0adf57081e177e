"""How far two trainings of one network agree: the line in the ledger, and the same done again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.results import unpacked

SAME, ROUNDED, DIFFERENT = "same", "rounded", "different"

# Between processors with and without AVX-512 the losses of four networks of question 2 and 5
# differed by at most 1e-5 of themselves in four epochs, of two with batch normalisation by
# 9e-4 after one, and of one of question 9 by 3e-3 after one, in training (measured).

#: Losses that differ by at most this share of themselves differ by rounding.
ROUNDING = 1e-3

#: The same for the untrained network, which has had no time to make more of it, ...
ROUNDING_BEFORE = 1e-5

#: ... and for the first epoch's training loss, however much has been made of it by then.
ROUNDING_OF_FIRST_EPOCH = 2e-2

#: What may be apart and yet come together again: the last two of seven digits, three in 10,000
#: answers. Of 110 networks of questions 1 to 6 trained without AVX-512, 13 were equal in every
#: epoch and differed in last digits of the trained network only; one had a loss on the way that
#: differed by 4e-6 of itself (measured).
THREE_IMAGES = 3e-4
LAST_DIGIT = {
    "loss": 1e-5,
    "val_loss": 1e-5,
    "accuracy": THREE_IMAGES,
    "val_accuracy": THREE_IMAGES,
}

#: Outputs are kept to three digits.
LAST_OF_OUTPUTS = 2e-3

#: What a training gives, and what of its provenance decides that to the last bit.
_KEPT = ("history", "before", "within", "after", "predictions", "outputs")
_DECIDING = (
    *("tensorflow", "keras", "numpy"),
    *("processor", "instructions", "precision", "environment"),
)

#: Where a run ends: epochs' last figures, and those of the trained network.
_ENDS = (("history", "val_loss"), ("history", "val_accuracy"), ("after", "loss"))


@dataclass(frozen=True)
class Agreement:
    """A verdict, and what it rests on in words.

    Attributes
    ----------
    verdict : {"same", "rounded", "different"}
        Equal in all that a line keeps; equal within rounding at first, and then within the
        spread of the experiment; or neither.
    words : str
    """

    verdict: str
    words: str


def agreement(line: dict, again: dict, lines: Sequence[dict]) -> Agreement:
    """Compare a ledger's line with what the same spec and seed gave when trained again.

    Parameters
    ----------
    line, again : dict
        A result as `analysis.results` describes it.
    lines : sequence of dict
        All lines of the experiment: they say how far runs lie apart.
    """
    apart = [name for name in _KEPT if line.get(name) != again.get(name)]
    if not apart:
        return Agreement(SAME, "equal to the last bit")
    for fault in _faults(line, again, lines):
        return Agreement(DIFFERENT, fault)
    epochs = len(line["history"]["loss"])
    if _is_from_such_a_machine(line, again):
        words = f"{', '.join(apart)} differ, though machine and versions are those of the line"
        return Agreement(DIFFERENT, words)
    alike = next(
        (epoch for epoch in range(epochs) if not _epoch_is_alike(line, again, epoch)), epochs
    )
    until = f"until epoch {alike} of {epochs}" if alike else "before training"
    then = ", then within the spread of its experiment" if alike < epochs else ""
    return Agreement(ROUNDED, f"equal within rounding {until}{then}")


def _faults(line: dict, again: dict, lines: Sequence[dict]) -> Iterator[str]:
    """What rounding cannot have made, with both values."""
    theirs, ours = (run["before"]["val_loss"] for run in (line, again))
    if not _close(theirs, ours, ROUNDING_BEFORE):
        yield f"starts elsewhere: val_loss before training is {_both(theirs, ours)}"
    theirs, ours = (run["history"]["loss"][0] for run in (line, again))
    if not _close(theirs, ours, ROUNDING_OF_FIRST_EPOCH):
        yield f"loss of epoch 1 is {_both(theirs, ours)}"
    yield from _equal_after_a_difference(line, again)
    for part, name in _ENDS:
        theirs, ours = _end(line, part, name), _end(again, part, name)
        if not _within_spread(ours, [_end(run, part, name) for run in lines]):
            yield f"{name} ends at {_both(theirs, ours)}: outside the spread of {len(lines)} runs"


def _equal_after_a_difference(line: dict, again: dict) -> Iterator[str]:
    """Once apart, two trainings do not meet again to the last bit: what is apart was edited."""
    epochs = range(len(line["history"]["loss"]))
    equal = [
        all(line["history"][name][epoch] == again["history"][name][epoch] for name in LAST_DIGIT)
        for epoch in epochs
    ]
    ends_equal = all(line[name] == again[name] for name in ("after", "predictions"))
    for epoch in epochs:
        if (any(equal[epoch + 1 :]) or ends_equal) and not _stands_still(again, epoch):
            for name, digit in LAST_DIGIT.items():
                theirs, ours = (run["history"][name][epoch] for run in (line, again))
                if not _close(theirs, ours, digit):
                    yield f"{name} of epoch {epoch + 1} is {_both(theirs, ours)}"
    if all(equal):
        for fault in _ends_apart(line, again):
            yield f"{fault}, though every epoch is equal to the last bit"


def _ends_apart(line: dict, again: dict) -> Iterator[str]:
    """What differs in the trained network by more than these tolerances."""
    for name in ("loss", "accuracy"):
        theirs, ours = (run["after"][name] for run in (line, again))
        if not _close(theirs, ours, LAST_DIGIT[name]):
            yield f"{name} after training is {_both(theirs, ours)}"
    answers = zip(line["predictions"], again["predictions"], strict=True)
    if (number := sum(a != b for a, b in answers)) > round(THREE_IMAGES * len(line["predictions"])):
        yield f"{number} predictions differ"
    outputs = [(run["after"]["answer"] for run in (line, again))]
    if "outputs" in line:
        outputs.append(unpacked(run["outputs"]) for run in (line, again))
    for theirs, ours in outputs:
        apart = np.abs(np.array(theirs, float) - np.array(ours, float)).max()
        if apart > LAST_OF_OUTPUTS:
            yield f"outputs differ by {apart:.2g}"


def _both(theirs: float | None, ours: float | None) -> str:
    return f"{theirs} in the ledger, but {ours} when trained again"


def _stands_still(run: dict, epoch: int) -> bool:
    """Whether a network has stopped learning, as one with every output at zero does."""
    rest = run["history"]["val_loss"][epoch:]
    return len(set(rest)) == 1 and len(rest) > 1


def _epoch_is_alike(line: dict, again: dict, epoch: int) -> bool:
    return all(
        _close(*(run["history"][name][epoch] for run in (line, again)), ROUNDING)
        for name in ("loss", "val_loss")
    )


def _is_from_such_a_machine(line: dict, again: dict) -> bool:
    """Whether all that decides bits is recorded of the line, and is as it is now.

    Not so with AVX2 alone: there a network may round differently by its place in a group.
    """
    theirs, ours = line["provenance"], again["provenance"]
    recorded = all(name in theirs and theirs[name] == ours.get(name) for name in _DECIDING)
    return recorded and "avx512f" in theirs["instructions"].split()


def _close(theirs: float | None, ours: float | None, tolerance: float) -> bool:
    if theirs is None or ours is None:  # of a run that diverged
        return theirs is ours
    return math.isclose(theirs, ours, rel_tol=tolerance)


def _end(run: dict, part: str, name: str) -> float:
    value = run[part][name][-1] if part == "history" else run[part][name]
    return math.inf if value is None else value


def _within_spread(value: float, values: Sequence[float]) -> bool:
    """Whether a value lies in the range of others, made wider by its width on either side.

    Of ten runs of a normal distribution that is some 4.6 standard deviations from the mean.
    """
    finite = [other for other in values if math.isfinite(other)]
    if not math.isfinite(value) or not finite:
        return value in values
    least, most = min(finite), max(finite)
    width = most - least or ROUNDING * most  # one run has no spread, nor have runs all alike
    return least - width <= value <= most + width
