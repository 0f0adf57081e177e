"""What pages say of an experiment."""

from dataclasses import replace

import pytest
import tiny

from analysis import words
from analysis.questions import q02, q08, q09
from analysis.spec import (
    SGD,
    Activation,
    AdamW,
    Affine,
    BatchNormalization,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Flatten,
    FlipAndShift,
    GlobalAveragePooling2D,
    LinearDecay,
    Lookahead,
    MaxPooling2D,
    Muon,
    Rescaling,
    Reshape,
    Whitening,
    mlp,
)


@pytest.mark.parametrize(
    "experiment, text",
    [
        (q02.SHEET, "784-32-10"),
        (q08.STANDARDISED, "standardised, 3072-32-10"),
        (q08.CENTRED, "centred, 3072-32-10"),
        (
            q09.SHEET,
            "convolution 3×3×32, pool 2×2, convolution 3×3×64, pool 2×2, convolution 3×3×64, "
            "1024-64-10",
        ),
        (
            replace(
                q02.SHEET,
                layers=(
                    Reshape((28, 28, 1)),
                    Conv2D(4, 3),
                    BatchNormalization(),
                    Conv2D(4, 3),
                    BatchNormalization(),
                    Conv2D(8, 3),
                    Dropout(0.2),
                    GlobalAveragePooling2D(),
                    Dropout(0.4),
                    Dense(10, "softmax"),
                ),
            ),
            "2 × convolution 3×3×4 with norm, convolution 3×3×8, dropout 0.2, 8-dropout 0.4-10",
        ),
        (
            replace(q09.SHEET, layers=(BatchNormalization(), Flatten(), Dense(10, "softmax"))),
            "norm, 3072-10",
        ),
        (
            replace(q08.SHEET, layers=(Flatten(), Dense(32, "gelu"), Dense(10, "softmax"))),
            "3072-32-10; GELU",
        ),
        (
            replace(
                q09.SHEET,
                layers=(
                    Whitening(2),
                    Activation("gelu"),
                    Conv2D(4, 3, "linear", kernel_initializer="identity"),
                    BatchNormalization(scale=False, shift_rate=64),
                    Activation("gelu"),
                    GlobalAveragePooling2D(),
                    Rescaling(0.5),
                    Dense(10, "softmax"),
                ),
            ),
            "whitening 2×2, convolution 3×3×4 with norm, 4-times 0.5-10; GELU; "
            "identity initialization; norm of fixed scale, shifts × 64",
        ),
    ],
)
def test_network_is_described_from_input_to_output(experiment, text):
    assert words.settings(experiment)["network"] == text


def test_seeds_that_are_left_out_are_not_named():
    assert words.settings(tiny.experiment(seeds=range(3)))["seeds"] == "0 to 2"
    assert words.settings(tiny.experiment(seeds=(0, 1, 4)))["seeds"] == "0 to 1, 4"


def test_settings_name_what_only_some_experiments_have():
    layers = (Flatten(), Dense(8), Dense(10, "softmax"))
    plain = tiny.experiment(loss="cross_entropy", layers=layers)
    special = replace(
        plain,
        optimizer=AdamW(CosineDecay(0.01, warmup=0.2), weight_decay=0.05),
        validation=100,
        augmentation=Affine(rotation=12, shift=2.5),
        label_smoothing=0.1,
        averaging=0.999,
        precision="mixed_bfloat16",
    )
    before, after = words.settings(plain), words.settings(special)
    assert {name: value for name, value in after.items() if before.get(name) != value} == {
        "optimizer": "AdamW, rate rising to 0.01 in 20% of the steps, falling along a cosine, "
        "weight decay 0.05",
        "also": "100 images held out; images changed: rotation ±12°, shift ±2.5 pixels; "
        "label smoothing 0.1; averaging 0.999; mixed_bfloat16",
    }
    falling = words.settings(replace(plain, optimizer=SGD(CosineDecay(0.1))))
    assert falling["optimizer"] == "SGD, rate 0.1, falling along a cosine"


def test_settings_name_momentum_lines_flips_lookahead_and_views():
    plain = tiny.experiment(loss="cross_entropy", layers=mlp(8, output="softmax"))
    special = replace(
        plain,
        optimizer=SGD(LinearDecay(2, 0.2, 0.1, 0.05), 0.9, nesterov=True, weight_decay=0.01),
        augmentation=FlipAndShift("alternating", 2),
        averaging=Lookahead(steps=4, decay=0.5),
        outputs=True,
        tta=True,
    )
    before, after = words.settings(plain), words.settings(special)
    assert {name: value for name, value in after.items() if before.get(name) != value} == {
        "optimizer": "SGD, rate rising from 0.2 to 2 in 20% of the steps, falling linearly to "
        "0.1, Nesterov momentum 0.9, weight decay 0.01",
        "also": "images changed: each mirrored every other time, shift up to 2 pixels; lookahead "
        "every 4 steps, up to 0.50; outputs for six views",
    }
    falling = words.settings(replace(plain, optimizer=SGD(LinearDecay(0.1), momentum=0.5)))
    assert falling["optimizer"] == "SGD, rate 0.1, falling linearly to 0, momentum 0.5"
    kernels = Muon(LinearDecay(0.2, 0.25, 0.2, 0.1), 0.6, SGD(0.1, 0.8, nesterov=True))
    assert words.settings(replace(CNN, optimizer=kernels))["optimizer"] == (
        "Muon for convolutions, rate rising from 0.04 to 0.2 in 25% of the steps, falling linearly "
        "to 0.02, Nesterov momentum 0.6, and for all else SGD, rate 0.1, Nesterov momentum 0.8"
    )
    bare = words.settings(replace(CNN, optimizer=Muon(0.2, 0.0, SGD(0.1))))["optimizer"]
    assert bare == "Muon for convolutions, rate 0.2, and for all else SGD, rate 0.1"
    mirrored = words.settings(replace(plain, augmentation=FlipAndShift("random")))
    assert mirrored["also"] == "images changed: half of them mirrored"
    bent = replace(plain, augmentation=Affine(shift=1, elastic=1.5), outputs=True, tta=True)
    assert words.settings(bent)["also"] == (
        "images changed: shift ±1 pixels, elastic 1.5 pixels; outputs for three views"
    )


def test_whose_weights_or_order_is_told_and_what_the_epochs_share():
    fixed = tiny.experiment(varies=("order",), fixed_seed=7)
    assert words.settings(fixed)["same in every run"] == "weights, of seed 7"
    first = tiny.experiment(varies=("order",))
    assert words.settings(first)["same in every run"] == "weights"
    frozen = words.settings(tiny.experiment(reshuffle=False, activity_at=(1,)))
    assert frozen["also"] == (
        "every epoch in the first epoch's order; activity counted within the first epoch"
    )


CNN = replace(
    q09.SHEET,
    layers=(
        Conv2D(4, 3),
        Conv2D(4, 3),
        MaxPooling2D(2),
        Conv2D(8, 3),
        GlobalAveragePooling2D(),
        Dense(10, "softmax"),
    ),
)


def with_layers(*layers):
    return replace(CNN, layers=layers)


@pytest.mark.parametrize(
    "ours, base, text",
    [
        (q02.SHEET, q02.SHEET, ""),
        (replace(q02.SHEET, epochs=30, seeds=range(3)), q02.SHEET, "epochs 30"),
        (
            replace(q02.SHEET, optimizer=AdamW(0.01), batch_size=64),
            q02.SHEET,
            "optimizer AdamW, rate 0.01, weight decay 0.004; batch 64",
        ),
        (
            replace(CNN, label_smoothing=0.1, augmentation=FlipAndShift("random", 2)),
            replace(CNN, label_smoothing=0.2, averaging=0.99),
            "images changed: half of them mirrored, shift up to 2 pixels; label smoothing 0.1; "
            "without averaging 0.99",
        ),
        (replace(q02.SHEET, layers=mlp(64, 16, output="relu")), q02.SHEET, "network 784-64-16-10"),
        (
            with_layers(Conv2D(6, 3), Conv2D(6, 3), MaxPooling2D(2), Conv2D(9, 3), *CNN.layers[4:]),
            CNN,
            "filters 6-6-9 in place of 4-4-8",
        ),
        (
            with_layers(
                Conv2D(4, 3),
                Conv2D(4, 3),
                MaxPooling2D(2),
                Conv2D(9, 3),
                GlobalAveragePooling2D(),
                Dense(5),
                Dense(10, "softmax"),
            ),
            CNN,
            "filters 4-4-9 in place of 4-4-8; 9-5-10 in place of 8-10",
        ),
        (
            with_layers(
                *(layer for c in CNN.layers[:2] for layer in (c, BatchNormalization())),
                CNN.layers[2],
                CNN.layers[3],
                BatchNormalization(),
                *CNN.layers[4:],
            ),
            CNN,
            "norm after each convolution",
        ),
        (
            with_layers(
                *(layer for c in CNN.layers[:2] for layer in (c, BatchNormalization())),
                CNN.layers[2],
                CNN.layers[3],
                BatchNormalization(),
                *CNN.layers[4:-1],
                Dropout(0.5),
                CNN.layers[-1],
            ),
            CNN,
            "norm after each convolution; 8-dropout 0.5-10 in place of 8-10",
        ),
        (
            with_layers(Dropout(0.1), *CNN.layers[1:3], Dropout(0.1), *CNN.layers[3:]),
            CNN,
            "dropout 0.1 in place of convolution 3×3×4; dropout 0.1 as well",
        ),
        (
            with_layers(*CNN.layers[:3], *CNN.layers[4:]),
            CNN,
            "without convolution 3×3×8; 4-10 in place of 8-10",
        ),
        (
            with_layers(*CNN.layers[:-1], Rescaling(0.5), CNN.layers[-1]),
            CNN,
            "8-times 0.5-10 in place of 8-10",
        ),
        (with_layers(*CNN.layers[:4], Activation("gelu"), *CNN.layers[4:]), CNN, "GELU"),
        (CNN, with_layers(*CNN.layers[:4], Activation("gelu"), *CNN.layers[4:]), "without GELU"),
    ],
)
def test_beside_another_only_what_differs_is_told(ours, base, text):
    assert words.changes(ours, base) == text


def test_nearest_is_the_one_with_least_to_tell_and_of_several_the_last():
    longer, larger = replace(CNN, epochs=50), replace(CNN, epochs=50, batch_size=64)
    again = replace(longer, name="q09-again")
    assert words.nearest(replace(larger, averaging=0.9), [CNN, longer, larger]) is larger
    assert words.nearest(replace(CNN, epochs=60), [longer, again, larger]) is again
