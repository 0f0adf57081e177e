"""Attacks the tool for as long as one likes, and prints what was tried, survived and lost.

No part of the tests, which do a little of this each time. From the repository's root:

    python tests/campaign.py --kills 1000 --flips 1000
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import tiny

from analysis import audit, datasets, scratch
from analysis.questions import EXPERIMENTS
from analysis.results import FOLDER, Ledger, LedgerError

TESTS = Path(__file__).parent
ROOT = TESTS.parent

#: Networks of the training that is killed again and again, and in a group of it.
NETWORKS, GROUP = 60, 2

#: Seconds after which what should have ended counts as hanging.
PATIENCE = 120

#: Seconds within which all processes of a stopped training are to be gone.
SOON = 5


class Campaign:
    """Where attacks count: each is tried, and then survived or something was lost."""

    def __init__(self, seed: int, minutes: float):
        self.chance = random.Random(seed)
        self.end = time.monotonic() + 60 * minutes
        self.table = defaultdict(Counter)

    def repeat(self, attack, number: int) -> None:
        """Attack so often, while there is time; ``attack`` says what of which kind came of it."""
        for _ in range(number):
            if time.monotonic() > self.end:
                return
            kind, outcome = attack()
            self.table[kind]["tried"] += 1
            self.table[kind][outcome] += 1

    def print(self) -> None:
        """One row a kind of attack, one column an outcome."""
        outcomes = sorted({name for row in self.table.values() for name in row} - {"tried"})
        width = max(map(len, self.table), default=0)
        print(f"{'':{width}}  " + "  ".join(["tried", *outcomes]))
        for kind, row in self.table.items():
            cells = [f"{row[name]:{len(name)}}" for name in ("tried", *outcomes)]
            print(f"{kind:{width}}  " + "  ".join(cells), flush=True)


# Kills ---------------------------------------------------------------------------------


class Killed:
    """A training that is started and killed until it is whole, and then compared."""

    def __init__(self, campaign: Campaign, folder: Path, stub: bool):
        self.campaign, self.folder, self.stub = campaign, folder, stub
        self.results = folder / "killed"
        self.undisturbed = self._finished(folder / "undisturbed")

    def attack(self) -> tuple[str, str]:
        """Kill a process of it at some moment."""
        chance = self.campaign.chance
        number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        whom = chance.choice(["group", "parent", "worker"])
        kind = f"{number.name} of the {whom}, {'stub' if self.stub else 'real training'}"
        process = self._start(self.results)
        before = whole_lines(self.results)
        wait_for_lines(process, self.results, len(before) + chance.randint(0, 3))
        time.sleep(chance.choice([0, 0.001, 0.01, 0.1, 1]) * chance.random())
        just_before = whole_lines(self.results)
        send(process, number, whom, chance)
        return kind, self._outcome(process, whom, just_before)

    def _outcome(self, process, whom: str, before: list[bytes]) -> str:
        if whom != "worker" and not ends(process, SOON):
            return "left a process"
        if whom == "worker" and not ends(process, PATIENCE):
            return "hung"
        now = whole_lines(self.results)
        if not set(before) <= set(now):
            return "lost a network"
        ledger = Ledger(tiny.experiment(seeds=range(NETWORKS)), self.results)
        try:
            missing = ledger.missing()
        except LedgerError:
            return "blocked"
        if missing:
            return "survived"
        same = what_counts(self.results) == self.undisturbed
        shutil.rmtree(self.results)  # whole: from the beginning
        return "survived" if same else "other numbers"

    def _start(self, folder: Path):
        path = [TESTS / "stub"] * self.stub + [TESTS, ROOT]
        return subprocess.Popen(
            [sys.executable, TESTS / "train_tiny.py", folder, str(NETWORKS), str(GROUP), "shared"],
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(map(str, path)),
                "STUB_SECONDS_AN_EPOCH": "0.01",
                "STUB_ROOM": "99",
                "STUB_WITHOUT_ROOM": "",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _finished(self, folder: Path) -> list[dict]:
        if self._start(folder).wait(PATIENCE * 3):
            sys.exit("the undisturbed training failed; run the tests first")
        return what_counts(folder)


def whole_lines(folder: Path) -> list[bytes]:
    """The ledger's lines that have an end."""
    try:
        return (folder / "q00-tiny.jsonl").read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []


def what_counts(folder: Path) -> list[dict]:
    """Lines but for the time they took, by seed."""
    lines = [json.loads(line) | {"seconds": 0, "provenance": {}} for line in whole_lines(folder)]
    return sorted(lines, key=lambda line: line["seed"])


def wait_for_lines(process, folder: Path, number: int) -> None:
    """Return as soon as the ledger has so many lines, or the process has ended."""
    while len(whole_lines(folder)) < number and process.poll() is None:
        time.sleep(0.001)


def send(process, number: int, whom: str, chance: random.Random) -> None:
    """Send a signal to the group, the parent or one of its workers, if it still lives."""
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        if whom == "group":
            os.killpg(process.pid, number)
        elif whom == "parent":
            os.kill(process.pid, number)
        else:
            workers = psutil.Process(process.pid).children()
            if workers:
                os.kill(chance.choice(workers).pid, number)


def ends(process, seconds: float) -> bool:
    """Whether all of a session's processes end in so many seconds; afterwards none is left."""
    deadline = time.monotonic() + seconds
    while (left := members(process)) and time.monotonic() < deadline:
        process.poll()  # or it would be a zombie
        time.sleep(0.02)
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
    return not left


def members(process) -> list[psutil.Process]:
    """The processes of a session, those of zombies left out."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(one.pid) == process.pid and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


# Bytes that flip -----------------------------------------------------------------------


def flip_ledgers(campaign: Campaign, folder: Path) -> tuple[str, str]:
    """Spoil a ledger of the report in one place, and see whether that is noticed."""
    chance = campaign.chance
    experiment = EXPERIMENTS[chance.choice(sorted(EXPERIMENTS))]
    ledger = Ledger(experiment, folder)
    whole = Ledger(experiment, FOLDER).path.read_bytes()
    kind, spoilt = spoil(whole, chance)
    ledger.path.write_bytes(spoilt)
    labels = audit.published_labels(experiment.dataset, FOLDER)
    findings = audit.one_ledger(experiment, labels, folder)
    ledger.path.unlink()
    if any(finding.is_fault for finding in findings):
        return f"ledger: {kind}", "noticed"
    if values(spoilt) == values(whole):
        return f"ledger: {kind}", "harmless"
    return f"ledger: {kind}", "for training to notice"


def spoil(whole: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A bit of it flipped, a byte taken for another, or its end cut off."""
    place, kind = chance.randrange(len(whole)), chance.choice(["bit", "byte", "cut"])
    if kind == "cut":
        return kind, whole[:place]
    byte = whole[place] ^ (1 << chance.randrange(8)) if kind == "bit" else chance.randrange(256)
    return kind, whole[:place] + bytes([byte]) + whole[place + 1 :]


def values(content: bytes) -> list[dict]:
    """What lines hold beside where and how long they were made."""
    lines = [json.loads(line) for line in content.splitlines()]
    return [line | {"seconds": 0, "provenance": {}} for line in lines]


def flip_data_sets(campaign: Campaign, folder: Path) -> tuple[str, str]:
    """Spoil the small data set in one place, and see whether it is taken for the published one."""
    kind, spoilt = spoil((folder / "whole.npz").read_bytes(), campaign.chance)
    (folder / "tiny.npz").write_bytes(spoilt)
    try:
        data = datasets.load("tiny")
    except datasets.DatasetError:
        return f"data set: {kind}", "noticed"
    same = all((getattr(data, name) == array).all() for name, array in vars(tiny.DATA).items())
    return f"data set: {kind}", "harmless" if same else "taken for whole"


# Disks ---------------------------------------------------------------------------------


def clone(folder: Path) -> Path:
    """What of the repository a doit needs, as it stands."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.split(b"\0")
    for name in filter(None, map(os.fsdecode, names)):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def doit(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run doit there; gives its exit status and all that it says."""
    return subprocess.run(
        [sys.executable, "-m", "doit", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=10 * PATIENCE,
    )


@contextmanager
def mounted(place: Path, *options: str):
    """Something mounted, which only root can."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", *options, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def fill_the_disk(campaign: Campaign, folder: Path) -> tuple[str, str]:
    """Train, draw or build with little room, then with enough: nothing is lost, all is said."""
    tasks = ["figures:q02", "numbers", "book"]
    if (Path(os.environ[datasets.FOLDER_VARIABLE]) / "mnist.npz").exists():
        tasks.append("train:q01-sgd")
    task = campaign.chance.choice(tasks)
    kind = f"full disk, doit {task.partition(':')[0]}"
    with mounted(folder / "disk", "-t", "tmpfs", "-o", "size=400m", "campaign") as disk:
        repository = clone(disk)
        ledger = Ledger(EXPERIMENTS["q01-sgd"], repository / "book" / "results")
        lines = ledger.path.read_bytes().splitlines(keepends=True)
        if task.startswith("train"):
            ledger.path.write_bytes(b"".join(lines[:-2]))
        elif task == "book" and doit(repository, "figures", "numbers").returncode:
            return kind, "failed before"
        room = campaign.chance.randrange(2**12, 2**15)
        with open(disk / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, shutil.disk_usage(disk).free - room)
        before = ledger.path.read_bytes()
        tight = doit(repository, "run", "--single", task)
        if not ledger.path.read_bytes().startswith(before):
            return kind, "lost a network"
        is_told = "No space left" in tight.stdout
        if task != "book":  # Jupyter Book tells it with a traceback
            is_told = is_told and "Traceback" not in tight.stdout
        if tight.returncode and not is_told:
            return kind, "said something else"
        (disk / "ballast").unlink()
        again = doit(repository, task)
        return kind, "failed afterwards" if again.returncode else "survived"


def take_the_right_to_write(campaign: Campaign, folder: Path) -> tuple[str, str]:
    """A checkout that cannot be written to says so in a sentence."""
    repository = clone(folder / "clone")
    command = campaign.chance.choice([["train"], ["figures"], ["list"]])
    with mounted(folder / "read-only", "--bind", str(repository)) as place:
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        found = doit(place, *command)
    shutil.rmtree(repository)
    said = "cannot be written to" in found.stdout and "Traceback" not in found.stdout
    return f"read-only, doit {command[0]}", "survived" if said else "said something else"


def start_two_at_once(campaign: Campaign, folder: Path) -> tuple[str, str]:
    """Two trainings into one folder: both end, each network is trained once."""
    killed = Killed.__new__(Killed)
    killed.stub, results = True, folder / "both"
    both = [killed._start(results) for _ in range(2)]
    try:
        failed = [process.wait(PATIENCE) for process in both]
    except subprocess.TimeoutExpired:
        return "two at once", "hung"
    finally:
        for process in both:
            ends(process, 0)
    whole = [line["seed"] for line in what_counts(results)] == list(range(NETWORKS))
    shutil.rmtree(results)
    return "two at once", "survived" if whole and not any(failed) else "failed"


# All -----------------------------------------------------------------------------------


def main() -> None:
    """Attack in all these ways, and print the table after each."""
    given = arguments()
    # In the background Ctrl-C is ignored, and the processes that are attacked would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tiny.register()
    campaign = Campaign(given.seed, given.minutes)
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        folder = Path(name)
        prepare_data_set(folder)
        for number, stub in ((given.kills - given.real, True), (given.real, False)):
            if number > 0:
                killed = Killed(campaign, folder / f"stub-{stub}", stub)
                campaign.repeat(killed.attack, number)
                campaign.print()
        attacks = [
            (flip_ledgers, given.flips),
            (flip_data_sets, given.flips),
            (start_two_at_once, given.disks),
        ]
        if os.geteuid() == 0:
            attacks += [(fill_the_disk, given.disks), (take_the_right_to_write, given.disks)]
        for attack, number in attacks:
            campaign.repeat(lambda attack=attack: attack(campaign, folder), number)
            campaign.print()
    print("left in shared memory:", *sorted(p.name for p in scratch.SHARED_MEMORY.glob("*")))


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="of a training at odd moments")
    parser.add_argument("--real", type=int, default=5, help="of them with TensorFlow at work")
    parser.add_argument("--flips", type=int, default=50, help="of ledgers, and of a data set")
    parser.add_argument("--disks", type=int, default=3, help="full, read-only, used by two")
    parser.add_argument("--minutes", type=float, default=60, help="after which none begins")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and places")
    return parser.parse_args()


def prepare_data_set(folder: Path) -> None:
    """Put the small data set where it is looked for, a copy beside it, and the real ones."""
    import numpy as np

    if real := os.environ.get(datasets.FOLDER_VARIABLE):
        for path in Path(real).glob("*.npz"):
            (folder / path.name).symlink_to(path)
    np.savez_compressed(folder / "tiny.npz", **vars(tiny.DATA))
    shutil.copy(folder / "tiny.npz", folder / "whole.npz")
    os.environ[datasets.FOLDER_VARIABLE] = str(folder)


if __name__ == "__main__":
    main()
