"""Trains the networks of one experiment in lockstep: same layers, different seeds.

The weights of all networks of a group are stacked on a leading *run* axis and one
`tf.function` loop trains them together, each on its own order of the images. It is the
training that ``model.fit`` does (tests/test_engine.py compares them step by step), without
its cost per step, which for small networks is nearly all of the time. On one thread a
network comes out the same to the last bit whichever others it is trained beside; where there
is no AVX-512, only if the widths of its layers are multiples of 16 (all but the ten outputs).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import keras
import numpy as np
import tensorflow as tf

from analysis import results
from analysis.datasets import Dataset
from analysis.spec import Affine, Experiment, Lookahead
from analysis.training import augment, build

#: Images at a time where nothing is learned; of feature maps fewer, or they leave the cache.
EVALUATION_BATCH = 1000
EVALUATION_BATCH_OF_MAPS = 100


def train(
    experiment: Experiment,
    data: Dataset,
    seeds: Sequence[int],
    tell: Callable[[int], None] = lambda epochs: None,
    weights: bool = False,
) -> list[dict]:
    """Train one network for each seed.

    Parameters
    ----------
    experiment : Experiment
    data : Dataset
    seeds : sequence of int
    tell : callable
        Called after each epoch with the number of epochs done.
    weights : bool
        Whether to give the trained weights, too, which no ledger has.

    Returns
    -------
    list of dict
        For each seed ``seed``, ``history``, ``before``, ``after``, ``predictions``,
        ``seconds`` and what else the spec asks for, as `analysis.results` describes them;
        ``weights``, if wanted, as arrays in the order of Keras's ``trainable_variables``.
    """
    started = time.process_time()  # of this core, whatever else the machine does
    # The product of a single matrix is computed by another kernel than those of several and
    # rounds differently: beside a copy of itself a lone network trains as it would in a group.
    lone = experiment.lockstep and len(seeds) == 1
    group = Group(experiment, data, [*seeds, *seeds] if lone else seeds)
    before = group.look()
    epochs = []
    for epoch in range(experiment.epochs):
        epochs.append(group.train_epoch(epoch) | group.look())
        tell(epoch + 1)
    after = group.evaluate_training()
    outputs = group.outputs() if experiment.outputs else None
    trained = [weight.numpy() for weight in group._tested()[0]] if weights else None
    seconds = round((time.process_time() - started) / len(seeds), 3)

    return [
        {
            "seed": seed,
            "history": {
                name: [values[name][run] for values in epochs]
                for name in epochs[0]
                if name not in ("answer", "predictions")
            },
            "before": {
                name: values[run] for name, values in before.items() if name != "predictions"
            },
            "after": {name: values[run] for name, values in after.items()}
            | {"answer": epochs[-1]["answer"][run]},
            "predictions": "".join(map(str, epochs[-1]["predictions"][run])),
            "seconds": seconds,
        }
        | (
            {"within": {name: [values[name][run] for values in within] for name in within[0]}}
            if (within := group.within)
            else {}
        )
        | ({"outputs": results.packed(outputs[run])} if experiment.outputs else {})
        | ({"weights": [weight[run] for weight in trained]} if weights else {})
        for run, seed in enumerate(seeds)
    ]


class Group:
    """Networks of one experiment that are trained together.

    Parameters
    ----------
    experiment : Experiment
    data : Dataset
    seeds : sequence of int
        One network each; R below is their number.

    Attributes
    ----------
    weights : list of keras.Variable
        The trainable weights, each with a leading axis of length R.
    state : list of keras.Variable
        What a network keeps beside them, likewise stacked.
    averages : list of keras.Variable
        Where the experiment averages, running averages of the weights and then of the state;
        else empty.
    within : list of dict
        The `activity` after each of the first epoch's steps where the experiment wants it.
    """

    def __init__(self, experiment: Experiment, data: Dataset, seeds: Sequence[int]):
        self.experiment = experiment
        self.seeds = seeds
        networks = [build.network(experiment, data.x_train, seed) for seed in seeds]
        self.network = networks[0]
        self.probe = _probe(self.network)
        self.weights = _stack([network.trainable_variables for network in networks])
        self.state = _stack([network.non_trainable_variables for network in networks])
        self.chunk = EVALUATION_BATCH if experiment.lockstep else EVALUATION_BATCH_OF_MAPS
        self.averages, self.within = [], []
        if experiment.averaging:
            self.averages = [keras.Variable(v, trainable=False) for v in self.weights + self.state]
        self.loss = build.loss(experiment)
        steps_an_epoch = -(-len(data.y_train) // experiment.batch_size)
        self.steps = experiment.epochs * steps_an_epoch
        self.optimizer = build.optimizer(experiment, self.steps)
        self.optimizer.build(self.weights)

        self.x_train, self.x_test = tf.constant(data.x_train), tf.constant(data.x_test)
        self.y_train = tf.constant(data.y_train.astype(np.int32))
        self.y_test = tf.constant(data.y_test.astype(np.int32))
        self.target_train = tf.constant(build.targets(experiment, data.y_train))
        self.target_test = tf.constant(build.targets(experiment, data.y_test))
        if getattr(experiment.augmentation, "cutout", 0):
            self.colour = tf.constant(data.x_train.mean(axis=(0, 1, 2)), tf.float32)

    def train_epoch(self, epoch: int) -> dict[str, list]:
        """Train every network once on every training image.

        Returns
        -------
        dict
            ``loss`` and ``accuracy``: for each network the average over the epoch of what
            each step gave before it changed the weights, as ``model.fit`` reports it.
        """
        n = len(self.y_train)
        orders = np.stack([self.order(seed, epoch) for seed in self.seeds])
        transforms, shares = self.transforms(epoch, orders), self.shares(epoch)
        pauses = [step * self.experiment.batch_size for step in self.experiment.activity_at]
        ends = [*pauses, n] if epoch == 0 else [n]
        losses, correct = [], []
        for start, end in pairwise([0, *ends]):
            changes = [
                drawn if drawn is None else drawn[:, start:end] for drawn in (transforms, shares)
            ]
            for kept, values in zip(
                (losses, correct),
                self.train_steps(tf.constant(orders[:, start:end]), *changes),
                strict=True,
            ):
                kept.append(values.numpy())
            if end < n:
                self.within.append(self.activity())
        sizes = np.diff(np.append(np.arange(0, n, self.experiment.batch_size), n))
        return {
            "loss": _floats(sizes @ np.concatenate(losses), n),
            "accuracy": _floats(np.concatenate(correct).sum(axis=0), n),
        }

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Order in which one network sees the training images, int32, shape (n,)."""
        stream = build.stream_seed(self.experiment, "order", seed)
        generator = np.random.default_rng([*stream, epoch if self.experiment.reshuffle else 0])
        return generator.permutation(len(self.y_train)).astype(np.int32)

    def transforms(self, epoch: int, orders: np.ndarray) -> tf.Tensor | None:
        """How each network's images are changed, in their order, (R, n, …); see `augment.draw`."""
        augmentation = self.experiment.augmentation
        if augmentation is None:
            return None
        size = self.x_train.shape[1:3]
        streams = [build.stream_seed(self.experiment, "augmentation", s) for s in self.seeds]
        drawn = [
            augment.draw(augmentation, order, size, stream, epoch)
            for order, stream in zip(orders, streams, strict=True)
        ]
        return tf.constant(np.stack(drawn))

    def shares(self, epoch: int) -> tf.Tensor | None:
        """With what shares each network's images are mixed, in their order; float32, (R, n)."""
        mixup = self.experiment.mixup
        if not mixup:
            return None
        streams = [build.stream_seed(self.experiment, "mixup", seed) for seed in self.seeds]
        n = len(self.y_train)
        return tf.constant(np.stack([augment.shares(mixup, n, s, epoch) for s in streams]))

    @tf.function(reduce_retracing=True)
    def train_steps(
        self,
        orders: tf.Tensor,
        transforms: tf.Tensor | None = None,
        shares: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Train on the images ``orders`` (int32, shape (R, n)) names, a batch a step.

        With ``transforms``, one an image, on what they make of the images; with ``shares``, one
        an image, on mixtures.

        Returns
        -------
        losses, correct : Tensor of float32, shape (steps, R)
            Mean loss of each batch and its correctly classified images.
        """
        n, size = tf.shape(orders)[1], self.experiment.batch_size
        steps = (n + size - 1) // size
        losses = tf.TensorArray(tf.float32, steps, element_shape=(len(self.seeds),))
        correct = tf.TensorArray(tf.float32, steps, element_shape=(len(self.seeds),))
        for step in tf.range(steps):
            chosen = slice(step * size, (step + 1) * size)
            images = tf.gather(self.x_train, orders[:, chosen])
            if transforms is not None:
                images = self._changed(images, transforms[:, chosen])
            mixed = None if shares is None else shares[:, chosen]
            loss, hits = self._step(images, orders[:, chosen], mixed)
            losses, correct = losses.write(step, loss), correct.write(step, hits)
        return losses.stack(), correct.stack()

    def _changed(self, images: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
        augmentation, transforms, rest = (
            self.experiment.augmentation,
            drawn[..., :6],
            drawn[..., 6:],
        )
        if isinstance(augmentation, Affine):
            if augmentation.elastic:
                return augment.bend(images, transforms, rest)
            return augment.apply(images, transforms, "constant")
        images = augment.apply(images, transforms, "reflect")
        if augmentation.cutout:
            return augment.cover(images, rest, augmentation.cutout, self.colour)
        return images

    def _step(
        self, images: tf.Tensor, batch: tf.Tensor, shares: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        labels, targets = tf.gather(self.y_train, batch), tf.gather(self.target_train, batch)
        if shares is not None:
            images, targets = (
                augment.mix(tf.cast(v, tf.float32), shares) for v in (images, targets)
            )
        weights, state = _values(self.weights), _values(self.state)

        def learn(weights, state, images, labels, targets):
            outputs, state = self.network.stateless_call(
                weights, state, _scaled(images), training=True
            )
            return self.loss(targets, outputs), _hits(outputs, labels), state

        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss, hits, state = _for_each_run(learn, weights, state, images, labels, targets)
            # The networks share no weight, so the gradient of the sum is each one's own.
            total = tf.reduce_sum(loss)
        self.optimizer.apply(tape.gradient(total, weights), self.weights)
        for variable, value in zip(self.state, state, strict=True):
            variable.assign(value)
        if isinstance(self.experiment.averaging, Lookahead):
            self._look_ahead(self.experiment.averaging)
        elif self.averages:
            self._average(self.experiment.averaging)
        return loss, hits

    def _average(self, decay: float) -> None:
        # Less at first, or the average would long be that of the random start.
        step = tf.cast(self.optimizer.iterations.value, tf.float32)
        self._move_averages(tf.minimum(decay, (1 + step) / (10 + step)))

    def _look_ahead(self, lookahead: Lookahead) -> None:
        step = tf.cast(self.optimizer.iterations.value, tf.float32)
        if step % lookahead.steps == 0:
            self._move_averages(lookahead.decay * (step / self.steps) ** 3)
            for average, variable in self._averaged():
                variable.assign(average.value)

    def _move_averages(self, decay: tf.Tensor) -> None:
        for average, variable in self._averaged():
            average.assign(decay * average.value + (1 - decay) * variable.value)

    def _averaged(self) -> list[tuple[keras.Variable, keras.Variable]]:
        """Pairs of an average and what it follows: all but the states of random generators."""
        pairs = zip(self.averages, self.weights + self.state, strict=True)
        return [pair for pair in pairs if pair[1].dtype == "float32"]

    def _tested(self) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Weights and state that the networks are tested with."""
        tested = self.averages or self.weights + self.state
        return _values(tested[: len(self.weights)]), _values(tested[len(self.weights) :])

    def look(self) -> dict[str, list]:
        """`evaluate`, and `activity` where the experiment wants it."""
        return self.evaluate() | (self.activity() if self.experiment.activity else {})

    def evaluate(self) -> dict[str, list]:
        """What the networks make of the test images as they are now.

        Returns
        -------
        dict
            For each network ``val_loss`` and ``val_accuracy``, ``predictions`` (the
            category of each test image) and ``answer`` (its outputs for the first).
        """
        losses, correct, predictions, answer = self._evaluate(
            self.x_test, self.y_test, self.target_test
        )
        return {
            "val_loss": _floats(losses, len(self.y_test)),
            "val_accuracy": _floats(correct, len(self.y_test)),
            "predictions": predictions.numpy(),
            "answer": [_floats(outputs) for outputs in answer],
        }

    def outputs(self) -> np.ndarray:
        """What the networks say of each test image: float32, shape (R, n, 10).

        With test-time augmentation, what they say of several views, as the weighted
        geometric mean of probabilities, which is what the mean of softmax's inputs gives.
        """
        chunks = range(0, len(self.y_test), self.chunk)
        batches = [self._outputs(self.x_test[start : start + self.chunk]) for start in chunks]
        return np.concatenate(batches, axis=1)

    @tf.function(reduce_retracing=True)
    def _outputs(self, images: tf.Tensor) -> tf.Tensor:
        def look(weights, state, images):
            return self.network.stateless_call(weights, state, images, training=False)[0]

        def look_with_tta(weights, state):
            logarithms = 0.0
            for weight, view in _tta_views(_scaled(images), self.experiment.mirrored):
                outputs = look(weights, state, view)
                logarithms += weight * tf.math.log(tf.maximum(outputs, np.finfo("f").tiny))
            return tf.nn.softmax(logarithms)

        if self.experiment.tta:
            return _for_each_run(look_with_tta, *self._tested())
        return _for_each_run(lambda *now: look(*now, _scaled(images)), *self._tested())

    def evaluate_training(self) -> dict[str, list]:
        """``loss`` and ``accuracy`` of each network on the training images as it is now."""
        losses, correct, *_ = self._evaluate(self.x_train, self.y_train, self.target_train)
        n = len(self.y_train)
        return {"loss": _floats(losses, n), "accuracy": _floats(correct, n)}

    @tf.function(reduce_retracing=True)
    def _evaluate(self, images: tf.Tensor, labels: tf.Tensor, targets: tf.Tensor):
        """Summed loss, correct answers, all categories and the first image's outputs."""
        n, runs = tf.shape(images)[0], len(self.seeds)
        batches = (n + self.chunk - 1) // self.chunk
        losses, correct, answer = tf.zeros(runs), tf.zeros(runs), tf.zeros((runs, 10))
        predictions = tf.TensorArray(
            tf.float32, batches, infer_shape=False, element_shape=(None, runs)
        )
        for batch in tf.range(batches):
            chosen = slice(batch * self.chunk, (batch + 1) * self.chunk)
            x, y, target = _scaled(images[chosen]), labels[chosen], targets[chosen]

            def look(weights, state, x=x, y=y, target=target):
                outputs, _ = self.network.stateless_call(weights, state, x, training=False)
                return self.loss(target, outputs), _hits(outputs, y), _category(outputs), outputs[0]

            loss, hits, category, first = _for_each_run(look, *self._tested())
            losses += loss * tf.cast(tf.shape(y)[0], tf.float32)
            correct += hits
            # As float32, for oneDNN reports whole numbers as an error before it gives them away.
            predictions = predictions.write(batch, tf.transpose(tf.cast(category, tf.float32)))
            answer = tf.where(batch == 0, first, answer)
        predictions = tf.cast(tf.transpose(predictions.concat()), tf.int32)
        return losses, correct, predictions, answer

    def activity(self) -> dict[str, list]:
        """Which ReLU units are above zero on the training images as the networks are now.

        Returns
        -------
        dict
            For each network ``dead``, the number of units of each hidden ReLU layer that
            are zero on every image (of a convolution: channels, everywhere). Where the
            output has ReLU, for each output also ``own``, the share of the images of its
            own category on which it is above zero, and ``others``, the share of the rest.
        """
        *hidden, total, own = (firing.numpy() for firing in self._firing())
        runs = range(len(self.seeds))
        values = {"dead": [[int((layer[run] == 0).sum()) for layer in hidden] for run in runs]}
        if _has_relu(self.network.layers[-1]):
            in_class = np.bincount(self.y_train, minlength=10)
            others = len(self.y_train) - in_class
            values["own"] = [_floats(own[run], in_class) for run in runs]
            values["others"] = [_floats(total[run] - own[run], others) for run in runs]
        return values

    @tf.function
    def _firing(self) -> list[tf.Tensor]:
        """On how many training images units are above zero, float32, shape (R, units).

        One tensor for each hidden ReLU layer, then one for the outputs on all images and
        one for the outputs on those of their own category. Where the output has no ReLU the
        count ends once every hidden unit has been seen above zero.
        """

        def firing(start):
            chosen = slice(start, start + self.chunk)
            x, y = _scaled(self.x_train[chosen]), self.y_train[chosen]

            def look(weights, state):
                layers, _ = self.probe.stateless_call(weights, state, x, training=False)
                above = [tf.cast(layer > 0, tf.float32) for layer in tf.nest.flatten(layers)]
                above.append(above[-1] * tf.one_hot(y, 10))
                return [tf.reduce_sum(a, axis=range(len(a.shape) - 1)) for a in above]

            return _for_each_run(look, *self._tested())

        whole = _has_relu(self.network.layers[-1])
        found, start = firing(0), tf.constant(self.chunk)  # a tensor: the loop is traced once
        while start < len(self.y_train) and (whole or not _all_above_zero(found[:-2])):
            found = [a + b for a, b in zip(found, firing(start), strict=True)]
            start += self.chunk
        return found


def _probe(network: keras.Model) -> keras.Model:
    """The network with its hidden ReLU layers' values as outputs, before its own."""
    hidden = [layer.output for layer in network.layers[:-1] if _has_relu(layer)]
    return keras.Model(network.inputs, [*hidden, *network.outputs])


def _has_relu(layer: keras.layers.Layer) -> bool:
    return getattr(layer, "activation", None) is keras.activations.relu


def _stack(variables: list[list[keras.Variable]]) -> list[keras.Variable]:
    """Each run's variables as variables with a leading run axis."""
    return [
        keras.Variable(np.stack([variable.numpy() for variable in runs]), name=runs[0].name)
        for runs in zip(*variables, strict=True)
    ]


def _values(variables: list[keras.Variable]) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(variable.value) for variable in variables]


def _for_each_run(function: Callable, *stacked):
    """What the function gives for each run's slice of the arguments, stacked."""
    if tf.nest.flatten(stacked)[0].shape[0] == 1:
        # Without vectorized_map's slicing, whose gradient would be a sparse one.
        alone = function(*tf.nest.map_structure(lambda tensor: tf.squeeze(tensor, 0), stacked))
        return tf.nest.map_structure(lambda tensor: tf.expand_dims(tensor, 0), alone)
    return tf.vectorized_map(lambda arguments: function(*arguments), stacked)


def _scaled(images: tf.Tensor) -> tf.Tensor:
    """Pixels 0 to 255 as float32 from 0 to 1."""
    return tf.cast(images, tf.float32) / 255.0


def _tta_views(images: tf.Tensor, mirrored: bool) -> list[tuple[float, tf.Tensor]]:
    """Views for test-time augmentation of images, (n, height, width, …), with their weights.

    The image, and the image moved by a pixel up and left, and down and right, its edges
    mirrored outward, together with as much weight; if wanted of each also its mirror image
    (Jordan 2024).
    """
    height, width = images.shape[1:3]
    channels = [[0, 0]] * (len(images.shape) - 3)
    wide = tf.pad(images, [[0, 0], [1, 1], [1, 1], *channels], "REFLECT")
    moved = [wide[:, start : start + height, start : start + width] for start in (0, 2)]
    views = [(0.5, images), *((0.25, image) for image in moved)]
    if not mirrored:
        return views
    return [(weight / 2, image[:, :, ::step]) for step in (1, -1) for weight, image in views]


def _category(outputs: tf.Tensor) -> tf.Tensor:
    # Like np.argmax the lowest index wins a tie, so outputs that are all zero count as 0.
    return tf.argmax(outputs, axis=-1, output_type=tf.int32)


def _hits(outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(_category(outputs) == labels, tf.float32))


def _all_above_zero(tensors: list[tf.Tensor]) -> tf.Tensor:
    return tf.reduce_all([tf.reduce_all(tensor > 0) for tensor in tensors])


def _floats(sums, count=1) -> list[float | None]:
    """Sums over so many images as means, to the seven digits that a float32 holds.

    None for what is not finite, which JSON cannot write.
    """
    means = np.asarray(sums, float) / count
    return [float(f"{mean:.7g}") if np.isfinite(mean) else None for mean in means]
