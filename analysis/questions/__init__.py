"""One module a question: what it trains, which numbers and claims it gives, what it draws.

All modules have

- ``BUILDS_ON``: a tuple of the modules of other questions that it uses;
- ``EXPERIMENTS``: a tuple of `Experiment`, those whose results it shows;
- ``numbers(results)``: what the prose cites, a dict from name to value;
- ``tables(results)``: by name a list of rows of text, the headings first, for the directive
  ``{results-table}``;
- ``claims(results)``: the question's `Claim` objects, tested on the results;
- ``FIGURES``: figure names and the functions of results that draw them;

and those in ``SHOWING_TEST_IMAGES``

- ``test_images(results)``: places of the test images that it shows.

Where a question compares many settings, they are in a module beside it (``q07_arms``), and it
builds on that.

They get the `Results` and nothing else: none reads a file, so each can be given made-up ones.
Modules import nothing that takes long, for every ``doit`` reads their experiments.
"""

from collections.abc import Iterator
from types import ModuleType

from analysis.excerpts import Excerpt
from analysis.loaded import Results
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

#: By data set.
SHOWING_TEST_IMAGES = {"mnist": (walkthrough, q07), "cifar10": (q09, q10)}


def test_images(dataset: str, labelled: Excerpt) -> list[int]:
    """Places of all test images of a data set that pages show, in rising order.

    Parameters
    ----------
    dataset : str
    labelled : Excerpt
        With its labels; its images are not looked at.
    """
    results = Results(kept={dataset: labelled})
    modules = SHOWING_TEST_IMAGES.get(dataset, ())
    return sorted({int(place) for module in modules for place in module.test_images(results)})


def with_those_below(module: ModuleType) -> Iterator[ModuleType]:
    """A question's module, and all that it builds on."""
    yield module
    for other in module.BUILDS_ON:
        yield from with_those_below(other)
