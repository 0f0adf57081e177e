"""Shows how the networks of a question were trained: the directive ``{experiments}``."""

from __future__ import annotations

from collections.abc import Iterable

from docutils import nodes
from sphinx_design.shared import create_component

from .downloads import download
from .questions import QuestionDirective
from .tables import table

MOST_VARIED = 3  # so many settings that differ have columns of their own
PROVENANCE = ("versions", "machine")
KEY_DIGITS = 10  # enough of a SHA-256 to tell experiments apart by eye


class ExperimentsDirective(QuestionDirective):
    """The directive ``{experiments}``: how the networks of a question were trained.

    One table has the settings that are the same for all, another a row an experiment with those
    that differ. Where these are many, the first table has all settings of the first experiment,
    and the second tells of each other one what it changes in which; the two are folded.
    """

    heading = "experiments"

    def show(self, entries: list[dict]) -> list[nodes.Node]:
        shared, varied = split_settings(entries)
        if len(varied) > MOST_VARIED:
            title = f"{len(entries)} experiments, their settings and keys"
            return [folded(title, self._changes(entries))]
        facts = [settings_of(experiment) for experiment in entries]
        values = [[str(fact.get(name, "–")) for name in varied] for fact in facts]
        title = "Setting" if len(entries) == 1 else "The same for all"
        return self._tables(title, "Value", shared, map(_heading, varied), entries, values)

    def _changes(self, entries: list[dict]) -> list[nodes.Node]:
        first, *others = entries
        facts = first["settings"] | {
            # Of all; each line of a ledger has its own.
            name: " or ".join(
                dict.fromkeys(part for entry in entries for part in entry[name].split("; "))
            )
            for name in PROVENANCE
        }
        values = [["–", "–"], *([other["base"], other["changes"]] for other in others)]
        columns = ["Compared with", "What it changes"]
        return self._tables("Setting", first["name"], facts, columns, entries, values)

    def _tables(
        self,
        title: str,
        whose: str,
        settings: dict,
        columns: Iterable[str],
        entries: list[dict],
        values: list[list[str]],
    ) -> list[nodes.Node]:
        header = ["Experiment", *columns, "Runs", "Training time", "Key"]
        rows = [self._row(*pair) for pair in zip(entries, values, strict=True)]
        tables = table(header, rows, "experiments")
        if settings:
            cells = [[_heading(name), str(value)] for name, value in settings.items()]
            tables = table([title, whose], cells, "settings", widths=[30, 70]) + tables
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


def folded(title: str, content: list[nodes.Node]) -> nodes.Node:
    """Return what can be opened by its title; on paper it is open."""
    rubric = nodes.rubric(title, title)
    return create_component(
        "dropdown",
        ["sd-mb-3"],
        children=[rubric, *content],
        opened=False,
        type="dropdown",
        has_title=True,
        icon=None,
        chevron=None,
        container_classes=["sd-mb-3"],
        title_classes=[],
        body_classes=[],
    )


def settings_of(experiment: dict) -> dict:
    """Return all that may distinguish an experiment from its neighbours."""
    provenance = {name: experiment[name] for name in PROVENANCE}
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
