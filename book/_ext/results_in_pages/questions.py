"""Shows what the results say of a question: ``{claims}``, ``{claim}`` and ``{results-table}``."""

from __future__ import annotations

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .numbers import with_minus
from .pages import UnknownName, complain, depend_on_numbers
from .tables import table

# A table with more rows is not kept together on paper.
ROWS_OF_A_PAGE = 40


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
        question = self.arguments[0]
        rows = [
            [
                "✓" if claim["holds"] else "✗",
                nodes.inline("", claim["sentence"], ids=[anchor(question, claim["name"])]),
                with_minus(claim["needed"]),
                with_minus(claim["measured"]),
            ]
            for claim in entries
        ]
        header = ["Holds", "Claim", "Holds if", "Measured"]
        return table(header, rows, "claims", widths=[8, 36, 24, 32])


def anchor(question: str, name: str) -> str:
    """Return the identifier of a claim's row on its question's page."""
    return f"claim-{question}-{name}"


class ClaimRole(SphinxRole):
    """The role ``{claim}``: a mark that leads from a sentence to the claim that bears it out.

    On paper it is left out: the claims stand at the end of the same chapter.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        depend_on_numbers(self.env)
        question, _, name = self.text.partition(".")
        claims = {c["name"]: c for c in self.env.report["claims"].get(question, ())}
        if name not in claims:
            error = UnknownName(f"claim for {question}", name, claims)
            complain(self.env, str(error), self.get_location())
            return [nodes.strong(text=f"[{self.text}]")], []
        here = self.env.docname == question
        address = ("" if here else f"{question}.html") + f"#{anchor(question, name)}"
        told = f"Tested: {claims[name]['sentence']}"
        link = nodes.reference(
            "", "✓", refuri=address, reftitle=told, classes=["on-screen", "claim"]
        )
        return [link], []


class TableDirective(QuestionDirective):
    """The directive ``{results-table}``: a table that a question makes of its results.

    Its content is the caption. ``{numref}`` knows it by its name after ``table-``, for a figure
    may have the same.
    """

    heading = "tables"
    has_content = True

    def show(self, entries: dict) -> list[nodes.Node]:
        self.assert_has_content()
        texts, messages = self.state.inline_text(" ".join(self.content), self.lineno)
        caption = nodes.title("", "", *texts)
        rows = [list(map(with_minus, row)) for row in entries["rows"]]
        whole = len(rows) <= ROWS_OF_A_PAGE
        shown = table(entries["header"], rows, "results", caption=caption, whole=whole)
        self.options["name"] = f"table-{self.arguments[0]}"
        self.add_name(shown[-1])
        return [*shown, *messages]
