"""The machine that trains: what it is and can, and what of it decides the numbers."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import joblib

from analysis.spec import Experiment

_CPU_INFO = Path("/proc/cpuinfo")

#: Says "yes" or "no" in place of the processor. TensorFlow computes with bfloat16 also where
#: there are no instructions for it, slowly; results are alike, not the same.
BFLOAT16_VARIABLE = "REPORT_BFLOAT16"

#: Instructions that kernels are chosen by, and so the order and rounding of sums.
_INSTRUCTIONS = (
    *("avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_bf16", "asimd", "asimdhp", "sve", "sve2", "bf16"),
)

#: What Linux says of a processor's make: an x86 one's first, then an ARM one's.
_MAKE = (
    *("vendor_id", "cpu family", "model", "stepping"),
    *("CPU implementer", "CPU part", "CPU variant", "CPU revision"),
)

#: In the environment of every training process.
_SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    "TF_ENABLE_ONEDNN_OPTS": "1",  # by itself TensorFlow uses oneDNN on some processors only
}

#: One process a core is two to three times faster than threads, and sums are then always
#: taken in the same order.
_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

#: Taken out of it: each changes numbers without a word.
_UNWANTED = (
    "ONEDNN_DEFAULT_FPMATH_MODE",  # oneDNN may compute float32 in bfloat16,
    "DNNL_DEFAULT_FPMATH_MODE",  # the same by its old name,
    "TF_SET_ONEDNN_FPMATH_MODE",  # and asked for by TensorFlow
    "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS",  # kernels are prepared once, as if nothing were trained
    "TF_ENABLE_ZENDNN_OPTS",  # AMD's kernels in place of oneDNN's
    "TF_USE_DEEP_CONV2D",  # another algorithm for some convolutions
    "TF_XLA_FLAGS",  # --tf_xla_auto_jit has XLA compile, and so reorder, what nobody asked for
    "KERAS_USE_BACKEND_AGNOSTIC_OPS",  # Keras's own operations in place of TensorFlow's
    "KERAS_MAX_EPOCHS",  # model.fit ends early
    "KERAS_MAX_STEPS_PER_EPOCH",
)

#: What else decides numbers, and is for the user to choose.
_CHOSEN = (
    BFLOAT16_VARIABLE,
    "ONEDNN_MAX_CPU_ISA",  # oneDNN leaves newer instructions unused
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_CPU_ISA_HINTS",  # it prefers shorter vectors
    "XLA_FLAGS",  # the like for XLA: --xla_cpu_max_isa, --xla_cpu_enable_fast_math and others
    "TF_DETERMINISTIC_OPS",  # other kernels on a GPU
    "NVIDIA_TF32_OVERRIDE",  # products of float32 on a GPU in 19 bits, or not
    "CUDA_VISIBLE_DEVICES",  # the GPU that was asked for
)

#: Recorded with each result where they are set.
_RECORDED = (*_SETTINGS, *_ONE_THREAD, *_CHOSEN)


class SettingError(ValueError):
    """A variable of the environment that is not understood; the message says what to do."""


#: What TensorFlow prints on starting whatever it is told (its issue 100442): lines of the level
#: INFO, and the remark that they are printed.
_NOTE = re.compile(rb"I\d{4} |WARNING: All log messages before absl::InitializeLog\(\) is called")


def settle(one_thread: bool = True) -> None:
    """Settle, before TensorFlow is imported, what would change its numbers from outside.

    A GPU is left alone unless ``CUDA_VISIBLE_DEVICES`` names one: each of several processes
    would take all of its memory. What is set for the process goes to its children, too.

    Parameters
    ----------
    one_thread : bool
        Whether this process is one of several that train side by side.

    Raises
    ------
    RuntimeError
        If TensorFlow has been imported and read another environment.
    """
    wanted = _SETTINGS | (_ONE_THREAD if one_thread else {})
    if os.environ.get("CUDA_VISIBLE_DEVICES", "-1") in ("", "-1"):
        # With no GPU visible, TensorFlow would still look for one, and report as an error
        # that it has found none.
        wanted["TF_ENABLED_DEVICE_TYPES"] = "CPU"
    else:
        wanted["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    unwanted = [name for name in _UNWANTED if name in os.environ]
    changed = [name for name, value in wanted.items() if os.environ.get(name) != value]
    if "tensorflow" in sys.modules and (changed or unwanted):
        raise RuntimeError(
            f"TensorFlow was imported before {', '.join(changed + unwanted)} could be settled; "
            "call machine.settle() earlier"
        )
    os.environ.update(wanted)
    for name in unwanted:
        del os.environ[name]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only


def import_tensorflow(one_thread: bool = True) -> None:
    """Import TensorFlow and Keras, their settings settled, without what they note on starting.

    Errors and warnings of the import are printed after it.

    Parameters
    ----------
    one_thread : bool
        As for `settle`.
    """
    settle(one_thread)
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            import keras
            import tensorflow as tf
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            for line in said:
                if not _NOTE.match(line):
                    os.write(2, line)
    # It warns that the loop is traced anew for each group, which is so and takes a second.
    tf.get_logger().setLevel("ERROR")
    # Keras's file of settings in the user's home (``keras.json``) changes these.
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def provenance(experiment: Experiment) -> dict[str, str]:
    """Versions, machine and precision: recorded with each result, no part of its key."""
    cores = joblib.cpu_count()
    return {
        "python": platform.python_version(),
        **_versions(),
        "machine": f"{processor()}, {cores} core{'s' * (cores > 1)}",
        "processor": _make(),
        "instructions": _instructions(),
        "precision": precision(experiment),
        "environment": _environment(_RECORDED),
    }


def timed_on() -> dict[str, str]:
    """What is kept beside a measured time: the processor, what it can, settings, and versions.

    Here ``processor`` is the name that readers know, and ``make`` what `provenance` calls so.
    Settings are those that someone chose, such as to leave instructions unused.
    """
    return {
        "processor": processor(),
        "make": _make(),
        "instructions": _instructions(),
        "settings": _environment(_CHOSEN),
        **_versions(),
    }


def software() -> dict[str, str]:
    """Versions of what trains: of the libraries, and a digest of this project's own code."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted([*package.glob("*.py"), *package.glob("training/*.py")]):
        digest.update(path.name.encode() + path.read_bytes())
    return _versions() | {"this project's code": digest.hexdigest()[:12]}


def _environment(names: Iterable[str]) -> str:
    """Those of these environment variables that are set."""
    return " ".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("tensorflow", "keras", "numpy")}


def precision(experiment: Experiment) -> str:
    """The experiment's precision, or float32 where the processor has no bfloat16."""
    return experiment.precision if has_bfloat16() else "float32"


def has_bfloat16() -> bool:
    """Whether the processor has instructions for products of bfloat16, by what Linux says of it.

    Without them each number is converted and products are slower than of float32. The
    environment variable `BFLOAT16_VARIABLE` overrules Linux.

    Raises
    ------
    SettingError
        If that is neither "yes" nor "no".
    """
    said = os.environ.get(BFLOAT16_VARIABLE)
    if said is None:
        return any(map(_has, ("avx512_bf16", "amx_bf16", "bf16")))
    if said not in ("yes", "no"):
        raise SettingError(
            f"{BFLOAT16_VARIABLE} is {said!r}: set it to yes or no, or unset it to ask "
            "the processor"
        )
    return said == "yes"


def processor() -> str:
    """The processor's name as the system gives it."""
    return _cpu_said("model name") or platform.processor() or platform.machine()


def _make() -> str:
    """The architecture and, where Linux tells, the processor's maker, model and revision."""
    told = [f"{name} {_cpu_said(name)}" for name in _MAKE if _cpu_said(name)]
    return ", ".join([platform.machine(), *told])


def _instructions() -> str:
    return " ".join(name for name in _INSTRUCTIONS if _has(name))


def _has(instructions: str) -> bool:
    words = _cpu_said("flags") or _cpu_said("Features")
    return instructions in words.split()


def _cpu_said(name: str) -> str:
    """What Linux says under this name of the first processor; nothing on other systems."""
    found = re.search(rf"^{name}[ \t]*:[ \t]*(.*)$", _cpu_info(), re.MULTILINE)
    return found[1] if found else ""


@cache
def _cpu_info() -> str:
    try:
        return _CPU_INFO.read_text(encoding="utf-8")
    except OSError:  # no Linux
        return ""
