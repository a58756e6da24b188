"""What runs on the device that is measured: the standard library and onnxruntime, nothing else.

Its text is sent to a Python there, of 3.8 or later, followed on stdin by one line of JSON, the job,
and by the model. It prints one line of JSON and leaves nothing behind.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT = 512 * 2**20
_CHUNK = 2**20
_STEADY = (-3, 128 * 2**10)
"""glibc's M_MMAP_THRESHOLD, and where it stays: freed copies of weights go back to the system."""


class Refused(Exception):
    """What cannot be measured, and why, in one clause."""


class Unfit(Refused):
    """The same where the model or what is said of it is at fault, not the device."""


def main() -> None:
    """Measure the model on stdin, print the figures or the fault."""
    answer = {}  # type: dict[str, Any]
    try:
        stream = sys.stdin.buffer
        job = json.loads(stream.readline(2**16))
        with tempfile.TemporaryDirectory(prefix="hybridspec-") as folder:
            answer = measure(receive(stream, job, Path(folder, "model.onnx")), job)
    except Unfit as fault:
        answer = {"fault": str(fault), "model": True}
    except Refused as fault:
        answer = {"fault": str(fault)}
    except MemoryError:
        answer = {"fault": "the device has too little memory for the model"}
    except Exception as fault:
        answer = {"fault": f"it failed: {type(fault).__name__}: {str(fault)[:300]}"}
    print(json.dumps(answer))


def receive(stream: Any, job: dict[str, Any], path: Path) -> str:
    """Store the model that follows the job; its digest has to be the one that was promised."""
    left, digest = int(job["size"]), hashlib.sha256()
    if not 0 < left <= LIMIT:
        raise Refused("the model is larger than 512 MiB")
    with path.open("wb") as file:
        while left:
            part = stream.read(min(left, _CHUNK))
            if not part:
                raise Refused("the model did not arrive whole")
            file.write(part)
            digest.update(part)
            left -= len(part)
    if digest.hexdigest() != job["digest"]:
        raise Refused("the model arrived damaged")
    return str(path)


def measure(path: str, job: dict[str, Any]) -> dict[str, Any]:
    """Figures of one model: times in nanoseconds, memory in bytes."""
    steady()
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import numpy
        import onnxruntime
    except ImportError as fault:
        raise Refused(f"its Python has no {fault.name}; install onnxruntime there") from fault
    cores = usable()
    threads = max(1, min(int(job["threads"]), cores))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    provider = str(job["provider"])
    if provider not in onnxruntime.get_available_providers():
        raise Refused(f"its onnxruntime has no {provider}")
    before = memory("VmRSS")
    watched = forget_peak()
    start = time.perf_counter()
    try:
        session = onnxruntime.InferenceSession(path, options, providers=[provider])
    except Exception as fault:
        raise refusal(fault, path) from fault
    load = time.perf_counter() - start
    feed = {value.name: filled(numpy, value, job) for value in session.get_inputs()}
    start = time.perf_counter()
    try:
        made = session.run(None, feed)
    except Exception as fault:
        raise refusal(fault, path) from fault
    first = time.perf_counter() - start
    finite = all(numpy.isfinite(a).all() for a in made if getattr(a.dtype, "kind", "") == "f")
    taken = timed(lambda: session.run(None, feed), job)
    return {
        "nanoseconds": taken, "load": int(load * 1e9), "first": int(first * 1e9),
        "finite": bool(finite), "before": before, "peak": memory("VmHWM") if watched else 0,
        "threads": threads, "provider": session.get_providers()[0],
        "machine": {
            "architecture": platform.machine(), "processor": processor(), "cores": cores,
            "system": platform.system() + " " + platform.release(),
            "python": platform.python_version(), "onnxruntime": onnxruntime.__version__,
            "numpy": numpy.__version__, "load": load_average(),
        },
    }  # fmt: skip


def refusal(fault: Exception, path: str) -> Refused:
    """What onnxruntime says against the model, in one clause and without its own marks."""
    said = str(fault)
    if isinstance(fault, MemoryError) or "llocat" in said:
        return Refused("the device has too little memory for the model")
    line = " ".join(said.strip().split("\n", 1)[0].replace(path, "the model").split())
    parts = line.split(" : ")
    if parts[0].startswith("[ONNXRuntimeError]"):
        line = " : ".join(parts[3:]) or parts[-1]
    return Unfit("onnxruntime refuses it: " + line[:160])


def timed(run: Any, job: dict[str, Any]) -> list[int]:
    """Nanoseconds of each run after the warm-up, as many as fit the seconds, at least five."""
    end = time.perf_counter() + float(job["seconds"])
    for count in range(int(job["warm_up"])):
        if count and time.perf_counter() > end:
            break
        run()
    taken = []  # type: list[int]
    end = time.perf_counter() + float(job["seconds"])
    while len(taken) < int(job["runs"]) and (len(taken) < 5 or time.perf_counter() < end):
        start = time.perf_counter_ns()
        run()
        taken.append(time.perf_counter_ns() - start)
    return taken


def filled(numpy: Any, value: Any, job: dict[str, Any]) -> Any:
    """An input of the model's own shape: noise, or small whole numbers, the same each time."""
    shape = [size if isinstance(size, int) and size > 0 else None for size in value.shape]
    if shape and shape[0] is None:
        shape[0] = 1
    free = int(job["free"])
    if None in shape and not free:
        raise Unfit(f"its input `{value.name[:60]}` has open sizes; give them with `--free`")
    whole = [free if size is None else size for size in shape]
    count = 1
    for size in whole:
        count *= size
    if count > 2**28:
        raise Unfit(f"its input `{value.name[:60]}` is larger than a device can hold")
    kind = KINDS.get(value.type)
    if kind is None:
        raise Unfit(f"its input `{value.name[:60]}` is {value.type}")
    noise = numpy.random.default_rng(count)
    if kind.startswith("float"):
        return noise.standard_normal(whole, "float32").astype(kind)
    return noise.integers(0, 2, whole).astype(kind)


KINDS = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64",
    "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(int8)": "int8",
    "tensor(uint8)": "uint8", "tensor(bool)": "bool",
}  # fmt: skip


def steady() -> None:
    """Have glibc give back what is freed, as it does on the devices of a plan."""
    try:
        ctypes.CDLL(None).mallopt(*_STEADY)
    except (OSError, AttributeError):
        return  # another C library, which does so by itself


def usable() -> int:
    """Cores that this process may have."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def memory(key: str) -> int:
    """Bytes of a line of /proc/self/status; 0 where there is none."""
    try:
        with Path("/proc/self/status").open() as lines:
            for line in lines:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0


def forget_peak() -> bool:
    """Have the kernel count the peak from now on; false where it does not let us."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def processor() -> str:
    """What the processor is called, or the board."""
    found = {}  # type: dict[str, str]
    try:
        with Path("/proc/cpuinfo").open() as lines:
            for line in lines:
                key, _, value = line.partition(":")
                found.setdefault(key.strip(), value.strip())
        found["board"] = Path("/proc/device-tree/model").read_text().strip("\0\n ")
    except OSError:
        pass
    for key in ("model name", "board", "Model", "Hardware", "CPU part"):
        if found.get(key):
            return found[key][:120]
    return platform.processor() or "unknown"


def load_average() -> float:
    """How many other processes wanted to run during the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return 0.0


if __name__ == "__main__":
    main()
