"""Sphinx extension that says who wrote the report, when, and how to cite it.

Authors, title and version stand in ``CITATION.cff`` and nowhere else; the date is that of the
last commit, so the same sources give the same pages.
"""

from __future__ import annotations

import datetime
import html
import os
import re
import subprocess
from pathlib import Path

import yaml
from docutils import nodes
from pybtex.database import BibliographyData, Entry, Person
from results_in_pages.addresses import repository
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

FILE = "CITATION.cff"


def read(book: Path) -> dict:
    """Read what ``CITATION.cff``, beside the book's folder, says."""
    return yaml.safe_load((book.parent / FILE).read_text(encoding="utf-8"))


def people(citation: dict) -> list[str]:
    """Return the authors' names, of persons as of groups."""
    return [
        author.get("name") or f"{author.get('given-names', '')} {author['family-names']}".strip()
        for author in citation["authors"]
    ]


def date(folder: Path) -> datetime.date | None:
    """Return the date of the last commit, or none where there is no repository or no git."""
    if seconds := os.environ.get("SOURCE_DATE_EPOCH"):  # as those set who typeset it
        return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).date()
    command = ["git", "-C", str(folder), "log", "-1", "--format=%ct"]
    try:
        seconds = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).date()


def spelled(day: datetime.date) -> str:
    """Return a date in words, as ``3 May 2026``."""
    return f"{day.day} {day:%B %Y}"


def bibtex(citation: dict, day: datetime.date | None, address: str) -> str:
    """Return the entry by which BibTeX cites the report; what is not known is left out."""
    fields = {
        "title": f"{{{citation['title']}}}",
        "year": str(day.year) if day else "",
        "note": f"Version {citation['version']}" + (f", {spelled(day)}" if day else ""),
        "url": address,
    }
    entry = Entry("misc", {name: value for name, value in fields.items() if value})
    for author, name in zip(citation["authors"], people(citation), strict=True):
        # Braces keep the name of a group whole.
        entry.add_person(Person(f"{{{name}}}" if "name" in author else name), "author")
    title = citation["title"].partition(":")[0]
    key = re.sub(r"\W+", "-", title.lower()).strip("-") + (f"-{day.year}" if day else "")
    return BibliographyData({key: entry}).to_string("bibtex").strip()


class Byline(SphinxDirective):
    """The directive ``{byline}``: who wrote the report, and when."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(f"../{FILE}")
        # On paper the title page says it.
        return [nodes.paragraph("", self.config.byline, classes=["on-screen", "byline"])]


class HowToCite(SphinxDirective):
    """The directive ``{how-to-cite}``: the report's own entry for BibTeX."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(f"../{FILE}")
        book = Path(self.env.srcdir)
        entry = bibtex(read(book), date(book), repository(self.config))
        return [nodes.literal_block(entry, entry, language="bibtex")]


def credit(app: Sphinx, config: Config) -> None:
    """Name the authors and the date on the title page and under every page."""
    book = Path(app.srcdir)
    config.author = " and ".join(people(read(book)))
    day = date(book)
    config.today = spelled(day) if day else ""
    config.byline = ", ".join(filter(None, [config.author, config.today]))
    footer = f"<p>{html.escape(config.byline)}</p>"
    # Not the theme's own line, "By" and a name, which suits no name that begins with "The".
    config.html_theme_options |= {
        "extra_footer": footer,
        "footer_content_items": ["extra-footer.html"],
    }


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.add_config_value("byline", "", "env", types=str)
    app.connect("config-inited", credit)
    app.add_directive("byline", Byline)
    app.add_directive("how-to-cite", HowToCite)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
