"""Recipes: each builds what it says, and each family, runtime and data set gets those that help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from property import small_networks as nets
from property.graphs import facts

from hybridspec.ir.kernel import Kernels
from hybridspec.ir.runtime import RUNTIMES
from hybridspec.optimise.passes import PassFailed, build
from hybridspec.optimise.recipe import RECIPES, RULES, default, evidence, recipe, recipes
from hybridspec.optimise.run import outputs

SHAPES = {"mlp": (64,), "cnn": (3, 16, 16), "lstm": (20, 16), "attention": (16, 64)}
MOST_RELATIVE_NOISE = 0.2
CNN = facts(conv_macs=100, gemm_macs=1)
MLP = facts(conv_macs=0, gemm_macs=100)
TRANSFORMER = facts(conv_macs=0, gemm_macs=100, kernels=Kernels(gemm=90, attention=10))
RECURRENT = facts(conv_macs=0, gemm_macs=100, kernels=Kernels(gemm=10, recurrent=90))


def made(folder: Path, net: str, name: str) -> tuple[Path, Path, dict[str, np.ndarray]]:
    """Source and variant of a small network by a recipe, and inputs."""
    source, target = folder / "m.onnx", folder / "v.onnx"
    onnx.save(getattr(nets, net)(), source)
    x = np.random.default_rng(7).normal(size=(32, *SHAPES[net])).astype(np.float32)
    build(recipe(name), source, target, {"x": x}, ["x"])
    return source, target, {"x": x}


def kinds(path: Path) -> set[str]:
    return {node.op_type for node in onnx.load(str(path)).graph.node}


@pytest.mark.parametrize(
    ("net", "name", "operator"),
    [
        ("cnn", "fp32-clean", "Conv"),
        ("mlp", "fp16-keep-io", "Cast"),
        ("attention", "fp16-keep-io", "Cast"),
        ("cnn", "int8-static-u8s8", "QuantizeLinear"),
        ("cnn", "int8-static-u8s8-edges", "QuantizeLinear"),
        ("attention", "int8-static-u8s8-products", "QuantizeLinear"),
        ("mlp", "int8-static-u8s8-percentile", "QuantizeLinear"),
        ("mlp", "int8-static-u8s8-reduced", "QuantizeLinear"),
        ("cnn", "int8-static-s8s8", "QuantizeLinear"),
        ("cnn", "int8-static-qnn", "QuantizeLinear"),
        ("mlp", "int8-static-qnn-u16", "QuantizeLinear"),
        ("mlp", "int8-dynamic", "MatMulInteger"),
        ("attention", "int8-dynamic", "MatMulInteger"),
        ("lstm", "int8-dynamic-recurrent", "DynamicQuantizeLSTM"),
        ("mlp", "int8-weights", "MatMulNBits"),
        ("mlp", "int4-weights", "MatMulNBits"),
    ],
)  # fmt: skip
def test_each_recipe_acts_and_stays_near(
    tmp_path: Path, net: str, name: str, operator: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source, target, data = made(tmp_path, net, name)
    assert capfd.readouterr() == ("", "")
    assert operator in kinds(target)
    (before,), (after,) = outputs(source, data), outputs(target, data)
    assert after.dtype == before.dtype
    noise = np.linalg.norm(before - after) / np.linalg.norm(before)
    assert noise < MOST_RELATIVE_NOISE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "v.onnx"]


@pytest.mark.parametrize(
    ("net", "name", "words"),
    [
        ("cnn", "int4-weights", "left most of them"),
        ("mlp", "fp32-clean", "nothing to fold"),
    ],
)
def test_a_pass_that_changed_nothing_says_so(
    tmp_path: Path, net: str, name: str, words: str
) -> None:
    with pytest.raises(PassFailed, match=words):
        made(tmp_path, net, name)


def test_tensorrt_gets_zero_points_of_zero_and_signed_activations(tmp_path: Path) -> None:
    _, target, _ = made(tmp_path, "cnn", "int8-static-s8s8")
    graph = onnx.load(str(target)).graph
    points = {n.input[2] for n in graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")}
    tensors = [onnx.numpy_helper.to_array(t) for t in graph.initializer if t.name in points]
    assert len(tensors) == len(points)
    assert all((array == 0).all() for array in tensors)
    assert {array.dtype.name for array in tensors} == {"int8"}


def test_the_first_and_the_last_product_stay_as_they_are(tmp_path: Path) -> None:
    _, target, _ = made(tmp_path, "mlp", "int8-static-u8s8-edges")
    whole = sum(t.data_type == onnx.TensorProto.FLOAT and len(t.dims) == 2
                for t in onnx.load(str(target)).graph.initializer)  # fmt: skip
    assert whole == 2


@pytest.mark.parametrize(
    ("known", "precision", "runtime", "architecture", "first"),
    [
        (CNN, "fp32", "onnxruntime", "amd64", "fp32-as-written"),
        (CNN, "int8", "onnxruntime", "amd64", "int8-static-u8s8"),
        (MLP, "int8", "onnxruntime", "arm64", "int8-static-u8s8"),
        (TRANSFORMER, "int8", "onnxruntime", "amd64", "int8-dynamic"),
        (RECURRENT, "int8", "onnxruntime", "amd64", "int8-dynamic-recurrent"),
        (TRANSFORMER, "int8", "tensorrt", "arm64", "int8-static-s8s8"),
        (CNN, "int8", "qnn", "arm64", "int8-static-qnn"),
        (CNN, "int8", "tflm", "armv7m", None),
        (CNN, "fp16", "onnxruntime", "amd64", None),
        (CNN, "fp16", "tensorrt", "arm64", "fp16-keep-io"),
        (TRANSFORMER, "int4", "onnxruntime", "arm64", "int4-weights"),
        (TRANSFORMER, "int4", "tensorrt", "arm64", None),
    ],
)  # fmt: skip
def test_what_to_try_first(
    known: object, precision: str, runtime: str, architecture: str, first: str | None
) -> None:
    found = recipes(known, precision, runtime, architecture)  # type: ignore[arg-type]
    assert next((one.id for one in found), None) == first
    assert all(one.precision == precision for one in found)
    assert evidence(known, precision, runtime, architecture)  # type: ignore[arg-type]


def test_without_data_only_what_needs_none() -> None:
    assert recipes(CNN, "int8", data=False) == ()
    assert [one.id for one in recipes(TRANSFORMER, "int8", data=False)] == ["int8-dynamic"]


def test_rules_name_recipes_and_runtimes_that_exist() -> None:
    ids = {one.id for one in RECIPES}
    assert len(ids) == len(RECIPES)
    assert {name for rule in RULES for name in rule.recipes} <= ids
    assert {name for rule in RULES for name in rule.runtimes} <= {"*", *RUNTIMES}
    assert (default("fp32").id, default("int8").id) == ("fp32-as-written", "int8-static-u8s8")


def test_what_is_quantised_already_is_left_alone(tmp_path: Path) -> None:
    node = helper.make_node("DequantizeLinear", ["x", "s"], ["y"])
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor("s", TensorProto.FLOAT, [], [0.5])],
    )  # fmt: skip
    source = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph), source)
    with pytest.raises(PassFailed, match="quantised already"):
        build(recipe("int8-static-u8s8"), source, tmp_path / "out.onnx", {}, ["x"])
