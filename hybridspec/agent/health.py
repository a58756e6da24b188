"""The health contract, without network: models load, golden outputs match, p95 and memory hold.

Run as `python -m hybridspec.agent.health SLOT` in a process of its own, so that a model that
crashes the runtime is a failed trial and not a dead agent.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybridspec.agent.errors import Unhealthy
from hybridspec.bundle.manifest import ModelContract, parse_manifest

RUNS = 40
_TIMEOUT_S = 120
_RUNTIME = {"ORT_DISABLE_TELEMETRY": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""Without the first, the runtime tells Microsoft what models are called; without the second, glibc
keeps copies of weights that were freed, up to as much memory again as the model needs."""


def trial(slot: Path) -> dict[str, Any]:
    """Run the contract of a slot in a child process; figures by model.

    Raises:
        Unhealthy: with the first promise that was broken.
    """
    # -P: whatever lies in the working directory is not imported.
    command = [sys.executable, "-P", "-m", "hybridspec.agent.health", str(slot)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_S, check=False,
            env={**os.environ, **_RUNTIME},
        )  # fmt: skip
        answer = json.loads(done.stdout) if done.returncode == 0 else {}
    except subprocess.TimeoutExpired as fault:
        raise Unhealthy("health-timeout", f"no answer within {_TIMEOUT_S} s") from fault
    except ValueError:
        answer = {}
    if not isinstance(answer, dict) or not {"reason", "models"} & set(answer):
        raise Unhealthy("health-crashed", "the model crashed the runtime")
    if "reason" in answer:
        raise Unhealthy(str(answer["reason"]), str(answer["message"]))
    figures: dict[str, Any] = answer["models"]
    return figures


def contract(slot: Path, model: ModelContract) -> dict[str, Any]:
    """Figures of one model; raises `Unhealthy` where it breaks its contract."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = model.threads
    options.log_severity_level = 4
    missing = sorted(set(model.providers) - set(onnxruntime.get_available_providers()))
    if missing:  # the runtime would fall back to the CPU and say nothing
        raise Unhealthy("provider-missing", f"{model.name} needs {', '.join(missing)}")
    try:
        session = onnxruntime.InferenceSession(
            str(slot / model.path), options, providers=list(model.providers)
        )
        inputs = dict(np.load(slot / model.golden.inputs, allow_pickle=False))
        expected = dict(np.load(slot / model.golden.outputs, allow_pickle=False))
        outputs = _run(session, inputs)
    except Exception as fault:
        raise Unhealthy("model-does-not-run", f"{model.name}: {str(fault)[:200]}") from fault
    if session.get_providers()[: len(model.providers)] != list(model.providers):
        raise Unhealthy("provider-missing", f"{model.name} ran elsewhere than it was promised to")
    if len(outputs) != len(expected):
        raise Unhealthy("golden-differs", f"{model.name} has another number of outputs")
    worst = 0.0
    for name, output in zip(sorted(expected), outputs, strict=True):
        worst = max(worst, _difference(model, expected[name], np.asarray(output)))
    one = {name: array[:1] for name, array in inputs.items()}
    p50, p95 = _latency(lambda: session.run(None, one))
    if p95 > model.p95_ms:
        raise Unhealthy("too-slow", f"{model.name}: p95 {p95:.2f} ms over {model.p95_ms} ms")
    return {
        "variant": model.variant,
        "samples": len(next(iter(inputs.values()))),
        "worstOfTolerance": round(worst, 4),
        "p50_ms": round(p50, 3),
        "p95_ms": round(p95, 3),
    }


def _run(session: Any, inputs: Mapping[str, Any]) -> list[Any]:
    """All outputs; sample by sample where the model takes one at a time."""
    import numpy as np

    fixed = any(isinstance(value.shape[0], int) for value in session.get_inputs() if value.shape)
    if not fixed:
        return list(session.run(None, dict(inputs)))
    count = min(len(array) for array in inputs.values())
    rows = [session.run(None, {name: array[i : i + 1] for name, array in inputs.items()})
            for i in range(count)]  # fmt: skip
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


def _difference(model: ModelContract, expected: Any, output: Any) -> float:
    """Largest difference as a share of the tolerance; over 1 is refused, as is any NaN."""
    import numpy as np

    numbers = expected.dtype.kind in "fiub" and output.dtype.kind in "fiub"
    if not numbers or output.shape != expected.shape:
        raise Unhealthy("golden-differs", f"{model.name}: another type or shape")
    if not output.size:
        raise Unhealthy("golden-differs", f"{model.name}: the golden outputs hold no sample")
    if not np.isfinite(output).all() or not np.isfinite(expected).all():
        raise Unhealthy("golden-differs", f"{model.name}: not finite")
    wanted = expected.astype(np.float64)
    allowed = model.golden.absolute + model.golden.relative * np.abs(wanted)
    difference = np.abs(output.astype(np.float64) - wanted)
    if (difference > allowed).any():
        raise Unhealthy(
            "golden-differs",
            f"{model.name}: golden outputs differ by up to {difference.max():.3g}, "
            "more than their tolerance",
        )
    return float((difference / np.where(allowed > 0, allowed, 1)).max())


def _latency(run: Any) -> tuple[float, float]:
    """Median and 95th percentile of `RUNS` runs in milliseconds, after two to warm up."""
    times = []
    for _ in range(RUNS + 2):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    ordered = sorted(times[2:])
    return ordered[len(ordered) // 2], ordered[math.ceil(0.95 * len(ordered)) - 1]


def _peak() -> int:
    """Largest resident size of this program in bytes.

    `getrusage` counts the process that started this one in, so it is the second choice.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Judge the slot named by the first argument; print one JSON document."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the runtime prints to standard output
    slot = Path(sys.argv[1])
    manifest = parse_manifest((slot / "release.json").read_bytes())
    answer: dict[str, Any] = {"models": {}}
    try:
        for model in manifest.models:
            answer["models"][model.name] = contract(slot, model)
        peak, limit = _peak(), sum(model.memory_bytes for model in manifest.models)
        if peak > limit:
            raise Unhealthy("too-much-memory", f"{peak} bytes used, {limit} allowed")
    except Unhealthy as fault:
        answer = {"reason": fault.reason, "message": str(fault)}
    with answers:
        json.dump(answer, answers)


if __name__ == "__main__":
    main()
