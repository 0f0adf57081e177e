"""Sums, by kind, the time that operations took in a trace of TensorFlow's profiler.

A trace is an ``XSpace``: for each thread its events, which lie one within another. An operation's
event is named ``path:type``, and a compiled function's loops say which module they are of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

#: Picoseconds, in which events are timed, in a second.
_SECOND = 10**12

#: The type that stands for the compiled functions, which XLA has made one operation of.
COMPILED = "XLA"

OTHER = "other"

#: Kinds by an operation's type, and else by the first part of its path that is not the loop's.
_BY_TYPE = {
    r"(Fused)?Conv2D": "convolution",
    r"Conv2DBackpropInput": "input_gradient",
    r"Conv2DBackpropFilter(WithBias)?": "kernel_gradient",
}
_BY_SCOPE = {
    r"sgd|adam": "optimizer",
    r"max_pooling2d|_first_largest|_spread": "pooling",
    r"dense|conv2d": "activation",
    r"mean_squared_error|sparse_categorical_crossentropy": "loss",
    r"GatherV2": "images",
}
#: Likewise, of paths in which a number behind the name tells one use from another.
_BY_EXACT_SCOPE = {
    r"Cast|truediv": "images",
    r"ArgMax|Equal|Cast_1|Sum": "loss",
}

KINDS = (*_BY_TYPE.values(), "products", *dict.fromkeys(_BY_SCOPE.values()), OTHER)

#: What lies around an operation in a path: the loop over steps, and that over networks.
_LOOPS = r"while|body|_\d+|gradient_tape|loop_body"


def kind(operation: str) -> str:
    """What an operation, ``path:type``, does for a step: one of `KINDS`.

    A matrix product is one together with the transposes around it; ``activation`` is what else a
    layer with weights does, so the bias, its ReLU or softmax, and their gradients. oneDNN's
    forward convolution and kernel's gradient have the bias, and the first the ReLU, within them.
    """
    path, _, name = operation.rpartition(":")
    name = re.sub("^_(Mkl)?(Native)?", "", name)
    parts = [part for part in path.split("/") if not re.fullmatch(_LOOPS, part)]
    scope = parts[0] if parts else ""
    for pattern, found in _BY_TYPE.items():
        if re.fullmatch(pattern, name):
            return found
    for pattern, found in _BY_EXACT_SCOPE.items():
        if re.fullmatch(pattern, scope):
            return found
    for pattern, found in _BY_SCOPE.items():
        if re.fullmatch(rf"({pattern})(_\d+)*", scope):
            product = found == "activation" and any(p.startswith("MatMul") for p in parts)
            return "products" if product else found
    return OTHER


def by_kind(operations: Mapping[str, float]) -> dict[str, float]:
    """Seconds of operations summed, for each of `KINDS`."""
    found = dict.fromkeys(KINDS, 0.0)
    for operation, seconds in operations.items():
        found[kind(operation)] += seconds
    return found


def operations(space) -> dict[str, float]:
    """Seconds that each operation took by itself, without those within it; longest first.

    What the executor takes for itself belongs to none, and is left out.

    Parameters
    ----------
    space : XSpace
    """
    found = Counter()
    for plane in space.planes:
        if plane.name.startswith("/host:"):
            for line in plane.lines:
                for event in _nested(plane, line):
                    if event.operation:
                        found[event.operation] += event.own
    return {operation: time / _SECOND for operation, time in found.most_common()}


@dataclass
class _Event:
    """An event of a thread: its end and what it took by itself, in picoseconds."""

    name: str
    operation: str | None
    end: int
    own: int


def _nested(plane, line) -> list[_Event]:
    """A thread's events, each with the time in which it had no other within it."""
    found, around = [], []
    for event in sorted(line.events, key=lambda event: (event.offset_ps, -event.duration_ps)):
        while around and around[-1].end <= event.offset_ps:
            around.pop()
        name = plane.event_metadata[event.metadata_id].name
        end = event.offset_ps + event.duration_ps
        this = _Event(name, _operation(plane, event, name), end, event.duration_ps)
        if around:
            around[-1].own -= this.own
        if this.operation and this.operation.endswith(f":{COMPILED}"):
            _belongs_to(this.operation, around)
        found.append(this)
        around.append(this)
    return found


def _belongs_to(compiled: str, around: list[_Event]) -> None:
    """Count calling a compiled function as its own: what lies between it and the executor."""
    for event in reversed(around):
        if event.operation or event.name == "ExecutorState::Process":
            return
        event.operation = compiled


def _operation(plane, event, name: str) -> str | None:
    """``path:type`` of an operation's event, or the function's name of a compiled loop."""
    if re.fullmatch(r"[^:]+:\w+", name):
        return name
    for stat in event.stats:
        if plane.stat_metadata[stat.metadata_id].name == "hlo_module":
            module = stat.str_value or plane.stat_metadata[stat.ref_value].name
            function = re.sub(r"^a_inference_|_\d+__\.\d+$", "", module)
            return f"{function}:{COMPILED}"
    return None
