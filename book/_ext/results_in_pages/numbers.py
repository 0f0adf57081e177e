"""Puts numbers into the text and into alt texts: the role ``{num}``."""

from __future__ import annotations

import math
import re

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxRole

from .pages import UnknownName, complain, depend_on_numbers

MINUS_SIGN = "\N{MINUS SIGN}"
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
    if isinstance(value, str):
        return _format(name, value, spec)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}, neither a number nor text")
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value}, not a finite number")
    if isinstance(value, float) and not spec:
        raise ValueError(f"{name} needs a format, as in {{num}}`{name}:.3f`")
    return _format(name, value, spec or ",").replace("-", MINUS_SIGN)


def _format(name: str, value: int | float | str, spec: str) -> str:
    try:
        return format(value, spec)
    except ValueError as error:
        raise ValueError(f"{name} = {value!r} and format {spec!r}: {error}") from error


def with_minus(text: str) -> str:
    """Return a text with minus signs in place of the hyphens before its numbers."""
    return MINUS_BEFORE_DIGITS.sub(MINUS_SIGN, text)


class NumberRole(SphinxRole):
    """The role ``{num}``: a number of the results, as plain text.

    Plain text, and no node of its own, so that it works wherever text does:
    in headings and the contents made from them, in table cells, in captions.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        depend_on_numbers(self.env)
        try:
            return [nodes.Text(number_text(self.env.report["numbers"], self.text))], []
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
