"""The agent stands alone: nothing of the compiler's world is needed to import it."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = ("ortools", "highspy", "jinja2", "onnx", "onnxruntime", "pulumi", "yaml", "pydantic",
           "typer", "rich", "sympy", "numpy", "hybridspec_targets")  # fmt: skip
ALLOWED = {"hybridspec", "hybridspec.bundle", "hybridspec.bundle.manifest"}

PROGRAM = f"""
import importlib.abc, pkgutil, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED}:
            raise ModuleNotFoundError(name + " is blocked", name=name)
sys.meta_path.insert(0, Blocked())
try:
    import yaml
except ModuleNotFoundError as fault:
    assert "is blocked" in str(fault)
else:
    raise SystemExit("nothing is blocked")
import hybridspec.agent
found = [m.name for m in pkgutil.iter_modules(hybridspec.agent.__path__) if m.name != "__main__"]
for name in found:
    __import__("hybridspec.agent." + name)
ours = {{m for m in sys.modules if m.partition(".")[0] == "hybridspec"}}
print(*sorted(m for m in ours if not m.startswith("hybridspec.agent")))
print(*sorted(found))
"""


def test_every_module_of_the_agent_imports_without_the_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shared, found = done.stdout.splitlines()
    assert set(shared.split()) == ALLOWED
    assert {"cli", "client", "health", "slots", "state", "update", "verify"} <= set(found.split())
