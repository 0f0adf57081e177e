"""Shows what the results say of a question: ``{claims}`` and ``{results-table}``."""

from __future__ import annotations

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .numbers import with_minus
from .pages import UnknownName, complain, depend_on_numbers
from .tables import table


class QuestionDirective(SphinxDirective):
    """What ``numbers.json`` holds under one heading for the question that is named."""

    required_arguments = 1
    heading: str

    def run(self) -> list[nodes.Node]:
        depend_on_numbers(self.env)
        question = self.arguments[0]
        results = self.env.report[self.heading]
        # A question without entries counts as unknown: an empty table proves nothing.
        known = [name for name, entries in results.items() if entries]
        if question not in known:
            error = UnknownName(f"{self.heading} for", question, known)
            complain(self.env, str(error), self.get_location())
            return []
        return self.show(results[question])

    def show(self, entries: list[dict] | dict) -> list[nodes.Node]:
        """Return the nodes that stand for the question's entries."""
        raise NotImplementedError


class ClaimsDirective(QuestionDirective):
    """The directive ``{claims}``: each claim with what was measured; all must hold."""

    heading = "claims"

    def show(self, entries: list[dict]) -> list[nodes.Node]:
        for claim in entries:
            if not claim["holds"]:
                message = "claim does not hold: {sentence} (measured: {measured})"
                complain(self.env, message.format(**claim), self.get_location())
        rows = [
            ["✓" if claim["holds"] else "✗", claim["sentence"], with_minus(claim["measured"])]
            for claim in entries
        ]
        header = ["Holds", "Claim", "Measured"]
        return table(header, rows, "claims", widths=[9, 56, 35])


class TableDirective(QuestionDirective):
    """The directive ``{results-table}``: a table that a question makes of its results."""

    heading = "tables"

    def show(self, entries: dict) -> list[nodes.Node]:
        rows = [list(map(with_minus, row)) for row in entries["rows"]]
        return table(entries["header"], rows, "results")
