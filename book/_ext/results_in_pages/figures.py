"""Completes figures on the screen: their dark twins, their sizes and the links under them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

from .addresses import repository
from .downloads import download, line_of
from .pages import complain, depend_on_numbers

FIGURES_FOLDER = "figures"


class DarkTwins(SphinxTransform):
    """Put the dark twin of a figure's image beside it; the theme shows one of the two.

    The two share a wrapper, for the theme hides not only the image of the other mode
    but also every caption that follows it among its siblings.
    """

    default_priority = 210  # before Sphinx looks for the image files

    def apply(self, **kwargs) -> None:
        for image in list(self.document.findall(nodes.image)):
            file, _ = self.env.relfn2path(image["uri"])
            if file.startswith(f"{FIGURES_FOLDER}/"):
                self._pair(image, dark_name(file))

    def _pair(self, image: nodes.image, dark: str) -> None:
        if not Path(self.env.srcdir, dark).is_file():
            complain(self.env, f"the figure has no dark twin {dark}", image)
            return
        wrapper = nodes.inline(classes=["twins"])
        if isinstance(image.parent, nodes.figure):
            # The theme's name for what may scroll: where it does, one can tab to it.
            wrapper["classes"].append("pst-scrollable-table-container")
        image.replace_self(wrapper)  # which takes over the label, if there is one
        image["ids"], image["names"] = [], []
        twin = image.deepcopy()
        twin["uri"] = f"/{dark}"
        image["classes"].append("only-light")
        twin["classes"].append("only-dark")
        wrapper += [image, twin]


def dark_name(file: str) -> str:
    """Return the file that HTML shows instead of an image when the page is dark."""
    path = PurePosixPath(file)
    suffix = ".svg" if path.suffix == ".*" else path.suffix
    return str(path.with_name(f"{path.stem}-dark{suffix}"))


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write an image, and how large a drawing is: so the text keeps its place while it loads.

    It is fetched when it is about to be seen, so never the twin for the other theme.
    """
    drawing = Path(self.builder.srcdir, node["uri"])
    type(self).visit_image(self, node)  # which makes of the file the one that is published
    known = drawing.suffix == ".svg" and drawing.is_file()
    if known and (size := svg_size(drawing)):
        sides = 'width="{}" height="{}"'.format(*size)
        self.body[-1] = self.body[-1].replace("<img ", f'<img loading="lazy" {sides} ', 1)


def visit_legend(self: HTML5Translator, node: nodes.legend) -> None:
    """Write what stands below a caption, in one element with it wherever in the figure that is.

    Docutils would begin a second where something stands between image and caption.
    """
    if not any(isinstance(part, nodes.caption) for part in node.parent):
        self.body.append("<figcaption>\n")
    self.body.append(self.starttag(node, "div", CLASS="legend"))


def depart_legend(self: HTML5Translator, node: nodes.legend) -> None:
    """End it; the figure ends the caption."""
    self.body.append("</div>\n")


def svg_size(path: Path) -> tuple[int, int] | None:
    """Return a drawing's width and height in CSS pixels, or nothing if it does not say them."""
    _, root = next(ElementTree.iterparse(path, events=["start"]))
    sizes = [re.fullmatch(r"([\d.]+)pt", root.get(side, "")) for side in ("width", "height")]
    return tuple(round(float(size[1]) * 96 / 72) for size in sizes) if all(sizes) else None


class FigureLinks(SphinxTransform):
    """Say under each figure where its data, its drawing for print and its code are."""

    default_priority = 205  # while images still have the names that the pages give them

    def apply(self, **kwargs) -> None:
        for figure in list(self.document.findall(nodes.figure)):
            image = next(iter(figure.findall(nodes.image)))
            origin = self.env.report["figures"].get(PurePosixPath(image["uri"]).stem)
            if origin:
                depend_on_numbers(self.env)
                figure += self._links(image["uri"], origin)

    def _links(self, uri: str, origin: dict) -> nodes.legend:
        file, _ = self.env.relfn2path(uri)
        links = [
            download(origin["data"], "data (CSV)"),
            download(str(PurePosixPath(file).with_suffix(".pdf")), "figure (PDF)"),
        ]
        if address := repository(self.config):
            code = f"{address}/blob/HEAD/{origin['source']}"
            links.append(nodes.reference("", "code", refuri=code, internal=False))
        return nodes.legend("", line_of(links), classes=["figure-links", "on-screen"])
