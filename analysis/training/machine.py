"""The machine that trains: what it is, and in which precision it can."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import joblib

from analysis.spec import Experiment

_CPU_INFO = Path("/proc/cpuinfo")


def provenance(experiment: Experiment) -> dict[str, str]:
    """Versions, machine and precision: recorded with each result, no part of its key."""
    cores = joblib.cpu_count()
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("tensorflow", "keras", "numpy")},
        "machine": f"{processor()}, {cores} core{'s' * (cores > 1)}",
        "precision": precision(experiment),
    }


def precision(experiment: Experiment) -> str:
    """The experiment's precision, or float32 where the processor has no bfloat16."""
    return experiment.precision if has_bfloat16() else "float32"


@cache
def has_bfloat16() -> bool:
    """Whether the processor has instructions for products of bfloat16, by what Linux says of it.

    Without them each number is converted and products are slower than of float32.
    """
    return bool(re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", _cpu_info()))


def processor() -> str:
    """The processor's name as the system gives it."""
    name = re.search(r"^model name\s*: *(.+)$", _cpu_info(), re.MULTILINE)
    return name[1] if name else platform.processor() or platform.machine()


def _cpu_info() -> str:
    try:
        return _CPU_INFO.read_text()
    except OSError:  # no Linux
        return ""
