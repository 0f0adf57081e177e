"""Links to what readers can take away: files of the book, the whole as a PDF, the code."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from .addresses import repository

TYPESET = "_build/latex"


def download(file: str, text: str) -> addnodes.download_reference:
    """Return a link that downloads a file of the book."""
    # The leading slash counts from the book's folder, wherever the page lies.
    link = addnodes.download_reference(reftarget=f"/{file}")
    link += nodes.inline(text=text)
    return link


def line_of(links: list[nodes.Node], words: str = "") -> nodes.paragraph:
    """Return a line of links with dots between them, after words that introduce them."""
    line = nodes.paragraph("", words, links[0])
    for link in links[1:]:
        line += [nodes.Text(" · "), link]
    return line


def pdf_file(config: Config) -> str:
    """Return where the PDF is, through the link from the book's folder to what is built."""
    name = config.latex_documents[0][1]
    return f"{TYPESET}/{Path(name).stem}.pdf"


class TakeAwayDirective(SphinxDirective):
    """The directive ``{take-away}``: the report's PDF and its repository, where there are any."""

    def run(self) -> list[nodes.Node]:
        links = []
        if Path(self.env.srcdir, pdf_file(self.config)).is_file():
            links.append(download(pdf_file(self.config), "the report as a PDF"))
        if address := repository(self.config):
            links.append(nodes.reference("", "code and results", refuri=address, internal=False))
        if not links:
            return []
        line = line_of(links, "Take it with you: ")
        line["classes"].append("on-screen")
        return [line]
