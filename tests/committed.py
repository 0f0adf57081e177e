"""What git has of a file that a build writes anew, and how that differs from what results give."""

import json
import shutil
import subprocess
from math import isclose
from pathlib import Path

from conftest import ROOT


def as_committed(path: Path) -> dict:
    """A JSON file as git has it, for a build writes it anew; without git, as it is."""
    command = ["git", "-C", str(ROOT), "show", f":{path.relative_to(ROOT).as_posix()}"]
    if shutil.which("git") and (ROOT / ".git").exists():
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return json.loads(path.read_text())


def differences(ours, theirs, place="", tolerance=1e-9):
    """Where two JSON values differ by more than processors do in a float's last digits."""
    if isinstance(ours, float) and isinstance(theirs, float):
        differ = not isclose(ours, theirs, rel_tol=tolerance, abs_tol=1e-12)
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours.keys() | theirs.keys():
            yield from differences(ours.get(key), theirs.get(key), f"{place}/{key}", tolerance)
        return
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(*pair, f"{place}/{number}", tolerance)
        return
    else:
        differ = type(ours) is not type(theirs) or ours != theirs
    if differ:
        yield f"{place}: {ours!r}, and the ledgers give {theirs!r}"
