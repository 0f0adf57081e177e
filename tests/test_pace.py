"""How long what is left will take, by what was done so far."""

import pytest

from analysis.training import pace
from analysis.training.pace import START, Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves on: a list of one number."""
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def test_the_machine_is_as_fast_as_that_of_the_ledgers_until_something_is_done(clock):
    mine = Pace()
    clock[0] += 500
    assert mine.here(60) == 60


def test_the_pace_is_that_of_all_that_was_done_without_the_start(clock):
    mine = Pace()
    mine.has_done(10)
    mine.has_done(20)
    clock[0] += START + 90  # three times as long as by the ledgers
    assert mine.spent == START + 90
    assert mine.here(7) == pytest.approx(21)


def test_what_is_left_is_said_in_minutes(clock, capsys):
    mine = Pace()
    mine.has_done(10)
    clock[0] += START + 20
    mine.say("trial 2 of 3", 65)
    assert capsys.readouterr().err == "trial 2 of 3, 02:10 left for all\n"
