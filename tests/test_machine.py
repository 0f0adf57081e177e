"""What the machine is and can, by what Linux says of its processor."""

import pytest
import tiny

from analysis.training import machine, run

XEON = "processor\t: 0\nmodel name\t: A Xeon\nflags\t\t: fpu sse2 {} tsc\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {} i8mm\n"


@pytest.fixture
def says(monkeypatch, tmp_path):
    """Has Linux say something of the processor."""
    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "cpuinfo")
    machine.has_bfloat16.cache_clear()
    yield (tmp_path / "cpuinfo").write_text
    machine.has_bfloat16.cache_clear()


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


def test_where_linux_says_nothing_there_is_none(says):
    assert not machine.has_bfloat16()
    assert machine.processor()


def test_a_processor_has_its_name(says):
    says(XEON.format(""))
    assert machine.processor() == "A Xeon"
    assert machine.provenance(tiny.experiment())["machine"].startswith("A Xeon, ")


@pytest.mark.parametrize("has", [True, False])
def test_training_in_another_precision_is_said(says, has, tiny_file, tmp_path, monkeypatch, capsys):
    says(XEON.format("avx512_bf16" if has else ""))
    monkeypatch.setattr(run, "_train", lambda *given: iter(()))
    run.bring_up_to_date(tiny.experiment(precision="mixed_bfloat16"), tmp_path)
    assert ("q00-tiny: this processor has no bfloat16" in capsys.readouterr().err) != has
