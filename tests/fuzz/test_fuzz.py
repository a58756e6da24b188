"""Any YAML tree, and any text near a spec, ends in findings: no traceback, no hang."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import yaml
from conftest import EXAMPLE, ROOT
from fuzz import harness
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridspec.load.shape import keys
from hybridspec.spec.document import Spec

bounded = settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip

SEED = (EXAMPLE / "hybridspec.yaml").read_text(encoding="utf-8")
TREE: dict[str, Any] = yaml.safe_load(SEED)
WORDS = [*keys(Spec), "countries", "board", "uplink", "inputs", "percent", "eu-plants", "aws"]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=30),
    st.sampled_from(["P30D", "40 msec", "4 kb", "Germany", "eu", "${x}", "secret://env/A", *WORDS]),
)  # fmt: skip
names = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=20,
)


@bounded
@given(trees)
def test_any_tree_ends_in_findings(tree: Any) -> None:
    harness.digest(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))


@bounded
@given(st.sampled_from(sorted(TREE)), st.sampled_from(WORDS), trees)
def test_any_tree_inside_a_spec_ends_in_findings(section: str, key: str, tree: Any) -> None:
    inside = TREE[section]
    changed = {**inside, key: tree} if isinstance(inside, dict) else tree
    text = yaml.safe_dump({**TREE, section: changed}, allow_unicode=True)
    harness.digest(text.encode("utf-8", "surrogatepass"))


@bounded
@given(st.integers(0, len(SEED)), st.integers(0, 30), st.text(max_size=12))
def test_any_slip_in_the_text_ends_in_findings(at: int, cut: int, text: str) -> None:
    harness.digest((SEED[:at] + text + SEED[at + cut :]).encode("utf-8", "surrogatepass"))


def test_large_inputs_take_neither_time_nor_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.large", "0.1"], cwd=ROOT, capture_output=True, text=True,
        env={"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}", "PATH": ""}, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
