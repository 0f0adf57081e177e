"""Sphinx extension that serves MathJax from the site itself, not from another host."""

from importlib import resources
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.fileutil import copy_asset_file

# The SVG output carries its glyphs in this one file; the others load fonts beside it.
SCRIPT = "mathjax/tex-svg.js"


def copy_mathjax(app: Sphinx) -> None:
    """Copy the script out of the package sphinx-mathjax-offline.

    The package's own extension would copy all of its 24 MB.
    """
    if app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", SCRIPT)
    target.parent.mkdir(parents=True, exist_ok=True)
    package = resources.files("sphinx-mathjax-offline")
    with resources.as_file(package / "static" / SCRIPT) as source:
        copy_asset_file(source, target.parent)


def only_where_needed(app: Sphinx, page: str, template: str, context: dict, *_) -> None:
    """Load its two megabytes only on pages with formulas.

    Sphinx also loads it where a page below in the contents has some, so on the home page.
    """
    if not app.env.get_domain("math").data["has_equations"].get(page):
        scripts = context["script_files"]
        context["script_files"] = [s for s in scripts if SCRIPT not in str(s.filename)]


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.config.mathjax_path = SCRIPT
    app.connect("builder-inited", copy_mathjax)
    app.connect("html-page-context", only_where_needed, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
