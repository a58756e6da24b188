"""A stage that the plan puts into the cloud is emitted or reported, never dropped in silence."""

from __future__ import annotations

from pathlib import Path

from hybridspec.compiler import Options, compile_file

EDITS = {
    "bound: 50ms": "bound: 200ms",
    "offline: P3D\n    stages": "stages",
    "max_offline: P3D": "max_offline: PT1M",
    "bandwidth: 20Mbit/s": "bandwidth: 1Gbit/s",
    "{gateway: 3}": "{gateway: 1}",
}


def test_stages_that_compute_in_the_cloud_are_found_unsupported(example: Path, cache: Path) -> None:
    spec = example / "hybridspec.yaml"
    text = spec.read_text()
    for old, new in EDITS.items():
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text)
    build = compile_file(spec, Options(cache=cache))
    placed = {
        (stage, host.kind)
        for decision in build.plan.decisions
        if decision.site.name == "stuttgart"
        for stage, host in decision.chosen.hosts
    }
    assert {("diagnose", "cloud"), ("summary", "cloud")} <= placed
    found = [f for f in build.findings if f.code == "HS0501"]
    lines = text.splitlines()
    for stage in ("diagnose", "summary"):
        line = next(i for i, row in enumerate(lines, 1) if row.startswith(f"      {stage}:"))
        (one,) = (f for f in found if f"`watch/{stage}`" in f.message)
        assert one.span is not None
        assert one.span.line == line
    assert len(found) == 2


def test_a_plan_that_computes_at_the_sites_alone_finds_nothing(example: Path, cache: Path) -> None:
    assert compile_file(example, Options(cache=cache)).findings == ()
