"""What the machine is and can, by what Linux says of it, and that it alone decides the numbers."""

import json
import os
import re
import sys

import pytest
import tiny

from analysis.results import Ledger
from analysis.training import machine, run

XEON = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 143
model name\t: A Xeon
stepping\t: 8
flags\t\t: fpu sse2 avx2 fma {} tsc
"""
ARM = """processor\t: 0
Features\t: fp asimd {} i8mm
CPU implementer\t: 0x41
CPU variant\t: 0x1
CPU part\t: 0xd4f
CPU revision\t: 0
"""


@pytest.fixture
def says(monkeypatch, tmp_path):
    """Has Linux say something of the processor."""
    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.delenv(machine.BFLOAT16_VARIABLE, raising=False)
    machine._cpu_info.cache_clear()
    yield (tmp_path / "cpuinfo").write_text
    machine._cpu_info.cache_clear()


FROM_OUTSIDE = ("TF_", "CUDA_", "ONEDNN_", "DNNL_", "XLA_", "NVIDIA_", machine.BFLOAT16_VARIABLE)


@pytest.fixture
def environment(monkeypatch):
    """The environment, as if TensorFlow had not been imported yet; changes end with the test."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for name in [name for name in os.environ if name.startswith(FROM_OUTSIDE)]:
        del os.environ[name]
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    return os.environ


@pytest.mark.parametrize(
    "text, has",
    [
        (XEON.format("avx512_bf16"), True),
        (XEON.format("amx_bf16 amx_tile"), True),
        (XEON.format("avx2"), False),
        (XEON.format("avx512f avx512_fp16"), False),
        (ARM.format("bf16"), True),
        (ARM.format("svebf16"), False),
    ],
)
def test_a_processor_has_bfloat16_or_not(says, text, has):
    says(text)
    half = tiny.experiment(precision="mixed_bfloat16")
    assert machine.has_bfloat16() == has
    assert machine.precision(half) == ("mixed_bfloat16" if has else "float32")
    assert machine.precision(tiny.experiment()) == "float32"


@pytest.mark.parametrize("instructions", ["avx512_bf16", ""])
def test_the_environment_overrules_what_a_processor_says_of_bfloat16(says, bfloat16, instructions):
    says(XEON.format(instructions))
    assert machine.has_bfloat16() == bfloat16


def test_what_the_environment_says_of_bfloat16_must_be_yes_or_no(monkeypatch):
    monkeypatch.setenv(machine.BFLOAT16_VARIABLE, "1")
    with pytest.raises(machine.SettingError, match="REPORT_BFLOAT16 is '1': set it to yes or no"):
        machine.has_bfloat16()


def test_where_linux_says_nothing_there_is_none(says):
    assert not machine.has_bfloat16()
    assert machine.processor()
    found = machine.provenance(tiny.experiment())
    assert found["instructions"] == ""
    assert found["processor"] == machine.platform.machine()


def test_a_processor_has_its_name(says):
    says(XEON.format(""))
    assert machine.processor() == "A Xeon"
    assert machine.provenance(tiny.experiment())["machine"].startswith("A Xeon, ")


@pytest.mark.parametrize(
    "text, make, instructions",
    [
        (
            XEON.format("avx512f amx_tile avx512_bf16"),
            "vendor_id GenuineIntel, cpu family 6, model 143, stepping 8",
            "avx2 fma avx512f avx512_bf16 amx_tile",
        ),
        (
            ARM.format("sve bf16"),
            "CPU implementer 0x41, CPU part 0xd4f, CPU variant 0x1, CPU revision 0",
            "asimd sve bf16",
        ),
    ],
)
def test_provenance_names_the_make_and_the_instructions(says, text, make, instructions):
    says(text)
    found = machine.provenance(tiny.experiment())
    assert found["processor"] == f"{machine.platform.machine()}, {make}"
    assert found["instructions"] == instructions


def test_provenance_is_plain_text(says):
    assert all(isinstance(value, str) for value in machine.provenance(tiny.experiment()).values())


@pytest.mark.parametrize("has", [True, False])
def test_training_in_another_precision_is_said(says, has, tiny_file, tmp_path, monkeypatch, capsys):
    says(XEON.format("avx512_bf16" if has else ""))
    monkeypatch.setattr(run, "train", lambda *given: iter(()))
    run.bring_up_to_date(tiny.experiment(precision="mixed_bfloat16"), tmp_path)
    assert ("q00-tiny: this processor has no bfloat16" in capsys.readouterr().err) != has


TRAIN = """
import sys
from pathlib import Path
import tiny
from analysis.training import run
tiny.register()
experiment = tiny.experiment(precision="mixed_bfloat16", seeds=(0,))
run.bring_up_to_date(experiment, Path(sys.argv[1]))
"""


def test_results_record_the_precision_that_a_worker_trained_in(start, bfloat16, tmp_path):
    process = start("-c", TRAIN, tmp_path / "results", stub=False)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert ("this processor has no bfloat16" in said) != bfloat16
    ledger = Ledger(tiny.experiment(precision="mixed_bfloat16", seeds=(0,)), tmp_path / "results")
    provenance = ledger.read()[0]["provenance"]
    assert provenance["precision"] == ("mixed_bfloat16" if bfloat16 else "float32")
    assert "TF_NUM_INTRAOP_THREADS=1" in provenance["environment"]


# What is settled before TensorFlow is imported ----------------------------------------------


def test_settings_that_change_numbers_unseen_are_settled(environment):
    environment |= {
        "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTRAOP_THREADS": "8",
    }
    machine.settle()
    assert "ONEDNN_DEFAULT_FPMATH_MODE" not in environment
    assert environment["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert environment["TF_NUM_INTRAOP_THREADS"] == environment["TF_NUM_INTEROP_THREADS"] == "1"


def test_all_threads_are_left_to_a_process_that_has_the_machine_to_itself(environment):
    machine.settle(one_thread=False)
    assert "TF_NUM_INTRAOP_THREADS" not in environment


def test_what_is_meant_to_change_numbers_is_left_and_recorded(environment):
    environment |= {"ONEDNN_MAX_CPU_ISA": "AVX2", "NVIDIA_TF32_OVERRIDE": "1"}
    machine.settle()
    recorded = machine.provenance(tiny.experiment())["environment"].split()
    assert {
        "ONEDNN_MAX_CPU_ISA=AVX2",
        "NVIDIA_TF32_OVERRIDE=1",
        "TF_ENABLE_ONEDNN_OPTS=1",
    } <= set(recorded)


@pytest.mark.parametrize("part", ["spec.py", "training/engine.py"])
def test_other_code_of_this_project_is_other_software(tmp_path, monkeypatch, part):
    package = tmp_path / "analysis"
    (package / "training").mkdir(parents=True)
    for name in ("spec.py", "training/engine.py", "training/machine.py"):
        (package / name).write_text("before")
    monkeypatch.setattr(machine, "__file__", str(package / "training" / "machine.py"))
    before = machine.software()
    assert machine.software() == before
    (package / part).write_text("after")
    assert {name for name, value in machine.software().items() if value != before[name]} == {
        "this project's code"
    }


def test_beside_a_time_stands_what_someone_chose_and_not_what_always_holds(environment):
    machine.settle()
    assert machine.timed_on()["settings"] == ""
    environment |= {"XLA_FLAGS": "--xla_cpu_max_isa=AVX2", machine.BFLOAT16_VARIABLE: "no"}
    settings = f"{machine.BFLOAT16_VARIABLE}=no XLA_FLAGS=--xla_cpu_max_isa=AVX2"
    assert machine.timed_on()["settings"] == settings


@pytest.mark.parametrize("named", [None, "", "-1", "0"])
def test_a_gpu_is_used_only_where_it_is_asked_for(environment, named):
    if named is not None:
        environment["CUDA_VISIBLE_DEVICES"] = named
    machine.settle()
    if named == "0":
        assert "TF_ENABLED_DEVICE_TYPES" not in environment
        assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    else:
        assert environment["TF_ENABLED_DEVICE_TYPES"] == "CPU"


def test_settling_twice_is_settling_once_and_settling_late_is_refused(environment, monkeypatch):
    machine.settle()
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    machine.settle()
    environment |= {"TF_NUM_INTRAOP_THREADS": "2", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2"}
    with pytest.raises(
        RuntimeError, match="before TF_NUM_INTRAOP_THREADS, TF_XLA_FLAGS could be settled"
    ):
        machine.settle()


# Of outputs with ReLU, which are often 0: Keras holds them off it by its epsilon.
ENTROPY = {"loss": "cross_entropy"}
HISTORY = """
import json
import tiny
from test_machine import ENTROPY
from analysis.training import workers
tiny.register()
train = workers.engine_on_one_thread()
print("\\n" + json.dumps(train(tiny.experiment(**ENTROPY), tiny.DATA, [0])[0]["history"]))
"""


def test_neither_environment_nor_keras_settings_at_home_change_a_number(
    start, engine, tmp_path, monkeypatch
):
    settings = {"floatx": "float64", "epsilon": 0.1, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings | {"backend": "jax"}))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("ONEDNN_DEFAULT_FPMATH_MODE", "ANY")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "2")
    monkeypatch.delenv("TF_ENABLED_DEVICE_TYPES")
    process = start("-c", HISTORY, stub=False)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert not re.search(r"^[IE]\d{4} |InitializeLog", said, re.MULTILINE), said
    expected = engine.train(tiny.experiment(**ENTROPY), tiny.DATA, [0])[0]["history"]
    assert json.loads(said.splitlines()[-1]) == expected
