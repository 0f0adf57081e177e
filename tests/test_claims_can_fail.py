"""Every claim of the report is seen to fail on results that contradict it."""

import warnings

import numpy as np
import pytest

from analysis.loaded import Results
from analysis.questions import QUESTIONS
from analysis.results import Runs, packed

HISTORIES = ("loss", "accuracy", "val_loss", "val_accuracy")


class World(Results):
    """The report's results, each network's changed in one way.

    Parameters
    ----------
    given : Results
    change : callable
        Of a record's values by name, as floats, and of a random generator: the values in their
        place. Names are those of histories, ``before``, ``within`` and ``after``.
    answers : callable
        Of the true categories, the given ones and a generator: the categories in their place.
    """

    def __init__(self, given, change, answers):
        super().__init__(kept=given.excerpts)
        self.given, self.change, self.answers = given, change, answers
        self.made = {}

    def __getitem__(self, experiment):
        if experiment not in self.made:
            labels = self.labels(experiment)
            records = [self._record(r, labels, experiment) for r in self.given[experiment].records]
            self.made[experiment] = Runs(experiment, tuple(records))
        return self.made[experiment]

    def _record(self, record, labels, experiment):
        random = np.random.default_rng([record["seed"], int(experiment.key[:8], 16)])
        record = dict(record)
        for part in ("before", "history", "within", "after"):
            if part in record:
                record[part] = {
                    name: self._value(name, values, random) for name, values in record[part].items()
                }
        given = np.frombuffer(record["predictions"].encode(), np.uint8) - ord("0")
        predictions = self.answers(labels, given, random)
        record["predictions"] = "".join(map(str, predictions))
        right = float((predictions == labels).mean())
        record["history"]["val_accuracy"][-1] = right
        if "outputs" in record:
            outputs = random.dirichlet(np.ones(10), len(predictions))
            outputs[np.arange(len(outputs)), predictions] += 1
            record["outputs"] = packed(outputs / 2)
        return record

    def _value(self, name, values, random):
        changed = self.change(name, np.asarray(values, float), random)
        return (changed.round().astype(int) if name == "dead" else changed).tolist()


def noise(name, values, random):
    return random.integers(0, 9, values.shape) if name == "dead" else random.random(values.shape)


def untrained(name, values, random):
    """Nothing fires, and nothing is learned, the more the longer it takes."""
    fixed = {"dead": 10_000, "own": 0, "others": 0, "accuracy": 0.1, "val_accuracy": 0.1}
    steps = np.arange(values.size).reshape(values.shape)
    return np.full(values.shape, fixed[name]) if name in fixed else 1.0 + steps


def perfect(name, values, random):
    """All is right from the first, and everything fires."""
    fixed = {"dead": 0, "own": 1, "others": 1, "accuracy": 1, "val_accuracy": 1}
    return np.full(values.shape, float(fixed.get(name, 0)))


def mirrored(name, values, random):
    """What was large is small, and what came first comes last."""
    turned = values[::-1] if values.ndim else values
    return np.maximum(32 - turned, 0) if name == "dead" else 1 - turned


def alike(name, values, random):
    """Every network does the same, but for a little noise."""
    if name == "dead":
        return np.full(values.shape, 3)
    return 0.5 + random.normal(0, 1e-3, values.shape)


WORLDS = {
    "noise": (noise, lambda labels, given, random: random.integers(0, 10, len(labels))),
    "untrained": (untrained, lambda labels, given, random: np.zeros_like(labels)),
    "perfect": (perfect, lambda labels, given, random: labels),
    "mirrored": (mirrored, lambda labels, given, random: np.where(given == labels, 9, labels)),
    "alike": (
        alike,
        lambda labels, given, random: np.where(
            random.random(len(labels)) < 0.5, labels, (labels + 1) % 10
        ),
    ),
}


@pytest.fixture(scope="module")
def given():
    return Results()


def failing(module, results) -> set[str]:
    """Names of the claims that do not hold; none where values are beyond what can be compared."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of means of no run at all and the like
        try:
            return {claim.name for claim in module.claims(results) if not claim.holds}
        except (ValueError, ZeroDivisionError, IndexError):
            return set()


@pytest.mark.parametrize("page", QUESTIONS)
def test_every_claim_fails_in_some_world(given, page):
    module = QUESTIONS[page]
    names = [claim.name for claim in module.claims(given)]
    assert len(set(names)) == len(names)
    failed = set().union(*(failing(module, World(given, *world)) for world in WORLDS.values()))
    assert set(names) - failed == set(), "these hold whatever the results are"
