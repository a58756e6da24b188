"""Model and data files: what is read from a good one, and that a hostile one is only a clause."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from diagnostics import small_models
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from hybridspec.ir.model_file import ModelFile
from hybridspec.load.model import load_models
from hybridspec.load.probe_child import probe
from hybridspec.load.structure import Refused
from hybridspec.spec.workload import Model

GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 4), }"


def read(folder: Path, cache: Path, **files: str) -> ModelFile:
    """What loading finds behind one model."""
    written = {"source": "m.onnx", "evaluation": "e.npz", "floor": 0.9, "allowed_drop": 0.01}
    model = Model.model_validate({**written, **files})
    return load_models({"m": model}, folder, cache)["m"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A spec's folder with a good model and good data."""
    (tmp_path / "m.onnx").write_bytes(small_models.linear().SerializeToString())
    np.savez(tmp_path / "e.npz", **small_models.samples())  # type: ignore[arg-type]
    return tmp_path


def npy(header: str, version: int = 1, data: bytes = b"") -> bytes:
    """A `.npy` file with this header."""
    text = header.encode("latin1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(
        "<H" if version == 1 else "<I", len(text)
    ) + text + data  # fmt: skip


def packed(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def patched(data: bytes, local: int, central: int, value: int) -> bytes:
    """The archive with one byte of its two headers replaced."""
    changed = bytearray(data)
    changed[local] = value
    changed[changed.index(b"PK\x01\x02") + central] = value
    return bytes(changed)


def swollen(data: bytes) -> bytes:
    """The archive with another unpacked size in its directory."""
    size = data.index(b"PK\x01\x02") + 24
    return data[:size] + b"\xf0\xff\xff\xff" + data[size + 4 :]


def test_a_good_model_and_its_data(folder: Path, cache: Path) -> None:
    found = read(folder, cache)
    assert found.facts is not None
    assert [(t.name, t.dtype, t.shape) for t in found.facts.inputs] == [("x", "float32", (1, 4))]
    assert found.facts.gemm_macs == small_models.FEATURES * small_models.CLASSES
    assert sorted(found.evaluation.arrays) == [("label", "int64", (8,)), ("x", "float32", (8, 4))]
    assert found.evaluation.fault == ""


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_of_the_header_is_read(folder: Path, cache: Path, version: int) -> None:
    (folder / "e.npz").write_bytes(packed(("x.npy", npy(GOOD, version))))
    assert read(folder, cache).evaluation.arrays == (("x", "float32", (8, 4)),)


@pytest.mark.parametrize(("descr", "kind"), [
    ("'<f8'", "float64"), ("'|b1'", "bool"), ("'|O'", "object"), ("'>f4'", ">f4"),
    ("'<M8[ns]'", "M8[ns]"), ("[('a', '<f4')]", "records"),
])  # fmt: skip
def test_element_types_have_names(folder: Path, cache: Path, descr: str, kind: str) -> None:
    (folder / "e.npz").write_bytes(packed(("x.npy", npy(GOOD.replace("'<f4'", descr)))))
    assert read(folder, cache).evaluation.arrays == (("x", kind, (8, 4)),)


HOSTILE_DATA = {
    "empty file": b"",
    "text": b"rows: 8\n",
    "half an archive": packed(("x.npy", npy(GOOD, data=bytes(128))))[:60],
    "no header": packed(("x.npy", b"")),
    "magic alone": packed(("x.npy", b"\x93NUMPY")),
    "cut header": packed(("x.npy", npy(GOOD)[:20])),
    "open brace": packed(("x.npy", npy("{'descr': '<f4', "))),
    "not a mapping": packed(("x.npy", npy("[1, 2]"))),
    "deep header": packed(("x.npy", npy("(" * 60_000))),
    "negations": packed(("x.npy", npy("-" * 60_000 + "1"))),
    "null in header": packed(("x.npy", npy("\0" * 50))),
    "negative size": packed(("x.npy", npy(GOOD.replace("8", "-8")))),
    "endless number": packed(("x.npy", npy(GOOD.replace("8", "8" * 5000)))),
    "computed size": packed(("x.npy", npy(GOOD.replace("8", "2**99999")))),
    "encrypted": patched(packed(("x.npy", npy(GOOD))), 6, 8, 1),
    "unknown compression": patched(packed(("x.npy", npy(GOOD))), 8, 10, 99),
    "many arrays": packed(*((f"x{i}.npy", npy(GOOD)) for i in range(65))),
    "says that it unpacks to 4 GB": swollen(packed(("x.npy", npy(GOOD)))),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_DATA)
def test_hostile_data_is_a_fault_and_nothing_else(folder: Path, cache: Path, name: str) -> None:
    (folder / "e.npz").write_bytes(HOSTILE_DATA[name])
    assert read(folder, cache).evaluation.fault == "it is not a `.npz` file of arrays"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_compression_is_a_fault(folder: Path, cache: Path, method: int) -> None:
    data = bytearray(packed(("x.npy", npy(GOOD)), method=method))
    start = data.index(b"x.npy") + 5
    data[start : start + 20] = b"\xff" * 20
    (folder / "e.npz").write_bytes(data)
    assert read(folder, cache).evaluation.fault == "it is not a `.npz` file of arrays"


def outside() -> TensorProto:
    """A tensor whose numbers are said to be in another file."""
    tensor = TensorProto(
        name="w", dims=[4, 2], data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL
    )
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def constant() -> onnx.NodeProto:
    node = helper.make_node("Constant", [], ["w"])
    node.attribute.add(name="value", type=AttributeProto.TENSOR).t.CopyFrom(outside())
    return node


def branches() -> onnx.ModelProto:
    made = helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 2])
    branch = helper.make_graph([constant()], "branch", [], [made])
    node = helper.make_node("If", ["c"], ["w"], then_branch=branch, else_branch=branch)
    return small_models.model([node, PRODUCT], [numpy_helper.from_array(np.array(True), "c")])


def in_function() -> onnx.ModelProto:
    made = small_models.linear()
    function = made.functions.add(name="F", domain="d", output=["w"])
    function.node.append(constant())
    function.opset_import.append(helper.make_opsetid("", 17))
    return made


def with_input(change: Callable[[onnx.ValueInfoProto], object]) -> onnx.ModelProto:
    made = small_models.linear()
    change(made.graph.input[0])
    return made


def sized(size: int, dimension: int = 1) -> Callable[[onnx.ValueInfoProto], object]:
    def change(value: onnx.ValueInfoProto) -> None:
        value.type.tensor_type.shape.dim[dimension].dim_value = size

    return change


PRODUCT = helper.make_node("MatMul", ["x", "w"], ["y"])
NO_INPUT = helper.make_model(helper.make_graph(
    [helper.make_node("Constant", [], ["y"], value_float=1.0)], "constant", [],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
))  # fmt: skip
LINEAR = small_models.linear().SerializeToString()
EXTERNAL = "its weights are in external files"
BROKEN = "it is not an ONNX file, or it is truncated"
HOSTILE_MODELS = {
    "empty file": (b"", BROKEN),
    "text": (b"a model, honestly\n", BROKEN),
    "half": (LINEAR[: len(LINEAR) // 2], BROKEN),
    "last byte missing": (LINEAR[:-1], BROKEN),
    "noise": (np.random.default_rng(1).bytes(5000), BROKEN),
    "external weights": (small_models.model([PRODUCT], [outside()]), EXTERNAL),
    "external constant": (small_models.model([constant(), PRODUCT]), EXTERNAL),
    "external in a branch": (branches(), EXTERNAL),
    "external in a function": (in_function(), EXTERNAL),
    "no input": (NO_INPUT, "it has no input"),
    "a scalar": (
        with_input(lambda value: value.type.tensor_type.shape.ClearField("dim")),
        "its input `x` has no batch dimension",
    ),
    "an unknown operator": (
        small_models.model([helper.make_node("Bogus", ["x"], ["y"])]), "No Op registered for Bogus",
    ),
    "a cycle": (
        small_models.model([
            helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Relu", ["b"], ["y"]),
        ]), "its graph is not valid ONNX",
    ),
    "text as input": (
        with_input(lambda value: setattr(value.type.tensor_type, "elem_type", TensorProto.STRING)),
        "its graph is not valid ONNX",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_MODELS)
def test_a_model_that_cannot_be_used_says_why(tmp_path: Path, name: str) -> None:
    made, reason = HOSTILE_MODELS[name]
    path = tmp_path / "m.onnx"
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    with pytest.raises(Refused) as refused:
        probe(str(path))
    assert reason in str(refused.value)


def test_a_free_dimension_may_be_written_as_minus_one(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(with_input(sized(-1, dimension=0)).SerializeToString())
    assert probe(str(path))["inputs"] == [{"name": "x", "dtype": "float32", "shape": [1, 4]}]


def test_absurd_sizes_never_count_as_less_than_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(with_input(sized(-3)).SerializeToString())
    facts = probe(str(path))
    assert facts["unpriced"] == ["MatMul"]
    assert min(facts["peak_activations"], facts["moved"]) >= 0


@pytest.mark.parametrize(("name", "fault"), [
    ("../m.onnx", "the path leaves the folder of the spec"),
    ("/etc/hostname", "the path leaves the folder of the spec"),
    ("link.onnx", "the path leaves the folder of the spec"),
    ("absent.onnx", "there is no such file"),
    ("folder", "it is not a regular file"),
    ("pipe", "it is not a regular file"),
    ("a\0b", "not a usable file name"),
    ("x" * 1000, "file name too long"),
])  # fmt: skip
def test_paths_stay_inside_the_spec(folder: Path, cache: Path, name: str, fault: str) -> None:
    spec = folder / "spec"
    (spec / "folder").mkdir(parents=True)
    (spec / "link.onnx").symlink_to(folder / "m.onnx")
    os.mkfifo(spec / "pipe")
    found = read(spec, cache, source=name, evaluation=name)
    assert found.facts is None
    assert found.fault == fault
    assert found.evaluation.fault == fault


def test_a_link_that_turns_in_a_circle_is_a_fault(folder: Path, cache: Path) -> None:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    assert read(folder, cache, source="a").fault


def test_facts_are_kept_by_content_and_a_damaged_cache_is_not_believed(folder: Path) -> None:
    cache = folder / "cache"
    facts = read(folder, cache).facts
    (kept,) = (cache / "models").iterdir()
    for damage in ("", "[]", json.dumps({"fault": "no"}), json.dumps({"opset": 1})):
        kept.write_text(damage, encoding="utf-8")
        assert read(folder, cache).facts == facts


def test_a_cache_that_cannot_be_written_only_costs_time(folder: Path) -> None:
    cache = folder / "cache"
    cache.write_text("", encoding="utf-8")
    assert read(folder, cache).facts is not None
