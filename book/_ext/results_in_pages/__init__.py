"""Sphinx extension that takes the book's numbers, claims and figures from results."""

from docutils import nodes
from sphinx.application import Sphinx

from .appendix import Appendix
from .downloads import TakeAwayDirective
from .drawing import DrawADigit, add_script, publish_static, write_networks
from .experiments import ExperimentsDirective
from .exploring import Dots, add_explorer
from .figures import DarkTwins, FigureLinks, depart_legend, visit_image, visit_legend
from .numbers import LinkedNumbers, ListDirective, NumberRole, NumbersInAltText
from .paper import (
    CardsOnPaper,
    FiguresOnPaper,
    LinksOnPaper,
    NoNotesToReferences,
    OnScreenOnly,
    ReferencesOnTheirPage,
    TablesOnPaper,
)
from .programs import PlainKerasDirective
from .questions import ClaimRole, ClaimsDirective, TableDirective
from .stages import prepare


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.connect("config-inited", publish_static)
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", add_script)
    app.connect("html-page-context", add_explorer)
    app.connect("build-finished", write_networks)
    app.add_role("num", NumberRole())
    app.add_role("claim", ClaimRole())
    app.add_directive("all-numbers", ListDirective)
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("experiments", ExperimentsDirective)
    app.add_directive("results-table", TableDirective)
    app.add_directive("take-away", TakeAwayDirective)
    app.add_directive("draw-a-digit", DrawADigit)
    app.add_directive("plain-keras", PlainKerasDirective)
    app.add_transform(NumbersInAltText)
    app.add_transform(FigureLinks)
    app.add_transform(DarkTwins)
    app.add_transform(Dots)
    app.add_node(nodes.image, override=True, html=(visit_image, None))
    app.add_node(nodes.legend, override=True, html=(visit_legend, depart_legend))
    app.add_post_transform(LinkedNumbers)
    app.add_post_transform(OnScreenOnly)
    app.add_post_transform(CardsOnPaper)
    app.add_post_transform(LinksOnPaper)
    app.add_post_transform(FiguresOnPaper)
    app.add_post_transform(TablesOnPaper)
    app.add_post_transform(NoNotesToReferences)
    app.add_post_transform(Appendix)
    app.add_post_transform(ReferencesOnTheirPage)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
