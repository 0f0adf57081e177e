"""The trained networks that readers can draw digits for, with their weights.

Ledgers keep what networks did, not their weights; these few are kept so that a page can run
them. ``book/results/draw-a-digit.json`` holds them, to the three digits of a float16, and a
test image of each digit to begin with.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import datasets, results
from analysis.files import write_whole
from analysis.spec import Dense, Experiment, Flatten, SpecError

FILE = "draw-a-digit.json"

#: Readers draw what the networks were trained on.
DATASET = "mnist"

#: What weights are kept as: its smaller byte first.
FLOAT16 = "<f2"

#: Weights are kept to three digits: measured, outputs move by up to 0.00015.
OUTPUTS_MOVE_BY = 5e-4


@dataclass(frozen=True)
class Pick:
    """A network that is to be kept.

    Parameters
    ----------
    experiment : Experiment
        Of dense layers with biases: ReLU in the hidden ones, ReLU or softmax in the output.
    seed : int
    silent : tuple of int
        Its silent outputs.

    Raises
    ------
    analysis.spec.SpecError
        If the experiment has other layers, for `Network` and the page's script run no others.
    """

    experiment: Experiment
    seed: int
    silent: tuple[int, ...] = ()

    def __post_init__(self):
        layers = self.experiment.layers
        for place, layer in enumerate(layers):
            if place == 0:
                fits, words = isinstance(layer, Flatten), "Flatten()"
            else:
                names = ("relu", "softmax") if place == len(layers) - 1 else ("relu",)
                is_dense = isinstance(layer, Dense) and layer.use_bias
                fits = is_dense and layer.activation in names
                words = f"Dense with a bias and activation {' or '.join(map(repr, names))}"
            if not fits:
                raise SpecError(
                    f"experiment {self.experiment.name!r}: layers[{place}] must be {words} for "
                    f"readers to draw for its networks; got {layer!r}"
                )

    def described(self) -> dict:
        """All but the weights, as the file has it."""
        return {
            "experiment": self.experiment.name,
            "key": self.experiment.key,
            "seed": self.seed,
            "silent": list(self.silent),
            "activation": self.experiment.layers[-1].activation,
        }


#: Gives the networks to keep, by the names that pages call them.
Choice = Callable[[], Mapping[str, Pick]]


@dataclass(frozen=True)
class Network:
    """A network that is kept.

    Parameters
    ----------
    experiment, key : str
        Name and key of its experiment.
    seed : int
    silent : tuple of int
        Its silent outputs.
    activation : {"relu", "softmax"}
        Of the output.
    weights : tuple of ndarray
        Kernel, shape (inputs, units), and bias, shape (units,), of each layer in turn: float32.
    """

    experiment: str
    key: str
    seed: int
    silent: tuple[int, ...]
    activation: str
    weights: tuple[np.ndarray, ...]

    def sums(self, images: np.ndarray) -> np.ndarray:
        """The weighted sums that its outputs are functions of, for images as `outputs` has them."""
        values = images.reshape(len(images), -1).astype(np.float32) / 255
        *hidden, last = zip(self.weights[::2], self.weights[1::2], strict=True)
        for kernel, bias in hidden:
            values = np.maximum(values @ kernel + bias, 0)
        return values @ last[0] + last[1]

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What it says of images: uint8, shape (n, 28, 28), to float32, shape (n, 10)."""
        values = self.sums(images)
        if self.activation == "relu":
            return np.maximum(values, 0)
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def as_kept(pick: Pick, weights: Sequence[np.ndarray]) -> Network:
    """A network as the file gives it back, its weights rounded.

    Parameters
    ----------
    pick : Pick
    weights : sequence of ndarray
        As `Network` has them, of any precision.
    """
    rounded = tuple(np.asarray(array, FLOAT16).astype(np.float32) for array in weights)
    return Network(**pick.described() | {"silent": pick.silent, "weights": rounded})


def apart(network: Network, first: np.ndarray, line: dict) -> float:
    """How far a network's outputs are from those in its ledger, where they differ most.

    Parameters
    ----------
    network : Network
    first : ndarray of uint8, shape (28, 28)
        The first test image, of which ledgers have the outputs.
    line : dict
        The ledger's.

    Returns
    -------
    float
        At most `OUTPUTS_MOVE_BY` of a network that may be kept; nan if one has diverged.
    """
    (answer,) = network.outputs(first[np.newaxis])
    return float(np.abs(answer - np.array(line["after"]["answer"], float)).max())


@dataclass(frozen=True)
class Kept:
    """The networks by name, and for each digit the first test image that shows it.

    Parameters
    ----------
    networks : dict from str to Network
    examples : ndarray of uint8, shape (10, 28, 28)
    numbers : list of int
        Places of the examples in the test set; its first image is one of them.
    """

    networks: dict[str, Network]
    examples: np.ndarray
    numbers: list[int]


def is_current(choose: Choice, folder: Path = results.FOLDER) -> bool:
    """Whether the file on disk has the networks that are chosen, as they are now trained."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        kept, picks = _read(content), choose()
        described = {
            name: {key: value for key, value in network.items() if key != "weights"}
            for name, network in content["networks"].items()
        }
        return (
            described == {name: pick.described() for name, pick in picks.items()}
            and content["digest"] == datasets.DATASETS[DATASET].digest
            and all(_answers_as_trained(kept, name, pick, folder) for name, pick in picks.items())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, results.LedgerError):
        return False


def _answers_as_trained(kept: Kept, name: str, pick: Pick, folder: Path) -> bool:
    """Whether a network says of the first test image what its ledger's line says."""
    first = dict(zip(kept.numbers, kept.examples, strict=True))[0]
    line = results.Ledger(pick.experiment, folder).read()[pick.seed]
    return apart(kept.networks[name], first, line) <= OUTPUTS_MOVE_BY


def write(
    picks: Mapping[str, Pick],
    weights: Mapping[str, list[np.ndarray]],
    data: datasets.Dataset,
    folder: Path = results.FOLDER,
) -> None:
    """Keep networks, given their weights by name.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    numbers = [int(np.argmax(data.y_test == digit)) for digit in range(10)]
    content = {
        "digest": datasets.DATASETS[DATASET].digest,
        "networks": {
            name: pick.described()
            | {"weights": [_packed(array, FLOAT16) for array in weights[name]]}
            for name, pick in picks.items()
        },
        "examples": {"numbers": numbers, "pixels": _packed(data.x_test[numbers], "u1")},
    }
    write_whole(folder / FILE, json.dumps(content, indent=1).encode() + b"\n")


def load(folder: Path = results.FOLDER) -> Kept:
    """What is kept."""
    return _read(json.loads((folder / FILE).read_text(encoding="utf-8")))


def _read(content: dict) -> Kept:
    networks = {
        name: Network(
            **network
            | {
                "silent": tuple(network["silent"]),
                "weights": tuple(
                    _unpacked(array, FLOAT16).astype(np.float32) for array in network["weights"]
                ),
            }
        )
        for name, network in content["networks"].items()
    }
    examples = content["examples"]
    return Kept(networks, _unpacked(examples["pixels"], "u1"), examples["numbers"])


def _packed(array: np.ndarray, kind: str) -> dict:
    values = np.ascontiguousarray(array, kind)
    return {"shape": list(array.shape), "values": base64.b64encode(values).decode()}


def _unpacked(packed: dict, kind: str) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(packed["values"], validate=True), kind)
    return values.reshape(packed["shape"])
