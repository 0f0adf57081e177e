"""A sentence of the report that the results must bear out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One statement, with what was measured.

    Parameters
    ----------
    sentence : str
        As it stands on the page.
    measured : str
        The values that decide it.
    holds : bool
        Whether they bear it out; the book is not built if not.
    """

    sentence: str
    measured: str
    holds: bool

    def __post_init__(self):
        # NumPy's own booleans are not JSON.
        object.__setattr__(self, "holds", bool(self.holds))
