"""What was found in order is not looked at again until a byte of it changes."""

import os

import pytest

from analysis import checked
from analysis.checked import Checked


class Check:
    """A check that counts how often it was asked."""

    def __init__(self, passes=True):
        self.passes, self.asked = passes, 0

    def __call__(self):
        self.asked += 1
        return self.passes


@pytest.fixture
def memory(tmp_path):
    return Checked(tmp_path / "build" / "checked")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ledger"
    path.write_text("whole")
    return path


def test_what_passed_is_not_checked_again_in_another_process_either(memory, file):
    check = Check()
    assert memory.holds(check, "key", [file]) and memory.holds(check, "key", [file])
    assert Checked(memory.path).holds(check, "key", [file])
    assert check.asked == 1


def test_what_failed_is_checked_again(memory, file):
    assert not memory.holds(Check(passes=False), "key", [file])
    check = Check()
    assert memory.holds(check, "key", [file]) and check.asked == 1


def test_other_content_another_question_or_other_code_is_checked(memory, file, monkeypatch):
    memory.holds(Check(), "key", [file])
    assert not memory.holds(Check(passes=False), "another key", [file])
    with monkeypatch.context() as patch:
        patch.setattr(checked, "_code", lambda: b"other code")
        assert not memory.holds(Check(passes=False), "key", [file])
    stat = file.stat()
    file.write_text("whale")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not memory.holds(Check(passes=False), "key", [file])
    file.unlink()
    assert not memory.holds(Check(passes=False), "key", [file])


@pytest.mark.parametrize("name", ["results.py", "questions/q01.py"])
def test_the_code_is_that_of_the_analysis_and_of_its_questions(monkeypatch, tmp_path, name):
    monkeypatch.setattr(checked, "ANALYSIS", tmp_path)
    (tmp_path / "questions").mkdir()
    before = checked._code.__wrapped__()
    (tmp_path / name).write_text("changed\n")
    assert checked._code.__wrapped__() != before


def test_file_that_changed_while_it_was_checked_is_not_remembered(memory, file):
    def check():
        file.write_text("another")
        return True

    assert memory.holds(check, "key", [file])
    file.write_text("whole")
    assert not memory.holds(Check(passes=False), "key", [file])


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"0123"])
def test_damaged_memory_is_as_if_there_were_none(memory, file, content):
    memory.path.parent.mkdir()
    memory.path.write_bytes(content)
    check = Check()
    assert memory.holds(check, "key", [file]) and check.asked == 1
