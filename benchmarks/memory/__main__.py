"""Memory of seven networks: what a session takes in a process of its own, beside the estimate.

    PYTHONPATH=benchmarks python -m memory [--allocator default] [NAME ...]

The bar is 15 % of the growth of the resident set, from before the session to its peak over loading
and five runs. `--allocator default` leaves glibc to itself, which devices do not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from memory.models import MODELS, write

from hybridspec.load.model import facts_at
from hybridspec.optimise.memory import session

BAR = 15
MIB = 2**20
CHILD = """
import json, sys
import numpy, numpy.random, onnxruntime

def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 4
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = status("VmRSS")
made = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
loaded, resident = status("VmHWM") - before, status("VmRSS") - before
feed = {i.name: numpy.zeros(i.shape, "f4") for i in made.get_inputs()}
for _ in range(5):
    made.run(None, feed)
json.dump([loaded, resident, status("VmHWM") - before, before], sys.stdout)
"""


def measured(model: Path, *, steady: bool) -> list[int]:
    """Peak of loading, what stays, peak over all, and the process before, in bytes."""
    setting = {"MALLOC_MMAP_THRESHOLD_": "131072"} if steady else {}
    done = subprocess.run([sys.executable, "-c", CHILD, str(model)], capture_output=True,
                          check=True, env={**os.environ, **setting})  # fmt: skip
    return [int(value) for value in json.loads(done.stdout)]


def main() -> int:
    """Print the table; 1 if a network misses the bar."""
    asked = argparse.ArgumentParser()
    asked.add_argument("names", nargs="*", default=list(MODELS))
    asked.add_argument("--allocator", choices=("steady", "default"), default="steady")
    given = asked.parse_args()
    print("network     weights   loading   resident       peak   estimate   error   (MiB)")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in given.names:
            path = write(name, Path(folder))
            facts = facts_at(path, Path(folder))
            if isinstance(facts, str):
                raise SystemExit(f"{name}: {facts}")
            loading, resident, peak, _ = measured(path, steady=given.allocator == "steady")
            estimate = session(facts, "fp32")
            error = 100 * (estimate / peak - 1)
            worst = max(worst, abs(error))
            figures = (facts.weights, loading, resident, peak, estimate)
            print(
                f"{name:<10}", *(f"{value / MIB:>9.1f}" for value in figures), f"{error:>+7.1f} %"
            )
    print(f"worst {worst:.1f} %, bar {BAR} %")
    return int(worst > BAR)


if __name__ == "__main__":
    sys.exit(main())
