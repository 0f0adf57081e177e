"""Sphinx extension for pages that are on the web: how they look where they are shared and found.

Where the site's address is not known, what needs one is left out: the canonical address of each
page, the sitemap, the picture of a link, and the page for addresses that do not exist.
"""

from __future__ import annotations

import html
import re
import textwrap
from urllib.parse import urlsplit

from docutils import nodes
from results_in_pages.addresses import site
from sphinx.application import Sphinx

#: What those see who are sent a link: drawn by ``doit readme``.
PICTURE = "_static/readme.png"
PICTURE_SHOWS = (
    "Left, ten curves of training accuracy on digits, which end on separate levels. Right, "
    "testing accuracy on colour images, which rises from one hidden layer to convolution."
)
LARGE_PICTURE = '<meta name="twitter:card" content="summary_large_image" />'
NO_PAGE = "404"
#: How the paragraph begins that answers a page's question, and letters that are shown of it.
ANSWER = "The answer."
LONGEST = 240


def tell_search_engines(app: Sphinx, address: str) -> None:
    """List the pages, and give each its canonical address."""
    app.config.html_baseurl = address
    app.setup_extension("sphinx_sitemap")
    app.config.sitemap_url_scheme = "{link}"  # no folders for languages and versions
    app.config.sitemap_excludes = ["search.html", "genindex.html", f"{NO_PAGE}.html"]


def answer_wrong_addresses(app: Sphinx, address: str) -> None:
    """Make the page that a server shows instead; its links lead from any depth."""
    app.setup_extension("notfound.extension")
    app.config.notfound_pagename = NO_PAGE
    app.config.notfound_urls_prefix = urlsplit(address).path
    app.config.notfound_context = {
        "title": "Page not found",
        "body": "<h1>Page not found</h1><p>There is no page at this address. The contents and "
        "the search on this page lead to those that there are.</p>",
    }


def show_links(app: Sphinx, address: str) -> None:
    """Describe each page to those who are sent a link to it."""
    app.setup_extension("sphinxext.opengraph")
    app.config.ogp_social_cards = {"enable": False}  # one picture, and not text as a picture
    app.config.ogp_site_name = app.config.html_title
    if address:
        app.config.ogp_site_url = address
        app.config.ogp_image = PICTURE
        app.config.ogp_image_alt = PICTURE_SHOWS
        app.config.ogp_custom_meta_tags = [LARGE_PICTURE]


def summary(tree: nodes.document) -> str:
    """Return what a page tells in a few words: the begin of its answer, or of its text."""
    texts = [
        re.sub(r"\s+", " ", paragraph.astext().replace("\N{CHECK MARK}", ""))
        for paragraph in tree.findall(nodes.paragraph)
        if "byline" not in paragraph["classes"]
    ]
    answers = [text.removeprefix(ANSWER) for text in texts if text.startswith(ANSWER)]
    text = next(iter(answers or texts), "").strip()
    return textwrap.shorten(text, LONGEST, placeholder=" …")


def describe(app: Sphinx, page: str, template: str, context: dict, tree: nodes.document) -> None:
    """Describe a page for search engines, and for those who are sent a link to it."""
    if tree and (text := summary(tree)):
        text = html.escape(text)
        context["meta"] = {**(context["meta"] or {}), "og:description": text}
        context["metatags"] += f'<meta name="description" content="{text}" />\n'


def leave_out_unknown_address(
    app: Sphinx, page: str, template: str, context: dict, tree: nodes.document
) -> None:
    """Name no address where none is known."""
    if not site(app.config):
        lines = context.get("metatags", "").splitlines()
        context["metatags"] = "\n".join(line for line in lines if "og:url" not in line)


def name_home(app: Sphinx, page: str, template: str, context: dict, tree: nodes.document) -> None:
    """Have the home page's title once in the browser's tab: it is that of the site."""
    if page == app.config.root_doc:
        context["title"], context["docstitle"] = app.config.html_title, ""


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx, and those that it needs."""
    address = site(app.config)
    show_links(app, address)
    if address:
        tell_search_engines(app, address)
        answer_wrong_addresses(app, address)
    # Above the contents; the theme would take it from the browser's tab.
    app.config.html_theme_options["logo"] = {"text": app.config.html_title}
    # Before links are described, by what these find.
    app.connect("html-page-context", name_home, priority=400)
    app.connect("html-page-context", describe, priority=400)
    app.connect("html-page-context", leave_out_unknown_address, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
