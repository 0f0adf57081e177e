"""The search of the built pages finds words on the page that treats them."""

import re

import pytest
from conftest import ROOT

SITE = ROOT / "_build" / "html"

pytestmark = pytest.mark.skipif(not (SITE / "search.html").is_file(), reason="no pages: run 'doit'")


@pytest.fixture(scope="module")
def found(browser):
    """Titles of what is found for some words, best first."""
    page = browser.new_page()

    def found(words):
        page.goto(f"file://{SITE}/search.html?q={words}")
        page.wait_for_selector("#search-results li a")
        return page.locator("#search-results li a").all_inner_texts()

    yield found
    page.close()


@pytest.mark.parametrize(
    "words, page",
    [
        ("dropout", "Question 7"),
        ("batch norm", "Question 7"),
        ("batch normalization", "Question 10"),
        ("confidence interval", "Methods"),
        ("dead", "Question 8"),
        ("silent", "Question 1"),
        ("overfitting", "Question 5"),
        ("lookahead", "Question 10"),
        ("whitening", "Question 10"),
        ("weight decay", "Question 7"),
    ],
)
def test_a_word_is_found_first_where_it_is_treated_and_in_the_glossary(found, words, page):
    # Several places of the same page may be listed.
    first = list(dict.fromkeys(title.partition(" ·")[0] for title in found(words)))[:3]
    assert page in first, first
    assert "Glossary" in first, first


#: Headings of what lists everything, and where they stand.
LISTS = {"All numbers": "numbers.md", "Every experiment": "reproduce.md"}


@pytest.mark.parametrize("words", ["dropout", "q07", "Adam"])
def test_lists_are_not_found(found, words):
    titles = found(words)
    for heading, page in LISTS.items():
        assert re.search(f"^#+ {heading}$", (ROOT / "book" / page).read_text(), re.MULTILINE)
        assert not [title for title in titles if heading in title]
