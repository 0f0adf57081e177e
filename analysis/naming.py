"""Names the line of a question's file at which its results have nothing to compute with."""

from __future__ import annotations

import binascii
import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from analysis.spec import SpecError

#: What computing raises where results have none of what it counts, say no run that is stuck.
NOTHING_TO_COUNT = (ValueError, ArithmeticError, IndexError)

#: Errors of the same kinds that a damaged file or a wrong setting raises, not mended on a page.
_OTHERS = (json.JSONDecodeError, UnicodeDecodeError, binascii.Error, SpecError)


class ClaimError(RuntimeError):
    """What a question says and its results do not bear out or lack; the message names it."""


@contextmanager
def naming(file: str, called: str, part: str) -> Iterator[None]:
    """Turn what computing raises into a message that names the line.

    Parameters
    ----------
    file : str
        Where the function is that may not be able to go on.
    called : str
        What the message calls this file.
    part : str
        The function's name.

    Raises
    ------
    ClaimError
        If the results have nothing to count.
    """
    try:
        yield
    except _OTHERS:
        raise
    except NOTHING_TO_COUNT as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = [frame.lineno for frame in frames if frame.filename == file][-1]
        raise ClaimError(
            f"{called}, line {line}, in {part}(): this cannot be computed from the results "
            f"({error}). If they have nothing to count there, take it out here and where its page "
            "in book/ cites it"
        ) from error
