"""What the report is made of and what is out of date: ``doit list`` shows the tasks."""

import errno
import importlib
import importlib.util
import math
import os
import shutil
import subprocess
import sys
import traceback
from functools import cache, partial
from pathlib import Path

from doit.action import CmdAction
from doit.exceptions import TaskFailed
from doit.tools import config_changed

from analysis.spec import SpecError

try:
    from analysis.questions import (
        EXPERIMENTS,
        QUESTIONS,
        SHOWING_TEST_IMAGES,
        TO_DRAW_FOR,
        test_images,
        to_draw_for,
        with_those_below,
    )
except SpecError as error:  # its message says all; a traceback would bury it
    written = [
        f"{Path(frame.filename).relative_to(Path(__file__).parent)}, line {frame.lineno}: "
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent.name == "questions"
    ]
    sys.exit(f"{written[-1]}{error}")
# What trains or measures is imported where it is needed: a doit with nothing to do is quick.
from analysis import excerpts, figures, networks, report, results
from analysis.checked import Checked, digest_of
from analysis.loaded import Results
from analysis.results import LedgerError

ROOT = Path(__file__).parent
BUILD = ROOT / "_build"
# doit's own file lies there, and book/_build points to it.
if os.access(ROOT, os.W_OK):
    BUILD.mkdir(exist_ok=True)
if not os.access(BUILD, os.W_OK):
    sys.exit(
        f"{BUILD} cannot be written to: copy the repository to a folder in which you may write"
    )
if (ROOT / "book" / "_build").is_file():
    sys.exit(
        "book/_build must be a link to _build, but this checkout has a file in its place: "
        "allow symbolic links (Windows: developer mode), run 'git config core.symlinks true', "
        "delete book/_build and run 'git checkout book/_build'"
    )

PDF = BUILD / "latex" / "deep-networks-and-convolution.pdf"  # named in book/_config.yml


# Typesetting needs programs that pip cannot install; without them there is no PDF to download.
def has_tex():
    """Whether all is there that typesets: programs, the fonts and the package least often had."""
    if not all(map(shutil.which, ("latexmk", "make", "xelatex", "kpsewhich"))):
        return False
    files = ["kpsewhich", "FreeSerif.otf", "needspace.sty"]
    return subprocess.run(files, stdout=subprocess.DEVNULL).returncode == 0


TEX = has_tex()
TEX_PACKAGES = "latexmk make texlive-xetex texlive-fonts-recommended fonts-freefont-otf"

DOIT_CONFIG = {
    "backend": "sqlite3",  # two doits at once do not spoil it
    "dep_file": str(BUILD / ".doit.db"),
    "default_tasks": ["train", "figures", "drawn", "numbers", *["pdf"] * TEX, "book"],
    "verbosity": 2,
}

BOOK_SOURCES = [
    path
    for pattern in (
        *("*.md", "*.yml", "*.bib", "programs/*.py"),
        *("_ext/**/*.py", "_ext/*/static/*", "_static/*"),
    )
    for path in sorted(figures.BOOK.glob(pattern))
]
# Data sets of which pages show images.
EXCERPTS = sorted({experiment.dataset for experiment in EXPERIMENTS.values()})
EXCERPT_FILES = [results.FOLDER / f"{name}.{end}" for name in EXCERPTS for end in ("json", "png")]
# The weights of the few networks that readers can draw for.
NETWORK_FILES = [results.FOLDER / networks.FILE] if TO_DRAW_FOR else []
KEPT_FILES = [*EXCERPT_FILES, *NETWORK_FILES]
# What the page on speed shows.
MEASUREMENTS = [results.SPEED, results.PRESCRIBED, results.PROFILE]
# What turns ledgers into figures and numbers, beside the questions' own modules; how networks
# were trained is in the ledgers' keys. Not what only looks at results or writes the README, nor
# what only runs processes.
SHARED_SOURCES = sorted(
    path
    for path in (ROOT / "analysis").glob("*.py")
    if path.stem
    not in ("agreement", "audit", "checked", "readme", "lifetime", "processes", "scratch")
)
LIST_OF_QUESTIONS = ROOT / "analysis" / "questions" / "__init__.py"
# The settings that pages offer to download.
ARMS = sorted((ROOT / "analysis" / "questions").glob("*_arms.py"))

FIGURE_FILES = [
    *(
        path
        for drawn in figures.BY_PAGE.values()
        for name in drawn
        for path in figures.figure_files(name)
    ),
]

#: What figures and numbers are made of, for all of them together, so that each ledger is read once.
RESULTS = Results()

# What the pages are built from, for the screen and for paper.
FORMS = ROOT / "analysis" / "forms.py"  # in which the extension writes numbers, too
CITATION = ROOT / "CITATION.cff"  # which the title page and the footer cite
PAGES_FROM = [*BOOK_SOURCES, FORMS, CITATION, *FIGURE_FILES, report.NUMBERS, *KEPT_FILES]


# Ledgers and excerpts that were found complete and valid: parsing them all takes a while.
CHECKED = Checked(BUILD / ".checked")


class is_trained:
    """Whether a ledger holds all its experiment asks for; ``doit info`` prints why not."""

    def __init__(self, experiment):
        self.ledger = results.Ledger(experiment)

    def __call__(self):
        asked_for = f"{self.ledger.experiment.key} {sorted(self.ledger.experiment.seeds)}"
        return CHECKED.holds(lambda: not self.why_not(), asked_for, [self.ledger.path])

    def __repr__(self):
        return self.why_not() or "is up to date"

    def why_not(self):
        try:
            return self.ledger.why_stale()
        except LedgerError as error:  # which the task will meet again, and then end with
            return str(error)


def has_test_images(name, choose, experiments):
    """Whether an excerpt on disk is what `choose` makes of the ledgers of some experiments."""
    asked_for = f"{name} {[experiment.key for experiment in experiments]}"
    files = [*(path for path in EXCERPT_FILES if path.stem == name), *ledgers(experiments)]
    return CHECKED.holds(lambda: excerpts.is_current(name, choose), asked_for, files)


def chosen_to_draw_for():
    """The networks that readers are to draw for, by the ledgers as they are now."""
    return to_draw_for(Results())


def has_weights():
    """Whether the weights on disk are those of the networks that the ledgers choose."""
    asked_for = f"weights {[experiment.key for experiment in TO_DRAW_FOR]}"
    files = [*NETWORK_FILES, *ledgers(TO_DRAW_FOR)]
    return CHECKED.holds(lambda: networks.is_current(chosen_to_draw_for), asked_for, files)


ABOUT_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
STOPPED = "stopped; networks that were finished are kept, and the next doit goes on from there"


def attempt(function, *arguments, **options):
    """Call, and fail with the message alone where the message says all."""
    import multiprocessing

    doit = multiprocessing.parent_process()  # with -n tasks run in children of it
    if doit:
        from analysis.lifetime import end_with

        end_with(doit.pid)
    try:
        function(*arguments, **options)
    except Exception as error:
        if isinstance(error, say_all()):
            return TaskFailed(str(error))
        if isinstance(error, OSError) and error.errno in ABOUT_THE_DISK:
            file = error.filename or "a file"  # which a disk that is full does not name
            return TaskFailed(f"{file} could not be read or written ({error.strerror})")
        raise
    except KeyboardInterrupt:  # or SIGTERM
        if doit:
            sys.exit(STOPPED)  # or the child would wait for more tasks
        return TaskFailed(STOPPED)  # doit ends with its first failure


def say_all():
    """Errors whose messages say all; a traceback would bury them."""
    from analysis.datasets import DatasetError
    from analysis.lifetime import PlatformError
    from analysis.naming import ClaimError
    from analysis.spec import SpecError
    from analysis.training.machine import SettingError
    from analysis.training.verify import VerificationError
    from analysis.training.workers import ClusterError, MemoryShortage

    return (
        *(DatasetError, LedgerError, ClusterError, MemoryShortage),
        *(ClaimError, SpecError, VerificationError, PlatformError, SettingError),
    )


def ledgers(experiments):
    return [results.Ledger(experiment).path for experiment in experiments]


def sources(*modules):
    """The files of questions' modules and those of the questions they build on."""
    return sorted({below.__file__ for module in modules for below in with_those_below(module)})


def bring_up_to_date(experiment):
    """Train what an experiment lacks."""
    from analysis.training import run

    run.bring_up_to_date(experiment)


def keep_weights():
    """Train the networks that readers can draw for once more, and keep their weights."""
    from analysis.training import weights

    weights.keep(chosen_to_draw_for())


def task_train():
    """Train what each experiment lacks, and keep every finished network."""
    for name in EXCERPTS:
        choose = partial(test_images, name)
        modules = SHOWING_TEST_IMAGES.get(name, ())
        experiments = list({e.name: e for m in modules for e in m.EXPERIMENTS}.values())
        yield {
            "name": f"excerpt-{name}",
            "doc": f"Keep the images and labels of {name} that pages show.",
            "actions": [(attempt, [excerpts.keep, name, choose])],
            "targets": [path for path in EXCERPT_FILES if path.stem == name],
            "uptodate": [(has_test_images, [name, choose, experiments])],
            # Which images these are may follow from what the networks got wrong.
            "task_dep": [f"train:{experiment.name}" for experiment in experiments],
        }
    if TO_DRAW_FOR:
        yield {
            "name": "weights",
            "doc": "Keep the weights of the networks that readers can draw for.",
            "actions": [(attempt, [keep_weights])],
            "targets": NETWORK_FILES,
            "uptodate": [has_weights],
            "task_dep": [f"train:{experiment.name}" for experiment in TO_DRAW_FOR],
        }
    for experiment in EXPERIMENTS.values():
        # No file_dep, which would make a fresh clone train: the keys in the ledger decide.
        yield {
            "name": experiment.name,
            "doc": f"Train {len(experiment.seeds)} networks for {experiment.epochs} "
            f"epoch{'s' * (experiment.epochs > 1)}.",
            "actions": [(attempt, [bring_up_to_date, experiment])],
            "targets": ledgers([experiment]),
            "uptodate": [is_trained(experiment)],
        }


def is_as_made(task, values):
    """Whether a task's targets are what it made last.

    ``jupyter-book build`` makes the same files and keeps a database of its own, so they may have
    been made of other results since; or somebody has edited them.
    """
    files = [Path(target) for target in task.targets]
    task.value_savers.append(lambda: {"made": digest_of(files)})
    return values.get("made") == digest_of(files)


def task_figures():
    """Draw each page's figures, for light and dark pages and for paper."""
    for page, drawn in figures.BY_PAGE.items():
        module = QUESTIONS.get(page)
        yield {
            "name": page,
            "doc": f"Draw {', '.join(drawn)}, and write their data.",
            "actions": [
                (attempt, [figures.draw_page, page, RESULTS]),
            ],
            "file_dep": [
                *([*ledgers(module.EXPERIMENTS), *sources(module)] if module else MEASUREMENTS),
                *KEPT_FILES,
                *SHARED_SOURCES,
            ],
            "targets": [
                *(path for name in drawn for path in figures.figure_files(name)),
            ],
            "uptodate": [is_as_made],
            "clean": True,
        }


def task_drawn():
    """Keep what all figures show, in short, for tests and diffs to compare."""
    return {
        "actions": [(attempt, [figures.write_drawn])],
        "file_dep": [
            *(figures.data_file(name) for drawn in figures.BY_PAGE.values() for name in drawn),
            ROOT / "analysis" / "drawn.py",
            ROOT / "analysis" / "figures.py",
        ],
        "targets": [figures.DRAWN],  # under version control, so not cleaned
        "uptodate": [is_as_made],
    }


def task_numbers():
    """Gather the numbers that pages cite, and test every claim."""
    return {
        "actions": [(attempt, [report.write_numbers, RESULTS])],
        "file_dep": [
            *ledgers(EXPERIMENTS.values()),
            *KEPT_FILES,
            *MEASUREMENTS,
            *SHARED_SOURCES,
            *sources(*QUESTIONS.values()),
            LIST_OF_QUESTIONS,
        ],
        "targets": [report.NUMBERS],  # under version control, so not cleaned
        "uptodate": [is_as_made],
    }


def task_verify():
    """Audit every result, train some again and compare (not part of a plain doit)."""
    return {
        "actions": [(attempt, [verify_some])],
        "params": [
            {
                "name": "minutes",
                "long": "minutes",
                "type": float,
                "default": 5.0,
                "help": "how long to train",
            },
            {
                "name": "experiment",
                "long": "experiment",
                "type": str,
                "default": "",
                "help": "train networks of this one only",
            },
            {
                "name": "all",
                "long": "all",
                "type": bool,
                "default": False,
                "help": "train every network",
            },
        ],
        "uptodate": [False],
    }


def verify_some(minutes, experiment, all):
    """Verify one experiment or every one, for so many minutes or to the end."""
    from analysis.training.verify import VerificationError, verify

    if experiment and experiment not in EXPERIMENTS:
        raise VerificationError(f"no experiment {experiment!r}: 'doit list --all' names them")
    if not (all or minutes > 0):
        raise VerificationError(f"--minutes {minutes:g} leaves no time to train: give more")
    again = [EXPERIMENTS[experiment]] if experiment else None
    verify(list(EXPERIMENTS.values()), math.inf if all else minutes, again)


def task_benchmark():
    """Time the assignment's way of training against the report's (not part of a plain doit)."""
    return measuring("benchmark")


def task_profile():
    """Measure where a training step spends its time (not part of a plain doit)."""
    return measuring("steps")


def task_prescribed():
    """Train all that the assignment prescribes again, and time it (not part of a plain doit)."""
    return measuring("prescribed")


def measuring(module):
    """A task that measures with a module of the training and keeps what it finds."""
    # Without a target, or the numbers would wait for it and every doit would measure.
    return {"actions": [(attempt, [measure, module])], "uptodate": [False]}


def measure(module):
    """Measure and keep."""
    importlib.import_module(f"analysis.training.{module}").measure()


def task_readme():
    """Bring the README's numbers and picture up to date (not part of a plain doit)."""
    return {
        "actions": [(attempt, [write_readme])],
        "task_dep": ["numbers"],
        "uptodate": [False],
    }


def write_readme():
    """Write its numbers and its picture."""
    from analysis import readme

    readme.write()


def building(*options, **environment):
    """Build the pages, every warning an error."""
    # Beside this Python, also where its environment is not activated.
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [str(jupyter_book), "build", "-W", "-n", "--all", *options]
    return CmdAction(
        [*command, "--path-output", str(ROOT), str(figures.BOOK)],
        shell=False,
        # The pages' extension then need not look whether figures are up to date.
        env={**os.environ, "REPORT_STAGES_DONE": "1", **environment},
    )


def clear_pages():
    """Take away earlier pages and what they offered: Sphinx removes nothing."""
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    if not TEX:  # nor would a PDF of earlier pages be made anew
        PDF.unlink(missing_ok=True)


def task_pdf():
    """Typeset the pages as a PDF in _build/latex (in a plain doit where TeX is installed)."""
    return {
        "actions": [prepare_typesetting, building("--builder", "pdflatex", **date_of_pages())],
        "file_dep": PAGES_FROM,
        "uptodate": [config_changed(date_of_pages())],
        "targets": [PDF],
    }


def prepare_typesetting():
    """Look for TeX, and clear away what a failed run of it left, on which the next would fail."""
    if not TEX:
        return TaskFailed(f"no TeX to typeset with; on Debian: apt-get install {TEX_PACKAGES}")
    shutil.rmtree(PDF.parent, ignore_errors=True)


@cache
def date_of_pages():
    """The last commit's date as typesetting takes it, so that the same sources give one PDF."""
    if not shutil.which("git"):
        return {}
    command = ["git", "log", "-1", "--format=%ct"]
    last = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {"SOURCE_DATE_EPOCH": last, "FORCE_SOURCE_DATE": "1"} if last else {}


def task_book():
    """Build the pages into _build/html, with the PDF to download where there is one."""
    return {
        "actions": [clear_pages, building()],
        # Paper offers nothing to download; the screen would go on offering what was there before.
        "file_dep": [*PAGES_FROM, *ledgers(EXPERIMENTS.values()), *ARMS, *[PDF] * TEX],
        "uptodate": [config_changed(date_of_pages())],  # which they state
        "targets": [BUILD / "html" / "index.html"],
    }


def task_publish():
    """Put the pages on the branch gh-pages of 'origin', for GitHub to serve."""
    return {
        "actions": [publish],
        "task_dep": ["book"],
        "uptodate": [False],
    }


def publish():
    """Push _build/html as the one commit of its branch."""
    if not importlib.util.find_spec("ghp_import"):
        install = "python -m pip install -c constraints.txt -e '.[publish]'"
        return TaskFailed(f"ghp-import is not installed: {install}")
    command = [sys.executable, "-m", "ghp_import", "--no-jekyll", "--no-history", "--force"]
    pushed = subprocess.run(
        [*command, "--push", str(BUILD / "html")], cwd=ROOT, capture_output=True, text=True
    )
    if pushed.returncode:
        # Git says why, before ghp-import's traceback says that git failed.
        said, _, trace = pushed.stderr.partition("Traceback (most recent call last)")
        why = said.strip() or trace.strip().rpartition("\n")[2]
        return TaskFailed(
            f"the pages could not be pushed to 'origin': {why}\n"
            "Check that 'git remote get-url origin' names your repository and that you may push"
        )
    print("published on the branch gh-pages of 'origin'; the settings on GitHub say where")
