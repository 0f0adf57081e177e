"""Gathers out of the ledgers the numbers, tables and claims that the book shows."""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import numpy as np

from analysis import forms, prescribed, speed, words
from analysis.datasets import DATASETS
from analysis.figures import BOOK, data_file
from analysis.files import write_whole
from analysis.loaded import Results
from analysis.naming import ClaimError, naming
from analysis.questions import QUESTIONS
from analysis.spec import Experiment

NUMBERS = BOOK / "numbers.json"


def write_numbers(results: Results) -> None:
    """Write all numbers and claims.

    Raises
    ------
    ClaimError
        If a claim does not hold; the file is written all the same, for whoever looks for why.
        If something cannot be computed; the file stays as it was.
    """
    content = collect(results)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(NUMBERS, text.encode() + b"\n")
    failed = [
        f"analysis/questions/{page}.py, Claim({claim['name']!r}, …): {claim['sentence']} (needed: "
        f"{claim['needed']}; measured: {claim['measured']})"
        for page, claims in content["claims"].items()
        for claim in claims
        if not claim["holds"]
    ]
    if failed:
        raise ClaimError(
            "the results do not bear out what these claims say. Restate each, or take it out, here "
            "and where its page in book/ cites it:\n  " + "\n  ".join(failed)
        )


def collect(results: Results) -> dict:
    """All that pages take from results, ready for JSON.

    ``numbers``, ``tables`` and ``figures`` by name, ``claims`` and ``experiments`` by page.

    Raises
    ------
    ClaimError
        If a question's numbers, tables or claims cannot be computed from the results.
    """
    content = {"numbers": {}, "tables": {}, "figures": {}, "claims": {}, "experiments": {}}
    for page, module in QUESTIONS.items():
        numbers, tables, claims = (
            _computed(page, part, results) for part in ("numbers", "tables", "claims")
        )
        for name, value in numbers.items():
            content["numbers"][f"{page}.{name}"] = _json_ready(page, name, value)
        for name, rows in tables.items():
            content["tables"][f"{page}-{name}"] = _table(rows)
        for name, function in module.FIGURES.items():
            content["figures"][name] = _origin(name, function)
        content["claims"][page] = [claim.described() for claim in claims]
        content["experiments"][page] = described(module, results)
    content["numbers"] |= {f"report.{name}": n for name, n in _whole_report(content).items()}
    content["tables"] |= _reproduction(content)
    content["numbers"] |= {f"speed.{name}": value for name, value in results.speed.items()}
    for name, values in (
        ("profile", speed.numbers(results.profile)),
        ("prescribed", prescribed.numbers(results.prescribed[0])),
    ):
        content["numbers"] |= {f"{name}.{key}": value for key, value in values.items()}
    content["tables"]["speed-prescribed"] = _table(prescribed.table(results.prescribed[0]))
    content["tables"]["speed-machines"] = _table(prescribed.by_machine(results.prescribed))
    for name, function in speed.FIGURES.items():
        content["figures"][name] = _origin(name, function)
    return content


def _computed(page: str, part: str, results: Results):
    module = QUESTIONS[page]
    with naming(module.__file__, f"analysis/questions/{page}.py", part):
        return getattr(module, part)(results)


def _table(rows: list[list[str]]) -> dict:
    header, *others = rows
    return {"header": header, "rows": others}


def _origin(name: str, function: Callable) -> dict:
    """Where a figure's data are, and the lines that draw it."""
    code = function.__code__
    file = Path(code.co_filename).relative_to(BOOK.parent)
    return {
        "data": data_file(name).relative_to(BOOK).as_posix(),
        "source": f"{file.as_posix()}#L{code.co_firstlineno}",
    }


def described(module: ModuleType, results: Results) -> list[dict]:
    """A question's experiments, each but the first beside the one that it changes.

    Where the question does not say which that is, the one before that is most like it.
    """
    bases, found = getattr(module, "BASES", {}), []
    for place, experiment in enumerate(module.EXPERIMENTS):
        told = describe(experiment, results)
        if place:
            before = module.EXPERIMENTS[:place]
            base = bases.get(experiment) or words.nearest(experiment, before)
            told |= {"base": base.name, "changes": words.changes(experiment, base)}
        found.append(told)
    return found


def describe(experiment: Experiment, results: Results) -> dict:
    """An experiment as the page's table of how it was made shows it."""
    runs = results[experiment]
    provenances = [record["provenance"] for record in runs.records]
    return {
        "name": experiment.name,
        "settings": words.settings(experiment),
        "runs": len(runs),
        "diverged": int(np.isnan(runs.final("loss")).sum()),
        "seconds": runs.seconds,
        "key": experiment.key,
        "ledger": f"results/{experiment.name}.jsonl",
        "versions": _all(f"TensorFlow {p['tensorflow']}, Keras {p['keras']}" for p in provenances),
        "machine": _all(sorted(_machine(experiment, p) for p in provenances)),
    }


def _machine(experiment: Experiment, provenance: dict) -> str:
    """The machine with its model, and the precision where it could not have the one asked for."""
    machine = provenance["machine"].replace(" 1 cores", " 1 core")  # as older lines have it
    if known := prescribed.family_and_model(provenance.get("processor", "")):
        made = " (family {}, model {})".format(*known)
        machine = re.sub(r"(?=, \d+ cores?$)", made, machine)
    precision = provenance.get("precision", experiment.precision)
    other = f", in {precision}" if precision != experiment.precision else ""
    return machine + other


def _all(descriptions: Iterable[str]) -> str:
    """Each description once: an experiment may have been trained on several machines."""
    return "; ".join(dict.fromkeys(descriptions))


def _described(content: dict) -> dict:
    """Each experiment's description once, by its name."""
    return {e["name"]: e for listed in content["experiments"].values() for e in listed}


def _whole_report(content: dict) -> dict:
    described = _described(content)
    return {
        "networks": sum(e["runs"] for e in described.values()),
        "experiments": len(described),
        "core_hours": math.fsum(e["seconds"] for e in described.values()) / 3600,
        "versions": _all(e["versions"] for e in described.values()),
        "machine": _all(m for e in described.values() for m in e["machine"].split("; ")),
        "claims": sum(len(claims) for claims in content["claims"].values()),
    }


def _reproduction(content: dict) -> dict:
    """What it takes to make everything again: data sets, and each experiment's trainings."""
    specs = {spec.name: spec for module in QUESTIONS.values() for spec in module.EXPERIMENTS}
    trained_on = {spec.dataset for spec in specs.values()}
    return {
        "report-data": {
            "header": ["data set", "training images", "test images", "SHA-256"],
            "rows": [
                [
                    source.title,
                    *(f"{source.shapes[labels][0]:,}" for labels in ("y_train", "y_test")),
                    " ".join(textwrap.wrap(source.digest, 16)),
                ]
                for name, source in DATASETS.items()
                if name in trained_on
            ],
        },
        "report-experiments": {
            "header": ["experiment", "networks", "seeds", "epochs", "core hours", "key"],
            "rows": [
                [
                    name,
                    f"{e['runs']:,}",
                    forms.seeds(specs[name].seeds),
                    f"{specs[name].epochs}",
                    f"{e['seconds'] / 3600:.2f}",
                    e["key"][:10],
                ]
                for name, e in sorted(_described(content).items())
            ],
        },
    }


def _json_ready(page: str, name: str, value):
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        raise ClaimError(
            f"analysis/questions/{page}.py, {name!r} in numbers(): it is {value}, which no page "
            "can cite. If the results have nothing to count there, take it out here and where its "
            "page in book/ cites it"
        )
    return value
