"""Runs a model on the host with onnxruntime, one thread, so that results do not wander."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from hybridspec.optimise.data import Arrays

_BATCH = 64


def alone() -> None:
    """Make libraries that load models by themselves use one thread, as everything here does.

    They would take all cores, which several tasks at once share, and what they find would depend
    on how many there are.
    """
    options: Any = onnxruntime.SessionOptions
    made = options.__init__

    def one_thread(self: Any) -> None:
        made(self)
        self.intra_op_num_threads = self.inter_op_num_threads = 1

    options.__init__ = one_thread


def session(model: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """The model, loaded for the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def one_sample(loaded: onnxruntime.InferenceSession, inputs: Arrays) -> Arrays:
    """The first sample, of what the model asks for."""
    return {value.name: inputs[value.name][:1] for value in loaded.get_inputs()}


def outputs(model: Path, inputs: Arrays, count: int | None = None) -> list[np.ndarray]:
    """All outputs of `model` over the first `count` samples, batch by batch.

    A model whose batch dimension is fixed to 1 is run sample by sample.
    """
    loaded = session(model)
    wanted = loaded.get_inputs()
    step = 1 if any(isinstance(value.shape[0], int) for value in wanted if value.shape) else _BATCH
    total = min(len(inputs[value.name]) for value in wanted)
    total = total if count is None else min(total, count)
    parts = [
        loaded.run(None, {v.name: inputs[v.name][i : min(i + step, total)] for v in wanted})
        for i in range(0, total, step)
    ]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
