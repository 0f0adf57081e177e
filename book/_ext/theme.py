"""Sphinx extension that mends the theme: pages show sooner, in their colours, and print whole."""

from pathlib import Path

from sphinx.application import Sphinx

#: In the head, before anything is drawn. The theme's own script comes after the page, until when
#: a dark page would be light and the images of the light one be fetched. Paper is white, and shows
#: what readers could have opened.
AT_ONCE = """
(() => {
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const show = (printing) => {
    const system = dark.matches ? "dark" : "light";
    const { mode } = page.dataset;
    page.dataset.theme = printing ? "light" : mode === "auto" ? system : mode;
  };
  show(paper.matches);
  paper.addEventListener("change", () => show(paper.matches));
  const shut = () => document.querySelectorAll("details:not([open], .plain-keras)");
  let opened = [];
  addEventListener("beforeprint", () => {
    show(true);
    opened = [...shut()];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    show(false);
    for (const one of opened) one.open = false;
  });
})();
"""

#: 1.5 MB for the few icons that pages have; these are in icons.css.
ICONS_OF_THE_THEME = "_static/scripts/fontawesome.js"

#: Scripts that others need when they are read.
NEEDED_AT_ONCE = ("doctools.js", "documentation_options.js")


def show_text_first(app: Sphinx, page: str, template: str, context: dict, tree) -> None:
    """Have scripts wait for the text, which would else wait for them."""
    plain = context["js_tag"]

    def later(script) -> str:
        tag = plain(script)
        stays = any(f"/{name}" in tag for name in NEEDED_AT_ONCE) or " defer" in tag
        return tag if stays or " src=" not in tag else tag.replace("<script ", "<script defer ", 1)

    context["js_tag"] = later


def mend_references(app: Sphinx, page: str, template: str, context: dict, tree) -> None:
    """Call references no list, for Sphinx gives them a role that no item of a list may have."""
    if body := context.get("body"):
        context["body"] = body.replace('<div role="list" class="citation-list">', "<div>")


def leave_out_icons(app: Sphinx, error: Exception | None) -> None:
    """Empty the script that draws the theme's icons: every page names it."""
    script = Path(app.outdir, ICONS_OF_THE_THEME)
    if error is None and script.is_file():
        script.write_text("// The icons are in icons.css.\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.add_js_file(None, body=AT_ONCE, priority=0)
    app.connect("html-page-context", show_text_first, priority=900)
    app.connect("html-page-context", mend_references)
    app.connect("build-finished", leave_out_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
