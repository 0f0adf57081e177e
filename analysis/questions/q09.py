"""Question 9: a convolutional network on CIFAR-10."""

from dataclasses import replace

from analysis.questions import q08
from analysis.spec import Conv2D, Dense, Flatten, MaxPooling2D, mlp

SHEET = replace(
    q08.SHEET,
    name="q09-cnn",
    layers=(
        Conv2D(32, 3),
        MaxPooling2D(2),
        Conv2D(64, 3),
        MaxPooling2D(2),
        Conv2D(64, 3),
        Flatten(),
        Dense(64),
        Dense(10, "softmax"),
    ),
    seeds=range(10),
)

#: The dense network with as many weights.
SAME_WEIGHTS = replace(
    q08.SHEET, name="q09-dense-040", layers=mlp(40, output="softmax"), seeds=range(10)
)

#: The dense network whose training takes as many multiplications forward.
SAME_COST = q08.BY_SIZE[1536]

EXPERIMENTS = (SHEET, SAME_WEIGHTS, SAME_COST)
