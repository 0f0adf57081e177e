"""Tells Sphinx which pages depend on the numbers, and what is wrong with a page."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

NUMBERS_FILE = "numbers.json"


def depend_on_numbers(env: BuildEnvironment) -> None:
    """Have Sphinx read the current page again when the numbers change."""
    env.note_dependency(NUMBERS_FILE)


def complain(env: BuildEnvironment, message: str, location: nodes.Node | str) -> None:
    """Warn about the current page, in this build and the next ones until it is mended.

    Sphinx alone would be silent when it has no reason to read the page again, and the
    fault would pass a build in which warnings are errors.
    """
    logger.warning("%s", message, location=location)
    env.note_reread()


class UnknownName(ValueError):
    """A name that the results lack, with the closest ones that they have."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        super().__init__(f"{NUMBERS_FILE} has no {kind} {name!r}{hint}")
