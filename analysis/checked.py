"""Remembers which files were found in order, so that finding it again need not parse them.

What is remembered is a digest of the very contents: a file in which a single byte has changed
since, or by another program's code, is looked at anew. The memory can be lost at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

ANALYSIS = Path(__file__).parent


class Checked:
    """The memory.

    Parameters
    ----------
    path : Path
        Its file; a line for each digest.
    """

    def __init__(self, path: Path):
        self.path = path

    def holds(self, check: Callable[[], bool], what: str, files: Iterable[Path]) -> bool:
        """Whether a check of files passes, or has passed on the same contents.

        Parameters
        ----------
        check : callable
            Must depend on nothing but the files, ``what`` and the code of the analysis.
        what : str
            What the files are checked for.
        files : iterable of Path
        """
        files = list(files)
        before = _digest(what, files)
        if before in self._known():
            return True
        if not check():
            return False
        if _digest(what, files) == before:  # or it was another file that passed
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as memory:
                memory.write(f"{before}\n")
        return True

    def _known(self) -> set[str]:
        try:
            return set(self.path.read_text(encoding="utf-8").split())
        except (OSError, ValueError):
            return set()


def _digest(what: str, files: Iterable[Path]) -> str:
    return hashlib.sha256(f"{_code()}{what}{digest_of(files)}".encode()).hexdigest()


@cache
def _code() -> str:
    """A digest of the code that decides what is in order."""
    return digest_of(sorted([*ANALYSIS.glob("*.py"), *ANALYSIS.glob("questions/*.py")]))


def digest_of(files: Iterable[Path]) -> str:
    """A digest of the contents of files, one that is absent told from one that is empty."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b"absent"
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
