"""Sphinx extension that has a link to a word of the glossary tell the word's meaning.

As with citations and claims, the pointer need only rest on the link.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


def note_meanings(app: Sphinx, document: nodes.document) -> None:
    """Keep the meaning of each word of a page's glossary, by the word's anchor."""
    meanings = {
        anchor: _meaning(item)
        for glossary in document.findall(addnodes.glossary)
        for item in glossary.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for anchor in term["ids"]
    }
    if meanings:
        app.env.metadata[app.env.docname]["meanings"] = meanings


def _meaning(item: nodes.definition_list_item) -> str:
    """The text of a definition, without the works that it cites."""
    definition = next(iter(item.findall(nodes.definition))).deepcopy()
    for link in list(definition.findall(addnodes.pending_xref)):
        if link["refdomain"] == "cite":
            link.parent.remove(link)
    return re.sub(r"\s+([.,;])", r"\1", " ".join(definition.astext().split()))


class Meanings(SphinxPostTransform):
    """Put the meanings on the links."""

    default_priority = 20  # when links have their targets
    formats = ("html",)

    def run(self, **kwargs) -> None:
        page = self.env.docname
        meanings = {
            f"{self.app.builder.get_relative_uri(page, other)}#{anchor}": meaning
            for other, values in self.env.metadata.items()
            for anchor, meaning in values.get("meanings", {}).items()
        }
        for link in self.document.findall(nodes.reference):
            if meaning := meanings.get(link.get("refuri", "")):
                link["reftitle"] = meaning


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.connect("doctree-read", note_meanings)
    app.add_post_transform(Meanings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
