"""A training run in processes of its own: stopped at any moment, it loses no finished network."""

import json
import os
import random
import shlex
import signal
import time

import pytest
import tiny
from conftest import TESTS, nobody_is_left_of, wait_for_members

from analysis import scratch
from analysis.results import Ledger
from analysis.training import run

pytestmark = pytest.mark.usefixtures("tiny_file")


@pytest.fixture
def train(start, tmp_path):
    """Starts a training into ``tmp_path / name``."""

    def train(seeds=12, name="results", largest=2, images="few", **options):
        return start(TESTS / "train_tiny.py", tmp_path / name, seeds, largest, images, **options)

    return train


def whole_lines(folder) -> list[bytes]:
    try:
        content = (folder / "q00-tiny.jsonl").read_bytes()
    except FileNotFoundError:
        return []
    return content.split(b"\n")[:-1]


def what_counts(folder) -> list[dict]:
    """The ledger's lines but for the time they took."""
    return [json.loads(line) | {"seconds": 0, "provenance": {}} for line in whole_lines(folder)]


def finish(process) -> str:
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def visible(folder) -> list:
    """The files of a folder, less those that a training holds while it lasts."""
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def wait_for_lines(process, folder, number):
    """Return as soon as the ledger has so many lines, or the process has ended."""
    while len(whole_lines(folder)) < number and process.poll() is None:
        time.sleep(0.0005)


def kill_and_compare(process, folder, before):
    """Kill without warning; every line that was whole is still there."""
    whole = whole_lines(folder)
    assert process.poll() is None, "it ended before it was killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert whole_lines(folder)[: len(whole)] == whole
    assert whole[: len(before)] == before
    assert nobody_is_left_of(process)


def test_kills_at_ten_random_moments_lose_no_finished_network(train, tmp_path):
    moments, folder, seeds = random.Random(0), tmp_path / "results", 120
    undisturbed = train(seeds, "undisturbed", seconds_an_epoch=0.01)
    for _ in range(10):
        before = whole_lines(folder)
        process = train(seeds, seconds_an_epoch=0.02)
        wait_for_lines(process, folder, len(before) + moments.randint(0, 4))
        time.sleep(moments.choice([0, 0.001, 0.01, 0.05]) * moments.random())
        kill_and_compare(process, folder, before)
    assert 5 < len(whole_lines(folder)) < seeds
    finish(train(seeds, seconds_an_epoch=0.01))
    finish(undisturbed)
    assert what_counts(folder) == what_counts(tmp_path / "undisturbed")
    assert visible(folder) == [folder / "q00-tiny.jsonl"]


def test_kills_amid_real_training_change_no_number(train, tmp_path, engine):
    folder, seeds = tmp_path / "results", 6
    for number in (1, 2):
        before = whole_lines(folder)
        process = train(seeds, stub=False)
        wait_for_lines(process, folder, number)
        kill_and_compare(process, folder, before)
    assert 1 < len(whole_lines(folder)) < seeds
    finish(train(seeds, stub=False))
    ledger = Ledger(tiny.experiment(seeds=range(seeds)), folder)
    undisturbed = engine.train(ledger.experiment, tiny.DATA, range(seeds))
    for line, record in zip(what_counts(folder), undisturbed, strict=True):
        assert line == line | record | {"seconds": 0}
    assert ledger.why_stale() == ""


def test_network_is_kept_as_soon_as_it_is_finished(train, tmp_path):
    process = train(seconds_an_epoch=0.3)
    wait_for_lines(process, tmp_path / "results", 1)
    time.sleep(0.2)
    assert 0 < len(whole_lines(tmp_path / "results")) < 12


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True], ids=["alone", "with its workers"])
def test_stopped_run_fails_keeps_what_is_finished_and_goes_on(train, tmp_path, number, whole_group):
    folder = tmp_path / "results"
    process = train(seconds_an_epoch=0.2)
    wait_for_lines(process, folder, 2)
    before = whole_lines(folder)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    process.wait(timeout=20)
    assert process.returncode != 0
    assert nobody_is_left_of(process)
    assert whole_lines(folder)[: len(before)] == before
    assert len(whole_lines(folder)) < 12
    finish(train(seconds_an_epoch=0.01))
    assert [line["seed"] for line in what_counts(folder)] == list(range(12))


def test_workers_of_a_killed_run_end_soon_after_it(train, tmp_path):
    process = train(seconds_an_epoch=1)
    wait_for_members(process, 4)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert nobody_is_left_of(process)
    assert whole_lines(tmp_path / "results") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_stopped_benchmark_leaves_no_process_behind(start, number):
    process = start(
        "-c",
        "from analysis import datasets; datasets.load = lambda name: None\n"
        "from analysis.training import benchmark; benchmark.measure()",
    )
    wait_for_members(process, 2)  # it has started one to measure in
    time.sleep(1)
    os.kill(process.pid, number)
    assert process.wait(timeout=20) != 0
    assert nobody_is_left_of(process)


def test_second_run_waits_for_its_turn_and_trains_nothing_twice(train, tmp_path):
    first, second = one_that_waits(train, tmp_path / "results", seconds_an_epoch=1.5)
    assert finish(second) == ""
    finish(first)
    assert len(whole_lines(tmp_path / "results")) == 12


def one_that_waits(train, folder, seconds_an_epoch=5):
    """A training that takes long, and a second one that has said that it waits for it."""
    first = train(seconds_an_epoch=seconds_an_epoch)
    while not (folder / ".training").exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = train()
    expected = f"q00-tiny: waiting for the training of q00-tiny (process {first.pid}) to end\n"
    assert second.stdout.readline() == expected
    return first, second


def test_run_that_waits_for_a_killed_one_has_its_turn_then(train, tmp_path):
    first, second = one_that_waits(train, tmp_path / "results")
    os.kill(first.pid, signal.SIGKILL)
    finish(second)
    assert len(whole_lines(tmp_path / "results")) == 12


def test_run_that_waits_can_be_stopped(train, tmp_path):
    first, second = one_that_waits(train, tmp_path / "results")
    os.kill(second.pid, signal.SIGTERM)
    assert second.wait(timeout=20) != 0
    assert nobody_is_left_of(second)
    assert first.poll() is None


def test_what_a_killed_run_left_is_cleared_by_the_next(train, tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    monkeypatch.setenv(scratch.FOLDER_VARIABLE, str(shared))
    process = train(seconds_an_epoch=0.5, images="shared")
    wait_for_lines(process, tmp_path / "results", 1)
    os.killpg(process.pid, signal.SIGKILL)  # also what would clear up after it
    process.wait()
    left = set(shared.glob("*/*/*/*"))
    assert any("memmapping" in str(path) for path in left)
    semaphores = f"sem.loky-{process.pid}-*"
    assert not scratch.SHARED_MEMORY.exists() or list(scratch.SHARED_MEMORY.glob(semaphores))
    finish(train(seconds_an_epoch=0.01))
    assert list(shared.glob("*/*/")) == []
    assert list(scratch.SHARED_MEMORY.glob(semaphores)) == []


def test_a_folder_that_no_run_left_stays(tmp_path):
    (tmp_path / "notes").mkdir()
    scratch._clear_if_left(tmp_path / "notes")
    assert list((tmp_path / "notes").iterdir()) == []


def test_what_a_living_run_needs_is_left_to_it(train, tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    monkeypatch.setenv(scratch.FOLDER_VARIABLE, str(shared))
    first = train(name="first", seconds_an_epoch=1)
    wait_for_lines(first, tmp_path / "first", 1)
    os.kill(first.pid, signal.SIGSTOP)  # it lives, and does not end before the second does
    try:
        finish(train(name="second", seconds_an_epoch=0.01))
        assert len(list(shared.glob(f"*/{first.pid}-*/"))) == 1
    finally:
        os.kill(first.pid, signal.SIGCONT)
    finish(first)
    assert len(whole_lines(tmp_path / "first")) == 12


def test_run_with_nothing_to_do_leaves_the_ledger_untouched(train, tmp_path):
    finish(train())
    before = (tmp_path / "results" / "q00-tiny.jsonl").stat()
    finish(train())
    after = (tmp_path / "results" / "q00-tiny.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_networks_that_leave_the_ledger_come_back_by_the_command_that_it_says(tmp_path, capsys):
    folder = tmp_path / "it's a folder"
    for epochs in (2, 3):
        ledger = Ledger(tiny.experiment(epochs=epochs), folder)
        for seed in ledger.experiment.seeds:
            ledger.append(tiny.record(seed, epochs))
    run.bring_up_to_date(ledger.experiment, folder)
    said, command = capsys.readouterr().err.split(": git ")
    assert said.startswith("q00-tiny: 3 networks of another setting have left its ledger")
    assert shlex.split(command) == ["checkout", str(ledger.path)]


def test_progress_in_a_log_is_a_line_a_network(train):
    said = finish(train())
    lines = said.splitlines()
    assert [f"{n}/12 networks" in line for n, line in enumerate(lines, 1)] == [True] * 12
    assert "100%" in lines[-1]


@pytest.mark.parametrize("without", ["", "killed"])
def test_where_memory_runs_out_smaller_groups_are_tried_and_it_says_so(train, tmp_path, without):
    said = finish(train(largest=8, room=3, without=without))
    assert "going on with groups of 3 on 2 cores" in said
    assert [line["seed"] for line in what_counts(tmp_path / "results")] == list(range(12))


def test_where_memory_suffices_for_no_group_it_says_so_and_what_is_finished_stays(train, tmp_path):
    finish(train(seeds=3))
    before = whole_lines(tmp_path / "results")
    process = train(seeds=12, largest=8, room=1)
    said, _ = process.communicate()
    assert process.returncode != 0
    assert "going on with groups of 2 on 1 core\n" in said
    assert said.splitlines()[-1].startswith("analysis.training.workers.MemoryShortage: too little")
    assert whole_lines(tmp_path / "results") == before


def test_run_that_cannot_have_its_data_says_so(train, tiny_file, tmp_path):
    tiny_file.unlink()
    process = train()
    said, _ = process.communicate()
    assert process.returncode != 0
    assert said.splitlines()[-1].startswith(
        f"analysis.datasets.DatasetError: no Tiny at {tiny_file}"
    )
    assert whole_lines(tmp_path / "results") == []


def test_a_user_without_a_name_has_a_folder_by_their_number(monkeypatch):
    def unknown():
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(scratch.getpass, "getuser", unknown)
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    assert scratch._root().name == "deep-networks-report-1234"
