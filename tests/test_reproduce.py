"""The page *Make it again*: the Python that it shows runs."""

import re

from conftest import ROOT

from analysis.questions import EXPERIMENTS

READING, TRAINING = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "book" / "reproduce.md").read_text(), re.DOTALL | re.MULTILINE
)


def test_results_are_read_as_it_says(capsys):
    exec(READING, {})
    experiment, said = EXPERIMENTS["q02-sgd"], capsys.readouterr().out
    assert len(re.findall(r"0\.\d+", said)) == len(experiment.seeds)
    assert said.endswith(f"\n({len(experiment.seeds)}, {experiment.epochs})\n")


def test_a_network_of_ones_own_is_trained_as_it_says(mnist, engine, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    program = TRAINING.replace("epochs=5, seeds=range(4)", "epochs=1, seeds=range(2)")
    assert program != TRAINING
    exec(program, {})
    (ledger,) = tmp_path.glob("mine/*.jsonl")
    assert ledger.name == "mine.jsonl" and len(ledger.read_text().splitlines()) == 2
    assert capsys.readouterr().out.count("0.9") == 2
