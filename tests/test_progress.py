"""Progress: what is finished, what is under way, and how long it will take."""

import os
import re
import sys
import time

import pytest

from analysis.training import progress
from analysis.training.progress import Progress, Teller


@pytest.fixture
def bar():
    with Progress("q00-tiny", 10, 4) as bar:
        yield bar


def tell(bar, seeds, epochs, seconds, ago=0):
    """As a `Teller` would have told so many seconds ago."""
    file = bar.folder / str(seeds[0])
    file.write_text(f"{epochs} {len(seeds)} {seconds}")
    os.utime(file, (time.time() - ago,) * 2)


def test_epochs_under_way_count(bar):
    tell(bar, [0, 1], 3, seconds=30)
    tell(bar, [2], 1, seconds=10)
    bar._show(say=False)
    assert bar.bar.n == 3 * 2 + 1


def test_next_network_is_that_with_the_least_time_left(bar):
    tell(bar, [0, 1], 3, seconds=30, ago=4)  # 10 s for its last epoch, less 4
    tell(bar, [2], 1, seconds=10)
    assert bar._at_work()[1] == pytest.approx(6, abs=0.5)


def test_overdue_network_is_due_now(bar):
    tell(bar, [0], 3, seconds=30, ago=60)
    assert bar._at_work()[1] == 0


def test_nothing_is_foretold_before_an_epoch_is_done(bar):
    Teller(bar.folder, [0]).tell(0)
    assert bar._at_work() == (0, None)


def test_count_never_falls_between_a_groups_end_and_its_results(bar):
    teller = Teller(bar.folder, [0, 1])
    teller.tell(4)
    bar._show(say=False)
    teller.end()
    bar._show(say=False)
    assert bar.bar.n == 8
    bar.network_is_finished()
    bar.network_is_finished()
    assert (bar.bar.n, bar.finished) == (8, 2)


def test_count_is_at_most_all_while_a_counted_group_still_tells(bar):
    tell(bar, [0, 1], 4, seconds=30)
    for _ in range(10):
        bar.network_is_finished()
    assert (bar.bar.n, bar.finished) == (40, 10)


@pytest.mark.parametrize("content", ["", "3", "3 2"])
def test_file_that_is_being_written_is_passed_over(bar, content):
    (bar.folder / "0").write_text(content)
    assert bar._at_work() == (0, None)


def test_teller_without_a_folder_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    teller = Teller(None, [0])
    teller.tell(1)
    teller.end()
    assert list(tmp_path.iterdir()) == []


def test_teller_outlives_whoever_asked():
    with Progress("q00-tiny", 1, 2) as bar:
        teller = Teller(bar.folder, [0])
    teller.tell(1)
    teller.end()


def test_log_has_a_line_now_and_then_while_nothing_is_finished(monkeypatch, capsys):
    monkeypatch.setattr(progress, "LOOK", 0.01)
    monkeypatch.setattr(progress, "LINE", 0.05)
    with Progress("q00-tiny", 10, 4) as bar:
        tell(bar, [0], 2, seconds=200)
        time.sleep(0.5)
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 10
    assert re.fullmatch(
        r"q00-tiny: +5%\|.{20}\| \d\d:\d\d left, 0/10 networks, next in 03:[12]\d", lines[-1]
    )


def test_terminal_has_a_bar_on_one_line(monkeypatch, capsys):
    monkeypatch.setattr(progress, "LOOK", 0.01)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Progress("q00-tiny", 2, 4) as bar:
        bar.network_is_finished()
        time.sleep(0.1)
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "1/2 networks" in said.split("\r")[-1]
