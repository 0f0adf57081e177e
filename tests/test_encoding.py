"""Text is read and written as UTF-8 wherever the report is built, whatever the locale says."""

import ast

import pytest
from conftest import ROOT

SOURCES = sorted(
    [ROOT / "dodo.py", *ROOT.glob("analysis/**/*.py"), *ROOT.glob("book/_ext/**/*.py")]
)


def without_encoding(source: str) -> list[int]:
    """Lines on which text is read or written in whatever encoding the locale has."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in calls
        if handles_text(call) and "encoding" not in {given.arg for given in call.keywords}
    ]


def handles_text(call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    if called.endswith((".read_text", ".write_text")):
        return True
    if (called != "open" and not called.endswith(".open")) or called in ("Image.open", "os.open"):
        return False
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    modes = [text.value for text in given if isinstance(text, ast.Constant)]
    return not any("b" in str(mode) for mode in modes)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_whoever_reads_or_writes_text_names_its_encoding(path):
    assert without_encoding(path.read_text(encoding="utf-8")) == []


def test_text_without_an_encoding_is_found():
    source = """\
path.read_text()
path.write_text("é")
open(path)
open(path, "a")
path.open("w")
path.read_text(encoding="utf-8")
open(path, "w", encoding="utf-8")
open(path, "rb")
open(path, mode="ab", buffering=0)
Image.open(path)
json.loads(path.read_bytes())
"""
    assert without_encoding(source) == [1, 2, 3, 4, 5]
