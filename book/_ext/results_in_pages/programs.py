"""Shows each question's program in plain Keras, and makes it a notebook: ``{plain-keras}``."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
from docutils import nodes
from sphinx_design.dropdown import DropdownDirective

from .downloads import download, line_of
from .pages import complain
from .paper import SECTION_ON_SCREEN

FOLDER = "programs"
#: In the folder of what is built, through the link that leads there from the book's.
NOTEBOOKS = "_build/notebooks"

CELL = "# %%"

TITLE = "The program"
#: Before and after ``model.fit``; tests/test_programs.py sees to it.
ABOUT = (
    "This is how one would write it for the assignment, with ",
    ". A test gives the program's networks the same weights and batches as this report's, and "
    "checks that they learn the same.",
)
#: What it needs, with commands as literals.
NEEDS = (
    "It needs ",
    "pip install tensorflow matplotlib",
    ", starts by ",
    "python {program}",
    ", and loads the images from the internet the first time. Where the browser shows a file in "
    "place of saving it, save the page. In the program a line ",
    CELL,
    " begins a cell of the notebook.",
)

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class PlainKerasDirective(DropdownDirective):
    """The directive ``{plain-keras}``: a question's program, to download and, folded, to copy.

    Its content is what else there is to say of the program. Its section is on the screen only.
    """

    required_arguments = 1
    optional_arguments = 0

    def run_with_defaults(self) -> list[nodes.Node]:
        name = self.arguments[0]
        program = f"{FOLDER}/{name}.py"
        self.env.note_dependency(program)
        path = Path(self.env.srcdir, program)
        if not path.is_file():
            complain(self.env, f"there is no program {program}", self.get_location())
            return []
        text = path.read_text(encoding="utf-8")
        made = Path(self.env.srcdir, NOTEBOOKS, f"{name}.ipynb")
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(notebook(text, name), encoding="utf-8")

        about = self._about(path.name)
        links = [download(f"{NOTEBOOKS}/{name}.ipynb", "notebook"), download(program, "program")]
        about += line_of(links, "To download: ")
        self.arguments, self.content = [TITLE], self.content[:0]
        self.options["class-container"] = ["plain-keras"]
        (dropdown,) = super().run_with_defaults()
        code = without_cells(text)
        dropdown += nodes.literal_block(code, code, language="python")
        return [about, dropdown]

    def _about(self, program: str) -> nodes.container:
        about = nodes.container(classes=[SECTION_ON_SCREEN])
        about += _alternating(ABOUT[0], "model.fit", ABOUT[1])
        self.state.nested_parse(self.content, self.content_offset, about)
        about += _alternating(*(part.format(program=program) for part in NEEDS))
        return about


def _alternating(*parts: str) -> nodes.paragraph:
    """Text and code in turns."""
    kinds = (nodes.Text, lambda text: nodes.literal(text=text))
    return nodes.paragraph("", "", *(kinds[n % 2](part) for n, part in enumerate(parts)))


def notebook(program: str, name: str) -> str:
    """Return a program as a notebook, the same text whenever it is made.

    Parameters
    ----------
    program
        In jupytext's percent format.
    name
        By which its cells are called.
    """
    made = jupytext.reads(program, fmt="py:percent")
    made.metadata = nbformat.from_dict({"kernelspec": _KERNEL})
    for number, cell in enumerate(made.cells):
        cell["id"] = f"{name}-{number}"  # it was drawn at random
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"


def without_cells(program: str) -> str:
    """Return a program to read, in which the texts between the cells are comments."""
    lines = program.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(CELL))
