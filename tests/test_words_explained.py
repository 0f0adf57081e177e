"""Pages cite what the references hold, and link a word of the glossary at its first use."""

import re

import pytest
from conftest import ROOT
from pybtex.database import parse_file
from test_book_extension import Book
from test_pages import FENCE, PAGES

BIBLIOGRAPHY = parse_file(str(ROOT / "book" / "references.bib"), "bibtex")
GLOSSARY = re.findall(r"^(\w[\w -]*(?:'s \w+)?)$", PAGES["glossary"], re.MULTILINE)

#: Words that have no other sense on these pages, as they are written there.
FORMS = {
    "augmentation": "changed images",
    "batch norm": "[Bb]atch norm",
    "bfloat16": "bfloat16",
    "centred inputs": "centred inputs",
    "confusion matrix": "confusion matrix",
    "cross-entropy": "[Cc]ross-entropy",
    "dead": "dead",
    "dropout": "[Dd]ropout",
    "GELU": "GELU",
    "GFLOP": "GFLOP",
    "gradient": "gradients?(?! descent)",
    "held out": "held[- ]out",
    "Holm's correction": "Holm's correction",
    "learning rate": "learning rates?",
    "lookahead": "[Ll]ookahead",
    "max pooling": "max pooling",
    "overfitting": "overfitting",
    "ReLU": "ReLU",
    "SGD": "SGD",
    "silent": "silent",
    "softmax": "[Ss]oftmax",
    "squared error": "[Ss]quared error",
    "stuck": "stuck",
    "weight decay": "weight decay",
}
#: A page of words links none to itself, and a list has no first use.
READ = sorted(PAGES.keys() - {"glossary", "references", "numbers", "experiments"})
LINK = re.compile(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`")
NO_WORDS = re.compile(r"(?P<role>\{[\w:]+\})?`[^`]*`|\[[^\]]*\]\([^)]*\)|\$[^$]+\$")


def test_every_reference_is_cited_and_every_citation_is_in_the_references():
    cited = set(re.findall(r"\{cite:\w+\}`([\w,]+)`", "".join(PAGES.values())))
    assert cited == set(BIBLIOGRAPHY.entries)


def test_every_reference_leads_to_what_it_names():
    without = [
        key
        for key, entry in BIBLIOGRAPHY.entries.items()
        if not {"doi", "url", "eprint"} & set(entry.fields)
    ]
    assert without == []


def paragraphs(page):
    """Running text of a page: no headings, tables and directives."""
    fence = ""
    for line in PAGES[page].splitlines():
        if mark := FENCE.fullmatch(line.strip()):
            fence = "" if fence and line.strip() == fence else fence or mark[1]
        elif not fence and not line.startswith(("#", "|", "(")):
            yield NO_WORDS.sub(lambda found: found[0] if found["role"] == "{term}" else " ", line)


@pytest.mark.parametrize("page", READ)
def test_a_word_of_the_glossary_is_linked_at_its_first_use(page):
    text = "\n".join(paragraphs(page))
    late = []
    for word, form in FORMS.items():
        used = re.search(rf"(?<![\w-]){form}(?![\w-])", text)
        linked = next((m for m in LINK.finditer(text) if m[1] == word), None)
        if used and (not linked or used.start() < linked.start()):
            late.append((word, text[max(used.start() - 30, 0) : used.end() + 30]))
    assert late == []


def test_words_of_the_glossary_are_in_use():
    assert FORMS.keys() <= set(GLOSSARY)
    linked = {link for page in READ for link in LINK.findall(PAGES[page])}
    unknown = linked - set(GLOSSARY)
    assert unknown == set()


WORDS = """# Words

```{glossary}
batch norm
batch normalization
  A layer with *two* parts, as in {cite:p}`some2024`; see {term}`epoch`.

epoch
  One pass through the {term}`training set <epoch>`.
```

```{bibliography}
```
"""
ENTRY = "@misc{some2024, author={Ada Example}, title={A title}, year={2024}}"


def test_a_link_to_a_word_tells_its_meaning(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    monkeypatch.setenv("REPORT_STAGES_DONE", "1")
    book = Book(tmp_path / "book")
    settings = (book.folder / "conf.py").read_text()
    settings = settings.replace('"formulas"', '"sphinxcontrib.bibtex", "terms"')
    book.write("conf.py", settings + 'bibtex_bibfiles = ["works.bib"]\n')
    book.write("works.bib", ENTRY)
    book.write("words.md", WORDS)
    html = book.build(
        "# Title\n\n{term}`Norm <batch normalization>` in each {term}`epoch`.\n\n"
        "```{toctree}\nwords\n```\n"
    )
    assert book.warnings == ""
    titles = re.findall('href="words.html#term-([^"]*)" title="([^"]*)"', html)
    assert titles == [
        ("batch-normalization", "A layer with two parts, as in; see epoch."),
        ("epoch", "One pass through the training set."),
    ]
