"""Links to what readers can download: a file of the book, and the whole book as a PDF."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

PDF_FILE = "_build/latex/book.pdf"


def download(file: str, text: str) -> addnodes.download_reference:
    """Return a link that downloads a file of the book."""
    # The leading slash counts from the book's folder, wherever the page lies.
    link = addnodes.download_reference(reftarget=f"/{file}")
    link += nodes.inline(text=text)
    return link


class PdfDirective(SphinxDirective):
    """The directive ``{pdf}``: a link to the book as a PDF, where one was typeset."""

    def run(self) -> list[nodes.Node]:
        # Through the link that leads from the book's folder to what is built.
        if not Path(self.env.srcdir, PDF_FILE).is_file():
            return []
        line = nodes.paragraph("", "", classes=["on-screen"])
        line += [nodes.Text("To read on paper: "), download(PDF_FILE, "the report as a PDF")]
        return [line]
