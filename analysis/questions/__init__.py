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

- ``test_images(results)``: places of the test images that it shows,

and those with a ladder

- ``BASES``: by experiment the one that it changes.

Most call ``SHEET`` the experiment that the assignment prescribes.

Where a question compares many settings, they are in a module beside it (``q07_arms``), and it
builds on that.

They get the `Results` and nothing else: none reads a file, so each can be given made-up ones.
Modules import nothing that takes long, for every ``doit`` reads their experiments.
"""

from collections.abc import Iterable, Iterator
from types import ModuleType

import numpy as np

from analysis import levels
from analysis.excerpts import Excerpt
from analysis.loaded import Results
from analysis.networks import Pick
from analysis.questions import q01, q02, q03, q04, q05, q06, q07, q08, q09, q10, walkthrough
from analysis.results import LedgerError, Runs
from analysis.spec import Experiment, SpecError

QUESTIONS = {
    module.__name__.rpartition(".")[2]: module
    for module in (walkthrough, q01, q02, q03, q04, q05, q06, q07, q08, q09, q10)
}


def by_name(modules: Iterable[ModuleType]) -> dict[str, Experiment]:
    """All experiments of some questions' modules.

    Raises
    ------
    SpecError
        If two that differ have one name, for a ledger holds one experiment, if a name does not
        begin with that of a question, or if seeds are not 0, 1, 2 and so on.
    """
    found, modules = {}, list(modules)
    questions = tuple(f"{module.__name__.rpartition('.')[2]}-" for module in modules)
    for module in modules:
        for experiment in module.EXPERIMENTS:
            if not experiment.name.startswith(questions):
                raise SpecError(
                    f"the name of experiment {experiment.name!r} in {module.__name__} must begin "
                    "with its question's, as in 'q02-mine'"
                )
            if experiment.seeds != tuple(range(len(experiment.seeds))):
                raise SpecError(
                    f"the seeds of experiment {experiment.name!r} must be 0, 1, 2 and so on, "
                    f"as in 'range({len(experiment.seeds)})': runs of two settings are paired "
                    "in their order"
                )
            if found.setdefault(experiment.name, experiment) != experiment:
                raise SpecError(
                    f"two different experiments are called {experiment.name!r}, and one of them "
                    f"is in {module.__name__}: give it another name"
                )
    return found


EXPERIMENTS = by_name(QUESTIONS.values())

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


#: Of which networks are kept for readers to draw for; see `to_draw_for`.
TO_DRAW_FOR = (q01.SHEET, q05.SHEET)


def to_draw_for(results: Results) -> dict[str, Pick]:
    """The networks that readers can draw for: three, chosen by rule and not by what they show.

    Of question 1 the first without a silent output, and the first with just one, which is not
    that of 0: then accuracy would hide it. Of question 5 that of the first one's seed.
    """
    runs = results[q01.SHEET]
    healthy = _first(runs, levels.fine(runs))
    return {
        "healthy": healthy,
        "stuck": _first(runs, levels.only_other(runs)),
        "softmax": Pick(q05.SHEET, healthy.seed),
    }


def _first(runs: Runs, chosen: np.ndarray) -> Pick:
    """The first of the runs that are chosen: bool, shape (runs,)."""
    if not chosen.any():
        raise LedgerError(
            f"no network of {runs.experiment.name} is what `to_draw_for` in {__file__} asks for"
        )
    place = int(np.flatnonzero(chosen)[0])
    silent = np.flatnonzero(runs.silent[place, -1]).tolist()
    return Pick(runs.experiment, runs.seeds[place], tuple(silent))


def with_those_below(module: ModuleType) -> Iterator[ModuleType]:
    """A question's module, and all that it builds on."""
    yield module
    for other in module.BUILDS_ON:
        yield from with_those_below(other)
