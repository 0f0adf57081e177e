"""The typeset report: whole, readable on any machine, nothing over the edge."""

import re
import shutil
import subprocess

import pytest
import yaml
from conftest import ROOT

import dodo

PDF = dodo.PDF


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


def title_of(page):
    text = (ROOT / "book" / f"{page}.md").read_text()
    return re.search(r"^# (.*)", text, re.MULTILINE)[1]


def test_it_has_the_name_that_the_book_gives_it():
    config = yaml.safe_load((ROOT / "book" / "_config.yml").read_text())
    assert f"{PDF.stem}.tex" == config["latex"]["latex_documents"]["targetname"]


def test_every_page_of_the_book_is_in_it_but_the_list_of_numbers(text):
    listed = re.findall(r"file: (\w+)", (ROOT / "book" / "_toc.yml").read_text())
    assert len(listed) > 10
    for page in listed:
        assert (title_of(page) in text) == (page != "numbers"), page


def test_every_reference_is_resolved(text):
    assert "??" not in text
    assert "[?]" not in text


def test_numbers_have_come_in_from_the_results(text):
    assert "{num}" not in text
    assert re.search(r"It gets \d\d\.\d% of the test\s+images\s+right", text)


def test_what_only_a_screen_can_show_is_left_out(text):
    assert "data (CSV)" not in text
    assert "the report as a PDF" not in text
    assert "The mark ✓" not in text  # of which there is none on paper


def test_each_answer_at_a_glance_stands_under_its_own_title(text):
    home = (ROOT / "book" / "index.md").read_text()
    pages = re.findall(r"grid-item-card\} \{doc\}`(.*)`", home)
    assert len(pages) > 9
    lines = text.splitlines()
    for page in pages:
        # There, in the appendix, and in its own place.
        assert lines.count(title_of(page)) >= 2, page


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


@pytest.fixture(scope="module")
def pages(text):
    """The text of each page."""
    return text.split("\f")[:-1]


def test_contents_are_on_the_first_page(pages):
    listed = [number for number, page in enumerate(pages) if re.search(r"(\. ){9}", page)]
    assert listed == [0]
    assert "Contents" in pages[0]


def test_what_is_read_is_short_and_the_rest_an_appendix(pages):
    (start,) = [n for n, page in enumerate(pages) if page.startswith("Appendix A: ")]
    assert start < 64
    assert "Holds if" not in "".join(pages[:start]) and "Holds if" in "".join(pages[start:])


def test_references_come_before_the_appendix_and_are_listed_once(pages):
    assert len(re.findall("^References", pages[0], re.MULTILINE)) == 1
    (start,) = [n for n, page in enumerate(pages) if page.startswith("Appendix A: ")]
    assert any("Better Bootstrap Confidence Intervals" in page for page in pages[:start])


def test_no_page_holds_only_a_few_lines(pages):
    few = [
        number
        for number, page in enumerate(pages[:-1], 1)
        # A page of figures has few lines, too, and their captions.
        if len(page.split()) < 60 and "Fig." not in page
    ]
    assert few == []


def test_tables_that_are_read_have_captions_and_numbers(text):
    numbers = [int(n) for n in re.findall(r"(?:^|\f)Table (\d+): \w", text, re.MULTILINE)]
    assert len(numbers) > 20
    assert numbers == list(range(1, len(numbers) + 1))
