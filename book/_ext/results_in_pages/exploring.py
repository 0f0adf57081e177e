"""Has readers point at the dots of a figure, each a run, and says what became of it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

#: Where the script says whose run a dot is, with what it reads that from: a page from a file may
#: not fetch it. An empty page element without script, and on paper.
PLACE = '<div class="explore on-screen"><script type="application/json">{dots}</script></div>'


class Dots(SphinxTransform):
    """Put beside the image of a figure whose run each of its dots is, where that is known."""

    default_priority = 205  # while images still have the names that the pages give them

    def apply(self, **kwargs) -> None:
        for figure in list(self.document.findall(nodes.figure)):
            image = next(iter(figure.findall(nodes.image)))
            file, _ = self.env.relfn2path(image["uri"])
            dots = Path(self.env.srcdir, PurePosixPath(file).with_suffix(".json"))
            if not dots.is_file():
                continue
            self.env.note_dependency(str(dots))
            known = dots.read_text(encoding="utf-8").strip()
            if known != "[]":
                # Text of a script ends at the first end tag, wherever it stands.
                place = PLACE.format(dots=known.replace("</", r"<\/"))
                figure.insert(1, nodes.raw("", place, format="html"))


def add_explorer(app: Sphinx, page: str, template: str, context: dict, tree) -> None:
    """Have pages with such figures load what that needs, and no other page."""
    beginning = PLACE.partition("{")[0]
    if tree and any(raw.astext().startswith(beginning) for raw in tree.findall(nodes.raw)):
        app.add_js_file("explore.js", loading_method="defer")
        app.add_css_file("explore.css")
