"""Precisions beside fp32 and int8: chosen where somebody has figures, built where they pay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.optimise.test_fallback import written
from unit.optimise.test_optimise import benign, network, planned, saved
from unit.resolve.lowering import spec

from hybridspec.base.diagnostic import Severity, Sink, SpecInvalid
from hybridspec.compiler import Build, Options, compile_file
from hybridspec.optimise.optimise import optimise


def built(
    folder: Path, cache: Path, variants: list[str], *measured: tuple[str, str], runtime: str = ""
) -> Build:
    """The build of a spec that allows these variants, with what was measured of some."""
    sections: Any = spec()
    (device,) = sections["devices"]
    ((_, model),) = sections["models"].items()
    model["variants"] = variants
    model["measured"] = [
        {"device": device, "variant": variant, "p50": time, "p95": time, "on": "2026-10-01"}
        for variant, time in measured
    ]
    if runtime:
        sections["devices"][device] |= {"board": "jetson-orin-nano", "runtime": runtime}
    path = written(folder, network(benign()), devices=sections["devices"],
                   models=sections["models"])  # fmt: skip
    return compile_file(path, Options(cache=cache))


@pytest.mark.parametrize("precision", ["fp16", "int4"])
def test_what_nobody_has_figures_for_is_not_chosen(
    tmp_path: Path, cache: Path, precision: str
) -> None:
    build = built(tmp_path, cache, ["fp32", precision])
    assert [a.variant for a in build.artefacts] == ["fp32"]
    with pytest.raises(SpecInvalid) as raised:
        built(tmp_path, cache, [precision])
    assert {f.code for f in raised.value.findings} == {"HS0603"}


def test_sixteen_bits_are_built_for_a_runtime_that_computes_in_them(
    tmp_path: Path, cache: Path
) -> None:
    measured = ("fp32", "2ms"), ("fp16", "1ms")
    build = built(tmp_path, cache, ["fp32", "fp16"], *measured, runtime="tensorrt")
    (made,) = build.artefacts
    assert (made.variant, made.verdicts[-1].evidence.recipe) == ("fp16", "fp16-keep-io")
    assert made.size < made.model.facts.size * 0.6
    assert made.memory < build.table.memory[made.model.name, "fp32"]


def test_sixteen_bits_are_refused_for_a_cpu_that_has_no_kernels(
    tmp_path: Path, cache: Path
) -> None:
    build = built(tmp_path, cache, ["fp32", "fp16"], ("fp32", "2ms"), ("fp16", "1ms"))
    (finding,) = (f for f in build.findings if f.code == "HS0602")
    assert finding.severity is Severity.WARNING
    assert "no recipe is known to make fp16" in finding.message
    assert [a.variant for a in build.artefacts] == ["fp32"]


def test_what_alone_fits_may_be_slower_than_what_does_not(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    _, plan, table = planned(net)
    slow = {key: replace(value, mid=value.mid * (9 if key[2] == "int8" else 1))
            for key, value in table.models.items()}  # fmt: skip
    for big, rejected in ((10**15, frozenset()), (1, frozenset({(net.name, "int8")}))):
        known = replace(table, models=slow, memory={**table.memory, (net.name, "fp32"): big})
        made, refused = optimise(plan, known, tmp_path / "cache", lambda _: None, Sink())
        assert refused == rejected
        assert [one.variant for one in made] == (["int8"] if not rejected else [])
