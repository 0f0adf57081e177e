"""Question 7: the best network for MNIST, one change at a time, chosen without the test set."""

from dataclasses import dataclass, replace

from analysis.questions import q05
from analysis.spec import (
    Activation,
    AdamW,
    Affine,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Experiment,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Reshape,
    mlp,
)

#: Training images that are held out for every choice, the same for all.
HELD_OUT = 10_000


@dataclass(frozen=True)
class Arm:
    """One thing that was tried.

    Parameters
    ----------
    label : str
        What it is, or what it changes in ``base``.
    experiment : Experiment
    base : Arm or None
        The arm that it changes in one respect.
    """

    label: str
    experiment: Experiment
    base: "Arm | None" = None

    def but(self, name: str, label: str, **changes) -> "Arm":
        """The arm that differs from this one in what is named."""
        experiment = replace(self.experiment, name=f"q07-{name}", **changes)
        return Arm(label, experiment, base=self)


# How many neurons, in how many layers: trained alike, with question 5's optimizer.

NO_HIDDEN = Arm(
    "no hidden layer",
    replace(
        q05.SHEET,
        name="q07-dense-none",
        layers=mlp(output="softmax"),
        epochs=20,
        batch_size=128,
        seeds=range(10),
        validation=HELD_OUT,
        activity=False,
    ),
)


def _dense(base: Arm, *hidden: int) -> Arm:
    name = "dense-" + "-".join(map(str, hidden))
    return base.but(
        name, " + ".join(f"{n:,}" for n in hidden), layers=mlp(*hidden, output="softmax")
    )


ONE_32 = _dense(NO_HIDDEN, 32)
ONE_128 = _dense(ONE_32, 128)
ONE_512 = _dense(ONE_128, 512)
ONE_1024 = _dense(ONE_512, 1024)
TWO_512 = _dense(ONE_512, 512, 512)
THREE_512 = _dense(TWO_512, 512, 512, 512)
FOUR_512 = _dense(THREE_512, 512, 512, 512, 512)

CAPACITY = (NO_HIDDEN, ONE_32, ONE_128, ONE_512, ONE_1024, TWO_512, THREE_512, FOUR_512)

EXPERIMENTS = tuple(arm.experiment for arm in CAPACITY)
