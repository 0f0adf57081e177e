"""Makes of pages what paper can show: no dark twins and downloads, and cards as a list."""

from __future__ import annotations

from collections.abc import Callable

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class OnScreenOnly(SphinxPostTransform):
    """Take out again what only a screen can show: dark twins, and links to downloads."""

    default_priority = 5

    def run(self, **kwargs) -> None:
        if self.app.builder.format == "html":
            return
        for wrapper in list(self.document.findall(_holds_twins)):
            wrapper.replace_self(wrapper[0])
        for node in list(self.document.findall(nodes.Element)):
            if "on-screen" in node.get("classes", ()):
                node.parent.remove(node)


def _holds_twins(node: nodes.Node) -> bool:
    return isinstance(node, nodes.inline) and "twins" in node["classes"]


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
