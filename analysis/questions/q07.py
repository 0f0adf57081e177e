"""Question 7: the best network for MNIST, one change at a time, chosen without the test set."""

from dataclasses import replace

from analysis.ladder import Arm
from analysis.questions import q05
from analysis.spec import mlp

#: Training images that are held out for every choice, the same for all.
HELD_OUT = 10_000


def _dense(base: Arm, *hidden: int) -> Arm:
    label = f"{len(hidden)} layers of {hidden[0]:,}" if len(hidden) > 1 else f"{hidden[0]:,} hidden"
    name = "q07-dense-" + "-".join(map(str, hidden))
    return base.but(name, label, layers=mlp(*hidden, output="softmax"))


# How many neurons in how many layers, all else alike.

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
ONE_32 = _dense(NO_HIDDEN, 32)
ONE_128 = _dense(ONE_32, 128)
ONE_512 = _dense(ONE_128, 512)
ONE_1024 = _dense(ONE_512, 1024)
TWO_512 = _dense(ONE_512, 512, 512)
THREE_512 = _dense(TWO_512, 512, 512, 512)
FOUR_512 = _dense(THREE_512, 512, 512, 512, 512)

CAPACITY = (NO_HIDDEN, ONE_32, ONE_128, ONE_512, ONE_1024, TWO_512, THREE_512, FOUR_512)

EXPERIMENTS = tuple(arm.experiment for arm in CAPACITY)
