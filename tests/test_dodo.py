"""``doit``: what it finds out of date, what it then trains, and what it says when it cannot."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
from conftest import ROOT, nobody_is_left_of
from doit.action import CmdAction

from analysis import excerpts
from analysis.naming import ClaimError
from analysis.networks import Pick
from analysis.results import Ledger
from analysis.spec import SpecError, mlp
from analysis.training import machine

ONE, OTHER = tiny.experiment(name="q00-one"), tiny.experiment(name="q00-other", epochs=3)

# In place of the report's own questions.
QUESTIONS = """
from types import SimpleNamespace
import tiny
tiny.register()
ONE, OTHER = tiny.experiment(name="q00-one"), tiny.experiment(name="q00-other", epochs=3)
EXPERIMENTS = {experiment.name: experiment for experiment in (ONE, OTHER)}
TO_DRAW_FOR = ()
QUESTIONS = {
    "q00": SimpleNamespace(
        __file__=__file__,
        BUILDS_ON=(),
        EXPERIMENTS=(ONE, OTHER),
        FIGURES={},
        numbers=lambda results: {},
        tables=lambda results: {},
        claims=lambda results: [],
    )
}
"""
FAILING_CLAIM = """
from analysis.claims import Claim, at_most
QUESTIONS["q00"].claims = lambda results: [Claim("none", "None does.", at_most("stuck", 3, 0))]
"""
BAD_SPEC = """
tiny.experiment(name="q00-bad", epochs=0)
"""


@pytest.fixture
def clone(tmp_path):
    """A fresh clone of the repository with two small experiments, both trained."""
    folder = tmp_path / "clone"
    shutil.copytree(
        ROOT / "analysis", folder / "analysis", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "dodo.py", folder)
    with open(folder / "analysis" / "questions" / "__init__.py", "a") as file:
        file.write(QUESTIONS)
    results = folder / "book" / "results"
    for experiment in (ONE, OTHER):
        for seed in experiment.seeds:
            Ledger(experiment, results).append(tiny.record(seed, experiment.epochs))
    means = excerpts._means(tiny.DATA.x_train, tiny.DATA.y_train)
    kept = {
        "digest": tiny.SOURCE.digest,
        "images_digest": excerpts._digest(b""),
        "train_images": excerpts.TRAINING_IMAGES,
        "train_labels": excerpts._digits(tiny.DATA.y_train),
        "train_means": excerpts._packed(means),
        "means_digest": excerpts._digest(means),
        "test_numbers": [],
        "test_labels": excerpts._digits(tiny.DATA.y_test),
    }
    (results / "tiny.json").write_text(json.dumps(kept))
    (results / "tiny.png").touch()
    for name in ("benchmark", "prescribed", "profile"):
        shutil.copy(ROOT / "book" / "results" / f"{name}.json", results)
    return folder


@pytest.fixture
def doit(start, clone):
    """Runs doit in the clone; gives its exit status and all that it says."""

    def doit(*arguments, **options):
        process = start("-m", "doit", *arguments, cwd=clone, **options)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    return doit


def ledger_of(clone, experiment):
    return Ledger(experiment, clone / "book" / "results")


def append_to_questions(clone, text):
    with open(clone / "analysis" / "questions" / "__init__.py", "a") as file:
        file.write(text)


def statuses(said) -> dict[str, str]:
    return {line.split()[1]: line.split()[0] for line in said.splitlines() if line}


def keep_lines(ledger, number):
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[:number]))


def test_trained_experiments_are_up_to_date_in_a_fresh_clone(doit):
    status, said = doit("list", "--all", "--status")
    assert status == 0, said
    found = statuses(said)
    assert found["train:q00-one"] == found["train:q00-other"] == "U"
    assert found["numbers"] == "R"


def test_nothing_is_trained_in_a_fresh_clone(doit, tiny_file):
    tiny_file.unlink()
    status, said = doit("train", "figures", "drawn", "numbers")
    assert status == 0, said
    assert "-- train:q00-one" in said
    assert "-- train:q00-other" in said
    assert ".  drawn" in said
    assert ".  numbers" in said


def test_experiment_that_lacks_a_network_is_trained_alone(doit, clone):
    one, other = ledger_of(clone, ONE), ledger_of(clone, OTHER)
    before = other.path.stat()
    keep_lines(one, 2)
    kept = one.path.read_bytes()
    assert statuses(doit("list", "--all", "--status")[1])["train:q00-one"] == "R"
    assert "1 of 3 networks are to be trained" in doit("info", "train:q00-one")[1]
    status, said = doit("train")
    assert status == 0, said
    assert ".  train:q00-one" in said
    assert "-- train:q00-other" in said
    assert one.missing() == []
    assert one.path.read_bytes().startswith(kept)
    assert other.path.stat().st_mtime_ns == before.st_mtime_ns


def test_info_names_the_value_that_changed(doit, clone):
    one = ledger_of(clone, ONE)
    one.path.unlink()
    earlier = tiny.experiment(name="q00-one", epochs=5)
    for seed in earlier.seeds:
        ledger_of(clone, earlier).append(tiny.record(seed, 5))
    _, said = doit("info", "train:q00-one")
    assert "epochs 5 -> 2" in said
    status, said = doit("train")
    assert status == 0, said
    assert one.why_stale() == ""
    assert ledger_of(clone, earlier).missing() == [0, 1, 2]


def test_networks_of_a_setting_that_was_changed_back_leave_the_ledger_without_data(
    doit, clone, tiny_file
):
    tiny_file.unlink()
    one = ledger_of(clone, ONE)
    whole = one.path.read_bytes()
    ledger_of(clone, tiny.experiment(name="q00-one", epochs=5)).append(tiny.record(0, 5))
    assert "complete, but 1 of 4 networks" in doit("info", "train:q00-one")[1]
    status, said = doit("numbers")
    assert status == 0, said
    assert "of another setting have left its ledger" in said
    assert one.path.read_bytes() == whole
    assert "-- train:q00-one" in doit("train")[1]


@pytest.mark.parametrize("junk", [b"junk\n", b"\x00\xff\n", b"[]\n", b'{"key": []}\n', b"\n"])
def test_junk_in_a_ledger_is_named_and_nothing_is_lost(doit, clone, junk):
    one = ledger_of(clone, ONE)
    assert statuses(doit("list", "--all", "--status")[1])["train:q00-one"] == "U"
    with open(one.path, "ab") as file:
        file.write(junk)
    before = one.path.read_bytes()
    status, said = doit("list", "--all", "--status")
    assert status == 0, said
    assert statuses(said)["train:q00-one"] == "R"
    assert statuses(said)["train:q00-other"] == "U"
    for command in (("info", "train:q00-one"), ("train",), ("numbers",)):
        status, said = doit(*command)
        assert status != 0
        assert f"{one.path}, line 4" in said
        assert "Traceback" not in said
    assert one.path.read_bytes() == before


def test_second_doit_waits_for_its_turn_and_trains_nothing_twice(doit, start, clone):
    one = ledger_of(clone, ONE)
    keep_lines(one, 1)
    first = start("-m", "doit", "train", cwd=clone, seconds_an_epoch=4)
    while not one.path.with_name(".training").exists():  # it has the turn
        assert first.poll() is None
        time.sleep(0.01)
    status, said = doit("train")
    assert status == 0, said
    assert "q00-one: waiting for the training of q00-one (process" in said
    assert "networks," not in said
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 0, said
    assert doit("train")[1].count("-- train:q00") == 2
    assert one.missing() == []


def train_both_at_once(start, clone, **options):
    """A ``doit -n 2`` with two experiments to train, one of which waits for the other."""
    for experiment in (ONE, OTHER):
        keep_lines(ledger_of(clone, experiment), 0)
    return start("-m", "doit", "-n", "2", "train", cwd=clone, **options)


def test_two_trainings_of_one_doit_take_turns_and_no_worker_survives_it(start, clone):
    process = train_both_at_once(start, clone, seconds_an_epoch=0.5)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    # Which of them, it cannot say in the moment before the other has put its name down.
    assert re.search("waiting for (the training of q00|another training)", said)
    assert nobody_is_left_of(process)
    for experiment in (ONE, OTHER):
        assert ledger_of(clone, experiment).missing() == []


def test_failure_in_one_of_two_tasks_at_once_ends_doit(start, clone, tiny_file):
    tiny_file.unlink()
    process = train_both_at_once(start, clone)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"no Tiny at {tiny_file}: download" in said
    assert "Traceback" not in said
    assert nobody_is_left_of(process)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "with its children"])
def test_two_trainings_of_a_stopped_doit_end_soon_after_it(start, clone, number, whole_group):
    process = train_both_at_once(start, clone, seconds_an_epoch=0.5)
    ledgers = [ledger_of(clone, experiment) for experiment in (ONE, OTHER)]
    while all(len(ledger.missing()) == 3 for ledger in ledgers):
        assert process.poll() is None
        time.sleep(0.01)
    before = [ledger.path.read_bytes() for ledger in ledgers]
    (os.killpg if whole_group else os.kill)(process.pid, number)
    process.wait(timeout=20)
    assert process.returncode != 0
    assert nobody_is_left_of(process)
    for ledger, kept in zip(ledgers, before, strict=True):
        assert set(kept.splitlines()) <= set(ledger.path.read_bytes().splitlines())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_stopped_doit_goes_on_where_it_was(doit, start, clone, number):
    keep_lines(ledger_of(clone, OTHER), 0)
    one = ledger_of(clone, ONE)
    keep_lines(one, 1)
    process = start("-m", "doit", "train", cwd=clone, seconds_an_epoch=0.5)
    while one.missing():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    os.kill(process.pid, number)
    process.wait(timeout=20)
    assert process.returncode != 0
    if number != signal.SIGKILL:
        said = process.stdout.read()
        assert "networks that were finished are kept" in said
        assert "Traceback" not in said
    assert one.missing() == []
    status, said = doit("train")
    assert status == 0, said
    assert "-- train:q00-one" in said
    assert ".  train:q00-other" in said
    assert ledger_of(clone, OTHER).missing() == []


def test_claim_that_fails_stops_doit_with_page_and_sentence(doit, clone):
    append_to_questions(clone, FAILING_CLAIM)
    status, said = doit("numbers")
    assert status != 0
    assert (
        "q00.py, Claim('none', …): None does. (needed: stuck at most 0; measured: stuck 3)" in said
    )
    assert "Traceback" not in said


def test_spec_that_makes_no_sense_is_named(doit, clone):
    append_to_questions(clone, BAD_SPEC)
    status, said = doit("list")
    assert status != 0
    assert "experiment 'q00-bad': epochs must be a whole number, at least 1; got 0" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["benchmark", "profile", "prescribed"])
def test_measuring_task_measures(doit, clone, name):
    module = {"profile": "steps"}.get(name, name)
    measures = f"def measure():\n    print('{module} has measured')\n"
    (clone / "analysis" / "training" / f"{module}.py").write_text(measures)
    status, said = doit("--verbosity", "2", name)
    assert status == 0, said
    assert f"{module} has measured" in said


def test_setting_that_is_not_understood_is_named(doit, clone, monkeypatch):
    keep_lines(ledger_of(clone, ONE), 2)
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, "true")
    status, said = doit("train")
    assert status != 0
    assert "REPORT_BFLOAT16 is 'true': set it to yes or no" in said
    assert "Traceback" not in said


def test_absent_data_set_is_named(doit, clone, tiny_file):
    tiny_file.unlink()
    keep_lines(ledger_of(clone, ONE), 2)
    status, said = doit("train")
    assert status != 0
    assert f"no Tiny at {tiny_file}: download" in said
    assert "Traceback" not in said


def test_dodo_imports_neither_tensorflow_nor_what_draws_nor_what_trains(start):
    process = start("-c", "import dodo, sys; print(*sys.modules)", stub=False)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    modules = set(said.splitlines()[-1].split())
    assert "analysis.results" in modules
    assert not modules & {"tensorflow", "keras", "matplotlib", "seaborn", "pandas", "scipy"}
    assert not modules & {"joblib", "psutil", "filelock", "tqdm", "PIL"}


def test_a_spec_that_is_refused_is_named_with_its_place_and_nothing_else(start):
    process = start(
        "-c",
        "from analysis.spec import Experiment, SpecError\n"
        "checked = Experiment.__post_init__\n"
        "def check(self):\n"
        "    checked(self)\n"
        "    if self.name == 'q02-sgd': raise SpecError('not this one')\n"
        "Experiment.__post_init__ = check\n"
        "import dodo",
        stub=False,
    )
    said, _ = process.communicate()
    assert process.returncode == 1
    place, number, message = re.fullmatch(r"(.+), line (\d+): (.+)\n", said).groups()
    assert (place, message) == ("analysis/questions/q02.py", "not this one")
    assert 'name="q02-sgd"' in (ROOT / place).read_text().splitlines()[int(number) - 1]


def test_where_there_are_no_unix_modules_all_but_training_can_be_had(start):
    """As on Windows: tasks can be listed, and what would train says in a sentence why not."""
    process = start(
        "-c",
        "import sys; sys.modules |= dict.fromkeys(('fcntl', 'pwd', 'grp'))\n"
        "import dodo, analysis.training.verify; sys.platform = 'win32'\n"
        "print(dodo.attempt(dodo.bring_up_to_date, dodo.EXPERIMENTS['q01-sgd']).message)",
    )
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert "training needs Linux or macOS" in said


@pytest.mark.parametrize(
    "error, message",
    [
        (
            OSError(errno.EACCES, "Permission denied", "q01.jsonl"),
            "q01.jsonl could not be read or written (Permission denied)",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "a file could not be read or written (No space left on device)",
        ),
    ],
    ids=["named", "not named"],
)
def test_a_file_that_the_disk_refuses_is_named_if_it_is_known(dodo, error, message):
    def fail():
        raise error

    assert dodo.attempt(fail).message == message


def test_a_network_that_readers_cannot_draw_for_is_named_and_nothing_else(dodo, monkeypatch):
    linear = tiny.experiment(layers=mlp(8, output="linear"))
    monkeypatch.setattr(dodo, "to_draw_for", lambda results: {"linear": Pick(linear, 0)})
    said = dodo.attempt(dodo.keep_weights).message
    assert said.startswith("experiment 'q00-tiny': layers[2] must be Dense")


def test_every_task_has_one_line_that_says_what_it_does(monkeypatch):
    from doit import loader

    monkeypatch.syspath_prepend(ROOT)
    import dodo

    tasks = loader.load_tasks(vars(dodo))
    assert {"train", "figures", "numbers", "book"} <= {task.name for task in tasks}
    for task in tasks:
        assert task.doc.strip(), task.name
        assert "\n" not in task.doc.strip(), task.name


@pytest.fixture
def dodo(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    import dodo

    return dodo


def test_figures_depend_on_their_question_and_on_those_that_it_builds_on(dodo):
    tasks = {task["name"]: task for task in dodo.task_figures()}
    names = {Path(file).stem for file in tasks["q04"]["file_dep"]}
    assert {"q01", "q02", "q03", "q04", "levels", "q04-adam", "q02-sgd"} <= names
    assert not names & {"q05", "walkthrough", "audit", "q05-softmax-cross-entropy"}


def test_numbers_depend_on_all_questions_and_on_what_was_measured_of_speed(dodo):
    names = {Path(file).name for file in dodo.task_numbers()["file_dep"]}
    assert {f"{page}.py" for page in dodo.QUESTIONS} <= names
    assert {f"{name}.json" for name in ("benchmark", "prescribed", "profile", "mnist")} <= names
    assert {"__init__.py", "q10-large.jsonl"} <= names


def test_figures_and_numbers_depend_on_all_that_makes_them(start, dodo):
    process = start("-c", "import analysis.figures, analysis.report, sys; print(*sys.modules)")
    said, _ = process.communicate()
    assert process.returncode == 0, said
    imported = {name.split(".")[1] for name in said.split() if name.startswith("analysis.")}
    assert imported <= {path.stem for path in dodo.SHARED_SOURCES} | {"questions"}


def test_without_tex_the_packages_to_install_are_named(doit, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, said = doit("run", "--single", "pdf")
    assert status != 0
    assert "no TeX to typeset with; on Debian: apt-get install latexmk" in said
    assert "Traceback" not in said


def test_every_warning_of_a_build_is_an_error_and_every_reference_is_looked_up(dodo):
    for task, options in (
        (dodo.task_book, ()),
        (dodo.task_pdf, ("--builder", "pdflatex")),
    ):
        (build,) = [made for made in task()["actions"] if isinstance(made, CmdAction)]
        program, *arguments = build.action
        assert Path(program) == Path(sys.executable).parent / "jupyter-book"
        assert arguments[0] == "build"
        # -W: warnings are errors; -n: names that are found nowhere are warnings; --all: of all
        # pages, for those that are not read again would not warn again.
        assert {"-W", "-n", "--all", *options} <= set(arguments)
        assert "--keep-going" not in arguments
        assert arguments[-3:] == ["--path-output", str(ROOT), str(ROOT / "book")]
        assert build.pkwargs["env"]["REPORT_STAGES_DONE"] == "1"


@pytest.fixture
def date_of_pages(dodo, monkeypatch, tmp_path):
    """Asks what the pages' date is in a folder of its own, past what was found before."""
    monkeypatch.setattr(dodo, "ROOT", tmp_path)
    return dodo.date_of_pages.__wrapped__


def test_the_pages_date_is_that_of_the_last_commit_and_not_that_of_its_writing(
    date_of_pages, monkeypatch, tmp_path
):
    git(tmp_path, "init", "--quiet")
    for committed in (1_000_000_000, 1_500_000_000):
        monkeypatch.setenv("GIT_AUTHOR_DATE", "@900000000 +0000")
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{committed} +0200")
        names = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        git(tmp_path, *names, "commit", "--quiet", "--allow-empty", "--message", "a change")
        assert date_of_pages() == {
            "SOURCE_DATE_EPOCH": str(committed),
            "FORCE_SOURCE_DATE": "1",
        }


def test_pages_have_no_date_without_a_commit_and_without_git(date_of_pages, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert date_of_pages() == {}  # no repository
    git(tmp_path, "init", "--quiet")
    assert date_of_pages() == {}
    monkeypatch.setenv("PATH", "")
    assert date_of_pages() == {}


def test_the_pages_date_is_asked_for_once_and_goes_to_the_typesetting(dodo, monkeypatch):
    asked = []
    dodo.date_of_pages.cache_clear()
    monkeypatch.setattr(
        dodo.subprocess,
        "run",
        lambda command, **options: asked.append(command) or SimpleNamespace(stdout="17\n"),
    )
    try:
        (*_, typeset) = dodo.task_pdf()["actions"]
        dodo.task_book()
    finally:
        dodo.date_of_pages.cache_clear()
    assert typeset.pkwargs["env"]["SOURCE_DATE_EPOCH"] == "17"
    assert len(asked) == 1


@pytest.fixture
def site(clone):
    """A clone under git whose pages are built."""
    (clone / "_build" / "html").mkdir(parents=True)
    (clone / "_build" / "html" / "index.html").write_text("the pages")
    git(clone, "init", "--quiet")
    git(clone, "config", "user.name", "Somebody")
    git(clone, "config", "user.email", "somebody@example.org")
    return clone


def git(folder, *arguments) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def test_publishing_pushes_the_pages_as_one_commit(doit, site, tmp_path):
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(site, "remote", "add", "origin", str(tmp_path / "origin.git"))
    for page in ("the pages", "the pages, changed"):
        (site / "_build" / "html" / "index.html").write_text(page)
        status, said = doit("run", "--single", "publish")
        assert status == 0, said
    published = tmp_path / "origin.git"
    assert git(published, "show", "gh-pages:index.html") == "the pages, changed"
    assert git(published, "ls-tree", "--name-only", "gh-pages").split() == [
        ".nojekyll",
        "index.html",
    ]
    assert git(published, "rev-list", "--count", "gh-pages").strip() == "1"


def test_publishing_without_a_remote_says_what_is_wrong(doit, site):
    status, said = doit("run", "--single", "publish")
    assert status != 0
    assert (
        "could not be pushed to 'origin': fatal: 'origin' does not appear to be a git rep" in said
    )
    assert "git remote get-url origin" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "stderr, why",
    [
        ("", ""),
        ("fatal: no\nTraceback (most recent call last):\n  File\nOther: status 128\n", "fatal: no"),
        ("Traceback (most recent call last):\n  File\nOSError: no git\n", "OSError: no git"),
    ],
    ids=["nothing", "git's words", "no git"],
)
def test_publishing_that_fails_says_what_git_said_or_else_what_broke(
    dodo, monkeypatch, stderr, why
):
    failed = subprocess.CompletedProcess([], 1, "", stderr)
    monkeypatch.setattr(dodo.subprocess, "run", lambda *command, **options: failed)
    assert dodo.publish().message.startswith(
        f"the pages could not be pushed to 'origin': {why}\nCheck that"
    )


@pytest.mark.parametrize("kind", [SpecError, ClaimError])
def test_an_error_whose_message_says_all_has_no_traceback(dodo, kind):
    def fail():
        raise kind("q07-mine is not among the arms")

    assert dodo.attempt(fail).message == "q07-mine is not among the arms"
