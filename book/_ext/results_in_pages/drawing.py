"""Has readers draw a digit for networks of the report: the directive ``{draw-a-digit}``."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.directives.patches import Figure
from sphinx.util.docutils import SphinxDirective

from .pages import complain

#: Not the book's folder of that kind, whose scripts Jupyter Book loads on every page.
STATIC = Path(__file__).parent / "static"
NETWORKS = "results/draw-a-digit.json"
#: What the page's script asks for when its place comes near.
SCRIPT_OF_NETWORKS = "_static/draw-a-digit-networks.js"
#: Where the script puts what one draws on.
PLACE = '<div class="draw-a-digit"></div>'


class DrawADigit(SphinxDirective, Figure):
    """The directive ``{draw-a-digit}``: a figure in whose place readers can draw.

    Its image says the same where no script runs, and on paper; the caption is for both.
    """

    def run(self) -> list[nodes.Node]:
        if not Path(self.env.srcdir, NETWORKS).is_file():
            complain(self.env, f"there is no {NETWORKS}: run 'doit train'", self.get_location())
        figure, *rest = super().run()
        if isinstance(figure, nodes.figure):
            figure.insert(
                1, nodes.raw("", PLACE, format="html")
            )  # after the image, before the caption
        return [figure, *rest]


def publish_static(app: Sphinx, config: Config) -> None:
    """Have Sphinx publish the script and its style sheet with the book's static files."""
    config.html_static_path.append(str(STATIC))


def add_script(app: Sphinx, page: str, template: str, context: dict, tree: nodes.document) -> None:
    """Have pages on which one can draw load what that needs, and no other page."""
    if tree and any(raw.astext() == PLACE for raw in tree.findall(nodes.raw)):
        app.add_js_file("draw-a-digit.js", loading_method="defer")
        app.add_css_file("draw-a-digit.css")


def write_networks(app: Sphinx, error: Exception | None) -> None:
    """Publish the networks as a script, for a page from a file may not read JSON."""
    networks = Path(app.srcdir, NETWORKS)
    if error is None and app.builder.format == "html" and networks.is_file():
        script = f"DrawADigit.begin({networks.read_text(encoding='utf-8').strip()});\n"
        Path(app.outdir, SCRIPT_OF_NETWORKS).write_text(script, encoding="utf-8")
