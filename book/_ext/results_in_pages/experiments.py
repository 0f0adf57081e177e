"""Shows how the networks of a question were trained: the directive ``{experiments}``."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes

from .downloads import download
from .questions import QuestionDirective
from .tables import table

MOST_VARIED = 3  # so many settings that differ have columns of their own
KEY_DIGITS = 10  # enough of a SHA-256 to tell experiments apart by eye


class ExperimentsDirective(QuestionDirective):
    """The directive ``{experiments}``: how the networks of a question were trained.

    One table has the settings that are the same for all, another a row an experiment
    with those that differ, so that what was varied is seen at a glance. Where these are
    many, one column tells of each experiment what differs from the one before.
    """

    heading = "experiments"

    def show(self, entries: list[dict]) -> list[nodes.Node]:
        shared, varied = split_settings(entries)
        many = len(varied) > MOST_VARIED
        columns = ["What differs from the line above"] if many else map(_heading, varied)
        header = ["Experiment", *columns, "Runs", "Training time", "Key"]
        facts = [settings_of(experiment) for experiment in entries]
        values = [[str(fact.get(name, "–")) for name in varied] for fact in facts]
        if many:
            values = [[text] for text in _changes(varied, values)]
        rows = [self._row(*pair) for pair in zip(entries, values, strict=True)]
        tables = table(header, rows, "experiments")
        if shared:
            title = "Setting" if len(entries) == 1 else "The same for all"
            cells = [[_heading(name), str(value)] for name, value in shared.items()]
            tables = table([title, "Value"], cells, "settings", widths=[30, 70]) + tables
        return tables

    def _row(self, experiment: dict, values: list[str]) -> list[str | nodes.Node]:
        # A run whose error became infinite counts as a run, and is told of.
        diverged = f", {experiment['diverged']:,} diverged" if experiment["diverged"] else ""
        return [
            download(experiment["ledger"], experiment["name"]),
            *values,
            f"{experiment['runs']:,}" + diverged,
            duration(experiment["seconds"]),
            nodes.literal(text=experiment["key"][:KEY_DIGITS]),
        ]


def _changes(names: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Tell of each row which values are not those of the row before; of the first, all."""
    before = [""] * len(names)
    for row in rows:
        told = zip(names, row, before, strict=True)
        yield _heading("; ".join(f"{name} {new}" for name, new, old in told if new != old))
        before = row


def settings_of(experiment: dict) -> dict:
    """Return all that may distinguish an experiment from its neighbours."""
    provenance = {name: experiment[name] for name in ("versions", "machine")}
    return {**experiment["settings"], **provenance}


def split_settings(experiments: list[dict]) -> tuple[dict, list[str]]:
    """Separate the settings that all experiments share from those that differ.

    Returns
    -------
    shared : dict
        Value of every setting that is the same in all experiments.
    varied : list of str
        Names of the others, which some experiments may lack.
    """
    facts = [settings_of(experiment) for experiment in experiments]
    first, *others = facts
    names = dict.fromkeys(name for settings in facts for name in settings)
    shared = {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }
    return shared, [name for name in names if name not in shared]


def _heading(name: str) -> str:
    # Not str.capitalize(), which would make "l2 of Adam" into "L2 of adam".
    return name[:1].upper() + name[1:]


def duration(seconds: float) -> str:
    """Return a time in words, as coarse as its length allows.

    Examples
    --------
    >>> duration(7.6), duration(123.4), duration(5400)
    ('8 s', '2 min 3 s', '1 h 30 min')
    """
    if seconds < 0.5:
        return "under 1 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"
