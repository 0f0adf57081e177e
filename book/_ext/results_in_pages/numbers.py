"""Puts numbers into the text and into alt texts, and lists them: ``{num}``, ``{all-numbers}``."""

from __future__ import annotations

import math
import re

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

from analysis import forms

from .pages import UnknownName, complain, depend_on_numbers
from .paper import SECTION_ON_SCREEN
from .tables import table

#: The page that lists all numbers.
LIST = "numbers"

MINUS_BEFORE_DIGITS = re.compile(r"(?<!\w)-(?=\d)")  # and no hyphen, as in 784-32-10
NUMBER_IN_TEXT = re.compile(r"\{num\}`([^`]+)`")


def number_text(numbers: dict, reference: str) -> str:
    """Return a number as the prose shows it.

    Parameters
    ----------
    numbers
        Value of every name.
    reference
        A name, or a name and a format as in ``q02.final_error:.3f``.

    Raises
    ------
    ValueError
        When there is no such number or the format does not suit it.
    """
    name, _, spec = reference.partition(":")
    if name not in numbers:
        raise UnknownName("number", name, numbers)
    value = numbers[name]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{name} is {value!r}, neither a number nor text")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}, not a finite number")
    if isinstance(value, float) and not spec:
        raise ValueError(f"{name} needs a format, as in {{num}}`{name}:.3f`")
    try:
        return forms.number(value, spec)
    except ValueError as error:
        raise ValueError(f"{name} = {value!r} and format {spec!r}: {error}") from error


def with_minus(text: str) -> str:
    """Return a text with minus signs in place of the hyphens before its numbers."""
    return MINUS_BEFORE_DIGITS.sub(forms.MINUS_SIGN, text)


class NumberRole(SphinxRole):
    """The role ``{num}``: a number of the results, on the screen a link to its row in the list.

    Until then it is no link, so that it works wherever text does: in headings and the contents
    made from them, in table cells, in captions.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        depend_on_numbers(self.env)
        try:
            text = number_text(self.env.report["numbers"], self.text)
            name = self.text.partition(":")[0]
            return [nodes.inline("", text, number=name)], []
        except ValueError as error:
            complain(self.env, str(error), self.get_location())
            return [nodes.strong(text=f"[{self.text}]")], []


class NumbersInAltText(SphinxTransform):
    """Put numbers into alt texts, where roles are not read.

    Left alone, ``{num}`` would stay there as text that only a screen reader tells. This
    is for ``{figure}`` and ``{image}``: MyST drops roles from the alt text of
    ``![alt](file)`` before an extension can see them.
    """

    default_priority = 200

    def apply(self, **kwargs) -> None:
        for image in self.document.findall(nodes.image):
            if NUMBER_IN_TEXT.search(image.get("alt", "")):
                depend_on_numbers(self.env)
                self._fill(image)

    def _fill(self, image: nodes.image) -> None:
        numbers = self.env.report["numbers"]
        try:
            image["alt"] = NUMBER_IN_TEXT.sub(
                lambda match: number_text(numbers, match[1]), image["alt"]
            )
        except ValueError as error:
            complain(self.env, f"alt text: {error}", image)


class LinkedNumbers(SphinxPostTransform):
    """Have numbers in the text lead to their rows in the list; on paper they are plain text."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        has_list = self.app.builder.format == "html" and LIST in self.env.found_docs
        for node in list(self.document.findall(_is_number)):
            text = nodes.Text(node.astext())
            if not has_list or _leads_elsewhere(node):
                node.replace_self(text)
                continue
            address = f"{LIST}.html#{node['number']}"
            node.replace_self(
                nodes.reference(
                    "", "", text, refuri=address, reftitle=node["number"], classes=["number"]
                )
            )


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.inline) and "number" in node


def _leads_elsewhere(node: nodes.Node) -> bool:
    """Whether it is in a heading, to which contents lead, or in a link."""
    while node := node.parent:
        if isinstance(node, nodes.title | nodes.reference):
            return True
    return False


#: Where those are worked out that are no question's.
SOURCES = {
    "report": "analysis/report.py",
    "speed": "analysis/training/benchmark.py",
    "profile": "analysis/speed.py",
    "prescribed": "analysis/prescribed.py",
}


def source(page: str) -> str:
    """The file in which what a page cites is worked out, by the first part of a number's name."""
    return SOURCES.get(page, f"analysis/questions/{page}.py")


class ListDirective(SphinxDirective):
    """The directive ``{all-numbers}``: what pages cite, and the file that works it out.

    On the screen only, where numbers in the text lead to it; on paper it would be a book.
    """

    def run(self) -> list[nodes.Node]:
        depend_on_numbers(self.env)
        rows = []
        for name, value in sorted(self.env.report["numbers"].items()):
            page = name.partition(".")[0]
            rows.append(
                [nodes.literal(text=name, ids=[name]), with_minus(f"{value}"), source(page)]
            )
        header = ["Number", "Value", "Worked out in"]
        return [nodes.container("", *table(header, rows, "numbers"), classes=[SECTION_ON_SCREEN])]
