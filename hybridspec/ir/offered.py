"""Runtimes that a board can run models with, by its processor and its accelerators."""

from __future__ import annotations

from hybridspec.ir.runtime import CPU
from hybridspec.ir.site import Board

MICROCONTROLLERS = ("armv7m",)
"""Architectures without Linux, where a model is linked into the firmware."""
BY_PROVIDER = {
    "TensorrtExecutionProvider": "tensorrt", "OpenVINOExecutionProvider": "openvino",
    "QNNExecutionProvider": "qnn", "CoreMLExecutionProvider": "coreml",
}  # fmt: skip
"""Runtimes that reach what an execution provider of onnxruntime reaches."""
_EVERYWHERE = (CPU, "openvino")
"""They run on the CPU of 64 bit x86 and Arm alike; for OpenVINO see its system requirements,
https://docs.openvino.ai/systemrequirements, read 2026-11."""


def offered(board: Board) -> tuple[str, ...]:
    """The runtimes of a board; the first one runs its models unless another is asked for.

    >>> from datetime import date
    >>> chip = Board(name="b", title="B", target="t", architecture="armv7m", memory=1, disk=1,
    ...              reserved_memory=0, idle_power=0, load_power=0, price=0, life=1,
    ...              capabilities=(), rates=(), source="s", as_of=date(2026, 11, 1))
    >>> offered(chip)
    ('tflm',)
    """
    if board.architecture in MICROCONTROLLERS:
        return ("tflm",)
    reached = (name for one in board.accelerators for name in one.runtimes)
    return tuple(dict.fromkeys((*_EVERYWHERE, *reached)))


def idle(board: Board, runtime: str) -> tuple[str, ...]:
    """What a board's runtime leaves without work, each with the runtime that would use it."""
    said = []
    for one in board.accelerators:
        if runtime in one.runtimes:
            continue
        way = " or ".join(f"`--runtime {name}`" for name in one.runtimes)
        said.append(f"{one.name}: {way} uses it" if way else f"{one.name}: no runtime here uses it")
    return tuple(said)
