"""One function per optimisation: a model file in, a model file out; each proves that it acted.

Reads and writes only inside the folder handed in.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import onnx.utils
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from hybridspec.optimise.data import Arrays


class PassFailed(Exception):
    """A pass raised or changed nothing; the message is one clause."""


class _Samples(CalibrationDataReader):  # type: ignore[misc]
    """Feeds calibration samples one by one."""

    def __init__(self, arrays: Arrays, names: list[str]) -> None:
        count = min(len(arrays[name]) for name in names)
        self._rows = iter([{n: arrays[n][i : i + 1] for n in names} for i in range(count)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._rows, None)


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
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:160]
        raise PassFailed(f"cutting it failed: {reason}") from fault


def int8(source: Path, target: Path, calibration: Arrays, names: list[str]) -> None:
    """Static int8: QDQ, unsigned activations, signed weights per channel, min-max ranges.

    Raises:
        PassFailed: the library refused the model, or nothing was quantised.
    """
    prepared = target.with_suffix(".prepared.onnx")
    logging.disable(logging.WARNING)
    try:
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            _Samples(calibration, names),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
    except Exception as fault:
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:160]
        raise PassFailed(f"quantisation failed: {reason}") from fault
    finally:
        logging.disable(logging.NOTSET)
        prepared.unlink(missing_ok=True)
    nodes = {node.op_type for node in onnx.load(str(target)).graph.node}
    if "QuantizeLinear" not in nodes:
        raise PassFailed("quantisation changed nothing")
