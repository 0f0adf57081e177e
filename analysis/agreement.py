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

# Of 26 networks of questions 1, 3 and 4 trained without AVX-512, outputs were above zero on one
# image more or less where losses and accuracies were equal. Where the losses so far were within
# 1e-3 of themselves, it was on up to 0.3% of the images of an output's own category and 0.8% of
# the others, and as many units were dead (measured).

#: How far what is counted of ReLU units may be apart where the epoch is equal: shares by three
#: of 5,000 images (``own``) or of 45,000 (``others``), on which a value near zero tips over;
#: whether a unit is dead takes all images.
OF_EQUAL = {"own": 6.1e-4, "others": 6.7e-5, "dead": 0}

#: The same where the epoch's losses are within `ROUNDING`, ...
OF_ALIKE = {"own": 0.1, "others": 0.1, "dead": 2}

#: ... and of many dead units this share, which differs from one epoch to the next.
OF_MANY_DEAD = 0.05

#: The same for the untrained network, and three of its 10,000 answers.
OF_UNTRAINED = OF_EQUAL | {"val_accuracy": 3.1e-4, "answer": LAST_OF_OUTPUTS}

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
    yield from _starts_apart(line, again)
    theirs, ours = (run["history"]["loss"][0] for run in (line, again))
    if not _close(theirs, ours, ROUNDING_OF_FIRST_EPOCH):
        yield f"loss of epoch 1 is {_both(theirs, ours)}"
    yield from _equal_after_a_difference(line, again)
    yield from _counted_apart(line, again)
    for part, name in _ENDS:
        theirs, ours = _end(line, part, name), _end(again, part, name)
        if not _within_spread(ours, [_end(run, part, name) for run in lines]):
            yield f"{name} ends at {_both(theirs, ours)}: outside the spread of {len(lines)} runs"


def _starts_apart(line: dict, again: dict) -> Iterator[str]:
    """What differs in the untrained network by more than rounding."""
    theirs, ours = (run["before"]["val_loss"] for run in (line, again))
    if not _close(theirs, ours, ROUNDING_BEFORE):
        yield f"starts elsewhere: val_loss before training is {_both(theirs, ours)}"
    for name, most in OF_UNTRAINED.items():
        theirs, ours = (run["before"].get(name) for run in (line, again))
        yield from _apart(name, "before training", theirs, ours, 0, most)


def _equal_epochs(line: dict, again: dict) -> list[bool]:
    """Of each epoch whether losses and accuracies are equal to the last bit."""
    return [
        all(line["history"][name][epoch] == again["history"][name][epoch] for name in LAST_DIGIT)
        for epoch in range(len(line["history"]["loss"]))
    ]


def _are_equal_later(line: dict, again: dict) -> list[bool]:
    """Of each epoch whether after it both are equal, other than by standing still once apart."""
    equal = _equal_epochs(line, again)
    ends_equal = all(line[name] == again[name] for name in ("after", "predictions"))
    return [
        (any(equal[epoch + 1 :]) or ends_equal)
        and (all(equal[: epoch + 1]) or not _stands_still(again, epoch))
        for epoch in range(len(equal))
    ]


def _counted_apart(line: dict, again: dict) -> Iterator[str]:
    """What differs of the counts of ReLU units for as long as all epochs are alike.

    After that nothing can be told: between runs an output's shares differ by up to all.
    """
    equal = zip(_equal_epochs(line, again), _are_equal_later(line, again), strict=True)
    for epoch, (is_equal, is_equal_later) in enumerate(equal):
        if not _epoch_is_alike(line, again, epoch):
            return
        # By chance an epoch is equal in the digits that are kept, but not a later one as well.
        strict = is_equal and is_equal_later
        share, most = (0, OF_EQUAL) if strict else (OF_MANY_DEAD, OF_ALIKE)
        found = _counted(again, epoch)
        for (name, when), theirs in _counted(line, epoch).items():
            yield from _apart(name, when, theirs, found.get((name, when)), share, most[name])


def _counted(run: dict, epoch: int) -> dict[tuple[str, str], list]:
    """What was counted of ReLU units in an epoch, by its name and when in words."""
    counted = {
        (name, f"of count {number} within epoch 1"): values
        for name, counts in (run.get("within", {}) if epoch == 0 else {}).items()
        if name in OF_EQUAL
        for number, values in enumerate(counts, start=1)
    }
    for name in OF_EQUAL:
        if name in run["history"]:
            counted[name, f"of epoch {epoch + 1}"] = run["history"][name][epoch]
    return counted


def _equal_after_a_difference(line: dict, again: dict) -> Iterator[str]:
    """Once apart, two trainings do not meet again to the last bit: what is apart was edited."""
    for epoch, is_equal_later in enumerate(_are_equal_later(line, again)):
        if is_equal_later:
            for name, digit in LAST_DIGIT.items():
                theirs, ours = (run["history"][name][epoch] for run in (line, again))
                if not _close(theirs, ours, digit):
                    yield f"{name} of epoch {epoch + 1} is {_both(theirs, ours)}"
    if all(_equal_epochs(line, again)):
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


def _apart(name, when, theirs, ours, share: float, most: float) -> Iterator[str]:
    """Which of the values of a place are further apart than this share, and than ``most``."""
    lists = [values for values in (theirs, ours) if isinstance(values, list)]
    if len(lists) == 2 and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from _apart(f"{name}[{index}]", when, *pair, share, most)
    elif lists or not _close(theirs, ours, share, most):
        yield f"{name} {when} is {_both(theirs, ours)}"


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


def _close(theirs: float | None, ours: float | None, tolerance: float, least: float = 0.0) -> bool:
    """Whether two values are within a share of themselves, or within ``least``."""
    if theirs is None or ours is None:  # of a run that diverged
        return theirs is ours
    return math.isclose(theirs, ours, rel_tol=tolerance, abs_tol=least)


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
