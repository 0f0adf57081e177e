"""What pages measure comes from the results, and what they answer leads to a claim."""

import json
import re

import pytest
from conftest import ROOT

from analysis.datasets import DATASETS
from analysis.questions import EXPERIMENTS

PAGES = {path.stem: path.read_text() for path in sorted((ROOT / "book").glob("*.md"))}
ANSWERED = [page for page in PAGES if re.fullmatch(r"q\d\d", page)]

#: Directives whose text is a reader's; that of the others is data, code or made elsewhere.
SHOWING_TEXT = {
    "figure",
    "draw-a-digit",
    "image",
    "note",
    "admonition",
    "grid",
    "grid-item-card",
    "dropdown",
    "plain-keras",
    "table",
}
FENCE = re.compile(r"(`{3,}|:{3,})(?:\{(?P<directive>[\w-]+)\})?(?P<title>.*)")
OPTION = re.compile(r":(?P<name>[\w-]+):(?P<text>.*)")

#: What is looked up, led to, code or a formula.
NO_PROSE = re.compile(r"\{\w+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)

#: What something is called.
NAMES = re.compile(
    r"[Qq]uestions?\s\d+(?:(?:,\s|\sto\s|\sand\s|,\sand\s)\d+)*"
    r"|CIFAR-10|float\d+|bfloat16|SHA-256|AVX-?\d+|Python 3\.[\d.]+(?:, 3\.\d+)*(?: or 3\.\d+)?"
    r"|95\s?%|\b(?:19|20)\d\d\b|CC BY(?:-SA)? \d\.\d"
    r"|(?:Keras|TensorFlow) \d\.\d+"
)
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?|(?<!\w)\.\d+")

#: Facts, choices and others' measurements that no spec holds, by page.
CHOSEN = {
    "methods": {"99", "35682"},  # the last seed; TensorFlow's issue
    "q01": {"1,875", "0.63"},  # steps of an epoch; Spearman's limit for ten points
    "q03": {"90"},  # a limit
    "q04": {"1,875"},
    "q07": {"95.5", "1,500"},  # what smoothing asks for; Deotte's networks
    "q09": {"24", "27"},  # the gallery's images; what a filter sees
    "q10": {"24", "96"},  # Jordan's accuracy
    "walkthrough": {"93.7", "85"},  # the sheet's
}


def prose(text: str) -> str:
    """What of a page a reader reads as sentences, captions and alt texts among them."""
    kept, fences = [], []
    for line in text.splitlines():
        if fence := FENCE.fullmatch(line.strip()):
            if fences and not fence["directive"] and not fence["title"]:
                fences.pop()
            else:
                fences.append(fence["directive"])
                kept.append(fence["title"] if fences[-1] == "grid-item-card" else "")
        elif all(directive in SHOWING_TEXT for directive in fences):
            option = OPTION.fullmatch(line) if fences else None
            if not option:
                kept.append(line)
            elif option["name"] == "alt":
                kept.append(option["text"])
    return "\n".join(kept)


def numbers_of(value):
    """All numbers in a JSON value, as text that groups thousands."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers_of(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from {f"{value:,g}" if isinstance(value, float) else f"{value:,}", f"{value:g}"}


#: What the report's networks were made of: layers, rates, epochs, numbers of images.
SETTINGS = {
    *(n for experiment in EXPERIMENTS.values() for n in numbers_of(experiment.identity())),
    *(n for experiment in EXPERIMENTS.values() for n in numbers_of(list(experiment.shapes()[0]))),
    *(n for source in DATASETS.values() for n in numbers_of(json.loads(json.dumps(source.shapes)))),
    *(f"{len(experiment.seeds)}" for experiment in EXPERIMENTS.values()),
    *map(str, range(11)),
    "255",
}


def typed(page: str) -> list[str]:
    """Numbers in a page's prose that are neither looked up nor settings, with what is around."""
    text = NAMES.sub("", NO_PROSE.sub(" ", prose(PAGES[page])))
    return [
        text[max(found.start() - 40, 0) : found.end() + 20]
        for found in NUMBER.finditer(text)
        if found[0].rstrip(",") not in SETTINGS | CHOSEN.get(page, set())
    ]


@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"references"}))
def test_no_measured_number_is_typed(page):
    assert typed(page) == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_no_directive_is_taken_for_text(page):
    # A fence of backticks that has more of them on its line is none.
    assert re.findall(r"^```+\{.*`.*$", PAGES[page], re.MULTILINE) == []


def answer(page: str) -> list[str]:
    """The sentences of a page's answer, which goes on to the first figure, table or heading."""
    _, _, text = PAGES[page].partition("**The answer.**")
    text = re.split(r"\n\n(?=```|#)", text)[0]
    text = re.sub(r"\*\*([^*]+\.)\*\*", "", text).strip()  # what a paragraph is about
    # The marks stand behind a full stop.
    text = re.sub(r"([.!?])((?:\{claim\}`[^`]*`)+)", r"\2\1", text)
    return re.split(r"(?<=[.!?])\s+", text)


@pytest.mark.parametrize("page", ANSWERED)
def test_every_sentence_of_an_answer_leads_to_a_claim(page):
    assert [sentence for sentence in answer(page) if "{claim}`" not in sentence] == []
