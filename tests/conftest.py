"""Fixtures that several files of tests share."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import tiny

from analysis import datasets, scratch
from analysis.loaded import Results
from analysis.results import FOLDER, Ledger
from analysis.training import machine

TESTS = Path(__file__).parent
ROOT = TESTS.parent
KERAS_FOLDER = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

# For this process and those that tests start: what training settles, and as many cores to use
# wherever the tests run.
machine.settle()
os.environ["LOKY_MAX_CPU_COUNT"] = "2"

tiny.register()


@pytest.fixture(scope="session")
def engine():
    """The engine; importing it takes seconds."""
    machine.import_tensorflow()
    from analysis.training import engine

    return engine


@pytest.fixture(params=["yes", "no"], ids=["with bfloat16", "without bfloat16"])
def bfloat16(request, monkeypatch):
    """Whether there are instructions for bfloat16; workers that a test starts think so, too."""
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, request.param)
    return request.param == "yes"


@pytest.fixture(scope="module")
def browser():
    """Debian's or Google's browser; Playwright's own is not to be had everywhere."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no browser: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def results():
    """The report's own."""
    return Results()


@pytest.fixture(scope="session")
def mnist():
    """The published data set, where it can be had without a download."""
    return published("mnist", KERAS_FOLDER / "mnist.npz")


@pytest.fixture(scope="session")
def cifar10():
    """The published data set, where it can be had without a download."""
    return published("cifar10", KERAS_FOLDER / "cifar-10-batches-py-target")


def published(name, downloaded):
    named = os.environ.get(datasets.FOLDER_VARIABLE)
    if not (Path(named) / f"{name}.npz" if named else downloaded).exists():
        pytest.skip(f"no {name}.npz: name its folder in {datasets.FOLDER_VARIABLE}")
    return datasets.load(name)


@pytest.fixture
def tiny_file(monkeypatch, tmp_path):
    """The file of the data set ``tiny``, in the folder that data sets are looked for in."""
    monkeypatch.setenv(datasets.FOLDER_VARIABLE, str(tmp_path / "datasets"))
    path = tmp_path / "datasets" / "tiny.npz"
    path.parent.mkdir()
    np.savez_compressed(path, **vars(tiny.DATA))
    return path


@pytest.fixture
def ledger(tmp_path):
    """An empty ledger for three networks."""
    return Ledger(tiny.experiment(), tmp_path / "results")


@pytest.fixture
def written_apart(monkeypatch, tmp_path):
    """Has a module write into the folder that this gives what it would among the results."""

    def apart(module):
        folder = tmp_path / "apart"
        folder.mkdir()
        monkeypatch.setattr(
            module,
            "write_whole",
            lambda path, content: (folder / path.relative_to(FOLDER)).write_bytes(content),
        )
        return folder

    return apart


@pytest.fixture
def start(tiny_file):
    """Starts a Python process in a session of its own, and leaves none of it behind.

    Its workers find a stub in place of TensorFlow unless ``stub`` is false. The stub has room
    for groups of ``room`` networks, and is killed without if ``without`` says "killed".
    """
    started = []
    # Where tests run in the background, Ctrl-C is ignored, and processes inherit that.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(*arguments, stub=True, seconds_an_epoch=0.05, room=99, without="", cwd=ROOT):
        path = [TESTS / "stub"] * stub + [TESTS, cwd]
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(map(str, path)),
                "STUB_SECONDS_AN_EPOCH": str(seconds_an_epoch),
                "STUB_ROOM": str(room),
                "STUB_WITHOUT_ROOM": without,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    signal.signal(signal.SIGINT, previous)
    for process in started:
        for member in members(process.pid):
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        process.stdout.close()
        process.wait()
    for semaphore in scratch.SHARED_MEMORY.glob("sem.loky-*"):
        if not psutil.pid_exists(int(semaphore.name.split("-")[1])):
            with suppress(PermissionError):  # another user's
                semaphore.unlink(missing_ok=True)


def members(session: int) -> list[int]:
    """Process ids of a session, those of zombies left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, sid = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it ended meanwhile
        if int(sid) == session and state != "Z":
            found.append(int(path.parent.name))
    return found


def wait_for_members(process, number: int) -> None:
    """Wait until a session has so many processes, its first, which goes on, among them."""
    while len(members(process.pid)) < number:
        assert process.poll() is None
        time.sleep(0.01)


def nobody_is_left_of(process, seconds: float = 20) -> bool:
    """Whether all processes of its session end within so many seconds."""
    deadline = time.monotonic() + seconds
    while members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not members(process.pid)
