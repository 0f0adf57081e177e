"""Ledgers: finished networks are never lost, and what cannot be a result is named."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tiny
from tiny import change

from analysis import results
from analysis.files import write_whole
from analysis.results import Ledger, LedgerError
from analysis.spec import SGD, Adam, Lookahead, canonical_json, mlp


def fill(ledger, *seeds):
    for seed in seeds or ledger.experiment.seeds:
        ledger.append(tiny.record(seed, ledger.experiment.epochs))
    return ledger


def lines(ledger) -> list[dict]:
    return [json.loads(line) for line in ledger.path.read_bytes().splitlines()]


def rewrite(ledger, number, change):
    """Change what the ledger holds on one line."""
    content = lines(ledger)
    change(content[number - 1])
    ledger.path.write_text("".join(json.dumps(line) + "\n" for line in content))


def successor(ledger, **changes) -> Ledger:
    """The ledger of the same name after the experiment was changed."""
    return Ledger(replace(ledger.experiment, **changes), ledger.path.parent)


def test_results_come_back_as_they_were_appended(ledger):
    fill(ledger)
    for seed, record in ledger.read().items():
        assert record == tiny.record(seed) | {
            "key": ledger.experiment.key,
            "spec": ledger.experiment.identity(),
        }


def test_absent_ledger_lacks_every_seed(ledger):
    assert ledger.missing() == [0, 1, 2]
    assert ledger.why_stale() == "3 of 3 networks are to be trained"


def test_complete_ledger_is_not_stale(ledger):
    assert fill(ledger).why_stale() == ""
    assert ledger.missing() == []


@pytest.mark.parametrize("kept", [1, 100, -2])
def test_torn_last_line_is_dropped_and_trained_again(ledger, kept):
    fill(ledger, 0, 1)
    whole = ledger.path.read_bytes()
    fill(ledger, 2)
    line = ledger.path.read_bytes()[len(whole) :]
    ledger.path.write_bytes(whole + line[:kept])
    assert ledger.missing() == [2]
    fill(ledger, 2)
    assert ledger.path.read_bytes() == whole + line


def test_last_line_that_lacks_only_its_newline_is_kept_and_the_next_begins_after_it(ledger):
    for seed in (0, 1, 2):  # the first and the second are such lines in turn
        fill(ledger, seed)
        ledger.path.write_bytes(ledger.path.read_bytes()[:-1])
        assert list(ledger.read()) == list(range(seed + 1))
    whole = ledger.path.read_bytes() + b"\n"
    assert [line["seed"] for line in lines(ledger)] == [0, 1, 2]
    assert whole.count(b"\n") == 3
    assert (ledger.missing(), ledger.why_stale(), ledger.tidy()) == ([], "", 0)
    assert ledger.path.read_bytes() == whole


@pytest.mark.parametrize("end", [b"\r", b"}", b" x"])
def test_last_line_that_a_newline_would_not_make_whole_is_trained_again(ledger, end):
    whole = fill(ledger, 0).path.read_bytes()
    line = fill(ledger, 1).path.read_bytes()[len(whole) : -1]
    ledger.path.write_bytes(whole + line + end)
    assert ledger.missing() == [1, 2]
    fill(ledger, 1)
    assert ledger.path.read_bytes() == whole + line + b"\n"


JUNK = [
    b"",
    b" ",
    b"junk",
    b"\x00\xff\xfe",
    b"null",
    b"3",
    b'"x"',
    b"[]",
    b"{}",
    b'{"key":1}',
    b"[" * 100_000,
    b"1" * 10_000,
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk[:10]))
def test_garbled_line_is_named(ledger, junk):
    fill(ledger, 0, 1)
    with open(ledger.path, "ab") as file:
        file.write(junk + b"\n")
    for look in (ledger.read, ledger.missing, ledger.why_stale, ledger.tidy):
        with pytest.raises(LedgerError) as error:
            look()
        assert f"{ledger.path}, line 3" in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        change("key", to="0" * 64),
        change("spec", "epochs", to=3),
        change("spec", "optimizer", "learning_rate", to=0.2),
        change("spec", "dataset", to="unknown"),
        change("spec", to=None),
        change("seed", to="0"),
        change("seed", to=None),
        change("seed", to=True),
        change("history", to=None),
        change("history", to={}),
        lambda record: record["history"].pop("own"),
        change("history", "loss", to=[0.5]),
        change("history", "loss", to=["a", "b"]),
        change("history", "val_accuracy", to=[0.5, 0.5, 0.5]),
        change("history", "dead", to=[[0]]),
        change("history", "own", to=[]),
        change("history", "own", to=0.5),
        change("predictions", to="1" * 99),
        change("predictions", to="1" * 101),
        change("predictions", to="x" * 100),
        change("predictions", to="²" * 100),
        change("predictions", to=[1] * 100),
        change("before", to={}),
        change("after", to=None),
        change("provenance", to=None),
        change("seconds", to="soon"),
        change("seconds", to=None),
        change("seconds", to=10**400),
    ],
)
def test_line_whose_values_do_not_fit_is_named(ledger, wrong):
    fill(ledger)
    rewrite(ledger, 2, wrong)
    with pytest.raises(LedgerError) as error:
        ledger.read()
    assert f"{ledger.path}, line 2" in str(error.value)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_seed_that_stands_twice_is_named_with_both_lines(ledger, end):
    fill(ledger, 0, 1)
    with open(ledger.path, "ab") as file:
        file.write(ledger.path.read_bytes().splitlines()[0] + end)
    with pytest.raises(LedgerError) as error:
        ledger.read()
    for part in (str(ledger.path), "line 3", "seed 0", "line 1"):
        assert part in str(error.value)


OURS, THEIRS, BASE = b"<<<<<<< HEAD\n", b">>>>>>> theirs\n", b"||||||| 2322950\n"


@pytest.mark.parametrize(
    "leave, line, said",
    [
        (lambda a, b, c: b"\xef\xbb\xbf" + a + b + c, 1, "byte-order mark"),
        (lambda a, b, c: a + b"\xef\xbb\xbf" + b + c, 2, "byte-order mark"),
        (lambda a, b, c: (a + b + c).replace(b"\n", b"\r\n"), 1, "CR LF"),
        (lambda a, b, c: a + b + c[:-1] + b"\r\n", 3, "CR LF"),
        (lambda a, b, c: a + OURS + b + b"=======\n" + c + THEIRS, 2, "a merge"),
        (lambda a, b, c: a + OURS + b + BASE + b"=======\n" + c + THEIRS, 2, "a merge"),
        (lambda a, b, c: a + BASE + b + c, 2, "a merge"),
        (lambda a, b, c: a + b + b"=======\n" + c, 3, "a merge"),
        (lambda a, b, c: a + b + c + THEIRS, 4, "a merge"),
    ],
)
def test_what_another_program_left_is_named_with_the_command_that_takes_it_away(
    tmp_path, leave, line, said
):
    ledger = fill(Ledger(tiny.experiment(), tmp_path / "it's a folder"))
    whole = ledger.path.read_bytes()
    left = leave(*whole.splitlines(keepends=True))
    ledger.path.write_bytes(left)
    for look in (ledger.read, ledger.missing, ledger.why_stale, ledger.tidy):
        with pytest.raises(LedgerError) as error:
            look()
        assert str(error.value).startswith(f"{ledger.path}, line {line}: ")
        assert said in str(error.value)
    assert ledger.path.read_bytes() == left
    command = str(error.value)[str(error.value).index("perl ") :]
    subprocess.run(command, shell=True, check=True)
    assert ledger.path.read_bytes() == whole


def test_ledger_in_another_encoding_is_named(ledger):
    fill(ledger, 0)
    ledger.path.write_text(ledger.path.read_text(), encoding="utf-16")
    with pytest.raises(LedgerError, match="line 1: not a result"):
        ledger.read()


def test_entries_go_on_after_a_line_that_is_no_result(ledger):
    fill(ledger)
    rewrite(ledger, 2, change("key", to="0" * 64))
    (_, first), (number, damage), (_, last) = ledger.entries()
    assert (first["seed"], number, last["seed"]) == (0, 2, 2)
    assert str(damage).startswith(f"{ledger.path}, line 2: not a result")


def test_folder_in_place_of_a_ledger_is_named(ledger):
    ledger.path.mkdir(parents=True)
    with pytest.raises(LedgerError) as error:
        ledger.read()
    assert str(ledger.path) in str(error.value)


def test_seed_not_asked_for_is_passed_over_and_kept(ledger):
    fill(ledger, 7, 2, 0, 1)
    assert list(ledger.read()) == [2, 0, 1]
    ledger.tidy()
    assert [line["seed"] for line in lines(ledger)] == [0, 1, 2, 7]


def test_asking_for_more_seeds_keeps_those_there(ledger):
    fill(ledger)
    assert successor(ledger, seeds=range(5)).missing() == [3, 4]


def test_stale_lines_stay_until_all_their_successors_are_there(ledger):
    fill(ledger)
    new = successor(ledger, epochs=3)
    assert new.missing() == [0, 1, 2]
    for seed in (0, 1):
        fill(new, seed)
        assert new.tidy() == 0
        assert list(ledger.read()) == [0, 1, 2]
    fill(new, 2)
    assert new.tidy() == 3
    assert ledger.read() == {}
    assert list(new.read()) == [0, 1, 2]


def test_complete_ledger_with_networks_of_another_setting_is_stale_until_tidied(ledger):
    fill(ledger)
    fill(successor(ledger, epochs=3), 0)  # a setting that was changed back before the rest of it
    why = ledger.why_stale()
    assert why.startswith("complete, but 1 of 4 networks in its ledger are of another setting")
    assert "'doit train:q00-tiny'" in why
    assert ledger.tidy() == 1
    assert ledger.why_stale() == ""


def test_more_seeds_are_no_change_though_the_ledger_has_networks_of_another_setting(ledger):
    fill(ledger)
    fill(successor(ledger, epochs=3), 0)
    more = successor(ledger, seeds=range(5))
    assert more.why_stale() == "2 of 5 networks are to be trained"


def test_tidy_leaves_what_is_tidy_untouched(ledger):
    fill(ledger)
    before = ledger.path.stat()
    ledger.tidy()
    after = ledger.path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"epochs": 3}, "epochs 2 -> 3"),
        ({"optimizer": SGD(learning_rate=0.05)}, "optimizer.learning_rate 0.1 -> 0.05"),
        ({"optimizer": Adam()}, "optimizer.type 'SGD' -> 'Adam'"),
        ({"loss": "cross_entropy"}, "loss 'squared_error' -> 'cross_entropy'"),
        ({"epochs": 3, "batch_size": 8}, "batch_size 32 -> 8, epochs 2 -> 3"),
    ],
)
def test_why_a_ledger_is_stale_names_what_changed(ledger, changes, said):
    fill(ledger)
    why = successor(ledger, **changes).why_stale()
    assert why.startswith("3 of 3 networks are to be trained")
    assert why.endswith(f": {said}") or f", {said}" in why


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"outputs": True}, "outputs False -> True"),
        ({"reshuffle": False}, "reshuffle True -> False"),
        (
            {"averaging": 0.0},
            "averaging {'type': 'Lookahead', 'steps': 5, 'decay': 0.5} -> 0.0",
        ),
        ({"averaging": Lookahead(5, 0.9)}, "averaging.decay 0.5 -> 0.9"),
        ({"outputs": True, "tta": True}, "outputs False -> True, tta False -> True"),
        ({"activity_at": (1,)}, "activity_at [] -> [1]"),
        ({"layers": mlp(16, output="softmax")}, "layers[1].units 8 -> 16"),
        (
            {"optimizer": Adam()},
            "optimizer.learning_rate 0.1 -> 0.001, optimizer.type 'SGD' -> 'Adam'",
        ),
    ],
)
def test_what_changed_is_named_as_a_spec_is_written_and_nothing_else(ledger, changes, said):
    softmax = {"layers": mlp(8, output="softmax"), "loss": "cross_entropy"}
    old = fill(successor(ledger, **softmax, averaging=Lookahead(5, 0.5)))
    assert successor(old, **changes).why_stale().endswith(f"the last training: {said}")


def test_a_field_of_an_earlier_version_is_named(ledger):
    spec = ledger.experiment.identity() | {"dropout": 0.5}
    key = hashlib.sha256(canonical_json(spec).encode()).hexdigest()
    ledger.append(tiny.record(0) | {"spec": spec, "key": key})
    assert ledger.why_stale().endswith("the last training: dropout 0.5 -> None")


def test_what_changed_is_told_of_the_last_of_earlier_settings(ledger):
    for epochs in (3, 4):
        fill(successor(ledger, epochs=epochs))
    assert ledger.why_stale().endswith("the last training: epochs 4 -> 2")


def test_a_ledger_under_another_name_is_pointed_to(ledger):
    fill(ledger)
    (ledger.path.parent / "a-folder.jsonl").mkdir()  # is no ledger
    renamed = Ledger(replace(ledger.experiment, name="q00-renamed"), ledger.path.parent)
    assert f"git mv {ledger.path} {renamed.path}" in renamed.why_stale()
    other = Ledger(replace(renamed.experiment, epochs=3), ledger.path.parent)
    assert other.why_stale() == "3 of 3 networks are to be trained"


def test_missing_seeds_are_counted(ledger):
    fill(ledger, 0)
    assert ledger.why_stale() == "2 of 3 networks are to be trained"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import tiny
from analysis.results import Ledger, LedgerError

tiny.register()
ledger = Ledger(tiny.experiment(), Path(sys.argv[1]))
limit = ledger.path.stat().st_size + int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    {action}
except LedgerError as error:
    print(error)
"""


@pytest.fixture
def on_a_full_disk(ledger, start):
    """What the ledger says in a process whose files may outgrow it by so many bytes only."""

    def run(action, room):
        process = start("-c", FULL_DISK.format(action=action), ledger.path.parent, room)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said

    return run


@pytest.mark.parametrize("cut", [0, 1], ids=["ended", "without its last newline"])
@pytest.mark.parametrize("room", [0, 1, 500])
def test_full_disk_leaves_the_ledger_as_it_was(ledger, on_a_full_disk, room, cut):
    whole = fill(ledger, 0, 1).path.read_bytes()
    before = whole[: len(whole) - cut]
    ledger.path.write_bytes(before)
    said = on_a_full_disk("ledger.append(tiny.record(2))", room)
    assert ledger.path.read_bytes() == before
    for part in (str(ledger.path), "seed 2", "The 2 networks", "make room"):
        assert part in said


def test_full_disk_while_tidying_leaves_the_ledger_as_it_was(ledger, on_a_full_disk):
    fill(ledger, 2, 1, 0)
    before = ledger.path.read_bytes()
    said = on_a_full_disk("ledger.tidy()", -100)
    assert ledger.path.read_bytes() == before
    assert str(ledger.path) in said
    assert list(ledger.path.parent.iterdir()) == [ledger.path]


def test_reading_all_runs_says_which_command_trains_those_missing(ledger):
    fill(ledger, 0)
    with pytest.raises(LedgerError, match=r"lacks 2 of 3 .*'doit train:q00-tiny'"):
        results.load(ledger.experiment, ledger.path.parent)


def test_runs_are_arrays_in_the_order_of_their_seeds(ledger):
    fill(ledger, 2, 0, 1)
    runs = results.load(ledger.experiment, ledger.path.parent)
    assert len(runs) == 3
    assert runs.final("val_loss").tolist() == [1 / 2, 1 / 3, 1 / 4]
    assert runs.history("loss").shape == (3, 2)
    assert runs.after("loss").tolist() == [1 / 2, 1 / 3, 1 / 4]
    assert runs.predictions.shape == (3, 100)
    assert runs.predictions[:, 0].tolist() == [0, 1, 2]
    assert runs.own.shape == runs.others.shape == runs.silent.shape == (3, 2, 10)
    assert runs.dead.shape == (3, 2)
    assert runs.seconds == 4.5
    assert [record["seed"] for record in runs.first(2).records] == [0, 1]


def test_a_diverged_run_is_nan(ledger):
    record = tiny.record(0)
    record["history"]["loss"] = [0.5, None]
    ledger.append(record)
    ledger.append(tiny.record(1))
    ledger.append(tiny.record(2))
    runs = results.load(ledger.experiment, ledger.path.parent)
    assert str(runs.final("loss")[0]) == "nan"


def test_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new folder" / "file"
    for content in (b"old", b"new"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_who_reads_a_file_while_it_is_replaced_reads_the_old_one(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"old")
    with open(path, "rb") as reader:
        write_whole(path, b"new")
        assert reader.read() == b"old"


def test_what_a_killed_writer_left_beside_a_file_is_cleared_by_the_next(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, of_a_living_one = (
        tmp_path / f".file.jsonl.{process}.new" for process in (ended.pid, os.getppid())
    )
    of_another_program = tmp_path / ".file.jsonl.bak.new"
    for path in (left, of_a_living_one, of_another_program):
        path.touch()
    write_whole(tmp_path / "file.jsonl", b"new")
    kept = {tmp_path / "file.jsonl", of_a_living_one, of_another_program}
    assert set(tmp_path.iterdir()) == kept


def test_file_stays_when_its_successor_cannot_be_written(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")
    monkeypatch.setattr("os.fsync", raise_no_space)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def raise_no_space(file):
    raise OSError(28, "No space left on device")


def test_run_whose_activity_was_not_counted_needs_none(tmp_path):
    ledger, record = Ledger(tiny.experiment(activity=False), tmp_path), tiny.record(0)
    for name in ("dead", "own", "others"):
        del record["history"][name]
    ledger.append(record)
    assert ledger.read().keys() == {0}


@pytest.mark.parametrize("steps, fits", [(2, True), (1, False), (0, False)])
def test_counts_within_the_first_epoch_are_those_of_its_steps(tmp_path, steps, fits):
    ledger, record = Ledger(tiny.experiment(activity_at=(1, 5)), tmp_path), tiny.record(0)
    if steps:
        within = {"dead": [[1]], "own": [[0.5] * 10], "others": [[0.25] * 10]}
        record["within"] = {name: value * steps for name, value in within.items()}
    ledger.append(record)
    if fits:
        runs = results.Runs(ledger.experiment, tuple(ledger.read().values()))
        assert runs.within("own").shape == (1, 2, 10)
        assert runs.within("dead").tolist() == [[[1], [1]]]
    else:
        with pytest.raises(LedgerError, match="line 1"):
            ledger.read()


@pytest.mark.parametrize("answers, fits", [(50, True), (100, False)])
def test_run_with_images_held_out_answers_those(tmp_path, answers, fits):
    ledger = Ledger(tiny.experiment(validation=50), tmp_path)
    ledger.append(tiny.record(0) | {"predictions": "7" * answers})
    if fits:
        assert ledger.read().keys() == {0}
    else:
        with pytest.raises(LedgerError, match="100 predictions"):
            ledger.read()


def test_outputs_come_back_to_three_digits(tmp_path):
    ledger = Ledger(tiny.experiment(outputs=True), tmp_path)
    outputs = np.random.default_rng(0).dirichlet(np.full(10, 0.1), 100)
    ledger.append(tiny.record(0) | {"outputs": results.packed(outputs)})
    runs = results.Runs(ledger.experiment, tuple(ledger.read().values()))
    assert runs.outputs.shape == (1, 100, 10)
    np.testing.assert_allclose(runs.outputs[0], outputs, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("outputs", ["", "?", results.packed(np.zeros((99, 10)))])
def test_outputs_that_are_not_whole_are_named(tmp_path, outputs):
    ledger = Ledger(tiny.experiment(outputs=True), tmp_path)
    ledger.append(tiny.record(0) | {"outputs": outputs})
    with pytest.raises(LedgerError, match="line 1"):
        ledger.read()
