"""Quantisation: static, dynamic, and of stored weights alone, as a recipe says it.

The libraries log by node and print, so that whoever calls keeps them quiet (`passes.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.execution_providers.qnn import (
    get_qnn_qdq_config,
    qnn_preprocess_model,
)
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.quantization.shape_inference import quant_pre_process

from hybridspec.optimise.data import Arrays
from hybridspec.optimise.recipe import PRODUCTS, Recipe

_TYPES = {"u8": QuantType.QUInt8, "s8": QuantType.QInt8, "u16": QuantType.QUInt16}
_RANGES = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}
MOST_SAMPLES = 1024
"""Samples that calibration looks at; more only take longer."""

_EDGE = 150_000
"""Weights that a first or last product that stays may have: two of them add less than 1 MiB."""


class Samples(CalibrationDataReader):  # type: ignore[misc]
    """Feeds calibration samples one by one."""

    def __init__(self, arrays: Arrays, names: list[str]) -> None:
        count = min(len(arrays[name]) for name in names)
        self._rows = iter([{n: arrays[n][i : i + 1] for n in names} for i in range(count)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._rows, None)


def clean(source: Path, target: Path) -> None:
    """Constants and batch normalisations folded, shapes inferred."""
    quant_pre_process(str(source), str(target), skip_symbolic_shape=True)


def static(
    recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str]
) -> None:
    """QDQ with ranges of calibration data."""
    if recipe.preset == "qnn":
        _qnn(recipe, source, target, calibration, names)
        return
    kept = _named_edges(source) if recipe.edges else []
    extra: dict[str, Any] = {}
    if recipe.symmetric:
        # TensorRT dequantises int8 alone: biases, which are int32, stay as they are.
        extra = {"ActivationSymmetric": True, "WeightSymmetric": True, "QuantizeBias": False}
    quantize_static(
        str(source),
        str(target),
        Samples(calibration, names),
        quant_format=QuantFormat.QDQ,
        activation_type=_TYPES[recipe.activations],
        weight_type=QuantType.QInt8,
        per_channel=recipe.per_channel,
        reduce_range=recipe.reduced,
        op_types_to_quantize=list(recipe.operators) or None,
        nodes_to_exclude=kept,
        calibrate_method=_RANGES[recipe.ranges],
        extra_options=extra,
    )


def _qnn(recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str]) -> None:
    """Qualcomm's rules: their own fusions first, then activations and weights unsigned."""
    fused = target.with_suffix(".fused.onnx")
    plain = onnx.load(str(source))
    del plain.metadata_props[:]  # their pass cannot read what the clean-up wrote there
    onnx.save(plain, str(source))
    try:
        changed = qnn_preprocess_model(str(source), str(fused))
        ready = fused if changed else source
        config = get_qnn_qdq_config(
            str(ready), Samples(calibration, names), activation_type=_TYPES[recipe.activations],
            weight_type=QuantType.QUInt8, calibrate_method=_RANGES[recipe.ranges],
        )  # fmt: skip
        quantize(str(ready), str(target), config)
    finally:
        fused.unlink(missing_ok=True)


def dynamic(recipe: Recipe, source: Path, target: Path) -> None:
    """Weights as int8, activations scaled at run time; the graph is not cleaned up before.

    Cleaning makes `Gemm` of `MatMul` and `Add`.
    """
    quantize_dynamic(
        str(source), str(target), op_types_to_quantize=list(recipe.operators),
        per_channel=recipe.per_channel, weight_type=QuantType.QInt8,
    )  # fmt: skip


def weights(recipe: Recipe, source: Path, target: Path) -> None:
    """Constant factors of products stored in blocks of a few bits, everything computed as before.

    `Gemm` is taken apart first, because the library only sees `MatMul`.
    """
    # It imports a library that others do not need and that takes a while.
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    model = ONNXModel(onnx.load(str(source)))
    model.replace_gemm_with_matmul()
    quantiser = MatMulNBitsQuantizer(
        model.model, bits=recipe.bits, block_size=recipe.block, is_symmetric=True, accuracy_level=4
    )
    quantiser.process()
    onnx.save(quantiser.model.model, str(target))


def _named_edges(source: Path) -> list[str]:
    """The names of the first and the last product, after every node of the file got a name.

    One with so many weights that the file would be larger than placement counts on is left out.
    """
    model = onnx.load(str(source))
    taken: set[str] = set()
    for index, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"n{index}-{node.op_type}"
        taken.add(node.name)
    onnx.save(model, str(source))
    products = list(_products(model))
    if len(products) < 3:
        return []
    small = [name for name, weights in (products[-1], products[0]) if weights <= _EDGE]
    return sorted(set(small))


def _products(model: onnx.ModelProto) -> Iterator[tuple[str, int]]:
    """Products with constant weights, and how many weights they have."""
    constant = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    for node in model.graph.node:
        weights = sum(constant.get(name, 0) for name in node.input)
        if node.op_type in PRODUCTS and weights:
            yield node.name, weights
