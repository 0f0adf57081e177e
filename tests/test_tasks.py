"""What each task of ``doit`` depends on, and makes: nothing that is out of date is passed over."""

import ast
import math
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from doit import loader

from analysis import figures, report
from analysis.questions import EXPERIMENTS, QUESTIONS
from analysis.training import verify

FOLDER = ROOT / "analysis" / "questions"
RESULTS = ROOT / "book" / "results"
MEASURED = {RESULTS / f"{name}.json" for name in ("benchmark", "prescribed", "profile")}
#: All that turns ledgers into figures and numbers, and so not what only looks at them.
SHARED = {
    path
    for path in (ROOT / "analysis").glob("*.py")
    if path.stem
    not in ("agreement", "audit", "checked", "readme", "lifetime", "processes", "scratch")
}
#: Of a figure's files: for light and dark pages, for paper, its dots, and its data.
ENDINGS = (".svg", "-dark.svg", ".pdf", ".json", ".csv")


@pytest.fixture(scope="module")
def dodo():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        import dodo
    return dodo


@pytest.fixture(scope="module")
def tasks(dodo):
    """The report's tasks by name."""
    return {task.name: task for task in loader.load_tasks(vars(dodo))}


def files(paths) -> set[Path]:
    return {Path(path).resolve() for path in paths}


def imported_by(path: Path) -> set[Path]:
    """The questions' modules that one imports, itself among them, and those that they import."""
    found, left = set(), {path}
    while left:
        found |= left
        names = {
            name
            for module in left
            for node in ast.walk(ast.parse(module.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module.startswith("analysis.questions")
            for name in (node.module.rpartition(".")[2], *(alias.name for alias in node.names))
        }
        left = {file for name in names if (file := FOLDER / f"{name}.py").exists()} - found
    return found


@pytest.mark.parametrize("page", QUESTIONS)
def test_figures_depend_on_their_question_and_on_those_it_builds_on(tasks, page):
    sources = imported_by(FOLDER / f"{page}.py")
    assert sources <= files(tasks[f"figures:{page}"].file_dep)
    others = set(FOLDER.glob("[qw]*.py")) - sources
    assert not others & files(tasks[f"figures:{page}"].file_dep)


def test_question_10_builds_on_question_9_and_that_on_8():
    names = {path.stem for path in imported_by(FOLDER / "q10.py")}
    assert {"q10", "q09", "q08"} <= names


@pytest.mark.parametrize("page", QUESTIONS)
def test_figures_depend_on_their_ledgers_on_what_is_shown_and_on_what_draws(tasks, page):
    needed = {RESULTS / f"{experiment.name}.jsonl" for experiment in QUESTIONS[page].EXPERIMENTS}
    needed |= SHARED
    needed |= {
        RESULTS / f"{name}.{end}" for name in ("mnist", "cifar10") for end in ("json", "png")
    }
    needed |= {RESULTS / "draw-a-digit.json"}
    assert needed <= files(tasks[f"figures:{page}"].file_dep)


def test_figures_of_how_fast_depend_on_what_was_measured_and_on_what_draws(tasks):
    task = tasks["figures:speed"]
    assert {*MEASURED, *SHARED} <= files(task.file_dep)
    assert {path.suffix for path in files(task.file_dep)} & {".jsonl"} == set()
    assert {path.name for path in files(task.targets)} == {
        f"speed-{name}{end}" for name in ("asked-for", "steps") for end in ENDINGS
    }


@pytest.mark.parametrize("page", QUESTIONS)
def test_figures_make_every_file_of_their_question(tasks, page):
    made = {path.name for path in files(tasks[f"figures:{page}"].targets)}
    drawn = {f"{name}{ending}" for name in QUESTIONS[page].FIGURES for ending in ENDINGS}
    assert made == drawn


def test_numbers_depend_on_every_ledger_question_and_measurement(tasks):
    needed = {RESULTS / f"{name}.jsonl" for name in EXPERIMENTS}
    needed |= {FOLDER / f"{page}.py" for page in QUESTIONS}
    needed |= SHARED
    needed |= {
        RESULTS / f"{name}.{end}" for name in ("mnist", "cifar10") for end in ("json", "png")
    }
    needed |= MEASURED | {RESULTS / "draw-a-digit.json", FOLDER / "__init__.py"}
    assert needed <= files(tasks["numbers"].file_dep)
    assert files(tasks["numbers"].targets) == files([report.NUMBERS])


def test_what_is_kept_of_figures_depends_on_the_data_of_all_and_on_what_shortens_them(tasks):
    task = tasks["drawn"]
    made = {file for page in figures.BY_PAGE for file in files(tasks[f"figures:{page}"].targets)}
    needed = {file for file in made if file.suffix == ".csv"}
    needed |= {ROOT / "analysis" / "drawn.py", ROOT / "analysis" / "figures.py"}
    assert needed <= files(task.file_dep)
    assert files(task.targets) == {ROOT / "book" / "drawn.json"}


@pytest.mark.parametrize("name", ["book", "pdf"])
def test_pages_depend_on_all_that_they_show(tasks, name):
    needed = set(report.BOOK.glob("*.md")) | set(report.BOOK.glob("*.yml"))
    needed |= set(report.BOOK.glob("*.bib")) | set((report.BOOK / "programs").glob("*.py"))
    needed |= {path for path in (report.BOOK / "_ext").rglob("*.*") if path.suffix != ".pyc"}
    needed |= {report.BOOK / "_static" / "readme.png", ROOT / "CITATION.cff"}
    needed |= {ROOT / "analysis" / "forms.py"}
    for page in figures.BY_PAGE:
        needed |= files(tasks[f"figures:{page}"].targets)
    needed |= files(tasks["numbers"].targets)
    needed |= {RESULTS / "mnist.png", RESULTS / "cifar10.json", RESULTS / "draw-a-digit.json"}
    assert files(needed) <= files(tasks[name].file_dep)


def test_pages_on_the_screen_depend_on_all_that_they_offer_to_download(tasks):
    links = {
        report.BOOK / link
        for page in report.BOOK.glob("*.md")
        for link in re.findall("{download}`[^`]*<(.+?)>`", page.read_text())
    }
    assert FOLDER / "q07_arms.py" in files(links)
    ledgers = {RESULTS / f"{name}.jsonl" for name in EXPERIMENTS}
    assert files(links | ledgers) <= files(tasks["book"].file_dep)


def test_pages_offer_the_pdf_where_there_is_tex_to_typeset_it(dodo, tasks):
    depends = files(tasks["pdf"].targets) <= files(tasks["book"].file_dep)
    assert depends is dodo.TEX
    assert ("pdf" in dodo.DOIT_CONFIG["default_tasks"]) is dodo.TEX


def test_each_experiment_is_trained_by_its_own_task_into_its_own_ledger(tasks):
    for name, experiment in EXPERIMENTS.items():
        task = tasks[f"train:{name}"]
        assert files(task.targets) == {RESULTS / f"{name}.jsonl"}
        assert not task.file_dep  # a fresh clone trains nothing
        assert task.actions[0].args[1] is experiment
        assert str(len(experiment.seeds)) in task.doc
        assert f"for {experiment.epochs} epoch{'s' if experiment.epochs != 1 else ''}." in task.doc


def test_excerpts_wait_for_the_networks_that_choose_their_images(tasks):
    assert "train:q07-final-cnn" in tasks["train:excerpt-mnist"].task_dep
    assert {"train:q09-cnn", "train:q10-final"} <= set(tasks["train:excerpt-cifar10"].task_dep)
    for name in ("mnist", "cifar10"):
        made = files(tasks[f"train:excerpt-{name}"].targets)
        assert made == {RESULTS / f"{name}.json", RESULTS / f"{name}.png"}


def test_weights_wait_for_the_networks_that_they_are_of_and_for_nothing_else(tasks):
    weights = tasks["train:weights"]
    assert set(weights.task_dep) == {"train:q01-sgd", "train:q05-softmax-cross-entropy"}
    assert not weights.file_dep  # a fresh clone trains nothing
    assert files(weights.targets) == {RESULTS / "draw-a-digit.json"}


def test_a_plain_doit_trains_draws_counts_and_builds_and_does_no_more(dodo):
    plain = [name for name in dodo.DOIT_CONFIG["default_tasks"] if name != "pdf"]
    assert plain == ["train", "figures", "drawn", "numbers", "book"]


@pytest.mark.parametrize(
    "name", ["verify", "benchmark", "profile", "prescribed", "readme", "publish"]
)
def test_what_is_asked_for_is_done_each_time(tasks, name):
    assert (False, None, None) in tasks[name].uptodate


def test_the_readme_takes_numbers_and_publishing_pages_that_are_up_to_date(tasks):
    assert tasks["readme"].task_dep == ["numbers"]
    assert tasks["publish"].task_dep == ["book"]


@pytest.mark.parametrize(
    "arguments, minutes, again",
    [
        ({}, 5, None),
        ({"minutes": 60.0}, 60, None),
        ({"experiment": "q02-sgd"}, 5, ["q02-sgd"]),
        ({"all": True}, math.inf, None),
    ],
    ids=str,
)
def test_verify_takes_the_time_and_the_experiments_that_it_is_told(
    dodo, tasks, monkeypatch, arguments, minutes, again
):
    asked = []
    monkeypatch.setattr(verify, "verify", lambda *given: asked.append(given))
    by_itself = {option["name"]: option["default"] for option in tasks["verify"].params}
    dodo.verify_some(**by_itself | arguments)
    ((audited, given, trained),) = asked
    assert [experiment.name for experiment in audited] == list(EXPERIMENTS)
    assert given == minutes
    assert (trained and [experiment.name for experiment in trained]) == again


def test_verify_knows_no_experiment_of_another_name(dodo):
    with pytest.raises(verify.VerificationError, match="no experiment 'q02'"):
        dodo.verify_some(5, "q02", False)


@pytest.mark.parametrize("minutes", [0, -5, math.nan])
def test_verify_wants_time_to_train(dodo, minutes):
    with pytest.raises(verify.VerificationError, match="leaves no time to train"):
        dodo.verify_some(minutes, "", False)


@pytest.fixture
def asked(dodo, monkeypatch):
    """What the tasks ask the memory of what was in order, and of which files."""
    asked = []

    def holds(check, what, files):
        asked.append((what, files))

    monkeypatch.setattr(dodo, "CHECKED", SimpleNamespace(holds=holds))
    return asked


def test_what_was_found_trained_is_asked_again_for_other_settings_or_seeds(dodo, asked):
    experiment = EXPERIMENTS["q02-sgd"]
    for changes in ({}, {"epochs": 21}, {"seeds": range(50)}, {"name": "q02-other"}):
        dodo.is_trained(replace(experiment, **changes))()
    questions = [what for what, _ in asked]
    assert len(set(questions[:3])) == 3
    assert questions[3] == questions[0]  # whose ledger is another file


def test_images_are_chosen_again_for_other_settings_and_for_other_ledgers(dodo, asked):
    experiment = EXPERIMENTS["q02-sgd"]
    for changes in ({}, {"epochs": 21}):
        dodo.has_test_images("mnist", None, [replace(experiment, **changes)])
    (what, found), (changed, _) = asked
    assert what != changed
    names = ("mnist.json", "mnist.png", "q02-sgd.jsonl")
    assert files(found) == {RESULTS / name for name in names}


def test_networks_to_draw_for_are_chosen_again_for_other_settings_and_for_other_ledgers(
    dodo, asked, monkeypatch
):
    for changes in ({}, {"epochs": 21}):
        experiments = [replace(experiment, **changes) for experiment in dodo.TO_DRAW_FOR]
        monkeypatch.setattr(dodo, "TO_DRAW_FOR", experiments)
        dodo.has_weights()
    (what, found), (changed, _) = asked
    assert what != changed
    names = ("draw-a-digit.json", "q01-sgd.jsonl", "q05-softmax-cross-entropy.jsonl")
    assert files(found) == {RESULTS / name for name in names}


def test_pages_offer_nothing_that_earlier_ones_did(monkeypatch, tmp_path):
    import dodo

    offered = tmp_path / "html" / "_downloads" / "some" / "old.csv"
    offered.parent.mkdir(parents=True)
    offered.write_text("1\n")
    monkeypatch.setattr(dodo, "BUILD", tmp_path)
    (tmp_path / "html" / "q99.html").write_text("a page that was taken out")
    pdf = tmp_path / "report.pdf"
    pdf.write_text("old")
    monkeypatch.setattr(dodo, "PDF", pdf)
    for tex, kept in ((True, True), (False, False), (False, False)):
        monkeypatch.setattr(dodo, "TEX", tex)
        dodo.clear_pages()  # also where there are none
        assert not (tmp_path / "html").exists()
        assert pdf.exists() is kept
    assert dodo.task_book()["actions"][0] is dodo.clear_pages


def test_figures_numbers_and_pages_are_made_again_when_something_else_made_them(tmp_path):
    import dodo

    made = tmp_path / "made"
    task = SimpleNamespace(targets=[str(made)], value_savers=[])
    assert not dodo.is_as_made(task, {})
    made.write_text("here")
    values = task.value_savers[0]()
    assert dodo.is_as_made(task, values)
    made.write_text("elsewhere")
    assert not dodo.is_as_made(task, values)
    made.unlink()
    assert not dodo.is_as_made(task, values)
    assert all(dodo.is_as_made in made["uptodate"] for made in dodo.task_figures())
    assert dodo.is_as_made in dodo.task_drawn()["uptodate"]
    assert dodo.is_as_made in dodo.task_numbers()["uptodate"]


def test_pages_and_pdf_are_made_again_for_another_commits_date(monkeypatch):
    import dodo

    for task in (dodo.task_pdf, dodo.task_book):
        found = []
        for date in ("1", "1", "2"):
            monkeypatch.setattr(dodo, "date_of_pages", lambda date=date: {"DATE": date})
            (check,) = task()["uptodate"]
            found.append(check._calc_digest())
        assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("status", [0, 1], ids=["all files", "a file missing"])
def test_tex_is_there_only_with_its_fonts_and_packages(monkeypatch, tmp_path, status):
    import dodo

    for name in ("latexmk", "make", "xelatex", "kpsewhich"):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dodo.has_tex() is (status == 0)
    (tmp_path / "latexmk").unlink()
    assert not dodo.has_tex()
