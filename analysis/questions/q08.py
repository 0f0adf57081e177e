"""Question 8: the network of question 5 on CIFAR-10, and with more hidden neurons."""

from dataclasses import replace

from analysis.questions import q05
from analysis.spec import Normalization, mlp

SIZES = (32, 64, 128, 256, 512, 1536)

#: The last size takes as many multiplications as the convolutional network of question 9.
BY_SIZE = {
    size: replace(
        q05.SHEET,
        name=f"q08-hidden-{size:04d}",
        dataset="cifar10",
        layers=mlp(size, output="softmax"),
        epochs=10,
        seeds=range(100) if size == 32 else range(10),
    )
    for size in SIZES
}
SHEET = BY_SIZE[32]

# Mean and variance of the training images' channels, for pixels from 0 to 1.
STANDARDISED = replace(
    SHEET,
    name="q08-standardised",
    layers=(
        Normalization(mean=(0.4914, 0.4822, 0.4465), variance=(0.0610, 0.0593, 0.0684)),
        *SHEET.layers,
    ),
)

EXPERIMENTS = (*BY_SIZE.values(), STANDARDISED)
