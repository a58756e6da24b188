"""Hostile ONNX files: each is written into a folder, and says what reading it has to find."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

FLOAT = TensorProto.FLOAT
Make = Callable[[Path], None]
CASES: dict[str, tuple[str, Make]] = {}
"""What a file is, with what the refusal has to say, empty where it can be read, and its writer."""


def case(name: str, says: str) -> Callable[[Callable[[], ModelProto | bytes]], None]:
    """Add a file whose bytes the decorated function makes."""

    def add(make: Callable[[], ModelProto | bytes]) -> None:
        def write(path: Path) -> None:
            made = make()
            path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())

        CASES[name] = (says, write)

    return add


def value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, FLOAT, shape)


def op(kind: str, *inputs: str, out: str = "y", **attributes: object) -> NodeProto:
    return helper.make_node(kind, list(inputs), [out], **attributes)


def claimed(name: str, *dims: int, data: bytes = b"", kind: int = FLOAT) -> TensorProto:
    """A tensor that says what it is, whatever it holds."""
    return TensorProto(name=name, dims=dims, data_type=kind, raw_data=data)


def model(
    *nodes: NodeProto, weights: tuple[TensorProto, ...] = (),
    shape: tuple[int | str, ...] = ("N", 4), opset: int = 17, out: str = "y",
) -> ModelProto:  # fmt: skip
    graph = helper.make_graph(nodes, "g", [value("x", *shape)], [value(out, "any")], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def good() -> ModelProto:
    return model(op("MatMul", "x", "w"), weights=(claimed("w", 4, 2, data=bytes(32)),))


for _cut in (0, 1, 20, 60):
    case(f"truncated-{_cut}", "truncated")(lambda cut=_cut: good().SerializeToString()[:cut])
case("noise", "not an ONNX file")(lambda: np.random.default_rng(0).bytes(4096))
case("html", "not an ONNX file")(lambda: b"<html>" * 1000)
case("zeros", "not an ONNX file")(lambda: bytes(2**20))


def outside(location: str) -> ModelProto:
    made = good()
    (weight,) = made.graph.initializer
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    return made


for _place in ("/etc/passwd", "../../secret", "link", "w.bin", "/dev/zero"):
    case(f"external-{_place}", "external files")(lambda place=_place: outside(place))


@case("external-in-a-constant", "external files")
def _() -> ModelProto:
    weight = outside("/etc/passwd").graph.initializer[0]
    return model(helper.make_node("Constant", [], ["w"], value=weight), op("MatMul", "x", "w"))


def field(number: int, data: bytes) -> bytes:
    """A field of a message as protobuf writes it."""
    size, prefix = len(data), bytes([number << 3 | 2])
    while size > 127:
        prefix += bytes([size & 127 | 128])
        size >>= 7
    return prefix + bytes([size]) + data


@case("a-million-operators", "more than 100,000 operators")
def _() -> bytes:
    made = good()
    graph = made.graph.SerializeToString()
    graph += field(1, op("Relu", "x", out="x").SerializeToString()) * 10**6
    made.ClearField("graph")
    return made.SerializeToString() + field(7, graph)


def branches(inner: GraphProto) -> ModelProto:
    truth = claimed("t", data=b"\1", kind=TensorProto.BOOL)
    return model(op("If", "t", then_branch=inner, else_branch=inner), weights=(truth,))


@case("a-million-operators-in-branches", "more than 100,000 operators")
def _() -> ModelProto:
    nodes = [op("Relu", "x", out=f"a{n}") for n in range(60_000)]
    return branches(helper.make_graph([*nodes, op("Relu", "x", out="b")], "b", [], [value("b", 1)]))


@case("branches-in-branches", "truncated")
def _() -> bytes:
    made, inner = good(), b""
    for _ in range(2_000):
        inner = field(1, field(5, field(6, inner)))
    return made.SerializeToString() + field(7, inner)


@case("functions-in-functions", "nested more than 100 deep")
def _() -> ModelProto:
    made = model(helper.make_node("F0", ["x"], ["y"], domain="d"))
    made.opset_import.append(helper.make_opsetid("d", 1))
    for n in range(300):
        inner = helper.make_node(f"F{n + 1}", ["a"], ["b"], domain="d")
        made.functions.append(helper.make_function(
            "d", f"F{n}", ["a"], ["b"], [inner if n < 299 else op("Relu", "a", out="b")],
            [helper.make_opsetid("", 17), helper.make_opsetid("d", 1)],
        ))  # fmt: skip
    return made


@case("functions-a-long-way-down", "nested more than")
def _() -> ModelProto:
    made = model(helper.make_node("F0", ["x"], ["y"], domain="d"))
    made.opset_import.append(helper.make_opsetid("d", 1))
    for n in range(20_000):
        inner = helper.make_node(f"F{n + 1}", ["a"], ["b"], domain="d")
        made.functions.append(helper.make_function(
            "d", f"F{n}", ["a"], ["b"], [inner], [helper.make_opsetid("d", 1)]))  # fmt: skip
    return made


@case("a-function-that-calls-itself", "not valid")
def _() -> ModelProto:
    made = model(helper.make_node("F", ["x"], ["y"], domain="d"))
    made.opset_import.append(helper.make_opsetid("d", 1))
    made.functions.append(helper.make_function(
        "d", "F", ["a"], ["b"], [helper.make_node("F", ["a"], ["b"], domain="d")],
        [helper.make_opsetid("d", 1)]))  # fmt: skip
    return made


@case("functions-that-double", "more than 100,000 operators")
def _() -> ModelProto:
    made = model(helper.make_node("F0", ["x"], ["y"], domain="d"))
    made.opset_import.append(helper.make_opsetid("d", 1))
    for n in range(40):
        kind = f"F{n + 1}" if n < 39 else "Relu"
        nodes = [helper.make_node(kind, ["a"], ["c"], domain="d" if n < 39 else ""),
                 helper.make_node(kind, ["c"], ["b"], domain="d" if n < 39 else "")]  # fmt: skip
        made.functions.append(helper.make_function(
            "d", f"F{n}", ["a"], ["b"], nodes,
            [helper.make_opsetid("", 17), helper.make_opsetid("d", 1)]))  # fmt: skip
    return made


for _name, _dims, _data in (
    ("huge", (2**40,), b""), ("wide", (2**31, 2**31), bytes(8)), ("short", (4, 2), bytes(28)),
    ("long", (4, 2), bytes(36)), ("negative", (-4, -2), bytes(32)), ("empty", (4, 2), b""),
    ("overflowing", (2**62, 4), bytes(16)),
):  # fmt: skip
    case(f"weights-{_name}", "weights")(
        lambda dims=_dims, data=_data: model(
            op("MatMul", "x", "w"), weights=(claimed("w", *dims, data=data),)))  # fmt: skip


@case("weights-in-a-constant", "weights")
def _() -> ModelProto:
    huge = claimed("w", 2**40)
    return model(helper.make_node("Constant", [], ["w"], value=huge), op("MatMul", "x", "w"))


@case("input-of-2-to-the-40", "larger than")
def _() -> ModelProto:
    return model(op("Relu", "x"), shape=("N", 2**40))


@case("tensor-of-2-to-the-40", "larger than")
def _() -> ModelProto:
    shape = claimed("s", 3, data=np.array([1, 2**20, 2**20]).tobytes(), kind=TensorProto.INT64)
    return model(op("Expand", "x", "s"), weights=(shape,), shape=("N", 1))


@case("tensor-of-2-to-the-120", "larger than")
def _() -> ModelProto:
    many = claimed("s", 2, data=np.array([2**60, 2**60]).tobytes(), kind=TensorProto.INT64)
    return model(op("Tile", "x", "s"), weights=(many,))


@case("many-live-tensors", "")
def _() -> ModelProto:
    nodes = [op("Relu", "x", out=f"t{n}") for n in range(10_000)]
    return model(*nodes, op("Sum", *[f"t{n}" for n in range(10_000)]))


@case("many-outputs-of-one-operator", "")
def _() -> ModelProto:
    parts = [f"t{n}" for n in range(20_000)]
    return model(helper.make_node("Split", ["x"], parts, axis=1), op("Relu", "t7"),
                 shape=("N", 20_000))  # fmt: skip


case("unknown-operator", "not valid")(lambda: model(op("Frobnicate", "x")))
case("unknown-opset", "its opset is not known")(lambda: model(op("Relu", "x"), opset=9_999))
case("opset-zero", "not valid")(lambda: model(op("Relu", "x"), opset=0))


@case("unknown-domain", "")
def _() -> ModelProto:
    made = model(helper.make_node("Magic", ["x"], ["y"], domain="com.\x1b[2J"))
    made.opset_import.append(helper.make_opsetid("com.\x1b[2J", 1))
    return made


@case("future-format", "not valid")
def _() -> ModelProto:
    made = good()
    made.ir_version = 10**6
    return made


case("sizes-of-zero", "size 0")(lambda: model(op("Relu", "x"), shape=("N", 0)))
case("a-batch-of-zero", "its input `x` takes 0 samples")(
    lambda: model(op("Relu", "x"), shape=(0, 4)))  # fmt: skip
case("weights-of-size-zero", "its output `y` has a dimension of size 0")(
    lambda: model(op("MatMul", "x", "w"), weights=(claimed("w", 4, 0),)))  # fmt: skip
case("a-tensor-of-size-zero", "its tensor `w` has a dimension of size 0")(
    lambda: model(op("MatMul", "x", "w", out="z"), op("ReduceMean", "z", axes=[1]),
                  weights=(claimed("w", 4, 0),)))  # fmt: skip
case("an-empty-list-of-regions", "")(
    lambda: model(op("Resize", "x", "roi", "by"), shape=("N", 1, 4), weights=(
        claimed("roi", 0), claimed("by", 3, data=np.float32([1, 1, 2]).tobytes()))))  # fmt: skip


def weighed(first: float, kind: str) -> ModelProto:
    """A product or a sum with a tensor whose first number is this."""
    data = np.array([first, *range(15)], np.float32).tobytes()
    return model(op(kind, "x", "w"), weights=(claimed("w", 4, 4, data=data),))


case("weights-that-are-no-numbers", "its weights `w` hold NaN")(lambda: weighed(np.nan, "MatMul"))
case("infinite-weights", "its weights `w` hold infinity")(lambda: weighed(np.inf, "MatMul"))
case("an-infinite-mask", "")(lambda: weighed(-np.inf, "Add"))


@case("a-constant-that-is-no-number", "its weights `w` hold NaN")
def _() -> ModelProto:
    nan = claimed(
        "", 4, 4, data=np.full(16, np.nan, np.float16).tobytes(), kind=TensorProto.FLOAT16
    )
    return model(helper.make_node("Constant", [], ["w"], value=nan),
                 op("Cast", "w", out="v", to=FLOAT), op("MatMul", "x", "v"))  # fmt: skip


def recurrent(*shape: int | str, turned: bool = False, layout: int = 0) -> ModelProto:
    """A GRU of four units, after what keeps the first dimension, or turns the first two around."""
    weights = (claimed("w", 1, 12, 4, data=bytes(192)), claimed("r", 1, 12, 4, data=bytes(192)))
    before = op("Transpose", "x", out="z", perm=[1, 0, 2]) if turned else op("Tanh", "x", out="z")
    return model(before, op("GRU", "z", "w", "r", hidden_size=4, layout=layout), weights=weights,
                 shape=shape)  # fmt: skip


for _shape in ((28, "N", 4), (28, 1, 4), ("T", "N", 4), (1, "N", 4)):
    case(f"time-first-{_shape}", "`x` has time as its first dimension")(
        lambda shape=_shape: recurrent(*shape))  # fmt: skip
case("one-step-of-one-sample", "")(lambda: recurrent(1, 1, 4))
case("time-second", "")(lambda: recurrent("N", 28, 4, turned=True))
case("time-second-by-layout", "")(lambda: recurrent("N", 28, 4, layout=1))
case("scalar-input", "no batch dimension")(lambda: model(op("Relu", "x"), shape=()))
case("name-written-twice", "not valid")(lambda: model(op("Relu", "x"), op("Abs", "x")))
case("cycle", "not valid")(lambda: model(op("Relu", "z"), op("Relu", "y", out="z")))
case("absent-tensor", "not valid")(lambda: model(op("Relu", "nowhere")))
case("absent-output", "not valid")(lambda: model(op("Relu", "x", out="z")))


@case("weights-written-twice", "not valid")
def _() -> ModelProto:
    weight = claimed("w", 4, 2, data=bytes(32))
    return model(op("MatMul", "x", "w"), weights=(weight, weight))


@case("control-characters", "names")
def _() -> ModelProto:
    made = model(op("Relu", "x\x1b[2J"))
    made.graph.input[0].name = "x\x1b[2J"
    return made


@case("turned-around", "names")
def _() -> ModelProto:
    made = model(op("Relu", "x"), out="y\u202eevil")
    made.graph.node[0].output[0] = "y\u202eevil"
    return made


@case("a-name-of-a-megabyte", "names")
def _() -> ModelProto:
    made = model(op("Relu", "n" * 2**20))
    made.graph.input[0].name = "n" * 2**20
    return made


@case("no-utf-8", "names")
def _() -> bytes:
    return good().SerializeToString().replace(b"x", b"\xff")


@case("a-sequence-as-input", "tensor")
def _() -> ModelProto:
    made = model(op("SequenceAt", "x", "w"), weights=(claimed("w", data=bytes(8), kind=7),))
    made.graph.input[0].CopyFrom(helper.make_tensor_sequence_value_info("x", FLOAT, ["N", 4]))
    return made


@case("loops-for-ever", "")
def _() -> ModelProto:
    body = helper.make_graph(
        [op("Identity", "c", out="d"), op("Relu", "a", out="b")], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []), value("a", "N", 4)],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, []), value("b", "N", 4)],
    )  # fmt: skip
    count = claimed("m", data=np.array(2**62).tobytes(), kind=TensorProto.INT64)
    return model(op("Loop", "m", "", "x", body=body), weights=(count,))


def pipe(path: Path) -> None:
    os.mkfifo(path)


CASES["a-pipe"] = ("not a regular file", pipe)
CASES["a-folder"] = ("not a regular file", lambda path: path.mkdir())
CASES["a-device"] = ("not a regular file", lambda path: path.symlink_to("/dev/zero"))
CASES["a-link-to-itself"] = ("no such file", lambda path: path.symlink_to(path))
