"""What pages tell of themselves: where links to them are shared and found, and how to cite them."""

import datetime
import html as entities
import re
import tomllib
from xml.etree import ElementTree

import pytest
from conftest import ROOT
from pybtex.database import parse_string
from sphinx.errors import ConfigError
from test_book_extension import Book

CITATION = """
title: "A tiny report: about {little}"
authors:
  - name: "The authors of this & that"
  - given-names: Ada
    family-names: Example
version: 1.2.3
"""
PAGE = """# Title

```{byline}
```

**The question.** Why?

**The answer.** So,{claim}`q02.stuck` & "so".

## How to cite it

```{how-to-cite}
```

```{toctree}
other
```
"""


@pytest.fixture
def book(monkeypatch, tmp_path):
    """A book of two pages, in a folder beside its citation, that is published nowhere yet."""
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    monkeypatch.setenv("REPORT_STAGES_DONE", "1")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    (tmp_path / "CITATION.cff").write_text(CITATION)
    book = Book(tmp_path / "book")
    settings = book.folder / "conf.py"
    text = settings.read_text()
    text = text.replace('"formulas"', '"citation", "published", "sphinx_book_theme"')
    text = text.replace('html_theme = "basic"', 'html_theme = "sphinx_book_theme"')
    text = re.sub("^latex_documents.*", 'project = "book"', text, flags=re.MULTILINE)
    book.write("other.md", "# Other\n\n" + "word " * 99 + "\n")
    settings.write_text(text + 'html_title = "A tiny report"\nlanguage = "en"\n')
    return book


def described(html):
    """The content of each meta tag, by its name."""
    tags = re.findall('<meta (?:name|property)="(.*?)" content="(.*?)"', html)
    return dict(tags)


def test_where_no_address_is_known_none_is_named(book):
    html = book.build(PAGE)
    assert book.warnings == ""
    assert described(html)["og:title"] == "A tiny report"
    assert "canonical" not in html and "og:url" not in html and "og:image" not in html
    assert not (book.html / "sitemap.xml").exists()
    assert not (book.html / "404.html").exists()


@pytest.mark.parametrize(
    "repository, address",
    [
        ("Me/mine", "https://me.github.io/mine/"),
        ("Me/me.github.io", "https://me.github.io/"),
    ],
)
def test_on_github_the_address_is_that_of_its_pages(book, monkeypatch, repository, address):
    monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    html = book.build(PAGE)
    assert book.warnings == ""
    assert f'<link rel="canonical" href="{address}index.html"' in html
    tags = described(html)
    assert tags["og:url"] == f"{address}index.html"
    assert tags["og:image"] == f"{address}_static/readme.png"
    listed = ElementTree.parse(book.html / "sitemap.xml").getroot()
    assert [url[0].text for url in listed] == [f"{address}index.html", f"{address}other.html"]


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_the_typed_repository_gives_the_address_of_its_pages(book, monkeypatch, end):
    name_repository(book, monkeypatch, f"https://github.com/Me/mine{end}")
    assert 'rel="canonical" href="https://me.github.io/mine/index.html"' in book.build(PAGE)


@pytest.mark.parametrize("end", ["", "/mine/tree/main"])
def test_a_typed_address_that_is_no_repository_is_named(book, monkeypatch, end):
    name_repository(book, monkeypatch, f"https://github.com/me{end}")
    with pytest.raises(ConfigError, match=f"OWNER/NAME; got 'https://github.com/me{end}'"):
        book.build(PAGE)


def name_repository(book, monkeypatch, address):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    with (book.folder / "conf.py").open("a") as settings:
        settings.write(f'html_theme_options = {{"repository_url": "{address}"}}\n')
        settings.write('suppress_warnings = ["config"]\n')  # the basic theme has no such option


def test_a_typed_address_wins_over_that_of_github(book, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "me/mine")
    with (book.folder / "conf.py").open("a") as settings:
        settings.write('html_baseurl = "https://report.example"\n')
    assert 'rel="canonical" href="https://report.example/index.html"' in book.build(PAGE)


def test_the_page_for_wrong_addresses_finds_its_way_from_any_depth(book, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "me/mine")
    book.build(PAGE)
    page = (book.html / "404.html").read_text()
    assert "There is no page at this address" in page
    links = re.findall('(?:href|src)="(.*?)"', page)
    assert "/mine/index.html" in links
    here = [link for link in links if not link.startswith(("/mine/", "#", "https://me.github.io"))]
    assert here == []


def test_a_page_is_described_by_its_answer_without_marks(book):
    tags = described(book.build(PAGE))
    assert tags["description"] == tags["og:description"] == "So, &amp; “so”."


def test_a_long_description_ends_with_a_whole_word(book):
    book.build(PAGE)
    text = described((book.html / "other.html").read_text())["description"]
    assert len(text) <= 240 and text.endswith("word …")


def test_home_page_has_its_title_once_in_the_tab(book):
    html = book.build(PAGE)
    assert re.findall("<title>(.*?)</title>", html) == ["A tiny report"]
    other = (book.html / "other.html").read_text()
    assert re.findall("<title>(.*?)</title>", other) == ["Other &#8212; A tiny report"]


def test_authors_and_date_stand_under_the_title(book):
    html = book.build(PAGE)
    assert "The authors of this &amp; that and Ada Example, 14 November 2023</p>" in html
    tex = book.build(PAGE + "\n", builder="latex")
    assert r"\author{The authors of this \& that and Ada Example}" in tex
    assert r"\date{14 November 2023}" in tex


def test_report_is_cited_by_what_its_citation_file_says(book, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "me/mine")
    html = book.build(PAGE)
    text = re.sub("<.*?>", "", re.search("highlight-bibtex.*?>(@misc.*?)</pre>", html, re.S)[1])
    (entry,) = parse_string(entities.unescape(text), "bibtex").entries.values()
    assert entry.key == "a-tiny-report-2023"
    assert [" ".join(p.last_names) for p in entry.persons["author"]] == [
        "{The authors of this \\& that}",
        "Example",
    ]
    assert entry.fields["title"] == "{A tiny report: about {little}}"
    assert entry.fields["year"] == "2023"
    assert entry.fields["note"] == "Version 1.2.3, 14 November 2023"
    assert entry.fields["url"] == "https://github.com/me/mine"


def test_without_a_commit_no_date_is_told(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    import citation

    assert citation.date(tmp_path) is None
    read = {"title": "A title", "authors": [{"name": "We"}], "version": 1}
    assert "year" not in citation.bibtex(read, None, "")


def test_the_date_is_that_of_the_last_commit(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    import citation

    found = citation.date(ROOT)
    assert found is None or datetime.date(2023, 1, 1) < found <= datetime.date.today()


def test_version_and_citation_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"version: {project['version']}\n" in (ROOT / "CITATION.cff").read_text()
