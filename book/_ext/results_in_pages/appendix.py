"""Moves to the end of the PDF what readers look up: evidence, and how networks were trained."""

from __future__ import annotations

from string import ascii_uppercase

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.latex import LaTeXBuilder
from sphinx.transforms.post_transforms import SphinxPostTransform

from .tables import LONG

# Uncaptioned tables are not numbered, as on the screen.
NO_NUMBER = r"\addtocounter{table}{-1}"


class Appendix(SphinxPostTransform):
    """Make an appendix of all sections whose tables are too long for a page.

    Sections with the same title, such as *Evidence*, become one, with the titles of the pages
    that they come from; where they stood, a line says on which page they are now.
    """

    # After pages have got their labels, which are those of their first section.
    default_priority = 500
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        if not isinstance(self.app.builder, LaTeXBuilder):
            return
        found: dict[str, list[nodes.section]] = {}
        for section in list(self.document.findall(_is_for_appendix)):
            found.setdefault(section[0].astext(), []).append(section)
        for letter, (title, sections) in zip(ascii_uppercase, found.items(), strict=False):
            appendix = nodes.section("", nodes.title("", f"Appendix {letter}: {title}"))
            appendix += [self._move(section) for section in sections]
            if letter == ascii_uppercase[0]:
                self.document[0] += _latex(r"\clearpage")
            self.document[0] += appendix

    def _move(self, section: nodes.section) -> addnodes.start_of_file:
        page = section.parent
        where = _line_of_pointers(page, section)
        where += _pointer(section)
        page.remove(section)
        section[0] = nodes.title("", page[0].astext())
        for table in section.findall(nodes.table):
            if not any(isinstance(part, nodes.title) for part in table):
                table.parent.insert(table.parent.index(table) + 1, _latex(NO_NUMBER))
        # What is in it is still known by the page that it was written on.
        return addnodes.start_of_file("", section, docname=section["docname"])


def _is_for_appendix(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.section) or node.get("docname") is None:
        return False
    inner = (table for part in node if not isinstance(part, nodes.section) for table in _long(part))
    return any(inner)


def _long(node: nodes.Node):
    return node.findall(lambda n: isinstance(n, nodes.table) and LONG in n["classes"])


def _line_of_pointers(page: nodes.section, section: nodes.section) -> nodes.paragraph:
    """Return the line that says where a page's sections are; the first of them begins it."""
    place = page.index(section)
    before = page[place - 1]
    if "pointers" not in before.get("classes", ()):
        before = nodes.paragraph(classes=["pointers"])
        page.insert(place, before)
    return before


def _pointer(section: nodes.section) -> list[nodes.Node]:
    label = rf"\detokenize{{{section['docname']}:{section['ids'][0]}}}"
    text = rf"\hyperref[{label}]{{{section[0].astext()}: page~\pageref*{{{label}}}}}.\quad "
    return [_latex(text)]


def _latex(text: str) -> nodes.raw:
    return nodes.raw("", text, format="latex")
