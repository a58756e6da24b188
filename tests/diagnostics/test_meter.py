"""The meter of `make bench` on a sample: every fault has its line, and most repair themselves."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE, ROOT

from hybridspec.base.edit import apply


def _meter() -> Any:
    """The benchmark as a module; it is a program and in no package."""
    path = ROOT / "benchmarks" / "findings.py"
    found = importlib.util.spec_from_file_location("meter_of_diagnostics", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def test_a_sample_of_faults_is_placed_and_repaired(cache: Path) -> None:
    meter = _meter()
    verdicts = meter.measure([meter.read(EXAMPLE / "hybridspec.yaml")], 28, 3, cache)
    lost = [(v.fault.kind, v.fault.way) for v in verdicts if not v.placed]
    assert not lost
    left = [(v.fault.kind, v.fault.way) for v in verdicts if not v.repaired]
    assert len(left) <= 0.15 * len(verdicts), left


def test_each_kind_of_fault_is_drawn() -> None:
    meter = _meter()
    drawn = meter.faults([meter.read(EXAMPLE / "hybridspec.yaml")], 3)
    assert {next(drawn).kind for _ in range(120)} == set(meter.MUTATORS)


@pytest.mark.parametrize(("example", "way", "code"), [
    ("security-cameras", ("apiVersion",), "HS0202"),
    ("autonomous-shuttle", ("zones", "eu-campus", "evidence"), "HS0340"),
])  # fmt: skip
def test_what_is_left_out_is_told_where_the_spec_begins_or_asks_for_it(
    cache: Path, example: str, way: tuple[str, ...], code: str
) -> None:
    meter = _meter()
    spec = meter.read(ROOT / "examples" / example / "hybridspec.yaml")
    edits = meter.drop(spec, way, None)
    text, _ = apply(spec.text, [edits])
    fault = meter.Fault(spec, "drop", way, text, meter._right(spec, way, edits, text))
    verdict = meter.judge(fault, cache)
    assert verdict.placed
    assert {finding.code for finding in verdict.found} == {code}
