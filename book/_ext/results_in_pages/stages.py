"""Brings figures and numbers up to date before pages are read, and reads the numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from .pages import NUMBERS_FILE

logger = logging.getLogger(__name__)


def prepare(app: Sphinx) -> None:
    """Bring figures and numbers up to date, then read the numbers.

    Inside doit, which has made them already and holds its database,
    ``REPORT_STAGES_DONE=1`` says so.
    """
    book = Path(app.srcdir)
    if os.environ.get("REPORT_STAGES_DONE") != "1":
        make_stages(book.parent)
    app.env.report = read_numbers(book / NUMBERS_FILE)


def make_stages(root: Path) -> None:
    """Run the stages of ``dodo.py`` that the pages need.

    Parameters
    ----------
    root
        The repository's root.

    Raises
    ------
    ExtensionError
        With what doit says of it, when a stage fails.
    """
    logger.info("making figures and numbers (doit)")
    (root / "_build").mkdir(exist_ok=True)
    # A database of its own: one shared with a doit that is running would be locked.
    database = root / "_build" / ".doit-book.db"
    command = [sys.executable, "-m", "doit", "--db-file", str(database)]
    command += ["-d", str(root), "-f", str(root / "dodo.py"), "figures", "numbers"]
    # Progress, and what it waits for, are to be seen meanwhile.
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE)
    if result.returncode != 0:
        raise ExtensionError(f"figures and numbers could not be made:\n{result.stdout.strip()}")


def read_numbers(path: Path) -> dict:
    """Read the numbers, claims and experiments that the pages show.

    Raises
    ------
    ExtensionError
        When the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExtensionError(f"{path} is missing: run `doit figures numbers`") from None
    except json.JSONDecodeError as error:
        raise ExtensionError(f"{path} is not valid JSON: {error}") from error
