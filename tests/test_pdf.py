"""The typeset report: whole, readable on any machine, nothing over the edge."""

import re
import shutil
import subprocess

import pytest
from conftest import ROOT

PDF = ROOT / "_build" / "latex" / "deep-networks-and-convolution.pdf"


@pytest.fixture(scope="module")
def poppler():
    """Runs one of poppler's programs on the PDF; gives what it prints."""
    if not shutil.which("pdftotext"):
        pytest.skip("no poppler to read the PDF with: apt-get install poppler-utils")
    if not PDF.exists():
        pytest.skip("no PDF: run 'doit pdf', which says what it needs")

    def run(program, *arguments):
        command = [program, str(PDF), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(scope="module")
def text(poppler):
    return poppler("pdftotext", "-")


def test_every_page_of_the_book_is_in_it(text):
    listed = re.findall(r"file: (\w+)", (ROOT / "book" / "_toc.yml").read_text())
    assert len(listed) > 10
    for page in listed:
        title = (ROOT / "book" / f"{page}.md").read_text().splitlines()[0].removeprefix("# ")
        assert title in text, page


def test_every_reference_is_resolved(text):
    assert "??" not in text
    assert "[?]" not in text


def test_numbers_have_come_in_from_the_results(text):
    assert "{num}" not in text
    assert re.search(r"It gets \d\d\.\d% of the test\s+images\s+right", text)


def test_what_only_a_screen_can_show_is_left_out(text):
    assert "data (CSV)" not in text
    assert "the report as a PDF" not in text


def test_each_answer_at_a_glance_stands_under_its_own_title(text):
    home = (ROOT / "book" / "index.md").read_text()
    titles = re.findall(r"grid-item-card\} (.*)", home)
    assert len(titles) > 9
    lines = text.splitlines()
    for title in titles:
        assert title in lines, title


def test_fonts_are_embedded(poppler):
    _, _, *fonts = poppler("pdffonts").splitlines()
    assert fonts
    for font in fonts:
        embedded = font.split()[-5]
        assert embedded == "yes", font


def test_it_has_its_title_pages_of_a4_and_bookmarks(poppler):
    information = poppler("pdfinfo")
    assert "A4" in information
    assert re.search(r"Title: +Deep Networks and Convolution", information)
    assert int(re.search(r"Pages: +(\d+)", information)[1]) > 30
    assert PDF.with_suffix(".out").read_text().count(r"\BOOKMARK") > 30


def test_no_line_or_table_stands_over_the_edge(poppler):
    log = PDF.with_suffix(".log").read_text(errors="replace")
    assert "Output written on" in log
    assert re.findall(r"Overfull \\[hv]box.*", log) == []
