"""Sphinx extension that writes formulas as MathML: browsers set it without a script or a font."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

THIN_SPACE = '<mspace width="0.167em"/>'
# As the library writes them.
OPENING, MINUS = "&#x00028;</mo>", "&#x02212;</mo>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    self.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    self.body.append(self.starttag(node, "div", "", CLASS="formula"))
    self.body.append(f"{mathml(node, 'block')}</div>\n")
    raise nodes.SkipNode


def mathml(node: nodes.Node, display: str) -> str:
    """Return what a formula in LaTeX is in MathML."""
    formula = convert(node.astext(), display=display)
    if "\\" in formula:  # where a command that is not known stands as it was
        logger.warning("not a formula that can be set: %s", node.astext(), location=node)
    # A function's name keeps no distance from its parenthesis, as an operator would,
    formula = re.sub(r"<mo>([a-z]+)</mo>", r"<mi>\1</mi>", formula)
    # but some from a letter or number. A minus after a parenthesis is a sign, without room.
    formula = re.sub(r"(<mi>[a-z]{2,}</mi>)(?=<m(?:i|n|su[bp])>)", rf"\1{THIN_SPACE}", formula)
    return formula.replace(f"{OPENING}<mo>{MINUS}", f'{OPENING}<mo form="prefix">{MINUS}')


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    app.config.myst_update_mathjax = False
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
