"""What other runtimes than onnxruntime need for a model: least time, and memory as far as known."""

from __future__ import annotations

from dataclasses import replace

from hybridspec.base.units import format_bytes
from hybridspec.ir.graph import ModelFacts, Rates
from hybridspec.ir.plan import Estimate
from hybridspec.ir.runtime import CPU, FIXED, open_sizes
from hybridspec.ir.runtime_floor import floor
from hybridspec.optimise.memory import memory

_INTERPRETER = 16 * 2**10
"""Bytes of TFLM's core runtime: "TensorFlow Lite Micro", David and others, MLSys 2021."""
_QUANTISED = 4
"""By what tensors and weights get smaller that the converter of TFLM makes 8 bit of 32."""


def floored(found: Estimate, rates: Rates, operators: int) -> Estimate:
    """The estimate, raised to what a runtime takes for an inference at least.

    The low end is never below one operator alone, and the middle never below one launch for each
    operator that is counted; the high end leaves room for a processor that launches slowly.
    """
    known = floor(rates.runtime)
    if known.request_us + known.operator_us == 0:
        return found
    least = -(-(known.request_us + known.operator_us) // 1)
    usual = -(-(known.request_us + known.operator_us * max(1, operators)) // 1)
    raised = replace(
        found, low=max(found.low, least), mid=max(found.mid, usual),
        high=max(found.high, usual * (100 + rates.spread) // 100 + 1, usual * known.slower),
    )  # fmt: skip
    if raised == found:
        return found
    told = f"{found.basis}; at least {least} us, and about {usual} to {usual * known.slower} us to"
    return replace(raised, basis=f"{told} start what it counts: {known.latency_source}")


def memory_with(runtime: str, facts: ModelFacts, variant: str) -> int:
    """Bytes that a process needs at its worst to load a variant by a runtime and to run it.

    Those of onnxruntime where nobody has published others, and what the libraries take beyond its.
    A microcontroller holds tensors alone in memory: weights stay in flash (`flash`).
    """
    if runtime == "tflm":
        return _INTERPRETER + facts.peak_activations // _QUANTISED
    return memory(facts, variant) + floor(runtime).resident


def misfits(runtime: str, facts: ModelFacts, *, fixed: bool) -> tuple[str, ...]:
    """Why the compiler of a runtime would not take a model, `fixed` in its sizes or as it is."""
    found = []
    if runtime in FIXED and open_sizes(facts) and not fixed:
        found.append(f"it leaves sizes open, and {runtime} is compiled for fixed ones")
    odd = next((one for one in facts.inputs if one.dtype != "float32"), None)
    if runtime in ("edgetpu", "tflm") and odd is not None:
        found.append(
            f"its input `{odd.name[:40]}` is {odd.dtype}, and the converter to 8 bit takes models "
            "of float32 inputs alone"
        )
    return tuple(found)


def flash(facts: ModelFacts) -> int:
    """Bytes of storage that a model takes of a microcontroller that keeps its weights there."""
    return facts.weights // _QUANTISED


def memory_basis(runtime: str) -> str:
    """What the figure of another runtime's memory rests on; empty for onnxruntime."""
    if runtime == CPU:
        return ""
    if runtime == "tflm":
        return ("memory is that of tensors in 8 bit and of the interpreter; weights in 8 bit lie "
                "in flash")  # fmt: skip
    known = floor(runtime)
    if known.memory_source:
        return (f"memory is counted as onnxruntime's, and {format_bytes(known.resident)} for "
                f"libraries: {known.memory_source}")  # fmt: skip
    return (f"memory is counted as onnxruntime's: nobody has published what {runtime} takes, so "
            "that it may be more")  # fmt: skip
