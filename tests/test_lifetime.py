"""Signals: the first ends what runs, and no other breaks off how it ends."""

import os
import signal

import pytest

SLOW_TO_END = """
import time
from analysis.lifetime import stoppable

try:
    with stoppable():
        try:
            print("begun", flush=True)
            time.sleep(30)
        finally:
            print("ending", flush=True)
            time.sleep(0.5)
            print("ended", flush=True)
except KeyboardInterrupt:
    time.sleep(0.5)
    print("stopped", flush=True)
"""


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_second_signal_does_not_break_off_the_end_that_the_first_began(start, first, second):
    process = start("-c", SLOW_TO_END)
    assert process.stdout.readline() == "begun\n"
    os.kill(process.pid, first)
    assert process.stdout.readline() == "ending\n"
    os.kill(process.pid, second)
    assert process.stdout.readline() == "ended\n"
    os.kill(process.pid, signal.SIGINT)
    assert process.stdout.read() == "stopped\n"
    assert process.wait(timeout=20) == 0


def test_ctrl_c_that_the_background_ignores_stays_ignored(start):
    process = start(
        "-c",
        "import os, signal\n"
        "from analysis.lifetime import stoppable\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "with stoppable():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN\n"
        "print('went on')",
    )
    assert process.communicate(timeout=20)[0] == "went on\n"


def test_signals_mean_afterwards_what_they_meant_before(start):
    process = start(
        "-c",
        "import signal\n"
        "from analysis.lifetime import stoppable\n"
        "before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]\n"
        "with stoppable():\n"
        "    pass\n"
        "assert before == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]",
    )
    assert process.communicate(timeout=20)[0] == ""
    assert process.returncode == 0
