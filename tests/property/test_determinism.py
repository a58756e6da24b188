"""The same graph gives the same bytes, whatever the seed of Python's hashes."""

from __future__ import annotations

import subprocess
import sys

from conftest import ROOT

DIGESTS = """
from property.decide import decide
from property.graphs import instance
from hybridspec.place.document import canonical, document
import hashlib
total = hashlib.sha256()
for seed in range(60):
    made = instance(seed)
    plan, findings = decide(made.graph, made.table)
    total.update(canonical(document(made.graph, plan)) if plan else b"none")
    total.update(repr([(f.code, f.message, f.help, f.notes) for f in findings]).encode())
print(total.hexdigest())
"""


def test_plans_and_findings_do_not_depend_on_the_hash_seed() -> None:
    digests = set()
    for seed in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", DIGESTS], capture_output=True, text=True, check=False,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        digests.add(done.stdout)
    assert len(digests) == 1
