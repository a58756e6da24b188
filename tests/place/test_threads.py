"""The answer does not depend on how many threads libraries may start."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from placement.__main__ import THREADS

INSTANCE = "1000" if os.environ.get("HYBRIDSPEC_NIGHTLY") else "10"
ANSWERED = f"""
import hashlib
from placement.series import named
from placement.ways import problem
from hybridspec.place.engine.solve import solve

said = solve(problem(named({json.dumps(INSTANCE)}))).answer
print(said.cost, hashlib.sha256(repr(said).encode()).hexdigest())
"""


def test_one_thread_and_two_say_the_same() -> None:
    path = os.pathsep.join(sys.path)
    said = [
        subprocess.run(
            [sys.executable, "-c", ANSWERED], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": path, **dict.fromkeys(THREADS, str(threads))},
        ).stdout
        for threads in (1, 2)
    ]  # fmt: skip
    assert said[0] == said[1]
    assert int(said[0].split()[0]) > 0
