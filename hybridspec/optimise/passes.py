"""One pass for each form of a recipe: a model file in, a model file out; each proves that it acted.

Reads and writes only inside the folder handed in. Libraries that log by node or print are silent.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import onnx
import onnx.utils
from onnx import TensorProto
from onnxruntime.quantization.onnx_model import ONNXModel

from hybridspec.optimise import quantise
from hybridspec.optimise.data import Arrays
from hybridspec.optimise.fixed import Sizes, StaysOpen, fix, prove
from hybridspec.optimise.last_words import without_paths
from hybridspec.optimise.recipe import Recipe

_ACTED = {
    "static": ("QuantizeLinear",),
    "dynamic": ("MatMulInteger", "DynamicQuantizeLSTM"),
    "weights": ("MatMulNBits",),
}
"""Operators of which a form puts at least one into the graph."""
_SMALLER = {4: 2, 8: 1}
"""How many times smaller a file whose stored weights have so many bits has to be, at least."""


class PassFailed(Exception):
    """A pass raised or changed nothing; the message is one clause."""


_QUANTISED = frozenset({
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul",
    "MatMulInteger", "ConvInteger", "MatMulNBits",
})  # fmt: skip


def build(
    recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str],
    sizes: Sizes | None = None,
) -> None:  # fmt: skip
    """Write `target`, which is `source` as the recipe makes it; `sizes` are those of a sample.

    Raises:
        PassFailed: the library refused the model, or nothing changed.
    """
    if recipe.fixed:
        _build_fixed(recipe, source, target, calibration, names, sizes or {})
    else:
        _build(recipe, source, target, calibration, names)


def _build_fixed(
    recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str], sizes: Sizes
) -> None:
    """The recipe over the model with fixed sizes, which stay fixed."""
    sized = target if recipe.form == "fix" else target.with_suffix(".fixed.onnx")
    try:
        with _quiet():
            fix(source, sized, sizes)
        if recipe.form != "fix":
            _build(recipe, sized, target, calibration, names)
            prove(onnx.load(str(target), load_external_data=False))
    except PassFailed:
        raise
    except StaysOpen as fault:
        raise PassFailed(str(fault)) from fault
    except Exception as fault:
        raise PassFailed(f"fixing its sizes failed: {_first_line(fault)}") from fault
    finally:
        if sized != target:
            sized.unlink(missing_ok=True)


def _build(
    recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str]
) -> None:
    if recipe.form == "copy":
        shutil.copyfile(source, target)
        return
    if recipe.precision.startswith("int"):
        _refuse_quantised(source)
    try:
        with _quiet():
            _apply(recipe, source, target, calibration, names)
    except PassFailed:
        raise
    except Exception as fault:
        raise PassFailed(f"{_VERBS[recipe.form]} failed: {_first_line(fault)}") from fault
    _prove(recipe, source, target)


def _refuse_quantised(source: Path) -> None:
    """What is quantised already has no float weights to quantise; the libraries write nonsense."""
    kinds = {node.op_type for node in onnx.load_model(source, load_external_data=False).graph.node}
    done = sorted(kinds & _QUANTISED)
    if done:
        raise PassFailed(f"it is quantised already: it holds `{done[0]}`; start from the float one")


def _apply(
    recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str]
) -> None:
    match recipe.form:
        case "static":
            _static(recipe, source, target, calibration, names)
        case "dynamic":
            quantise.dynamic(recipe, source, target)
        case "weights":
            quantise.weights(recipe, source, target)
        case "float16":
            _float16(source, target)
        case form:
            assert form == "clean", form
            quantise.clean(source, target)


def _static(
    recipe: Recipe, source: Path, target: Path, calibration: Arrays, names: list[str]
) -> None:
    prepared = target.with_suffix(".prepared.onnx")
    try:
        quantise.clean(source, prepared)
        few = {name: calibration[name][: quantise.MOST_SAMPLES] for name in names}
        quantise.static(recipe, prepared, target, few, names)
    finally:
        prepared.unlink(missing_ok=True)


def _float16(source: Path, target: Path) -> None:
    """Inputs and outputs keep their types; what is not valid afterwards is refused."""
    # The package of transformers takes long to import.
    from onnxruntime.transformers.float16 import convert_float_to_float16

    sorted_again = ONNXModel(convert_float_to_float16(onnx.load(str(source)), keep_io_types=True))
    sorted_again.topological_sort()  # the converter appends the casts of inputs at the end
    made = sorted_again.model
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, str(target))


_VERBS = {
    "clean": "cleaning its graph up", "float16": "making it 16 bit", "static": "quantisation",
    "dynamic": "quantisation", "weights": "quantisation of its weights",
}  # fmt: skip


def _prove(recipe: Recipe, source: Path, target: Path) -> None:
    """Raise unless the file differs as it has to."""
    before, after = (onnx.load(str(path)).graph for path in (source, target))
    found = Counter(node.op_type for node in after.node)
    if recipe.form in _ACTED and not any(found[kind] for kind in _ACTED[recipe.form]):
        raise PassFailed("quantisation changed nothing")
    sizes = source.stat().st_size, target.stat().st_size
    if recipe.form == "weights" and sizes[1] * _SMALLER[recipe.bits] >= sizes[0]:
        raise PassFailed("quantisation of its weights left most of them as they were")
    if recipe.form == "float16":
        kinds = {tensor.data_type for tensor in after.initializer}
        if TensorProto.FLOAT16 not in kinds:
            raise PassFailed("making it 16 bit changed nothing")
    if recipe.form == "clean" and len(after.node) >= len(before.node) and sizes[1] >= sizes[0]:
        raise PassFailed("cleaning its graph up found nothing to fold")


def split(source: Path, tensor: str, before: Path, after: Path) -> None:
    """Both halves of a model: up to a tensor, and from it to all outputs.

    Raises:
        PassFailed: the library refused the model.
    """
    try:
        graph = onnx.load(str(source)).graph
        weights = {initial.name for initial in graph.initializer}
        fed = [value.name for value in graph.input if value.name not in weights]
        outputs = [value.name for value in graph.output]
        onnx.utils.extract_model(str(source), str(before), fed, [tensor])
        onnx.utils.extract_model(str(source), str(after), [tensor], outputs)
    except Exception as fault:
        raise PassFailed(f"cutting it failed: {_first_line(fault)}") from fault


def _first_line(fault: Exception) -> str:
    first = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
    return without_paths(first)[:160]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
