"""On paper references have their own page, tall figures share one, and cells may be empty."""

import re

import pytest
from test_book_extension import FIGURE, SVG, book  # noqa: F401

HOME = """# A book

{cite}`someone`

```{toctree}
references
last
```
"""
ENTRY = '@misc{someone, author = {Some One}, title = {{A text}}, year = 2020, eprint = "1"}\n'


@pytest.fixture
def tex(book):  # noqa: F811
    """A book with references, and a page after them, for LaTeX."""
    settings = (book.folder / "conf.py").read_text()
    settings = settings.replace('"myst_parser"', '"myst_parser", "sphinxcontrib.bibtex"')
    settings += 'bibtex_bibfiles = ["references.bib"]\nlatex_show_urls = "footnote"\n'
    book.write("conf.py", settings)
    book.write("references.bib", ENTRY)
    book.write("references.md", "# References\n\n```{bibliography}\n```\n")
    book.write("last.md", "# Last\n")
    tex = book.build(HOME, builder="latex")
    assert book.warnings == ""
    return tex


def test_references_stay_on_their_page_without_notes_at_the_foot(tex):
    entries = tex.index(r"\begin{sphinxthebibliography}")
    assert tex.index(r"\section{References}") < entries < tex.index(r"\section{Last}")
    assert "arXiv:1" in tex[entries:] and "footnote" not in tex[entries:]


def test_tall_figures_are_set_smaller_but_not_too_small_to_read(book):  # noqa: F811
    heights = {"low": 100, "tall": 400, "tower": 4000}
    for name, points in heights.items():
        sized = SVG.replace("<svg", f'<svg width="72pt" height="{points}pt"')
        for twin in ("", "-dark"):
            book.write(f"figures/{name}{twin}.svg", sized)
        book.draw(name, ".pdf")
    tex = book.build("# Title\n" + "".join(FIGURE % (n, n) for n in heights), builder="latex")
    assert re.findall(r"includegraphics\[scale=([\d.]+)\]", tex) == [
        "0.86",
        "0.75",
        "0.66",
    ]


def test_an_empty_cell_is_no_line(book):  # noqa: F811
    from results_in_pages.tables import table

    (*_, made) = table(["a", "b"], [["", "1"]], "results")
    empty, full = made.next_node(lambda node: node.tagname == "tbody")[0]
    assert len(empty) == 0 and len(full) == 1
