"""The health contract, without network: models load, golden outputs match, p95 and memory hold.

Run as `python -m hybridspec.agent.health SLOT` in a process of its own, so that a model that
crashes the runtime is a failed trial and not a dead agent.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from hybridspec.agent.errors import Unhealthy
from hybridspec.bundle.manifest import ModelContract, parse_manifest

RUNS = 40
_TIMEOUT_S = 120


def trial(slot: Path) -> dict[str, Any]:
    """Run the contract of a slot in a child process; figures by model.

    Raises:
        Unhealthy: with the first promise that was broken.
    """
    command = [sys.executable, "-m", "hybridspec.agent.health", str(slot)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired as fault:
        raise Unhealthy("health-timeout", f"no answer within {_TIMEOUT_S} s") from fault
    except ValueError as fault:
        raise Unhealthy("health-crashed", "the model crashed the runtime") from fault
    if answer.get("reason"):
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
    try:
        session = onnxruntime.InferenceSession(
            str(slot / model.path), options, providers=list(model.providers)
        )
        inputs = dict(np.load(slot / model.golden.inputs, allow_pickle=False))
        expected = dict(np.load(slot / model.golden.outputs, allow_pickle=False))
        outputs = session.run(None, inputs)
    except Exception as fault:
        raise Unhealthy("model-does-not-run", f"{model.name}: {str(fault)[:200]}") from fault
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


def _difference(model: ModelContract, expected: Any, output: Any) -> float:
    """Largest difference as a share of the tolerance; over 1 is refused, as is any NaN."""
    import numpy as np

    if output.shape != expected.shape or not np.isfinite(output).all():
        raise Unhealthy("golden-differs", f"{model.name}: not finite, or another shape")
    allowed = model.golden.absolute + model.golden.relative * np.abs(expected.astype(np.float64))
    share = float((np.abs(output.astype(np.float64) - expected) / allowed).max())
    if share > 1:
        raise Unhealthy(
            "golden-differs", f"{model.name}: golden outputs miss their tolerance {share:.2f}-fold"
        )
    return share


def _latency(run: Any) -> tuple[float, float]:
    """Median and 95th percentile of `RUNS` runs in milliseconds, after two to warm up."""
    times = []
    for _ in range(RUNS + 2):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    ordered = sorted(times[2:])
    return ordered[len(ordered) // 2], ordered[math.ceil(0.95 * len(ordered)) - 1]


def main() -> None:
    """Judge the slot named by the first argument; print one JSON document."""
    slot = Path(sys.argv[1])
    manifest = parse_manifest((slot / "release.json").read_bytes())
    answer: dict[str, Any] = {"models": {}}
    try:
        for model in manifest.models:
            answer["models"][model.name] = contract(slot, model)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        limit = sum(model.memory_bytes for model in manifest.models)
        if peak > limit:
            raise Unhealthy("too-much-memory", f"{peak} bytes used, {limit} allowed")
    except Unhealthy as fault:
        answer = {"reason": fault.reason, "message": str(fault)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
