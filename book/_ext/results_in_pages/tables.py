"""Builds tables of texts, and finds how wide their columns are on paper."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docutils import nodes
from sphinx import addnodes

WORD = re.compile(r"[^\s-]+-?|-")  # lines may end after a hyphen
NAME = re.compile(r"[^\s-]+(-[^\s-]+)+")  # of an experiment, which may be broken as words may
# Letters that fit on a line of the PDF's tables, by their size, and what is lost to a gap.
LINE_OF_A_TABLE = {r"\footnotesize": 120, r"\scriptsize\let\codesize\tinycode": 150}
BETWEEN_COLUMNS = 4
#: Class of a table that on paper may go on on the next page.
LONG = "longtable"
#: Class of a cell that holds no number or interval but a text, of more letters than those have.
TEXT = "text"
LONGEST_NUMBER = 30


def table(
    header: list[str],
    rows: list[list[str | nodes.Node]],
    name: str,
    widths: list[int] | None = None,
    caption: nodes.title | None = None,
    whole: bool = False,
) -> list[nodes.Node]:
    """Build a table, after what LaTeX is to know of its columns.

    Parameters
    ----------
    header
        Heading of each column.
    rows
        Cells, each a text or an inline node.
    name
        Class by which the style sheet knows the table.
    widths
        Per cent of the line for each column; without it, the contents decide.
    caption
        What is written above it, after its number.
    whole
        Whether it fits on a page of paper; others go on on the next.
    """
    columns = [nodes.colspec(colwidth=width) for width in widths or [1] * len(header)]
    group = nodes.tgroup("", *columns, cols=len(header))
    group += nodes.thead("", _row(header))
    group += nodes.tbody("", *map(_row, rows))
    classes = [name, *[LONG] * (not whole), *["colwidths-given"] * bool(widths)]
    columns = addnodes.tabular_col_spec(spec=latex_columns([header, *rows]))
    parts = [caption, group] if caption else [group]
    return [*([] if widths else [columns]), nodes.table("", *parts, classes=classes)]


def _row(cells: Iterable[str | nodes.Node]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        classes = [TEXT] * (len(content.astext()) > LONGEST_NUMBER)
        # An empty paragraph would be a line on paper.
        filled = [nodes.paragraph("", "", content)] * (cell != "")
        row += nodes.entry("", *filled, classes=classes)
    return row


def latex_columns(rows: list[list[str | nodes.Node]]) -> str:
    r"""Return how LaTeX shall set a table's columns, as ``>{\scriptsize …}\X{3}{10}…``.

    Each gets room for its longest word, one of numbers for the longest of these if the line is
    long enough, and of what is then left on the line a share by the length of its texts. Left to
    itself, LaTeX lets words stand over the edge. Letters are made smaller where the words alone
    would fill the line.
    """
    columns = list(zip(*rows, strict=True))
    texts = [[c if isinstance(c, str) else c.astext() for c in column] for column in columns]
    longest = [max(map(len, WORD.findall(" ".join(column)))) for column in texts]
    words = [word + BETWEEN_COLUMNS for word in longest]
    numbers = [
        max((len(cell) for cell in column[1:] if not NAME.fullmatch(cell)), default=0)
        for column in texts
    ]
    unbroken = [
        max(word, number + BETWEEN_COLUMNS) if number <= LONGEST_NUMBER else word
        for word, number in zip(words, numbers, strict=True)
    ]
    wholes = [max(map(len, column)) + BETWEEN_COLUMNS for column in texts]
    sizes = list(LINE_OF_A_TABLE.items())
    size, line = next(((s, n) for s, n in sizes if sum(words) <= n), sizes[-1])
    least = unbroken if sum(unbroken) <= line else words
    more = [whole - part for whole, part in zip(wholes, least, strict=True)]
    share = min(max(line - sum(least), 0) / max(sum(more), 1), 1)
    widths = [round(10 * (part + share * extra)) for part, extra in zip(least, more, strict=True)]
    total = max(sum(widths), 10 * line)
    return "".join(
        rf">{{\raggedright\arraybackslash{size}}}\X{{{width}}}{{{total}}}" for width in widths
    )
