"""What a trace says of a step: times without those within, and what each operation is for."""

import pytest

from analysis.training import trace

LOOP = "while/body/_1/while"
BACK = "while/body/_1/gradient_tape/while"


def traced(*events, plane="/host:CPU"):
    """A trace of one thread: of each event its name, start and end in seconds, and its module."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    found = space.planes.add(name=plane)
    found.stat_metadata[1].name = "hlo_module"
    line = found.lines.add()
    for number, (name, start, end, *module) in enumerate(events, start=1):
        found.event_metadata[number].name = name
        event = line.events.add(metadata_id=number)
        event.offset_ps = round(start * 1e12)
        event.duration_ps = round((end - start) * 1e12)
        for said in module:
            found.stat_metadata[2].name = said
            event.stats.add(metadata_id=1, ref_value=2)
    return space


def test_an_operation_takes_what_those_within_it_do_not():
    space = traced(
        ("outer:While", 0, 10),
        ("first:Mul", 1, 3),
        ("second:Add", 3, 7),
        ("innermost:Sub", 4, 5),
        ("next:Mul", 10, 12),
    )
    assert trace.operations(space) == pytest.approx(
        {"outer:While": 4, "second:Add": 3, "first:Mul": 2, "next:Mul": 2, "innermost:Sub": 1}
    )


def test_each_time_that_an_operation_runs_counts_whatever_the_order_of_events():
    space = traced(("again:Mul", 6, 7), ("a:Add", 0, 3), ("again:Mul", 1, 3))
    assert trace.operations(space) == pytest.approx({"again:Mul": 3, "a:Add": 1})


def test_what_the_executor_takes_for_itself_belongs_to_no_operation():
    space = traced(
        ("ExecutorState::Process", 0, 9), ("a:Add", 2, 5), ("EagerLocalExecute: step", 20, 30)
    )
    assert trace.operations(space) == {"a:Add": 3}


def test_only_the_hosts_threads_count():
    assert trace.operations(traced(("a:Add", 0, 1), plane="/device:GPU:0")) == {}


def test_a_compiled_functions_loops_and_its_call_are_one_operation():
    module = "a_inference__spread_703__.1"
    space = traced(
        ("a:Add", 0, 20),
        ("ExecutorState::Process", 1, 19),
        ("ExecutorState::ProcessAsync::Start", 2, 10),
        ("CpuExecutable::ExecuteAsyncOnStream", 3, 9),
        ("select_fusion", 4, 6, module),
        ("pad_fusion", 6, 8, module),
    )
    assert trace.operations(space) == {"_spread:XLA": 8, "a:Add": 2}


@pytest.mark.parametrize(
    "operation, kind",
    [
        (f"{LOOP}/conv2d_1_2/Relu:_MklNativeFusedConv2D", "convolution"),
        (f"{LOOP}/conv2d/convolution:_MklNativeConv2D", "convolution"),
        (f"{LOOP}/conv2d/convolution:Conv2D", "convolution"),
        (
            f"{BACK}/conv2d_2_1/convolution/Conv2DBackpropInput:_MklNativeConv2DBackpropInput",
            "input_gradient",
        ),
        (
            f"{BACK}/conv2d_1/convolution/Conv2DBackpropFilter"
            ":_MklNativeConv2DBackpropFilterWithBias",
            "kernel_gradient",
        ),
        (f"{LOOP}/loop_body/dense_1/MatMul/pfor/MatMul:_MklBatchMatMulV2", "products"),
        (f"{BACK}/loop_body/dense_1/MatMul_1/pfor/transpose_1:_MklTranspose", "products"),
        (f"{BACK}/dense_1_2/MatMul/MatMul_1:_MklMatMul", "products"),
        (f"{LOOP}/sgd/AssignSubVariableOp_2:AssignSubVariableOp", "optimizer"),
        (f"{LOOP}/adam/Cast_14:Cast", "optimizer"),
        (f"{LOOP}/max_pooling2d_1/MaxPool2d:_MklNativeMaxPool", "pooling"),
        ("_first_largest:XLA", "pooling"),
        ("_spread:XLA", "pooling"),
        (f"{LOOP}/dense_1_2/Softmax:_MklSoftmax", "activation"),
        (f"{BACK}/conv2d_1/ReluGrad:ReluGrad", "activation"),
        (f"{LOOP}/loop_body/dense_1/add/pfor/AddV2:AddV2", "activation"),
        (f"{BACK}/loop_body/mean_squared_error/Mean/pfor/GatherV2:GatherV2", "loss"),
        (f"{LOOP}/loop_body/ArgMax/pfor/ArgMax:ArgMax", "loss"),
        (f"{LOOP}/Cast_1:Cast", "loss"),
        (f"{LOOP}/Cast:Cast", "images"),
        (f"{LOOP}/loop_body/truediv/pfor/RealDiv:Mul", "images"),
        (f"{LOOP}/GatherV2_2:GatherV2", "images"),
        (f"{LOOP}/flatten_1/strided_slice:StridedSlice", "other"),
        ("while/cond/_0/while/Less:Less", "other"),
        ("strided_slice:StridedSlice", "other"),
        ("_gelu:XLA", "other"),
        (f"{LOOP}/new_layer/NewOperation:NewOperation", "other"),
    ],
)
def test_operations_are_sorted_by_what_they_do_for_a_step(operation, kind):
    assert trace.kind(operation) == kind
    assert kind in trace.KINDS


def test_kinds_add_up_to_all_operations():
    found = trace.by_kind({"adam/Mul:Mul": 2.0, "adam/Sub:Sub": 0.5, "new:New": 1.0})
    assert found == dict.fromkeys(trace.KINDS, 0) | {"optimizer": 2.5, "other": 1}
