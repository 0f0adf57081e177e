"""Makes of pages what paper can show: nothing for a screen only, cards as a list, floats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.latex.nodes import thebibliography
from sphinx.transforms.post_transforms import SphinxPostTransform

from .figures import svg_size
from .tables import LONG

#: Class of what leaves nothing to say on paper: the section that has it is left out with it.
SECTION_ON_SCREEN = "section-on-screen"
# Per cent of the size that figures are drawn in: their smallest letters, of 7 points, keep 6.
SCALE_OF_FIGURES = 86
#: Of tall ones the size that is too small to read begins below.
SMALLEST_SCALE = 66
#: Height that leaves room for another figure and both captions, in CSS pixels: 10.6 cm.
HALF_A_PAGE = 400
REFERENCES = "references"
# A table stands whole where the text has it. Afloat, the last of a question would take a page.
FLOAT = (r"\begin{table}[H]", r"\end{table}")


class OnScreenOnly(SphinxPostTransform):
    """Take out again what only a screen can show: dark twins, links to downloads, sections."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        if self.app.builder.format == "html":
            return
        for wrapper in list(self.document.findall(_holds_twins)):
            wrapper.replace_self(wrapper[0])
        # Words that the search finds a page by; LaTeX would make an index of them.
        for words in list(self.document.findall(addnodes.index)):
            words.parent.remove(words)
        for node in list(self.document.findall(nodes.Element)):
            classes = node.get("classes", ())
            if SECTION_ON_SCREEN in classes:
                self._leave_out(_section_of(node))
            elif "on-screen" in classes:
                node.parent.remove(node)

    def _leave_out(self, section: nodes.section) -> None:
        page = f"%{section.get('docname')}"  # as links on paper name it
        left_out = self.document.setdefault("left-out", [])
        for node in section.findall(nodes.Element):
            left_out += [f"{page}#{identifier}" for identifier in node.get("ids", ())]
        if not isinstance(section.parent, nodes.section):
            left_out.append(page)
        section.parent.remove(section)


def _holds_twins(node: nodes.Node) -> bool:
    return isinstance(node, nodes.inline) and "twins" in node["classes"]


def _section_of(node: nodes.Node) -> nodes.section:
    while not isinstance(node, nodes.section):
        node = node.parent
    return node


class LinksOnPaper(SphinxPostTransform):
    """Make plain text of links to what is left out."""

    default_priority = 200  # after links are resolved
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        left_out = self.document.get("left-out", ())
        for link in list(self.document.findall(nodes.reference)):
            if link.get("refuri") in left_out:
                link.replace_self(link.children)


class FiguresOnPaper(SphinxPostTransform):
    """Set figures smaller than they are drawn, as the text is smaller than on a screen.

    Tall ones are set so that two stand on a page; else each would have one of its own.
    """

    default_priority = 200
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for figure in self.document.findall(nodes.figure):
            for image in figure.findall(nodes.image):
                image["scale"] = self._scale(image["uri"])

    def _scale(self, file: str) -> int:
        drawing = Path(self.env.srcdir, file).with_suffix(".svg")
        size = svg_size(drawing) if drawing.is_file() else None
        fits = round(100 * HALF_A_PAGE / size[1]) if size else SCALE_OF_FIGURES
        return min(SCALE_OF_FIGURES, max(fits, SMALLEST_SCALE))


class TablesOnPaper(SphinxPostTransform):
    """Keep tables together that have a caption and are no longer than a page."""

    default_priority = 500
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for table in list(self.document.findall(nodes.table)):
            if isinstance(table[0], nodes.title) and LONG not in table["classes"]:
                first = last = table.parent.index(table)
                if isinstance(table.parent[first - 1], addnodes.tabular_col_spec):
                    first -= 1
                begin, end = (nodes.raw("", text, format="latex") for text in FLOAT)
                table.parent.insert(last + 1, end)
                table.parent.insert(first, begin)


class NoNotesToReferences(SphinxPostTransform):
    """Leave out what would say the address of a reference once more, in a note at the foot."""

    default_priority = 500  # after the notes are made
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for entry in self.document.findall(nodes.citation):
            for note in list(entry.findall(_is_note)):
                note.parent.remove(note)


def _is_note(node: nodes.Node) -> bool:
    return isinstance(node, nodes.footnote | nodes.footnote_reference)


class ReferencesOnTheirPage(SphinxPostTransform):
    """Put the references back on the page that lists them, before the appendix."""

    default_priority = 760  # after Sphinx has moved them to the end
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        pages = {page["docname"]: page for page in self.document.findall(addnodes.start_of_file)}
        for references in list(self.document.findall(thebibliography)):
            if REFERENCES in pages:
                references.parent.remove(references)
                pages[REFERENCES].next_node(nodes.section).append(references)


class CardsOnPaper(SphinxPostTransform):
    """Make a list of a grid of cards, which LaTeX would set as one run of text.

    Its image, which only decorates, is left out.
    """

    default_priority = 200  # after links are resolved
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for grid in list(self.document.findall(_is("grid-container"))):
            items = map(self._item, list(grid.findall(_is("card"))))
            grid.replace_self(nodes.definition_list("", *items))

    def _item(self, card: nodes.Element) -> nodes.definition_list_item:
        title = next(card.findall(_is("card-title")))
        link = next(title.findall(nodes.reference)).deepcopy()
        texts = title.parent.findall(nodes.paragraph)
        return nodes.definition_list_item(
            "", nodes.term("", "", link), nodes.definition("", *(t.deepcopy() for t in texts))
        )


def _is(component: str) -> Callable[[nodes.Node], bool]:
    """Whether a node is this component of sphinx-design."""
    return lambda node: (
        isinstance(node, nodes.Element) and node.get("design_component") == component
    )
