"""The modules of the questions: all have the same interface, and say what they build on."""

import ast
from inspect import signature
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
from conftest import ROOT

from analysis import figures
from analysis.ladder import Arm
from analysis.questions import (
    QUESTIONS,
    SHOWING_TEST_IMAGES,
    by_name,
    q07_arms,
    q10_arms,
    with_those_below,
)
from analysis.spec import SpecError

PACKAGE = "analysis.questions"

#: What several questions share, in files that have nothing to do with drawing.
COMPUTING = ("levels", "ladder", "by_size", "mistakes", "tta")

#: What draws some of it.
FIGURES_SHARED = ("levels_figures", "ladder_figures", "mistakes_figures")


@pytest.fixture(params=QUESTIONS)
def module(request):
    return QUESTIONS[request.param]


def imported(path) -> set[str]:
    """The modules, and what is taken from modules, that a file imports, whatever way it does."""
    found = set()
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def imported_questions(path) -> set[str]:
    """The questions among them."""
    names = imported(path)
    return {name.split(".")[2] for name in names if name.startswith(f"{PACKAGE}.")}


def test_a_question_builds_on_those_that_it_imports(module):
    named = {other.__name__.rpartition(".")[2] for other in module.BUILDS_ON}
    assert named == imported_questions(module.__file__)


def test_numbers_tables_claims_and_figures_are_functions_of_results(module):
    functions = [module.numbers, module.tables, module.claims, *module.FIGURES.values()]
    for function in functions:
        assert list(signature(function).parameters) == ["results"], function


def test_a_question_is_listed_has_a_page_in_the_contents_and_a_card_on_the_home_page():
    book = ROOT / "book"
    contents, home = ((book / name).read_text() for name in ("_toc.yml", "index.md"))
    pages = "".join(path.read_text() for path in book.glob("*.md"))
    files = Path(QUESTIONS["q01"].__file__).parent.glob("q[0-9][0-9].py")
    assert {path.stem for path in files} == QUESTIONS.keys() - {"walkthrough"}
    for page, module in QUESTIONS.items():
        text = (book / f"{page}.md").read_text()
        assert f"- file: {page}\n" in contents
        assert f"grid-item-card}} {{doc}}`{page}`\n" in home and f"figures/{page}-small.*" in home
        for directive in ("claims", "experiments"):
            assert f"{{{directive}}} {page}\n" in text
        hidden = [name for name in module.FIGURES if f"figures/{name}.*" not in pages]
        assert hidden == [], "drawn and shown on no page"


def test_figures_that_are_no_questions_are_shown_on_their_page():
    for page in figures.BY_PAGE.keys() - QUESTIONS.keys():
        text = (ROOT / "book" / f"{page}.md").read_text()
        for name in figures.BY_PAGE[page]:
            assert name.startswith(f"{page}-") and f"figures/{name}.*" in text


def test_figures_and_experiments_are_named_after_their_question():
    others = set()
    for page, module in QUESTIONS.items():
        assert [name for name in module.FIGURES if not name.startswith(f"{page}-")] == []
        new = {experiment.name for experiment in module.EXPERIMENTS} - others
        assert page == "walkthrough" or {name.partition("-")[0] for name in new} <= {page}
        others |= new


def test_modules_that_show_test_images_choose_them_by_results():
    for modules in SHOWING_TEST_IMAGES.values():
        for module in modules:
            assert list(signature(module.test_images).parameters) == ["results"]


def test_what_a_question_builds_on_is_followed_to_the_end():
    names = {module.__name__ for module in with_those_below(QUESTIONS["q03"])}
    assert names == {f"{PACKAGE}.{page}" for page in ("q01", "q02", "q03")}


def test_only_the_results_object_reads_ledgers_and_excerpts():
    """What a question's module or one that they share shows could not be made up otherwise."""
    folder = Path(QUESTIONS["q01"].__file__).parent
    shared = (
        *COMPUTING,
        *FIGURES_SHARED,
        *("speed", "draw_a_digit", "sketches", "published"),
    )
    for path in [*folder.glob("*.py"), *(folder.parent / f"{name}.py" for name in shared)]:
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if _is_call(node)]
        names = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
        assert not names & {"load", "read", "open", "read_text", "read_bytes", "Ledger"}, path


def _is_call(node) -> bool:
    return isinstance(node, ast.Call)


@pytest.mark.parametrize("name", [*COMPUTING, "statistics", "claims", "cost", "loaded", "results"])
def test_what_computes_does_not_draw(name):
    drawing = {"style", "plots", "drawn", "explore", "figures", "sketches", *FIGURES_SHARED}
    names = imported(ROOT / "analysis" / f"{name}.py")
    assert not drawing & {name.split(".")[1] for name in names if name.startswith("analysis.")}
    assert not any(name.startswith(("matplotlib", "seaborn")) for name in names)


def test_two_experiments_that_differ_cannot_have_one_name():
    ours, theirs = (
        SimpleNamespace(__name__=f"some.q{seed:02}", EXPERIMENTS=[tiny.experiment(epochs=seed + 1)])
        for seed in range(2)
    )
    assert by_name([ours, ours]) == {"q00-tiny": tiny.experiment(epochs=1)}
    with pytest.raises(SpecError, match=r"called 'q00-tiny', and one of them is in some\.q01"):
        by_name([ours, theirs])


@pytest.mark.parametrize("name", ["mine", "q01", "q011-mine"])
def test_an_experiment_is_called_after_a_question(name):
    module = SimpleNamespace(__name__="some.q01", EXPERIMENTS=[tiny.experiment(name=name)])
    with pytest.raises(SpecError, match=f"'{name}' in some.q01 must begin with its question's"):
        by_name([module])


@pytest.mark.parametrize("seeds", [(1, 3, 5), range(8, 16), (1, 0)])
def test_seeds_begin_at_0_because_runs_are_paired_in_their_order(seeds):
    experiment = tiny.experiment(name="q01-mine", seeds=seeds)
    module = SimpleNamespace(__name__="some.q01", EXPERIMENTS=[experiment])
    with pytest.raises(SpecError, match="'q01-mine' must be 0, 1, 2 and so on"):
        by_name([module])


@pytest.mark.parametrize("arms", [q07_arms, q10_arms], ids=["q07", "q10"])
def test_every_arm_is_among_those_that_are_trained(arms):
    trained = {arm.experiment for arm in arms.ARMS}
    assert len(trained) == len(arms.ARMS)
    forgotten = [
        name
        for name, value in vars(arms).items()
        if isinstance(value, Arm) and value.experiment not in trained
    ]
    assert forgotten == []
