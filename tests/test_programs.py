"""The programs in plain Keras: they run, ask what the sheet asks, and learn as the report does."""

import warnings
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace

import matplotlib
import nbformat
import numpy as np
import pytest
import tiny
from conftest import ROOT

from analysis.datasets import DATASETS, Dataset
from analysis.questions import QUESTIONS, q01, q02, q03, q04, q05, q06, q07_arms, q08, q09
from analysis.questions import q10_arms as q10
from analysis.results import ASKED_FOR
from analysis.spec import SGD, Affine, BatchNormalization

FOLDER = ROOT / "book" / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))
ANSWERED = sorted(QUESTIONS.keys() - {"walkthrough"})

#: What of the report each program trains, by what its ``build`` takes. Precision is not compared.
SPECS = {
    "q01": {(): q01.SHEET},
    "q02": {(): q02.SHEET},
    "q03": {(): q03.SHEET},
    "q04": {(): q04.SHEET},
    "q05": {(): q05.SHEET},
    "q06": {(size,): q06.BY_SIZE[size] for size in q06.SIZES},
    "q07": {
        (name,): arm.experiment
        for name, arm in {
            "no hidden layer": q07_arms.NO_HIDDEN,
            "32 neurons": q07_arms.ONE_32,
            "512 neurons": q07_arms.ONE_512,
            "2 layers of 512": q07_arms.TWO_512,
            "3 layers of 512": q07_arms.THREE_512,
            "2 of 512, shifted images": q07_arms.DENSE_SHIFTED,
            "3 convolutions": q07_arms.CNN,
            # The page says that the program's see the images as they are.
            "6 convolutions": q07_arms.CNN_NORM.but("q07-as-they-are", "", augmentation=None),
        }.items()
    },
    "q08": {(size,): q08.BY_SIZE[size] for size in (32, 512)},
    "q09": {(): q09.SHEET},
    "q10": {
        (name,): arm.experiment
        for name, arm in {
            "3 convolutions": q10.SHEETS,
            "6 convolutions": q10.SIX,
            "batch norm": q10.NORM,
            "rate rises and falls": q10.SCHEDULE,
        }.items()
    },
}
#: Those that end with a network for all training images, and the test set.
LEADING_TO_ONE = ("q07", "q10")

#: What is shown of the histories, figure by figure.
CURVES = {
    "q01": ["accuracy"],
    **{page: ["loss", "val_loss"] for page in ("q02", "q03", "q04", "q05")},
    "q08": ["accuracy", "val_accuracy"] * 2,
    "q09": ["accuracy", "val_accuracy"],
}
CALLED = {
    "loss": "training error",
    "val_loss": "testing error",
    "accuracy": "training accuracy",
    "val_accuracy": "testing accuracy",
}

#: Of outputs, which are at most about 1, and of a weight's change as a share of it.
ROUNDING, ROUNDING_OF_CHANGES = 5e-6, 0.03
# Adam's first step is as long for a gradient that is zero but for rounding as for any other, and
# with batch norm there are many of these. Such networks are compared over an epoch of plain
# gradient descent; what the optimizers do is compared apart.
GENTLE = SGD(0.0003)

IMAGES, TEST_IMAGES = 70, 30
#: In place of what the first cell of a program says.
FEW = {"RUNS": 2, "EPOCHS": 2, "BATCH": 25, "HELD_OUT": 20}
#: Where there are many settings.
FEWER = {
    "q06": {"RUNS": 1},
    "q07": {"RUNS": 1, "EPOCHS": {"dense": 2, "convolutional": 1}},
    "q10": {"RUNS": 1},
}


def grey() -> Dataset:
    return tiny.dataset(IMAGES, TEST_IMAGES, side=28)


def colour() -> Dataset:
    data = tiny.dataset(IMAGES, TEST_IMAGES, side=32)
    train, test = (np.stack([x, x[:, ::-1], 255 - x], axis=-1) for x in (data.x_train, data.x_test))
    return Dataset(train, data.y_train, test, data.y_test)


DATA = {"mnist": grey(), "cifar10": colour()}


def as_keras_gives_it(data: Dataset):
    """Labels of colour images in a column."""
    shape = (-1, 1) if data.x_train.ndim == 4 else (-1,)
    return (
        (data.x_train, data.y_train.reshape(shape)),
        (data.x_test, data.y_test.reshape(shape)),
    )


@dataclass
class Ran:
    """What became of a program.

    Attributes
    ----------
    asked : dict
        The constants of its first cell, as they are written.
    names : dict
        All its names after it ran with few runs, epochs and images.
    seeds : list of int
        Those that it set, in turn.
    fits : list of SimpleNamespace
        Each call of ``fit``: its ``model``, ``epochs``, ``history``, and the ``passes``
        through the images, each a list of batches of images.
    figures : list of Figure
        Each that it showed.
    warned : list
    """

    asked: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    seeds: list = field(default_factory=list)
    fits: list = field(default_factory=list)
    figures: list = field(default_factory=list)
    warned: list = field(default_factory=list)


@pytest.fixture(scope="module")
def notebooks():
    """The notebooks that the site offers, made as it makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "book" / "_ext")
        from results_in_pages.programs import notebook

        yield {name: notebook((FOLDER / f"{name}.py").read_text(), name) for name in PROGRAMS}


@pytest.fixture(params=PROGRAMS)
def program(request):
    return request.param


@pytest.fixture(scope="module")
def eagerly(engine):
    """Without graphs, whose making would take longer than a few steps do."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def run(notebooks, eagerly):
    """Runs a program; once, however often it is asked for."""
    return cache(lambda program: executed(notebooks[program], FEW | FEWER.get(program, {})))


@pytest.fixture
def ran(run, program):
    return run(program)


def executed(notebook: str, few: dict) -> Ran:
    """Run the cells of a notebook one after the other, on few images."""
    import keras
    from matplotlib import pyplot as plt

    result, fit = Ran(), keras.Model.fit

    def recording(model, data, epochs=1, **options):
        passes = [[images.numpy() for images, _ in data] for _ in range(2)]
        done = fit(model, data, epochs=epochs, **options)
        result.fits.append(
            SimpleNamespace(model=model, epochs=epochs, history=done.history, passes=passes)
        )
        return done

    constants, *cells = (
        cell.source
        for cell in nbformat.reads(notebook, as_version=4).cells
        if cell.cell_type == "code"
    )
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "Even though .* does not apply to tf.data", UserWarning)
        patch.setattr(keras.Model, "fit", recording)
        # Seeds are noted and not set, for that cannot be taken back in this process.
        patch.setattr(keras.utils, "set_random_seed", result.seeds.append)
        patch.setattr(plt, "show", lambda: result.figures.append(plt.gcf()))
        for name, data in DATA.items():
            module = getattr(keras.datasets, name)
            patch.setattr(module, "load_data", lambda data=data: as_keras_gives_it(data))
        with matplotlib.rc_context(matplotlib.rcParamsDefault | {"backend": "agg"}):
            exec(constants, result.names)
            result.asked = {name: v for name, v in result.names.items() if name.isupper()}
            result.names |= {name: few[name] for name in result.asked if name in few}
            for cell in cells:
                exec(cell, result.names)
    result.warned = [str(warning.message) for warning in warned]
    plt.close("all")
    return result


def epochs_of(epochs, names, arguments):
    """Of a setting; those of some programs depend on its kind."""
    return epochs[names["SETTINGS"][arguments[0]][1]] if isinstance(epochs, dict) else epochs


def test_each_question_has_a_program_and_its_page_shows_it():
    assert PROGRAMS == ANSWERED == sorted(SPECS)
    for name in PROGRAMS:
        assert f"\n```{{plain-keras}} {name}\n" in (ROOT / "book" / f"{name}.md").read_text()


def test_program_runs_without_a_warning(ran):
    assert ran.warned == []


def test_constants_are_those_of_the_report(program, ran):
    specs = SPECS[program]
    assert ran.asked["RUNS"] == min(ASKED_FOR, *(len(s.seeds) for s in specs.values()))
    assert {ran.asked["BATCH"]} == {spec.batch_size for spec in specs.values()}
    assert {ran.asked.get("HELD_OUT", 0)} == {spec.validation for spec in specs.values()}
    for arguments, spec in specs.items():
        assert epochs_of(ran.asked["EPOCHS"], ran.names, arguments) == spec.epochs
    settings = ran.names.get("SIZES") or ran.names.get("SETTINGS")
    assert [name for (name,) in specs] == list(settings) if settings else list(specs) == [()]


def test_each_setting_is_trained_by_each_seed_for_its_epochs(program, ran):
    specs = SPECS[program]
    one_more = program in LEADING_TO_ONE
    seeds = list(range(ran.names["RUNS"]))
    assert ran.seeds == seeds * len(specs) + [0] * one_more
    fits = ran.fits[: len(ran.fits) - one_more]
    expected = [
        epochs_of(ran.names["EPOCHS"], ran.names, arguments) for arguments in specs for _ in seeds
    ]
    assert [fit.epochs for fit in fits] == expected
    assert len({id(fit.model) for fit in ran.fits}) == len(ran.fits)


def test_every_image_comes_once_an_epoch_in_batches_and_in_an_order_of_its_own(program, ran):
    held_out = FEW["HELD_OUT"] if "HELD_OUT" in ran.asked else 0
    numbers = [IMAGES - held_out] * len(ran.fits)
    if program in LEADING_TO_ONE:
        numbers[-1] = IMAGES
    for fit, images in zip(ran.fits, numbers, strict=True):
        first, second = (np.concatenate(batches) for batches in fit.passes)
        assert len(fit.passes[0][0]) == FEW["BATCH"]
        assert len(first) == images
        means = [epoch.reshape(images, -1).mean(axis=1) for epoch in (first, second)]
        assert not np.array_equal(*means)
        np.testing.assert_array_equal(*map(np.sort, means))


def lines(figure):
    (axes,) = figure.axes
    return [np.asarray(line.get_ydata()) for line in axes.get_lines()]


def test_plots_are_those_asked_for(program, ran):
    labels = [figure.axes[0].get_ylabel() for figure in ran.figures]
    if program in CURVES:
        assert labels == [CALLED[name] for name in CURVES[program]]
        settings = np.reshape(ran.fits, (len(SPECS[program]), -1))
        drawn = [fits for fits in settings for _ in range(len(labels) // len(settings))]
        for figure, name, fits in zip(ran.figures, CURVES[program], drawn, strict=True):
            np.testing.assert_array_equal(lines(figure), [fit.history[name] for fit in fits])
            assert figure.axes[0].get_xlabel() == "epoch"
            assert list(figure.axes[0].get_lines()[0].get_xdata()) == [1, 2]
    elif program == "q06":
        assert labels == ["average training accuracy", "average testing accuracy"]
        (drawn,) = lines(ran.figures[0])
        np.testing.assert_allclose(drawn, [fit.history["accuracy"][-1] for fit in ran.fits])
        assert [len(line) for line in lines(ran.figures[1])] == [len(SPECS[program])]
    else:
        (figure,) = ran.figures
        (axes,) = figure.axes
        assert axes.get_xlabel() == "accuracy on held-out images"
        assert [text.get_text() for text in axes.get_yticklabels()] == list(ran.names["SETTINGS"])
        assert [len(line) for line in lines(figure)] == [1] * len(SPECS[program])


def parted(model):
    """A model's layers without those that change images at random, and those."""
    random = [layer for layer in model.layers if type(layer).__name__.startswith("Random")]
    return [layer for layer in model.layers if layer not in random], random


SETTINGS = [(program, arguments) for program in SPECS for arguments in SPECS[program]]
each_setting = pytest.mark.parametrize(
    ("program", "arguments"),
    SETTINGS,
    ids=["-".join(map(str, (program, *arguments))) for program, arguments in SETTINGS],
)


def built(program, names, arguments, images):
    """A program's model for so many training images, which only some of them ask for."""
    return names["build"](*arguments, *[images] * (program in LEADING_TO_ONE))


@each_setting
def test_networks_learn_as_the_reports_do(program, arguments, run, engine):
    import keras

    from analysis.training import build

    names, spec = run(program).names, SPECS[program][arguments]
    data = DATA[spec.dataset]
    if spec.validation:
        data = data.held_out(FEW["HELD_OUT"])
    x, y = (names.get(f"{name}_fitted", names[f"{name}_train"]) for name in "xy")
    model = built(program, names, arguments, len(x))
    layers, random = parted(model)
    check_changes(random, spec.augmentation)

    short = replace(
        spec,
        epochs=epochs_of(names["EPOCHS"], names, arguments),
        batch_size=FEW["BATCH"],
        precision="float32",
        augmentation=None,
    )
    optimizer = model.optimizer
    if any(isinstance(layer, BatchNormalization) for layer in spec.layers):
        short = replace(short, optimizer=GENTLE, epochs=1)
        optimizer = build.optimizer(short, 1)
    # Tested on the training images, for the answers to all that was learned.
    seen = Dataset(data.x_train, data.y_train, data.x_train, data.y_train)
    group = engine.Group(short, seen, [0])
    network = keras.Sequential([keras.Input(x.shape[1:]), *layers])
    network.compile(optimizer=optimizer, loss=model.loss)
    for variable, stacked in zip(network.trainable_variables, group.weights, strict=True):
        assert variable.shape == stacked.shape[1:]
        variable.assign(stacked[0])
    start = [stacked.numpy()[0] for stacked in group.weights]
    np.testing.assert_allclose(network(x), group.outputs()[0], rtol=0, atol=ROUNDING)

    for epoch in range(short.epochs):
        order = group.order(0, epoch)
        group.train_steps(order[np.newaxis])
        for batch in np.split(order, range(FEW["BATCH"], len(order), FEW["BATCH"])):
            network.train_on_batch(x[batch], y[batch])
    np.testing.assert_allclose(network(x), group.outputs()[0], rtol=0, atol=ROUNDING)
    for theirs, stacked, first in zip(
        network.trainable_variables, group.weights, start, strict=True
    ):
        ours = stacked.numpy()[0]
        assert (size := np.linalg.norm(ours - first)) > 0, "it has not learned anything"
        assert np.linalg.norm(theirs - ours) < ROUNDING_OF_CHANGES * size, theirs.path


@each_setting
def test_optimizers_take_the_steps_that_the_reports_take(program, arguments, run, monkeypatch):
    from analysis.training import build

    result, spec = run(program), SPECS[program][arguments]
    for name, value in result.asked.items():
        monkeypatch.setitem(result.names, name, value)
    images = DATASETS[spec.dataset].shapes["y_train"][0] - spec.validation
    steps = spec.epochs * -(-images // spec.batch_size)
    theirs = built(program, result.names, arguments, images).optimizer
    taken = [steps_of(optimizer, steps) for optimizer in (theirs, build.optimizer(spec, steps))]
    np.testing.assert_allclose(*taken, rtol=1e-5)


def steps_of(optimizer, steps):
    """What an optimizer makes of three numbers, at several times of a training: (times, 3)."""
    import keras

    variable, found = keras.Variable(np.zeros(3, np.float32)), []
    optimizer.build([variable])
    for time in np.linspace(0, steps - 1, 9).astype(int):
        optimizer.iterations.assign(time)
        # Small enough that it matters what Adam adds to the gradient's size.
        optimizer.apply([keras.ops.array([1e-7, -1e-3, 1.0]) * (1 + time)], [variable])
        found.append(variable.numpy())
    return np.array(found)


def check_changes(random, augmentation):
    """Whether Keras's layers change images as the report does, where it only shifts them."""
    if augmentation is None:
        assert random == []
        return
    assert augmentation == Affine(shift=augmentation.shift)
    (layer,) = random
    settings = layer.get_config()
    for name in ("height_factor", "width_factor"):  # of a height, up and down
        assert settings[name] * 28 == pytest.approx(augmentation.shift)
    assert settings["fill_mode"] == "constant" and settings["fill_value"] == 0
    assert settings["interpolation"] == "bilinear"


def test_notebooks_are_the_same_whenever_they_are_made(notebooks, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    from results_in_pages.programs import notebook

    for name, made in notebooks.items():
        text = (FOLDER / f"{name}.py").read_text()
        assert notebook(text, name) == made
        cells = nbformat.reads(made, as_version=4).cells
        assert [cell.id for cell in cells] == [f"{name}-{n}" for n in range(len(cells))]
        assert [cell.cell_type for cell in cells[:2]] == ["markdown", "code"]
        assert all(cell.source and not cell.get("outputs") for cell in cells)
