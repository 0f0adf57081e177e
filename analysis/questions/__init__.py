"""One module a question: what it trains, which numbers and claims it gives, what it draws.

Each module has

- ``EXPERIMENTS``: a tuple of `Experiment`, those whose results it shows;
- ``FIGURES``: figure names and the functions that draw them, without arguments;
- ``numbers()``: what the prose may cite, a dict from name to value;
- ``claims()``: the question's `Claim` objects, tested on the results.

Modules import nothing that takes long, for every ``doit`` reads their experiments.
"""

from analysis.questions import q01, q02, q03, q04, q05, q06, walkthrough

# q08 and q09 join when their networks are trained and their pages written.
QUESTIONS = {
    module.__name__.rpartition(".")[2]: module
    for module in (walkthrough, q01, q02, q03, q04, q05, q06)
}

EXPERIMENTS = {
    experiment.name: experiment
    for module in QUESTIONS.values()
    for experiment in module.EXPERIMENTS
}
