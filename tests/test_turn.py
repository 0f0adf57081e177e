"""One training at a time: whoever waits says for whom."""

import time
from threading import Thread

import pytest
from filelock import FileLock

from analysis.training.turn import turn


@pytest.mark.parametrize(
    "put_down, told",
    [
        ("q00-one (process 7)", "the training of q00-one (process 7)"),
        ("", "another training"),  # the other has opened its file and not yet written
        (None, "another training"),  # nor opened it
    ],
)
def test_who_is_waited_for_is_named_once_it_has_put_its_name_down(tmp_path, capsys, put_down, told):
    if put_down is not None:
        (tmp_path / ".training").write_text(put_down)
    said = []

    def wait():
        with turn(tmp_path, "q00-other"):
            said.append((tmp_path / ".training").read_text())

    waiting, heard = Thread(target=wait, daemon=True), ""
    deadline = time.monotonic() + 60
    with FileLock(tmp_path / ".lock"):
        waiting.start()
        while "\n" not in heard and time.monotonic() < deadline:
            time.sleep(0.01)
            heard += capsys.readouterr().err
        assert not said
    waiting.join(60)
    assert said[0].startswith("q00-other (process ")
    assert heard == f"q00-other: waiting for {told} to end\n"
    assert not (tmp_path / ".training").exists()
