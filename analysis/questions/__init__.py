"""One module a question: what it trains, which numbers and claims it gives, what it draws.

Each module has

- ``EXPERIMENTS``: a tuple of `Experiment`, those whose results it shows;
- ``FIGURES``: figure names and the functions that draw them, without arguments;
- ``numbers()``: what the prose may cite, a dict from name to value;
- ``claims()``: the question's `Claim` objects, tested on the results;
- where it has a row for each of several experiments ``tables()``: by name a list of rows of
  text, the headings first, for the directive ``{results-table}``;
- where it shows test images ``TEST_IMAGES``: by data set a function that chooses them, see
  `analysis.excerpts.Choice`.

Modules import nothing that takes long, for every ``doit`` reads their experiments.
"""

from analysis.questions import q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, walkthrough

QUESTIONS = {
    module.__name__.rpartition(".")[2]: module
    for module in (walkthrough, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10)
}

EXPERIMENTS = {
    experiment.name: experiment
    for module in QUESTIONS.values()
    for experiment in module.EXPERIMENTS
}


def showing_test_images(dataset: str) -> list:
    """The modules that show test images of a data set."""
    return [m for m in QUESTIONS.values() if dataset in getattr(m, "TEST_IMAGES", {})]


def test_images(dataset: str, labels) -> list[int]:
    """Places of all test images of a data set that pages show, in rising order."""
    modules = showing_test_images(dataset)
    return sorted({int(i) for m in modules for i in m.TEST_IMAGES[dataset](labels)})
