"""The directive that shows a question's program, on a tiny book."""

import re

import nbformat
import pytest
from test_book_extension import EXTENSIONS, SETTINGS, Book, later

SETTINGS = SETTINGS.replace('"myst_parser"', '"myst_parser", "sphinx_design"')
PROGRAM = """# %% [markdown]
# A question in plain Keras.

# %%
RUNS = 10

# %% [markdown]
# What `fit` does.


# %%
def build():
    return RUNS
"""
PAGE = """# Title

Some text.

## In plain Keras

```{plain-keras} q02
Of {num}`q02.stuck_runs` runs.
```
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book with a program and the folder for what is built from it."""
    monkeypatch.syspath_prepend(EXTENSIONS)
    monkeypatch.setenv("REPORT_STAGES_DONE", "1")
    book = Book(tmp_path / "book")
    book.write("conf.py", SETTINGS)
    (book.folder / "programs").mkdir()
    book.write("programs/q02.py", PROGRAM)
    return book


def folded(html: str) -> str:
    (details,) = re.findall(r'<details class="[^"]*plain-keras[^"]*">.*?</details>', html, re.S)
    return details


def test_a_program_is_folded_and_its_texts_are_comments(book):
    html = book.build(PAGE)
    details = folded(html)
    assert "The program" in details.partition("</summary>")[0]
    (code,) = re.findall(r'<div class="highlight-python.*?<pre>(.*?)</pre>', details, re.S)
    assert re.sub(r"<[^>]+>", "", code) == (
        "# A question in plain Keras.\n\nRUNS = 10\n\n# What `fit` does.\n\n\n"
        "def build():\n    return RUNS\n"
    )
    assert book.warnings == ""


def test_what_a_program_is_and_needs_is_said_before_it(book):
    before = book.build(PAGE).partition("<details")[0]
    told = re.sub(r"<[^>]+>", "", before.partition("In plain Keras")[2])
    assert "with model.fit." in told and "Of 3 runs." in told
    assert "pip install tensorflow matplotlib, starts by python q02.py, and loads" in told


def test_a_program_can_be_downloaded_also_as_a_notebook(book):
    found = re.findall(r'href="(_downloads/[^"]+)"', book.build(PAGE))
    notebook, program = (book.html / link for link in found)
    assert (notebook.name, program.name) == ("q02.ipynb", "q02.py")
    assert program.read_text() == PROGRAM
    cells = nbformat.read(notebook, as_version=4).cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        ("markdown", "A question in plain Keras."),
        ("code", "RUNS = 10"),
        ("markdown", "What `fit` does."),
        ("code", "def build():\n    return RUNS"),
    ]


def test_print_has_no_program(book):
    tex = book.build(PAGE + "\n## The end\n\nThe end.\n", builder="latex")
    assert "The end." in tex
    assert "plain Keras" not in tex and "RUNS" not in tex and "Of 3" not in tex
    assert book.warnings == ""


def test_a_question_without_its_program_is_a_warning(book):
    book.build(PAGE.replace("} q02", "} q03"))
    assert "index.md:7: WARNING: there is no program programs/q03.py" in book.warnings


def test_a_changed_program_changes_its_page_and_its_notebook(book):
    book.build(PAGE)
    book.write("programs/q02.py", PROGRAM.replace("10", "12"))
    later(book.folder / "programs" / "q02.py")
    html = book.build()
    (notebook, _) = re.findall(r'href="(_downloads/[^"]+)"', html)
    assert "RUNS = 12" in (book.html / notebook).read_text()
    assert "12" in folded(html)


def test_a_change_of_any_program_builds_the_pages_again(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS.parent.parent)
    import dodo

    programs = set((EXTENSIONS.parent / "programs").glob("*.py"))
    assert programs and programs <= set(dodo.PAGES_FROM)
