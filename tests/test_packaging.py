"""What to install and to run: pyproject.toml, constraints.txt, commands and workflow agree."""

import json
import re
import tomllib

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from analysis import results

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ALLOWED = SpecifierSet(PROJECT["requires-python"])
PYTHONS = list(ALLOWED.filter(f"3.{minor}" for minor in range(30)))
ASKED_FOR = [
    Requirement(line)
    for lines in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for line in lines
    if Requirement(line).name != PROJECT["name"]  # an extra that includes another
]


@pytest.fixture(scope="module")
def pins():
    """What constraints.txt asks for, line by line."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def pinned(pins, name, python):
    """The one version of a package that constraints.txt has for a Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.9"}
    versions = [
        str(pin.specifier).removeprefix("==")
        for pin in pins
        if canonicalize_name(pin.name) == canonicalize_name(name)
        and (pin.marker is None or pin.marker.evaluate(environment))
    ]
    assert len(versions) == 1, f"{name} for Python {python} in constraints.txt: {versions}"
    return versions[0]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("asked", ASKED_FOR, ids=lambda asked: asked.name)
def test_what_is_asked_for_is_pinned_within_its_range(pins, asked, python):
    version = pinned(pins, asked.name, python)
    assert asked.specifier.contains(version), f"pinned at {version}; its head says how to renew"


def test_each_constraint_is_one_version_and_no_address(pins):
    for pin in pins:
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin


@pytest.mark.parametrize("name", ["tensorflow", "keras", "numpy"])
def test_pinned_are_versions_that_networks_were_trained_with(pins, name):
    trained_with = {
        json.loads(ledger.read_text().splitlines()[0])["provenance"][name]
        for ledger in results.FOLDER.glob("*.jsonl")
    }
    assert {pinned(pins, name, python) for python in PYTHONS} <= trained_with


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", "book/reproduce.md", ".ci/run"])
def test_every_command_that_installs_takes_the_pinned_versions(file):
    commands = re.findall(r"pip install .*", (ROOT / file).read_text())
    assert commands
    for command in commands:
        assert re.search(r" -c constraints\.txt -e ('\.\[\w+\]'|\.)", command), command


def test_the_workflow_tests_the_oldest_and_the_newest_python():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "report.yml").read_text())
    tested = workflow["jobs"]["report"]["strategy"]["matrix"]["python"]
    assert tested == [PYTHONS[0], PYTHONS[-1]]


def test_a_commit_is_looked_over_by_what_is_installed_and_as_everything_is():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}, "any other language downloads"
    checks = re.findall(r"^ +(ruff .*)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    # The hook also mends what it finds.
    assert [hook["entry"] for hook in hooks] == [c.removesuffix(" --check") for c in checks]
